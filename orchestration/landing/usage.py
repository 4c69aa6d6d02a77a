"""Usage of an account that is sent no invoice: it is charged to a carrier all the same, and said."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb


def doubts(con: duckdb.DuckDBPyConnection, sequence: int) -> Iterator[str]:
    """Carriers that the file that is landing has usage of."""
    carriers = con.execute(
        """
        select account_id, count(*)
        from landed.usage
        inner join config.accounts using (account_id)
        where kind = 'carrier' and file_sequence = ?
        group by account_id
        order by account_id
        """,
        [sequence],
    ).fetchall()
    for account, rows in carriers:
        yield (
            f"{account} is a carrier, and has {rows:,} {'row' if rows == 1 else 'rows'} of usage here: it is charged,"
            " and sent no invoice; withdraw the file if a customer is meant, or write kind both in accounts.csv"
        )
