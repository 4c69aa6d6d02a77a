"""The models of a warehouse that dbt made, in another: views by their statements, tables as empty ones.

`make setup` has dbt make every model once, in an empty warehouse. Taking them from there brings a deployment to a
release in a tenth of the time that dbt needs, which works around each model.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.engine import dbt
from orchestration.engine.daily import daily
from orchestration.store import sql
from orchestration.store.database import transaction

_KINDS = "select table_schema, table_name, table_type from information_schema.tables where table_catalog = {}"
_COLUMNS = """
    select schema_name, table_name, string_agg('"' || column_name || '" ' || data_type, ', ' order by column_index)
    from duckdb_columns()
    where database_name = 'made' and not internal
    group by schema_name, table_name
"""


def take(con: duckdb.DuckDBPyConnection, made: Path) -> bool:
    """Make the models as the warehouse `made` has them, in one transaction; False where it is not of this release.

    What is made by the day is left as it is (`daily.prepare`).
    """
    if not made.exists():
        return False
    con.execute(f"attach {sql.path(made)} as made (read_only)")
    try:
        if con.execute("select version from made.ops.project").fetchall() != [(dbt.project_version(),)]:
            return False
        with transaction(con):
            _take(con)
        return True
    finally:
        con.execute("detach made")


def _take(con: duckdb.DuckDBPyConnection) -> None:
    """Make each view on empty tables in the places of what it reads.

    To make a view DuckDB plans its query: on the views that it reads that takes ten times as long.
    """
    statements = {
        (schema, name): statement
        for schema, name, statement in con.execute(
            "select schema_name, view_name, sql from duckdb_views() where database_name = 'made' and not internal"
        ).fetchall()
    }
    columns = {(schema, name): listed for schema, name, listed in con.execute(_COLUMNS).fetchall()}
    there = {(schema, name): kind for schema, name, kind in con.execute(_KINDS.format("current_database()")).fetchall()}
    by_the_day = {model.name for model in daily() if model.kept != "whole"}
    relations = [(schema, name) for schema, name in dbt.relations() if f"{schema}.{name}" not in by_the_day]
    for schema in sorted({schema for schema, _ in dbt.relations()}):
        con.execute(f"create schema if not exists {schema}")
    for schema, name in relations:
        if (kind := there.get((schema, name))) is not None:
            con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {schema}.{name}")
        con.execute(f"create table {schema}.{name} ({columns[schema, name]})")
    for schema, name in reversed(relations):  # each before what it reads
        if (schema, name) in statements:
            con.execute(f"drop table {schema}.{name}")
            con.execute(statements[schema, name])
