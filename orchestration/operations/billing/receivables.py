"""Who owes us, and since when, as last published."""

from __future__ import annotations

from typing import Any

from orchestration.operations.accounts.unknown import refuse_unpublished
from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home


def receivables(
    home: Home, account: str | None = None, *, overdue: bool = False, settled: bool = False
) -> list[dict[str, Any]]:
    """Rows of marts.receivables, all accounts' or one's, those that are overdue longest first.

    `overdue`: only those past their due date; `settled`: also those of which nothing is open. Raises `Refused` for an
    unknown account, and when nothing is published.
    """
    with reading(home) as con:
        refuse_unpublished(con, account)
        return dict_rows(
            con,
            """
            select *
            from marts.receivables
            where
                account_id = coalesce($account, account_id)
                and (open <> 0 or $settled)
                and (days_overdue > 0 or not $overdue)
            order by days_overdue desc, due_on, account_id, invoice_number
            """,
            {"account": account, "overdue": overdue, "settled": settled},
        )


def aging(home: Home, account: str | None = None) -> list[dict[str, Any]]:
    """Rows of marts.receivables_aging, all accounts' or one's, the largest debt of a currency first. Refuses alike."""
    with reading(home) as con:
        refuse_unpublished(con, account)
        asked = """
            select * from marts.receivables_aging where account_id = coalesce($account, account_id)
            order by currency, open desc, account_id
        """
        return dict_rows(con, asked, {"account": account})
