"""Read invoices, and the periods that wait for theirs, from what was last published."""

from __future__ import annotations

from typing import Any

from orchestration.operations.accounts.unknown import refuse_unpublished
from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home


def listed(home: Home, account: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """`documents`: rows of marts.invoices; `waiting`: rows of marts.billing_periods that are not invoiced.

    All accounts', or one's. Raises `Refused` for an unknown account.
    """
    with reading(home) as con:
        refuse_unpublished(con, account)
        its = "where account_id = coalesce(?, account_id)"
        documents = f"select * from marts.invoices {its} order by issued_at, document_id"
        waiting = f"select * from marts.billing_periods {its} and status <> 'invoiced' order by all"
        return {
            "documents": dict_rows(con, documents, [account]),
            "waiting": dict_rows(con, waiting, [account]),
        }
