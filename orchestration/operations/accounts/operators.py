"""Who may do what: the roles of seeds/operators.csv. A guard against mistakes, not a security boundary."""

from __future__ import annotations

import duckdb

from orchestration.configuration.roles import Act
from orchestration.store.warehouse import Refused, operator


def require(con: duckdb.DuckDBPyConnection, act: Act, account: str | None = None) -> None:
    """Refuse unless the operator has a role that may do this, and may act for `account`.

    `con` has the loaded configuration (config.operators). `account` None: it is about every account, which only
    an operator without a list of accounts may do. Without any row everyone is admin. Raises `Refused`, which
    says who asks and what is needed.
    """
    if con.execute("select count(*) from config.operators").fetchone() == (0,):
        return
    who = operator()
    needed = " or ".join(act.roles)
    row = con.execute("select role, accounts from config.operators where operator = ?", [who]).fetchone()
    if row is None:
        raise Refused(f"{who} is not in seeds/operators.csv; this needs the role {needed}")
    role, accounts = row
    if role not in act.roles:
        raise Refused(f"{who} is {role} in seeds/operators.csv; this needs the role {needed}")
    if accounts and account not in accounts:
        about = account or "all accounts"
        raise Refused(f"{who} acts for {', '.join(accounts)} in seeds/operators.csv; this is about {about}")
