"""Bring ops.outdated_days up to date."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb

from orchestration.configuration import changes
from orchestration.engine.dbt import modelled
from orchestration.operations.day.outdated import again, alone
from orchestration.operations.day.outdated.words import in_words
from orchestration.store.database import transaction
from orchestration.store.warehouse import Home, Writer

_HERE = Path(__file__).parent


def settle(held: Writer) -> None:
    """Find which closed days are outdated, as configuration, decks and closings are now.

    Looks at the days that closed under something else than what is loaded and were not looked at since it was. Before a
    build by the models of this release there is nothing to do; what was done under rules 1 went by other marks and is
    done again without.
    """
    if held.rules == 1:
        return
    with held.connect() as con:
        if not modelled(con):
            return
        _run(con, "closed_under")
        if _none(con, "closed_under"):
            return
        _differences(con, held.home)
        con.execute(f"create or replace temp table service_prices as {changes.rows(con, 'service_rates')}")
        _run(con, "asked")
        _run(con, "by_name")
        _run(con, "asked_rates")
        if not _none(con, "asked_rates"):
            _run(con, "touching")
            with tempfile.TemporaryDirectory() as scratch:
                again.settle(con, Path(scratch))
                alone.name(con, Path(scratch), held.home.archive / "config")
        _keep(con)


def _differences(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Temp table `changed` (config, file, row, tie, sign, since, until): what each configuration lacks of today's."""
    con.execute(
        'create or replace temp table changed (config VARCHAR, file VARCHAR, "row" VARCHAR, tie VARCHAR, '
        "sign INTEGER, since TIMESTAMP, until TIMESTAMP)"
    )
    rows = con.execute(
        "select distinct c.config, l.version from closed_under as c cross join ops.configuration as l "
        "where c.config <> l.version"
    ).fetchall()
    kept = home.archive / "config"
    with duckdb.connect() as beside:
        beside.execute("set TimeZone = 'UTC'")
        for old, current in rows:
            if not (kept / old).is_dir():  # nobody can say what is different
                con.execute(
                    """
                    insert into outdated_by
                    select day, 'configuration', to_json({'version': config})::VARCHAR, -1
                    from closed_under where config = ?
                    """,
                    [old],
                )
                continue
            changes.differences(beside, kept / old, kept / current, "differing")
            differing = beside.sql("select * from differing").to_arrow_table()
            con.register("differing", differing)
            con.execute("insert into changed select ?, * from differing", [old])
            con.unregister("differing")


def _keep(con: duckdb.DuckDBPyConnection) -> None:
    """Write what was found of each day that was looked at, in words, in one transaction."""
    by_day: dict[date, list[tuple[str, str, int]]] = defaultdict(list)
    for day, *row in con.execute(
        'select distinct day, file, "row", sign from outdated_by order by day, file, "row", sign'
    ).fetchall():
        by_day[day].append((row[0], row[1], row[2]))
    because = [[str(day), in_words(rows)] for day, rows in by_day.items()]
    with transaction(con):
        con.execute("delete from ops.outdated_days where day in (select day from closed_under)")
        con.execute(
            """
            insert into ops.outdated_days (day, examined_for, because)
            with reasons as (select unnest($because::VARCHAR[][]) as r)
            select distinct c.day, c.examined_for, r[2]
            from closed_under as c
            left join reasons on c.day = r[1]::DATE
            """,
            {"because": because},
        )


def _none(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"select exists (from {table})").fetchone() == (False,)


def _run(con: duckdb.DuckDBPyConnection, step: str) -> None:
    con.execute((_HERE / f"{step}.sql").read_text(encoding="utf-8"))
