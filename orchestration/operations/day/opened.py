"""Traffic of before all that there was: which days it opens, and what subscriptions charge on them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import duckdb

from orchestration.engine.dbt import modelled
from orchestration.landing.rows.plausible import BEFORE_ALL
from orchestration.store.database import one


def first_built(con: duckdb.DuckDBPyConnection) -> date | None:
    """The first day that was built; None where none was."""
    built: date | None
    (built,) = one(con, "select min(day) from ops.builds")
    return built


def opened(con: duckdb.DuckDBPyConnection, began: date | None, traffic: Collection[date]) -> str | None:
    """What is said where `traffic` is of before all that there was, since `began`: a date may be wrong.

    Of a new deployment, where it is of before a long silence. None where it changes little: a few days, and no charge.
    """
    first, then = min(traffic, default=None), began or _behind_a_gap(traffic)
    if first is None or then is None or first >= then:
        return None
    charges, accounts = _charges(con, first, then)
    if then - first <= BEFORE_ALL and not charges:
        return None
    said = (
        f"there is traffic of {first}, {_many((then - first).days, 'day')} before all other ({then}): "
        "each day from then on is opened, closed and invoiced"
    )
    charged = f", and subscriptions charge {_many(accounts, 'account')} {_many(charges, 'time')} on them"
    return said + (charged if charges else "")


class Doubt(NamedTuple):
    """The first day of traffic, the next one behind a long silence, and a file that has rows of the first."""

    first: date
    then: date
    file_id: str


def doubtful(con: duckdb.DuckDBPyConnection) -> Doubt | None:
    """Where the books begin with a long silence, and nothing before its end is invoiced yet: a date may be wrong."""
    asked = "select day, min(file_id) from ops.file_days where kind in ('cdrs', 'usage') group by day order by day"
    files = dict(con.execute(asked).fetchall())
    then = _behind_a_gap(files)
    invoiced = "select 1 from ops.invoices where status = 'issued' and period_start < ?"
    if then is None or con.execute(invoiced, [then]).fetchall():
        return None
    first = min(files)
    return Doubt(first, then, files[first])


def _behind_a_gap(traffic: Collection[date]) -> date | None:
    """The first day of traffic behind a silence that is hardly one; None where there is none."""
    return next((day for before, day in pairwise(sorted(traffic)) if day - before > BEFORE_ALL), None)


def _charges(con: duckdb.DuckDBPyConnection, first: date, then: date) -> tuple[int, int]:
    """How often subscriptions charge from `first` until before `then`, and how many accounts."""
    if not modelled(con):
        return 0, 0
    charges, accounts = one(
        con,
        "select count(*), count(distinct account_id) from rating.subscription_charges where day >= ? and day < ?",
        [first, then],
    )
    return charges, accounts


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
