"""Read balances from what was last published."""

from __future__ import annotations

from typing import Any

from orchestration.store.warehouse import Home, Refused, serving


def balance(home: Home, account: str | None = None) -> list[dict[str, Any]]:
    """Rows of account_balances, all or one account's. Raises `Refused` for an unknown account."""
    with serving(home) as con:
        con.execute(
            "select * from marts.account_balances where account_id = coalesce(?, account_id) order by account_id",
            [account],
        )
        names = [column[0] for column in con.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in con.fetchall()]
    if account is not None and not rows:
        raise Refused(f"there is no account {account}; tollbook balance lists them all")
    return rows
