"""What must hold of a day before it closes: the project's dbt data tests, as queries on an open warehouse.

They are compiled once for a version of the project; asking them then needs no dbt, whose start and whose work around
each test take longer than the queries do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache

import duckdb

from orchestration.engine import dbt
from orchestration.operations.day.words import is_warning, remedy_of, words_of

# those tagged `prices` would look at far more than the days being checked: `dbt test` runs them
_SELECTED = ("test_type:data", "--exclude", "tag:prices")


@dataclass(frozen=True)
class Assertion:
    """A test: its name, the query of the rows that break it (day, key, detail), in words, what to do about them.

    `warns`: it holds no day back. `by_row`: each row says by itself what to do, in a column `remedy`, before that.
    """

    name: str
    query: str
    words: str
    remedy: str
    warns: bool = False
    by_row: bool = False


def assertions() -> tuple[Assertion, ...]:
    """Every assertion about days, by name. Raises `DbtFailed` when they cannot be compiled."""
    return _assertions(dbt.project_version())


@cache
def _assertions(version: str) -> tuple[Assertion, ...]:
    kept = dbt.kept(".assertions.json", version, lambda: json.dumps([asdict(a) for a in _compiled()], indent=1))
    return tuple(Assertion(**assertion) for assertion in json.loads(kept))


def _compiled() -> list[Assertion]:
    nodes = dbt.compiled_nodes(_SELECTED, "test")
    compiled = []
    for node in nodes.values():
        properties, query = node.to_dict(), dbt.query_of(node)
        by_row = " as remedy," in query
        compiled.append(
            Assertion(node.name, query, words_of(properties), remedy_of(properties), is_warning(properties), by_row)
        )
    return sorted(compiled, key=lambda assertion: assertion.name)


def breaking(
    con: duckdb.DuckDBPyConnection,
    assertion: Assertion,
    days: Sequence[date],
    shown: int,
    report: Callable[[str], None] | None = None,
) -> list[tuple[date, int, list[str], str]]:
    """By day of `days`, those of run.check_days: how many rows break the assertion, all counted, in words the first
    `shown` of them, and what to do.

    A row that is about none of these days counts for each of them. `report` gets a line when it is done. Raises
    `DbtFailed` when the query cannot be run.
    """
    began = time.monotonic()
    asked = f"""
        select
            case when list_contains($days, day) then day end,
            count(*),
            arg_min(detail, row(key, detail), {shown}),
            {"list(distinct remedy)" if assertion.by_row else "[]::VARCHAR[]"}
        from ({assertion.query}
        )
        group by 1
    """
    try:
        groups = {day: group for day, *group in con.execute(asked, {"days": days}).fetchall()}
    except duckdb.Error as error:
        raise dbt.DbtFailed(f"{assertion.name}: {error}") from error
    if report is not None:
        report(f"{assertion.name} ({time.monotonic() - began:.1f} s)")
    broken = []
    for day in days:
        if of_day := [groups[about] for about in (day, None) if about in groups]:
            details = [detail for _, of_rows, _ in of_day for detail in of_rows]
            remedies = sorted({remedy for *_, of_rows in of_day for remedy in of_rows if remedy})
            rows = sum(count for count, *_ in of_day)
            broken.append((day, rows, details[:shown], " ".join([*remedies, assertion.remedy])))
    return broken
