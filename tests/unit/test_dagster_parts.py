"""The small functions that Dagster's face of the operations is made of."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.defs import closing, closing_schedules, landing, manifest, models, partitions
from orchestration.operations.day import words
from orchestration.operations.day.close import Checked, Failure

# names and words


def test_a_test_speaks_with_its_opening_comment() -> None:
    assert words.opening_words("-- No amount is\n-- negative.\n{{ config() }}\n-- not this") == (
        "No amount is negative."
    )
    assert words.opening_words("select 1") == ""


def test_a_test_of_several_models_has_to_say_which_one_it_is_about() -> None:
    meta = {"dagster": {"ref": {"name": "rated_calls"}}}
    assert manifest.tested({"name": "t", "config": {"meta": meta}}) == "rated_calls"
    assert manifest.tested({"attached_node": "model.tollbook.days"}) == "days"
    with pytest.raises(ValueError, match="say in meta"):
        manifest.tested({"name": "t", "config": {}})


@pytest.mark.parametrize(("severity", "blocks"), [("ERROR", True), ("warn", False)])
def test_a_test_that_warns_does_not_block(severity: str, blocks: bool) -> None:
    found = manifest.check_specs(
        {
            "nodes": {
                "model.days": {"resource_type": "model", "name": "days", "config": {"schema": "marts"}},
                "test.t": {
                    "resource_type": "test",
                    "name": "t",
                    "config": {"severity": severity},
                    "attached_node": "model.tollbook.days",
                    "raw_code": "-- Days are days.",
                },
                "model.rated_calls": {"resource_type": "model", "name": "rated_calls", "config": {"schema": "marts"}},
            }
        }
    )
    assert {spec.name: spec.blocking for spec in found} == {"t": blocks, "audit": True, "stored_files_are_whole": True}


def test_a_check_says_which_rows_break_it_and_what_to_do() -> None:
    failure = Failure("t", 2, ["row one", "row two"], "Days are days.", "Mend them.")
    spec = dg.AssetCheckSpec("t", asset="days", blocking=False)
    result = closing.check_result(spec, [Checked(date(2026, 3, 1), "closed", warnings=[failure])])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == "2026-03-01: row one"
    assert result.metadata["what to do"] == dg.MetadataValue.text("Mend them.")
    # a warning is nothing that keeps a day from closing
    assert closing.in_failing_words([Checked(date(2026, 3, 1), "closed", warnings=[failure])]) == ""
    assert "Days are days. Mend them." in closing.in_failing_words([Checked(date(2026, 3, 1), "failed", 0, [failure])])


# days


def test_days_that_follow_each_other_make_one_span_of_a_month_at_most() -> None:
    days = partitions.between(date(2026, 1, 1), date(2026, 2, 3))
    assert partitions.spans(days) == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 3)),
    ]
    assert partitions.spans([days[0], days[2]]) == [(days[0], days[0]), (days[2], days[2])]
    assert partitions.spans([]) == []
    assert partitions.days_of(["2026-03-02", "2026-03-01"]) == [date(2026, 3, 1), date(2026, 3, 2)]


def test_today_is_a_partition_and_a_day_of_the_last_century_is_none() -> None:
    today = datetime.now(UTC).date()
    assert partitions.known([date(1999, 1, 1), today], partitions.daily()) == [today]


@pytest.mark.parametrize(
    ("at", "published", "wanted"),
    [
        ("2026-03-28T00:05", {}, ["2026-03-26"]),
        ("2026-03-28T01:05", {}, []),
        ("2026-03-27T23:05", {"2026-03-26": "ready"}, []),
        ("2026-03-28T00:05", {"2026-03-26": "ready", "2026-03-27": "open"}, ["2026-03-26"]),
        ("2026-03-28T05:05", {"2026-03-26": "failed"}, ["2026-03-26"]),
        ("2026-03-28T05:05", {"2026-03-26": "closed"}, []),
        (
            "2026-03-30T00:05",
            {"2026-03-26": "stale", "2026-03-27": "outdated"},
            ["2026-03-26", "2026-03-28"],
        ),
    ],
)
def test_a_day_is_wanted_from_24_hours_after_its_end_until_it_closes(
    at: str, published: dict[str, str], wanted: list[str]
) -> None:
    known = {date.fromisoformat(day): status for day, status in published.items()}
    assert [str(day) for day in closing_schedules.wanted(known, datetime.fromisoformat(at))] == wanted


def test_several_days_are_asked_for_as_one_range() -> None:
    request = closing_schedules.request(date(2026, 3, 1), date(2026, 3, 4), datetime(2026, 3, 8, 0, 5))
    assert request.partition_key is None
    assert set(request.tags.values()) == {"2026-03-01", "2026-03-04"}


@pytest.mark.parametrize(("minutes", "asks"), [(1, False), (6, True)])
def test_a_failed_landing_is_tried_again_after_a_while(minutes: int, asks: bool) -> None:
    ended = datetime(2026, 3, 28, tzinfo=UTC)
    run = SimpleNamespace(end_time=ended.timestamp(), dagster_run=SimpleNamespace(run_id="0123456789"))
    answer = landing._retry([], run, datetime(2026, 3, 28, 0, minutes, tzinfo=UTC))  # type: ignore[arg-type]
    assert isinstance(answer, dg.RunRequest) is asks


def test_models_are_told_of_after_what_they_depend_on() -> None:
    specs = [dg.AssetSpec("a", deps=["b"]), dg.AssetSpec("b", deps=["c"]), dg.AssetSpec("c")]
    chosen = {dg.AssetKey("a"), dg.AssetKey("b")}
    assert models.in_order(specs, chosen) == [dg.AssetKey("b"), dg.AssetKey("a")]
