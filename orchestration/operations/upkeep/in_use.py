"""What the books refer to, and so no configuration may lose: accounts, trunks, rate tables, assignments, profiles.

A balance, an invoice or a rated leg of a closed day names them for ever. What is over ends by `valid_to`; a row that is
taken out, or given another name, would take what refers to it out of every table and document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from orchestration.configuration.problem import Problem
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.operations.upkeep.compared import Compared

_FILES = ("accounts", "trunks", "rate_tables", "rate_assignments", "consumption_profiles")
_CLOSED = "select day from ops.closings"
# What cannot change once an account has postings, with what an empty cell means.
_FIXED = {"currency": "", "timezone": "UTC", "billing_cycle": "monthly"}
_CALLED = {"timezone": "time zone", "billing_cycle": "billing cycle"}


def problems(con: duckdb.DuckDBPyConnection, archive: Path, seeds: Path) -> list[Problem]:
    """What the books need and `seeds` no longer has, or says otherwise. `con` has marts.* and ops.*: reads only.

    `archive` keeps every configuration that was loaded. Where nothing was built, or published, there is nothing.
    """
    if not _has_books(con):
        return []
    version = con.execute("select version from ops.configuration").fetchone()
    kept = archive / "config" / (version[0] if version else "none")
    old, new = ({name: read(FILES[name], directory) for name in _FILES} for directory in (kept, seeds))
    compared = Compared(con, kept, old, new)
    gone = list(_accounts(compared))
    lost = {account for account, _ in gone}
    return [
        *(problem for _, problem in gone),
        *_fixed(compared),
        *_kinds(compared),
        *_trunks(compared, lost),
        *_tables(compared),
        *_assignments(compared, lost),
        *_profiles(compared, lost),
    ]


def _has_books(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a build has made, or published, what is asked here."""
    asked = ("ledger_entries", "rated_calls", "breakout_rate_daily", "profile_consumption", "invoices", "closings")
    row = con.execute(
        """
        select count(distinct table_name) from information_schema.tables
        where table_schema in ('marts', 'ops') and table_name in (select unnest($asked))
        """,
        {"asked": [*asked, "configuration"]},
    ).fetchone()
    return row == (len(asked) + 1,)


def _accounts(compared: Compared) -> Iterator[tuple[str, Problem]]:
    """Accounts with postings, whenever they went; and of those that go now the ones that legs of closed days name."""
    if not compared.new["accounts"].whole:
        return
    gone = compared.gone("accounts", "account_id")
    posted = compared.con.execute(
        """
        select account_id, currency, count(*), sum(amount)::DECIMAL(20, 8)
        from marts.ledger_entries
        where account_id not in (select unnest($known::VARCHAR[]))
        group by account_id, currency
        order by account_id
        """,
        {"known": sorted(compared.new["accounts"].known("account_id"))},
    ).fetchall()
    reasons = {
        account: f"{entries} postings are its, and its balance of {balance.normalize():f} {currency}"
        for account, currency, entries, balance in posted
    }
    for account, _, _ in _rated(compared, "account_id", [key for (key,) in gone]):
        reasons.setdefault(account, "calls of closed days are its")
    for account, why in reasons.items():
        ends = "an account ends by its valid_to, and keeps its name"
        rows = gone.get((account,), [])
        yield account, compared.missing("accounts", "account_id", f"account {account}", why, rows, ends)


def _fixed(compared: Compared) -> Iterator[Problem]:
    """What postings and invoices of an account were made by stays as it is once it has some."""
    posted = dict(
        compared.con.execute(
            "select account_id, any_value(currency) from marts.ledger_entries group by account_id"
        ).fetchall()
    )
    before = {account: row for row, account in enumerate(compared.old["accounts"]["account_id"])}
    sheet = compared.new["accounts"]
    for row, account in enumerate(sheet["account_id"]):
        if account not in posted:
            continue
        for column, default in _FIXED.items():
            is_now = sheet[column][row] or default
            if column == "currency":
                was = posted[account]
            elif account in before:
                was = compared.old["accounts"][column][before[account]] or default
            else:
                continue
            if is_now and was != is_now:
                what = f"its {_CALLED.get(column, column)} is {was} there and cannot change to {is_now} any more"
                wrong = f"account {account} has postings; {what}"
                yield sheet.at(row, column, wrong, f"put {was} back, and open a new account for {is_now}")


def _kinds(compared: Compared) -> Iterator[Problem]:
    """An account that was invoiced is no mere carrier afterwards: no table would show what it owes."""
    invoiced = {
        account
        for (account,) in compared.con.execute(
            "select distinct account_id from marts.invoices where status = 'issued'"
        ).fetchall()
    }
    sheet = compared.new["accounts"]
    for row, (account, kind) in enumerate(sheet.columns("account_id", "kind")):
        if kind == "carrier" and account in invoiced:
            wrong = f"account {account} was invoiced, and carriers have no receivables"
            yield sheet.at(row, "kind", wrong, "write both")


def _trunks(compared: Compared, lost: set[str]) -> Iterator[Problem]:
    """Rows by which calls of closed days were somebody's, and which no other row of the trunk stands for."""
    gone = compared.taken_out("trunks", ("trunk_id", "direction", "account_id"), lost)
    for row, first, last in compared.uncovered(
        f"""
        select g.n, min(c.day), max(c.day)
        from (
            select day, charged_at, [customer_id, sell_account_id, buy_account_id] as accounts,
                unnest(['ingress', 'egress']) as direction, unnest([ingress_trunk, egress_trunk]) as trunk_id,
            from marts.rated_calls
            where day in ({_CLOSED}) and (
                ingress_trunk in (select key[1] from gone) or egress_trunk in (select key[1] from gone)
            )
        ) as c
        inner join gone as g
            on
                g.key[1] = c.trunk_id and g.key[2] = c.direction and list_contains(c.accounts, g.key[3])
                and c.charged_at >= g.since and c.charged_at < g.until
        anti join left_over as l
            on
                l.key[1] = c.trunk_id and l.key[2] = c.direction
                and c.charged_at >= l.since and c.charged_at < l.until
        group by g.n order by g.n
        """,
        "trunks",
        ("trunk_id", "direction", "account_id"),
        gone,
    ):
        trunk, direction = (compared.old["trunks"][name][row] for name in ("trunk_id", "direction"))
        why = f"calls of closed days went by it ({_days(first, last)})"
        ends = "a trunk that is given up ends by valid_to"
        yield compared.missing("trunks", "trunk_id", f"{direction} trunk {trunk}", why, [row], ends)


def _tables(compared: Compared) -> Iterator[Problem]:
    gone = compared.gone("rate_tables", "rate_table_id")
    for table, first, last in _rated(compared, "rate_table_id", [key for (key,) in gone]):
        why = f"calls of closed days were rated by it ({_days(first, last)})"
        ends = "its rates and assignments end by valid_to"
        yield compared.missing("rate_tables", "rate_table_id", f"rate table {table}", why, gone[(table,)], ends)


def _assignments(compared: Compared, lost: set[str]) -> Iterator[Problem]:
    """Rows whose tables calls of closed days were rated by, and for which no other of the account's stands."""
    gone = compared.taken_out("rate_assignments", ("account_id", "side", "rate_table_id"), lost)
    for row, first, last in compared.uncovered(
        f"""
        select g.n, min(b.day), max(b.day)
        from marts.breakout_rate_daily as b
        inner join gone as g
            on
                g.key[1] = b.account_id and g.key[2] = b.side and g.key[3] = b.rate_table_id
                and g.since < b.day + interval 1 day and g.until > b.day
        anti join left_over as l
            on
                l.key[1] = b.account_id and l.key[2] = b.side
                and l.since < b.day + interval 1 day and l.until > b.day
        where b.day in ({_CLOSED})
        group by g.n order by g.n
        """,
        "rate_assignments",
        ("account_id", "side", "rate_table_id"),
        gone,
    ):
        account, side = (compared.old["rate_assignments"][name][row] for name in ("account_id", "side"))
        why = f"calls of closed days were rated by it ({_days(first, last)})"
        what = f"the {side} assignment of {account}"
        yield compared.missing("rate_assignments", "account_id", what, why, [row], "an assignment ends by valid_to")


def _profiles(compared: Compared, lost: set[str]) -> Iterator[Problem]:
    """Under another name a profile would give its allowance of a period once more."""
    old = compared.old["consumption_profiles"]
    gone = {
        key: rows
        for key, rows in compared.gone("consumption_profiles", "profile_id").items()
        if old["account_id"][rows[0]] not in lost
    }
    taken = compared.con.execute(
        f"""
        select profile_id, min(day), max(day)
        from marts.profile_consumption
        where profile_id in (select unnest($gone::VARCHAR[])) and day in ({_CLOSED})
        group by profile_id order by profile_id
        """,
        {"gone": [profile for (profile,) in gone]},
    ).fetchall()
    for profile, first, last in taken:
        why = f"calls of closed days took from it ({_days(first, last)})"
        ends = "a profile ends by valid_to, and keeps its name"
        rows = gone[(profile,)]
        yield compared.missing("consumption_profiles", "profile_id", f"profile {profile}", why, rows, ends)


def _rated(compared: Compared, column: str, names: Iterable[str]) -> list[tuple[str, object, object]]:
    """Which of `names` the rated legs of closed days have in `column`, with the first and the last such day."""
    wanted = sorted({*names})
    if not wanted:
        return []
    return compared.con.execute(
        f"""
        select {column}, min(day), max(day)
        from marts.breakout_rate_daily
        where {column} in (select unnest($wanted::VARCHAR[])) and rate_table_id is not null and day in ({_CLOSED})
        group by {column} order by {column}
        """,
        {"wanted": wanted},
    ).fetchall()


def _days(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} to {last}"
