"""Read balances from what was last published."""

from __future__ import annotations

from typing import Any

from orchestration.operations.accounts.unknown import refuse_unpublished
from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home


def balance(home: Home, account: str | None = None) -> list[dict[str, Any]]:
    """Rows of account_balances, all or one account's. Raises `Refused` for an unknown account."""
    with reading(home) as con:
        refuse_unpublished(con, account)
        query = "select * from marts.account_balances where account_id = coalesce(?, account_id) order by account_id"
        return dict_rows(con, query, [account])
