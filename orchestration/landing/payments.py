"""Payments that may be those of another source, although they differ from them: asked about, and landed."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

_ASKED = 3


def doubts(con: duckdb.DuckDBPyConnection, sequence: int) -> Iterator[str]:
    """Payments of the file whose id another source has for the account within 31 days, of another amount or day."""
    nearly = con.execute(
        f"""
        select
            r.payment_id, rtrim(rtrim(r.amount::VARCHAR, '0'), '.'), r.currency, r.account_id, r.day,
            o.source, rtrim(rtrim(o.amount::VARCHAR, '0'), '.'), o.day, o.file_id[:12]
        from landed.payments as r
        inner join landed.payments as o
            on r.payment_id = o.payment_id and r.account_id = o.account_id and r.source <> o.source
        where
            r.file_sequence = ?
            and abs(r.day - o.day) <= 31
            and (r.amount <> o.amount or abs(r.day - o.day) > 1)
        order by r.payment_id, r.day, o.day, o.source
        limit {_ASKED}
        """,
        [sequence],
    ).fetchall()
    for payment, amount, currency, account, day, source, other, on, file in nearly:
        yield (
            f"{payment}, {amount} {currency} of {account} on {day}, counts beside {other} {currency} that {source} has"
            f" under the same id on {on}: are they two payments? If not, take one back: tollbook withdraw {file}"
        )
