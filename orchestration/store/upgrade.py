"""The tables of a warehouse that another release made: older ones are brought to this release's, newer ones refused.

A warehouse says which version of the tables it has (ops.release). An older one is copied, then changed in one
transaction, with a line of the journal: it has either its own tables or this release's, never some of both. What dbt
makes comes after, with the next build (orchestration/operations/day/build.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.store.refused import Refused

# Raised by whatever changes tables that deployments have; 0 is of releases whose warehouses did not say it.
TABLES = 4

_SCHEMA = Path(__file__).with_name("schema")
# what lay in `ops` before there was a schema for a run's arguments
_MOVED = ("build_days", "check_days", "clock", "invoicing")


def schema_sql() -> str:
    """SQL of what the warehouse holds besides the models, a file a room of tables; changes nothing that is there."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_SCHEMA.glob("*.sql")))


def version(con: duckdb.DuckDBPyConnection) -> int | None:
    """Which version of the tables a warehouse has; None of an empty one. Raises `Refused` where nothing says it."""
    tables = {
        name for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'ops'").fetchall()
    }
    if "release" in tables:
        # to the last row: a query that is not finished would hold a transaction open on the warehouse's own connection
        rows = con.execute("select tables from ops.release").fetchall()
        if len(rows) != 1:
            raise Refused(
                f"the warehouse is damaged: ops.release has {len(rows)} rows where it has one; move it away and run"
                " tollbook rebuild"
            )
        return int(rows[0][0])
    return 0 if tables else None


def bring(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables, or change those of an earlier release, in the caller's transaction."""
    con.execute(schema_sql())
    for name in _MOVED:
        _move_run(con, name)
    con.execute("delete from ops.release")
    con.execute("insert into ops.release values (?)", [TABLES])


def _move_run(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Give a table of a run's arguments its new place, and leave a view in the old one.

    The models of the earlier release read that until the next build makes this one's, and drops the views.
    """
    old = "select table_name from duckdb_tables() where schema_name = 'ops' and table_name = ?"
    if con.execute(old, [name]).fetchall():
        con.execute(f"delete from run.{name}")
        # a release before had others: an invoicing said its period's end
        both = "select column_name from duckdb_columns() where table_name = ? and schema_name = "
        kept = con.execute(f"{both} 'run' intersect {both} 'ops'", [name, name]).fetchall()
        columns = ", ".join(column for (column,) in kept)
        con.execute(f"insert into run.{name} ({columns}) select {columns} from ops.{name}")
        con.execute(f"drop table ops.{name}")
        con.execute(f"create view ops.{name} as from run.{name}")
