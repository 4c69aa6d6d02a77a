"""What is said of an account that there is not."""

from __future__ import annotations

import duckdb

from orchestration.configuration.nearest import listed, suggestion
from orchestration.store.warehouse import Refused


def refuse_unpublished(con: duckdb.DuckDBPyConnection, account: str | None) -> None:
    """Raise `Refused` for an account that is named and that what is published does not have."""
    asked = "select 1 from marts.account_balances where account_id = ?"
    if account is not None and not con.execute(asked, [account]).fetchall():
        raise no_account(con, account)


def no_account(con: duckdb.DuckDBPyConnection, account: str, table: str = "marts.account_balances") -> Refused:
    """That there is no such account, and which one may be meant; `table` has those that there are."""
    known = [name for (name,) in con.execute(f"select distinct account_id from {table}").fetchall()]
    there = f"there are {listed(known)} (tollbook balance lists them all)" if known else "there is none yet"
    return Refused(f"there is no account {account}; {suggestion(account, known, there)}")
