"""Rows and amounts of what was published, day by day: the figures shown on the assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from orchestration.engine.described import described
from orchestration.store.warehouse import Home, serving

Figure = int | str
Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Measures:
    """What to count of a table: `sums` are added up apart for each currency where there are several."""

    day: str
    counts: Mapping[str, str]
    sums: Sequence[str] = ()
    sum_currency: str = "''"


def measures_of(table: str) -> Measures | None:
    """What the YAML beside the model of marts says is to be counted of it."""
    meta = described().get(f"marts.{table}", {}).get("measured")
    if meta is None:
        return None
    return Measures(meta["day"], meta.get("counts", {}), meta.get("sums", ()), meta.get("currency", "''"))


def measure(home: Home, days: Sequence[date], tables: Iterable[str]) -> dict[tuple[str, date], Figures]:
    """The figures of each table and day, from the serving file; empty when nothing is published.

    Amounts are text: Dagster's numbers are binary floats, which are no place for money. What is not kept by the
    day (account_balances) has the same figures on each.
    """
    if not days or not home.serving.exists():
        return {}
    figures: dict[tuple[str, date], Figures] = {}
    with serving(home) as con:
        for table in tables:
            if measures := measures_of(table):
                figures |= _table(con, table, measures, days)
    return figures


def query(table: str, measures: Measures) -> str:
    """SQL that gives day, currency, rows, counts and sums of a table on the days of `$days`."""
    counts = [f"{sql} as {name}" for name, sql in measures.counts.items()]
    sums = [f"sum({column.partition(' as ')[0]}) as {_name(column)}" for column in measures.sums]
    columns = ", ".join(["count(*) as rows", *counts, *sums])
    return (
        f"select {measures.day} as day, {measures.sum_currency} as currency, {columns} from marts.{table} "
        f"where {measures.day} is null or {measures.day} in (select unnest($days)) group by all order by all"
    )


def _name(column: str) -> str:
    return column.rpartition(" ")[2]


def _table(
    con: duckdb.DuckDBPyConnection, table: str, measures: Measures, days: Sequence[date]
) -> dict[tuple[str, date], Figures]:
    rows = con.execute(query(table, measures), {"days": list(days)}).fetchall()
    figures: dict[date, dict[str, Figure]] = {day: {"rows": 0} for day in days}
    for day, currency, *values in rows:
        for each in [day] if day else days:
            _add(figures[each], currency, measures, values)
    return {(table, day): of_day for day, of_day in figures.items()}


def _add(figures: dict[str, Figure], currency: str, measures: Measures, values: Sequence[object]) -> None:
    names = ["rows", *measures.counts, *(f"{_name(s)} {currency}".strip() for s in measures.sums)]
    for name, value in zip(names, values, strict=True):
        shown = _shown(value)
        before = figures.get(name)
        # rows and counts come once for each currency
        figures[name] = before + shown if isinstance(before, int) and isinstance(shown, int) else shown


def _shown(value: object) -> Figure:
    if isinstance(value, Decimal):
        return f"{value:,f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return value if isinstance(value, str) else int(value or 0)  # type: ignore[call-overload]
