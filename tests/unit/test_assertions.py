"""What an assertion finds, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pytest

from orchestration.operations.day.assertions import Assertion, breaking

FIRST, SECOND = date(2026, 5, 4), date(2026, 5, 5)


def asked(assertion: Assertion, shown: int = 3) -> Sequence[tuple[date, int, list[str], str]]:
    with duckdb.connect() as con:
        return breaking(con, assertion, [FIRST, SECOND], shown)


def found(query: str) -> dict[date, tuple[int, list[str]]]:
    return {day: (rows, details) for day, rows, details, _ in asked(Assertion("a", query, "", ""))}


OTHER = "date '2026-05-05'"


def row(day: str, key: str) -> str:
    return f"select {day} as day, '{key}' as key, 'about {key}' as detail"


def test_every_row_of_a_day_counts_and_the_first_are_told() -> None:
    many = (
        "select date '2026-05-04' as day, lpad(n::VARCHAR, 5, '0') as key, 'row ' || n as detail "
        "from range(20000) as t (n)"
    )
    assert found(f"{many} union all {row(OTHER, 'x')}") == {
        FIRST: (20_000, ["row 0", "row 1", "row 2"]),
        SECOND: (1, ["about x"]),
    }


@pytest.mark.parametrize("day", ["null::DATE", "date '2026-04-01'"])
def test_what_is_about_no_day_being_checked_holds_each_of_them(day: str) -> None:
    assert found(f"{row(day, 'all')} union all {row(OTHER, 'x')}") == {
        FIRST: (1, ["about all"]),
        SECOND: (2, ["about x", "about all"]),
    }


def test_what_to_do_is_said_once_for_each_kind_of_row_and_then_for_all() -> None:
    mended = [(OTHER, "x", "mend y"), (OTHER, "z", "mend y"), (OTHER, "y", "mend a"), ("null::DATE", "w", "mend b")]
    query = " union all ".join(f"select *, '{remedy}' as remedy from ({row(day, key)})" for day, key, remedy in mended)
    said = {day: remedy for day, _, _, remedy in asked(Assertion("a", query, "", "Or wait.", by_row=True))}
    assert said == {FIRST: "mend b Or wait.", SECOND: "mend a mend b mend y Or wait."}
    assert [remedy for *_, remedy in asked(Assertion("a", row(OTHER, "x"), "", "Wait."))] == ["Wait."]


def test_nothing_is_found_of_what_holds() -> None:
    assert found(f"{row('null::DATE', 'x')} where false") == {}
