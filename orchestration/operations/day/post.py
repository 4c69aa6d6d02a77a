"""Write what is due to the ledger. What is due, and with which id, the SQL of the models says."""

from __future__ import annotations

from datetime import date

import duckdb

_COLUMNS = (
    "entry_id, account_id, day, period, booked_on, posted_at, kind, fact, service, amount, currency, reference, reason"
)
# Without a row of these nothing is due, and to look takes a tenth of the time of asking what is.
_ANY_AT_ONCE = """
    select 1 from landed.payments
    union all
    select 1 from ops.withdrawals
    union all
    select 1 from ops.invoices
    limit 1
"""
_ANY_OF_DAY = """
    select 1 from marts.account_charges_daily where day = $day
    union all
    select 1 from ops.ledger_entries where day = $day
    limit 1
"""


def post_at_once(con: duckdb.DuckDBPyConnection) -> None:
    """Post what waits for no day to close and is not posted, in the caller's transaction.

    That is landed payments, and of issued invoices and credit notes the tax, the rounding and what was credited.
    """
    if con.execute(_ANY_AT_ONCE).fetchall():
        _insert(con, "not accrued", {})


def post_day(con: duckdb.DuckDBPyConnection, day: date) -> list[str]:
    """Post the differences of one day, in the caller's transaction; the ids of the entries, in order."""
    if not con.execute(_ANY_OF_DAY, {"day": day}).fetchall():
        return []
    return _insert(con, "accrued and day = $day", {"day": day})


def _insert(con: duckdb.DuckDBPyConnection, which: str, values: dict[str, date]) -> list[str]:
    rows = con.execute(
        f"insert into ops.ledger_entries ({_COLUMNS}) select {_COLUMNS} from books.postings where {which} "
        "returning entry_id",
        values,
    ).fetchall()
    return sorted(row[0] for row in rows)
