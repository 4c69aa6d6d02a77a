"""A share of the files that something befell; `python -m tests.proof.mutated` has all of them."""

from tests.proof.mutated import checked


def test_mutated_files_land_or_are_refused_and_none_stops_another() -> None:
    fates, problems = checked(1, 41)
    assert problems == []
    assert min(fates["landed"], fates["unreadable"], fates["rows rejected"]) > 0
