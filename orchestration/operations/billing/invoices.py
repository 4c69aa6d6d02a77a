"""Read invoices, and the periods that wait for theirs, from what was last published."""

from __future__ import annotations

from typing import Any

from orchestration.store.warehouse import Home, Refused, serving


def listed(home: Home, account: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """`documents`: rows of marts.invoices; `waiting`: rows of marts.billing_periods that are not invoiced.

    All accounts', or one's. Raises `Refused` for an unknown account.
    """
    with serving(home) as con:
        known = con.execute("select 1 from marts.account_balances where account_id = ?", [account]).fetchone()
        if account is not None and not known:
            raise Refused(f"there is no account {account}; tollbook balance lists them all")
        found = {}
        for name, query in (
            ("documents", "select * from marts.invoices {} order by issued_at, document_id"),
            ("waiting", "select * from marts.billing_periods {} and status <> 'invoiced' order by all"),
        ):
            con.execute(query.format("where account_id = coalesce(?, account_id)"), [account])
            names = [column[0] for column in con.description or []]
            found[name] = [dict(zip(names, row, strict=True)) for row in con.fetchall()]
    return found
