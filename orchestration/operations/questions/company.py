"""The company as a call in question sees it: two trunks, the tables of both accounts, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.operations.accounts.unknown import no_account
from orchestration.operations.day.sources import no_source
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused

SOURCE = "quote"
# Calls of an account with allowances are asked about by that many copies of it at most: see copy_account.
COPIES = 400


@dataclass(frozen=True)
class Call:
    """A call in question: whose it is, the numbers as `source` writes them, the instant (UTC), the carrier."""

    account: str
    number: str
    at: datetime
    carrier: str | None = None
    calling: str | None = None
    source: str = SOURCE


def account_of(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> dict[str, Any]:
    """An account's row of the configuration. Raises `Refused` when there is none, or it has ended at `at` (UTC)."""
    rows = dict_rows(con, "select * from config.accounts where account_id = ?", [account])
    if not rows:
        raise no_account(con, account, "config.accounts")
    ended = rows[0]["valid_to"]
    if ended is not None and at >= ended:
        raise Refused(f"account {account} ended at {ended.isoformat()} UTC (valid_to): it has no calls from then on")
    return rows[0]


def refuse_odd(con: duckdb.DuckDBPyConnection, call: Call) -> None:
    """Raise `Refused` for a carrier that takes no calls and for what is no number: nothing would go by them."""
    if call.carrier is not None:
        account_of(con, call.carrier, call.at)
        bought = dict_rows(
            con,
            "select 1 from config.rate_assignments where account_id = $carrier and side = 'buy'"
            " and coalesce(valid_from <= $at, true) and coalesce(valid_to > $at, true)",
            {"carrier": call.carrier, "at": call.at},
        )
        if not bought:
            at = f"{call.at:%Y-%m-%d %H:%M} UTC"
            raise Refused(
                f"account {call.carrier} takes no calls: it has no buy rate table at {at}; see rate_assignments.csv"
            )
    if re.fullmatch(r"[0-9]+\.0+", call.number):
        right = call.number.partition(".")[0]
        raise Refused(f"{call.number} is a number that a program has made a decimal of; write {right}")
    # with a source of its own an international prefix may stand before it
    digits = r"[0-9]{1,15}" if call.source == SOURCE else r"[0-9]+"
    if call.calling is not None and not re.fullmatch(digits, re.sub(r"[-+ .()]", "", call.calling)):
        raise Refused(f"--calling {call.calling} is not a telephone number of 1 to 15 digits")


def cut_down(con: duckdb.DuckDBPyConnection, call: Call) -> None:
    """Two trunks, the tables of both accounts and nothing else: a quote should not rate what it does not ask."""
    known = {name for (name,) in con.execute("select source from config.sources where kind = 'cdrs'").fetchall()}
    if call.source != SOURCE and call.source not in known:
        raise no_source(call.source, known)
    con.execute("delete from config.trunks")
    trunks = [("quote 0", "ingress", call.account)]
    if call.carrier is not None:
        trunks.append(("quote", "egress", call.carrier))
    for trunk in trunks:
        con.execute("insert into config.trunks by name select ? as trunk_id, ? as direction, ? as account_id", trunk)
    con.execute(
        "delete from config.rate_assignments where account_id not in (?, ?)", [call.account, call.carrier or ""]
    )
    for table in ("rate_tables", "rates"):
        con.execute(
            f"delete from config.{table} where rate_table_id not in (select rate_table_id from config.rate_assignments)"
        )
    con.execute(
        "insert into marts.profile_consumption by name"
        " select * from serving.marts.profile_consumption where account_id = ?",
        [call.account],
    )
    con.execute("insert into run.build_days values (?)", [call.at.date()])


def copy_account(con: duckdb.DuckDBPyConnection, account: str) -> None:
    """Calls of one account eat from the same allowances, one after the other: here each is to be the next one."""
    copies = f"cross join range(1, {COPIES}) as c (n) where account_id = ?"
    for table, replaced in (
        ("config.accounts", "account_id || ' ' || n as account_id"),
        ("config.rate_assignments", "account_id || ' ' || n as account_id"),
        (
            "config.consumption_profiles",
            "account_id || ' ' || n as account_id, profile_id || ' ' || n as profile_id",
        ),
        ("marts.profile_consumption", "account_id || ' ' || n as account_id, profile_id || ' ' || n as profile_id"),
        ("config.trunks", "account_id || ' ' || n as account_id, 'quote ' || n as trunk_id"),
    ):
        con.execute(
            f"insert into {table} by name select * exclude (n) replace ({replaced}) from {table} {copies}",
            [account],
        )
