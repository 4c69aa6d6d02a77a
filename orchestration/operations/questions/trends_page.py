"""A month's trends as a page that people look at, from the serving file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.operations.day.published import reading
from orchestration.pages.html import page
from orchestration.pages.month import (
    Anomaly,
    Balance,
    Budget,
    BudgetDay,
    Owed,
    PublishedMonth,
    Source,
    UnfinishedDay,
    Waterfall,
    WaterfallRow,
)  # fmt: skip
from orchestration.store.database import dict_rows
from orchestration.store.files import write
from orchestration.store.warehouse import Home, Refused

_TABLES = ("revenue_assurance_daily", "budget_burndown", "anomalies", "account_balances", "receivables_aging", "days")
_MONTHS = """
    select distinct date_trunc('month', day)::DATE as month
    from (
        select day from marts.revenue_assurance_daily
        union all
        select day from marts.budget_burndown
        union all
        select day from marts.anomalies
    )
    order by month
"""
_UNFINISHED = "status not in ('closed', 'outdated')"
_DAYS = "select {} from marts.days where date_trunc('month', day)::DATE = $month"
# a row for each source, and one without for all of them
_SOURCES = """
    select
        source,
        count(*),
        count(switch_cdrs),
        sum(switch_cdrs),
        sum(not_seen_cdrs),
        sum(seen_cdrs),
        sum(rejected_cdrs),
        sum(waived_cdrs),
        sum(landed_cdrs),
        sum(unrated_cdrs),
        sum(not_rated_cdrs),
        sum(rated_cdrs)
    from marts.revenue_assurance_daily
    where date_trunc('month', day)::DATE = $month and source is not null
    group by grouping sets ((source), ())
    having count(*) > 0
    order by source nulls first
"""
_MONEY = """
    select
        currency,
        sum(rated) as rated,
        sum(netted) as netted,
        sum(charged) as charged,
        sum(charged_items) as charged_items,
        sum(not_posted) as not_posted,
        sum(not_posted_items) as not_posted_items,
        sum(posted) as posted,
        sum(posted_items) as posted_items,
        sum(not_invoiced) as not_invoiced,
        sum(not_invoiced_items) as not_invoiced_items,
        sum(invoiced) as invoiced,
        sum(invoiced_items) as invoiced_items,
        sum(not_paid) as not_paid,
        sum(not_paid_items) as not_paid_items,
        sum(paid) as paid,
        sum(paid_items) as paid_items
    from marts.revenue_assurance_daily
    where date_trunc('month', day)::DATE = $month and currency is not null
    group by currency
    order by currency
"""
# the last day of a department says how it stands: the worst first
_BUDGETS = """
    select department, budget, currency, day, spent, cumulative, remaining, forecast, status, reason
    from marts.budget_burndown
    where month = $month
    order by
        array_position(
            ['over', 'forecast_over', 'unknown', 'within'], last(status order by day) over (partition by department)
        ),
        department,
        day
"""
_ANOMALIES = """
    select f.hour, f.severity, f.rule, f.account_id, a.name, f.detail
    from marts.anomalies as f
    left join config.accounts as a on f.account_id = a.account_id
    where date_trunc('month', f.day)::DATE = $month
    order by f.severity = 'high' desc, f.hour desc, f.account_id, f.rule, f.destination
"""
_BALANCES = """
    select
        b.account_id, a.name, b.status, b.balance, b.available, b.credit_limit, b.low_balance_threshold, b.currency
    from marts.account_balances as b
    left join config.accounts as a on b.account_id = a.account_id
    where b.status <> 'ok'
    order by b.status = 'exhausted' desc, b.account_id
"""
# who owes nothing and is owed nothing has no row; the row without an account is its currency's sum
_RECEIVABLES = """
    select
        r.account_id,
        any_value(a.name),
        r.currency,
        sum(r.current),
        sum(r.days_1_30),
        sum(r.days_31_60),
        sum(r.days_61_90),
        sum(r.over_90),
        sum(r.open),
        sum(r.unbilled),
        sum(r.unallocated),
        sum(r.net)
    from marts.receivables_aging as r
    left join config.accounts as a on r.account_id = a.account_id
    where r.open <> 0 or r.unbilled <> 0 or r.unallocated <> 0
    group by grouping sets ((r.currency, r.account_id), (r.currency))
    order by r.currency, r.account_id nulls last
"""


@dataclass(frozen=True)
class Written:
    """A written page: its month (the first day, UTC), its file and the sha256 of that."""

    month: date
    file: Path
    sha256: str


def trends_page(home: Home, month: date | None = None, output: Path | None = None) -> Written:
    """`tollbook trends`: write exports/trends/<month>.html, or `output`, whole or not at all.

    `month` is a first day; without one it is the last month that anything is published of. The same publication gives
    the same bytes. Raises `Refused` when there is nothing of the month, or `output` is no HTML file.
    """
    if output is not None and output.suffix.lower() not in (".html", ".htm"):
        raise Refused(f"{output} would not be known as a page; write a name that ends in .html")
    with reading(home) as con:
        shown = read(con, month)
    file = output or home.root / "exports" / "trends" / f"{shown.month:%Y-%m}.html"
    content = page(shown).encode()
    write(file, content)
    return Written(shown.month, file, hashlib.sha256(content).hexdigest())


def read(con: duckdb.DuckDBPyConnection, month: date | None) -> PublishedMonth:
    """What the serving file says of a month. Raises `Refused` when that is nothing."""
    there = {name for (name,) in con.execute("select view_name from duckdb_views()").fetchall()}
    missing = [name for name in _TABLES if name not in there]
    if missing:
        raise Refused(f"what is published has no {missing[0]} yet; run: tollbook build, then tollbook publish")
    month = _month([known for (known,) in con.execute(_MONTHS).fetchall()], month)
    asked = {"month": month}

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return con.execute(sql, asked if "$month" in sql else None).fetchall()

    published: datetime = rows("select published_at from main.published")[0][0]
    sources = [Source(*row) for row in rows(_SOURCES)]
    return PublishedMonth(
        month=month,
        published_at=published,
        days=[(row[0], row[1]) for row in rows(_DAYS.format("status, count(*)") + " group by status order by status")],
        unfinished=[
            UnfinishedDay(*row)
            for row in rows(
                _DAYS.format("day, status, failed_checks") + " and status not in ('closed', 'outdated') order by day"
            )
        ],
        cdrs=_cdrs(sources[0]) if sources else None,
        switch_count=sources[0] if sources else None,
        sources=sources[1:],
        money=[_money(sums) for sums in dict_rows(con, _MONEY, asked)],
        budgets=[
            Budget(department, amount, currency, [BudgetDay(*row[3:]) for row in days])
            for (department, amount, currency), days in groupby(rows(_BUDGETS), key=lambda row: row[:3])
        ],
        anomalies=[Anomaly(*row) for row in rows(_ANOMALIES)],
        accounts=rows("select count(*) from marts.account_balances")[0][0],
        balances=[Balance(*row) for row in rows(_BALANCES)],
        receivables=[Owed(*row) for row in rows(_RECEIVABLES)],
    )


def _month(known: list[date], wanted: date | None) -> date:
    if not known:
        raise Refused("nothing is published of any month yet; run: tollbook land, then tollbook build")
    if wanted is not None and wanted not in known:
        raise Refused(
            f"nothing is published of {wanted:%Y-%m}; there is something of "
            + (f"{known[0]:%Y-%m}" if len(known) == 1 else f"months from {known[0]:%Y-%m} to {known[-1]:%Y-%m}")
        )
    return wanted or known[-1]


def _cdrs(of: Source) -> Waterfall:
    """All sources together. The switch's count begins it only where every day of every source has one."""
    counted = [] if of.switch_cdrs is None or of.counted_days < of.days else [
        _row("counted by the switch", of.switch_cdrs),
        _row("not seen", of.not_seen_cdrs or 0, lost=True, why="counted there and never came"),
    ]  # fmt: skip
    return Waterfall(
        "CDRs",
        [
            *counted,
            _row("came", of.seen_cdrs),
            _row("rejected", of.rejected_cdrs, lost=True, why="could not be read, or conflict with another"),
            _row("waived", of.waived_cdrs, lost=True, why="rejected, and let pass by someone"),
            _row("landed", of.landed_cdrs),
            _row("unrated", of.unrated_cdrs, lost=True, why="answered and without a price"),
            _row("not built", of.not_rated_cdrs - of.unrated_cdrs, lost=True, why="their day is not built yet"),
            _row("rated", of.rated_cdrs),
        ],
    )


def _money(sums: Mapping[str, Any]) -> Waterfall:
    """A currency's waterfall, of the sums of a row of `_MONEY`."""

    def row(name: str, why: str = "") -> WaterfallRow:
        column = name.replace(" ", "_")
        return WaterfallRow(name, sums[column], bool(why), sums.get(f"{column}_items"), why)

    return Waterfall(
        sums["currency"],
        [
            row("rated"),
            row("netted", "set off against calls they terminate, or sold to carriers"),
            row("charged"),
            row("not posted", "the day is not closed, or something came late"),
            row("posted"),
            row("not invoiced", "on no issued invoice yet"),
            row("invoiced"),
            row("not paid", "of the invoiced"),
            row("paid"),
        ],
    )


def _row(name: str, count: int, lost: bool = False, why: str = "") -> WaterfallRow:
    return WaterfallRow(name, Decimal(count), lost, why=why)
