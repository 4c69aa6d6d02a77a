"""Take the configuration in seeds/ into the warehouse: all of it, checked, or none."""

from __future__ import annotations

from datetime import date

import duckdb

from orchestration.configuration.check import check
from orchestration.configuration.load import load, shape, version
from orchestration.landing.formats import CANONICAL, NATIVE
from orchestration.store.files import place
from orchestration.warehouse import Home, Refused, Writer, clock, now

# What a change of a file touches: columns that rating does not read do not make a day outdated.
# A row speaks of the time it is valid in; rows without validity speak of all time.
_RATED_BY = {
    "trunks": "trunk_id, direction, account_id",
    "rate_assignments": "account_id, side, rate_table_id",
    "rates": "* exclude (line)",
    "rate_tables": "* exclude (line, name)",
    "accounts": "account_id, kind, currency, timezone, billing_cycle",
    "timetables": "* exclude (line)",
    "holidays": "* exclude (line)",
    "service_rates": "* exclude (line)",
    "fx_rates": "* exclude (line)",
    "sources": "source, kind, international_prefixes",
    "company": "reporting_currency",
    "consumption_profiles": "* exclude (line)",
    "prefix_regions": "* exclude (line)",
}
_VALIDITY = {
    "trunks": ("valid_from", "valid_to"),
    "rate_assignments": ("valid_from", "valid_to"),
    "rates": ("valid_from", "valid_to"),
    "service_rates": ("valid_from", "valid_to"),
    "consumption_profiles": ("valid_from", "valid_to"),
    "holidays": ("date - interval 1 day", "date + interval 2 day"),
    "fx_rates": ("valid_from", "null"),
}


def problems(home: Home) -> list[str]:
    """Every error of the configuration, one line each; empty when it is good."""
    return [str(problem) for problem in check(home.seeds, formats={CANONICAL, *NATIVE})]


def configure(writer: Writer, *, again: bool = False) -> str:
    """Load the configuration if it is not the one loaded; return its version (sha256).

    `again`: a line of the journal is done again; what was good enough then is not judged by what is checked today.
    Raises `Refused` with every error when it is not good; the one loaded before then stays.
    """
    home = writer.home
    current, shaped = version(home.seeds), shape()
    with writer.connect() as con:
        loaded = con.execute("select version, shape from ops.configuration").fetchone()
        if loaded == (current, shaped):
            return current
        if not again and (found := problems(home)):
            raise Refused("\n".join(found))
        for path in sorted(home.seeds.glob("*.csv")):
            # a copy of its own: the company goes on to edit its files, some editors in place
            place(path, home.archive / "config" / current / path.name, link=False)
        con.begin()
        try:
            if loaded and loaded[1] != shaped:
                _reshape(con, home, loaded[0])
            if not loaded or loaded[0] != current:
                _replace(con, home, current)
                writer.journal(con, "configure", clock(con), version=current)
            con.commit()
        except BaseException:
            con.rollback()
            raise
    return current


def _reshape(con: duckdb.DuckDBPyConnection, home: Home, loaded: str) -> None:
    """Give config.* the columns that are known today: what is loaded was loaded by an earlier release."""
    kept = home.archive / "config" / loaded
    if not kept.is_dir():
        raise Refused(f"the configuration {loaded} is not in the archive, {kept}; bring it back from a backup")
    load(con, kept)
    con.execute("update ops.configuration set shape = ?", [shape()])


def _replace(con: duckdb.DuckDBPyConnection, home: Home, current: str) -> None:
    first = con.execute("select count(*) = 0 from ops.configuration").fetchone() == (True,)
    charges = not first and _knows_charges(con)
    if not first:
        for table in {*_RATED_BY, "accounts"}:
            con.execute(f"create or replace temp table old_{table} as select * from config.{table}")
    if charges:
        con.execute("create or replace temp table old_charges as select * from rating.subscription_charges")
    booked_until = None if first else _booked_until(con)
    load(con, home.seeds)
    if not first:
        _refuse_moved_accounts(con)
        for table, columns in _RATED_BY.items():
            speaks = _VALIDITY.get(table, ("null", "null"))
            _record(con, current, table, (f"config.{table}", f"old_{table}"), columns, speaks)
    if charges:
        # a row of subscriptions speaks of the days on which it is charged, not of those between them
        made = ("rating.subscription_charges", "old_charges")
        _record(con, current, "subscriptions", made, "*", ("day", "day + 1"))
    con.execute("delete from ops.configuration")
    con.execute(
        "insert into ops.configuration (version, loaded_at, shape, booked_until) values (?, ?, ?, ?)",
        [current, now(), shape(), booked_until],
    )


def _booked_until(con: duckdb.DuckDBPyConnection) -> date | None:
    """The last booking day that is over by the configuration that is loaded; None when none is."""
    row = con.execute(
        """
        select greatest(c.booked_until, clock.now::DATE - coalesce(o.booking_grace_days, 2) - 1)
        from ops.configuration as c
        cross join config.company as o
        cross join ops.clock as clock
        """
    ).fetchone()
    return row[0] if row else None


def _refuse_moved_accounts(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse what postings and invoices of an account were made by, once it has some: config.accounts, old_accounts."""
    moved = con.execute(
        """
        select n.line, n.account_id, c.what, c.before, c.after
        from config.accounts as n
        inner join old_accounts as o on n.account_id = o.account_id
        cross join unnest([
            {'what': 'currency', 'before': o.currency, 'after': n.currency},
            {'what': 'timezone', 'before': coalesce(o.timezone, 'UTC'), 'after': coalesce(n.timezone, 'UTC')},
            {
                'what': 'billing_cycle',
                'before': coalesce(o.billing_cycle, 'monthly'),
                'after': coalesce(n.billing_cycle, 'monthly')
            }
        ]) as changed (c)
        where c.before <> c.after and n.account_id in (select account_id from ops.ledger_entries)
        order by n.line, c.what
        """
    ).fetchall()
    if moved:
        raise Refused(
            "\n".join(
                f"seeds/accounts.csv line {line}, column {what}: account {account} has postings in {before}; it cannot "
                f"change to {after} any more: put {before} back, and open a new account for {after}"
                for line, account, what, before, after in moved
            )
        )


def _knows_charges(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the models were ever made: before that no day is closed that could become outdated."""
    found = "select count(*) from duckdb_views() where schema_name = 'rating' and view_name = 'subscription_charges'"
    return con.execute(found).fetchone() == (1,)


def _record(
    con: duckdb.DuckDBPyConnection,
    current: str,
    what: str,
    relations: tuple[str, str],
    columns: str,
    speaks: tuple[str, str],
) -> None:
    """Note the times that rows of only one of the relations (as it is, as it was) speak of: from, to."""
    new, old = (f"(select {columns}, {speaks[0]} as since, {speaks[1]} as until from {r})" for r in relations)
    con.execute(
        f"""
        insert into ops.configuration_changes
        select distinct
            ?::TIMESTAMP,
            ?,
            '{what}',
            coalesce(since::TIMESTAMP, timestamp '0001-01-01'),
            coalesce(until::TIMESTAMP, timestamp '9999-12-31'),
            (select coalesce(max(change_sequence), 0) + 1 from ops.configuration_changes
                where version <> ? or changed_at <> ?::TIMESTAMP)
        from (({new} except {old}) union all ({old} except {new}))
        """,
        [now(), current, current, now()],
    )
