"""What an assertion finds, day by day."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from orchestration.operations.assertions import Assertion, breaking

FIRST, SECOND = date(2026, 5, 4), date(2026, 5, 5)


def found(query: str, shown: int = 3) -> dict[date, tuple[int, list[str]]]:
    with duckdb.connect() as con:
        con.execute("create schema ops; create table ops.check_days as select unnest(?) as day", [[FIRST, SECOND]])
        return {day: (rows, details) for day, rows, details in breaking(con, Assertion("a", query, "", ""), shown)}


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


def test_nothing_is_found_of_what_holds() -> None:
    assert found(f"{row('null::DATE', 'x')} where false") == {}
