"""Assertions on rows made by hand: empty tables in memory, one for each model, and no deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from orchestration.operations.day.assertions import assertions
from orchestration.prepare import write_new_warehouse

Row = Mapping[str, object]
# by the name of the model
Rows = Mapping[str, Sequence[Row]]

DAY = "2026-05-04"


@contextmanager
def models() -> Iterator[duckdb.DuckDBPyConnection]:
    """A table for each model, with the columns that it has in a warehouse and no rows."""
    with duckdb.connect(str(write_new_warehouse()), read_only=True) as made:
        columns = made.execute(
            """
            select schema_name, table_name, string_agg(format('"{}" {}', column_name, data_type), ', ')
            from duckdb_columns()
            where schema_name in ('staging', 'rating', 'books', 'marts')
            group by all
            """
        ).fetchall()
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for schema in {schema for schema, *_ in columns}:
            con.execute(f"create schema {schema}")
        for schema, table, listed in columns:
            con.execute(f"create table {schema}.{table} ({listed})")
        con.execute("set search_path = 'marts,books,rating,staging'")
        yield con


def breaking(con: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> list[tuple[object, ...]]:
    """What an assertion finds when DAY is checked and these are all the rows there are: day, key, detail, in order."""
    (assertion,) = (a for a in assertions() if a.name == name)
    con.execute("begin")
    try:
        for table, of_table in {"stg_check_days": [{"day": DAY}], **rows}.items():
            for row in of_table:
                con.execute(
                    f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", [*row.values()]
                )
        return con.execute(f"select day::VARCHAR, key, detail from ({assertion.query}) order by all").fetchall()
    finally:
        con.execute("rollback")
