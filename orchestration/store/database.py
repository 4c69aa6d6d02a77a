"""What is done on any connection: rows with their columns' names, and transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb


def dict_rows(
    con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[dict[str, Any]]:
    """What a query gives: a dictionary by column a row."""
    con.execute(query, values)
    columns = [column[0] for column in con.description or []]
    return [dict(zip(columns, row, strict=True)) for row in con.fetchall()]


def one(
    con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] | Mapping[str, object] = ()
) -> tuple[Any, ...]:
    """The row of a query that gives one, whatever there is, such as a count."""
    (row,) = con.execute(query, values).fetchall()
    return tuple(row)


def count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """The number that a query gives."""
    (number,) = one(con, query)
    return int(number)


def insert(con: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, object]) -> None:
    """Add a row to a table, its cells by column."""
    cells = ", ".join("?" for _ in row)
    con.execute(f"insert into {table} ({', '.join(row)}) values ({cells})", list(row.values()))


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of what is done within, or nothing where an error ends it."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        with suppress(duckdb.Error):  # an error may have ended the transaction already
            con.rollback()
        raise
