"""Rows and amounts of what was published, day by day: the figures shown on the assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from orchestration.warehouse import Home, serving

Figure = int | str
Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Measured:
    """What to count of a table: `sums` are added up apart for each currency where there are several."""

    day: str
    counts: Mapping[str, str]
    sums: Sequence[str] = ()
    sum_currency: str = "'' "


_REPORTING = "(select any_value(currency) from marts.breakout_daily)"
_BREAKOUT = Measured(
    "day",
    {"calls": "sum(calls)", "attempts": "sum(attempts)", "unrated": "sum(unrated)"},
    ("revenue", "cost", "margin"),
    "currency",
)
TABLES: Mapping[str, Measured] = {
    "rated_calls": Measured(
        "day",
        {"unrated": "count(*) filter (where sell_status = 'unrated' or buy_status = 'unrated')"},
        ("sell_reporting_amount as revenue", "buy_reporting_amount as cost", "margin"),
        _REPORTING,
    ),
    "rated_usage": Measured("day", {"unrated": "count(*) filter (where status = 'unrated')"}, ("amount",), "currency"),
    "breakout_hourly": _BREAKOUT,
    "breakout_daily": _BREAKOUT,
    "breakout_rate_daily": Measured("day", {"legs": "sum(calls)"}, ("amount",), "currency"),
    "account_charges_daily": Measured("day", {"items": "sum(items)"}, ("amount",), "currency"),
    "ledger_entries": Measured("day", {}, ("amount",), "currency"),
    "balance_ledger_daily": Measured("booked_on", {}, ("debits", "credits"), "currency"),
    "account_balances": Measured(
        "null::DATE",
        {"exhausted": "count(*) filter (where status = 'exhausted')"},
        ("balance", "accrued_unposted"),
        "currency",
    ),
    "denied_services": Measured("day", {}, ("amount", "short_by"), "currency"),
    "plan_usage": Measured("null::DATE", {"exceeded": "count(*) filter (where exceeded)"}),
    "anomalies": Measured("day", {"high": "count(*) filter (where severity = 'high')"}),
    "days": Measured("day", {"status": "any_value(status)", "cdrs": "sum(cdrs)", "rejected": "sum(rejected)"}),
}


def measure(home: Home, days: Sequence[date], tables: Iterable[str]) -> dict[tuple[str, date], Figures]:
    """The figures of each table and day, from the serving file; empty when nothing is published.

    Amounts are text: Dagster's numbers are binary floats, which are no place for money. What is not kept by the
    day (account_balances) has the same figures on each.
    """
    if not days or not home.serving.exists():
        return {}
    found: dict[tuple[str, date], Figures] = {}
    with serving(home) as con:
        for table in tables:
            if told := TABLES.get(table):
                found |= _table(con, table, told, days)
    return found


def query(table: str, told: Measured) -> str:
    """SQL that gives day, currency, rows, counts and sums of a table on the days of `$days`."""
    counts = [f"{sql} as {name}" for name, sql in told.counts.items()]
    sums = [f"sum({column.partition(' as ')[0]}) as {_name(column)}" for column in told.sums]
    columns = ", ".join(["count(*) as rows", *counts, *sums])
    return (
        f"select {told.day} as day, {told.sum_currency} as currency, {columns} from marts.{table} "
        f"where {told.day} is null or {told.day} in (select unnest($days)) group by all order by all"
    )


def _name(column: str) -> str:
    return column.rpartition(" ")[2]


def _table(
    con: duckdb.DuckDBPyConnection, table: str, told: Measured, days: Sequence[date]
) -> dict[tuple[str, date], Figures]:
    rows = con.execute(query(table, told), {"days": list(days)}).fetchall()
    figures: dict[date, dict[str, Figure]] = {day: {"rows": 0} for day in days}
    for day, currency, *values in rows:
        for each in [day] if day else days:
            _add(figures[each], currency, told, values)
    return {(table, day): found for day, found in figures.items()}


def _add(figures: dict[str, Figure], currency: str, told: Measured, values: Sequence[object]) -> None:
    names = ["rows", *told.counts, *(f"{_name(s)} {currency}".strip() for s in told.sums)]
    for name, value in zip(names, values, strict=True):
        shown = _shown(value)
        before = figures.get(name)
        # rows and counts come once for each currency
        figures[name] = before + shown if isinstance(before, int) and isinstance(shown, int) else shown


def _shown(value: object) -> Figure:
    if isinstance(value, Decimal):
        return f"{value:,f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return value if isinstance(value, str) else int(value or 0)  # type: ignore[call-overload]
