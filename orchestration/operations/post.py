"""Write what is due to the ledger. What is due, and with which id, the SQL of the models says."""

from __future__ import annotations

from datetime import date

import duckdb

_COLUMNS = (
    "entry_id, account_id, day, period, booked_on, posted_at, kind, fact, service, amount, currency, reference, reason"
)


def post_payments(con: duckdb.DuckDBPyConnection) -> int:
    """Post the landed payments the ledger lacks, in the caller's transaction; how many there were.

    Before the first build there are no models to ask; the build then posts them.
    """
    known = con.execute(
        "select count(*) from duckdb_views() where schema_name = 'marts' and view_name = 'postings'"
    ).fetchone()
    if known == (0,):
        return 0
    return _insert(con, "not accrued", [])


def post_day(con: duckdb.DuckDBPyConnection, day: date) -> int:
    """Post the differences of one day, in the caller's transaction; how many entries there were."""
    return _insert(con, "accrued and day = ?", [day])


def _insert(con: duckdb.DuckDBPyConnection, which: str, values: list[date]) -> int:
    row = con.execute(
        f"insert into ops.ledger_entries ({_COLUMNS}) select {_COLUMNS} from marts.postings where {which}",
        values,
    ).fetchone()
    return int(row[0]) if row else 0
