"""The Parquet files that count (ops.stored_files): noted with what tells whether they are as they were written.

Of every file its bytes and their sha256 are kept, of one that is sealed also what is in it: its rows, and the sum of
each amount and duration by currency, which a file that is made again must come to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.store import sql
from orchestration.store.database import dict_rows
from orchestration.store.files import checksum, state
from orchestration.store.refused import Refused


@dataclass(frozen=True)
class Damage:
    """A stored file that is not as it was written: of which table and day, and what is wrong."""

    table: str
    day: date
    path: str
    wrong: str


def note(con: duckdb.DuckDBPyConnection, home: Path, table: str, day: date, path: str, *, sealed: bool) -> None:
    """Have a file that was written count from now on, in the caller's transaction."""
    size, sha256 = _bytes(home / path)
    rows, sums = _contents(con, home / path) if sealed else (None, None)
    con.execute(
        "insert into ops.stored_files (table_name, day, path, sealed, bytes, sha256, rows, sums)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        [table, day, path, sealed, size, sha256, rows, sums],
    )


def seal(con: duckdb.DuckDBPyConnection, home: Path, tables: Sequence[str], day: date) -> None:
    """Have no build replace the files of a day any more, in the caller's transaction."""
    for (path,) in con.execute(
        "select path from ops.stored_files where day = ? and not sealed and list_contains(?, table_name)",
        [day, list(tables)],
    ).fetchall():
        con.execute(
            "update ops.stored_files set sealed = true, rows = ?, sums = ? where path = ?",
            [*_contents(con, home / path), path],
        )


def note_unknown(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """Note what is in the files of releases that kept nothing of it; of one that is gone there is nothing to note."""
    for path, sealed in con.execute("select path, sealed from ops.stored_files where sha256 is null").fetchall():
        if (home / path).exists():
            size, sha256 = _bytes(home / path)
            rows, sums = _contents(con, home / path) if sealed else (None, None)
            con.execute(
                "update ops.stored_files set bytes = ?, sha256 = ?, rows = ?, sums = ? where path = ?",
                [size, sha256, rows, sums, path],
            )


def damaged(con: duckdb.DuckDBPyConnection, home: Path, first: date, last: date) -> Iterator[Damage]:
    """The files of these days that are not as they were written. A process reads each once, while it stays as it is."""
    for table, day, path, size, sha256 in con.execute(
        """
        select table_name, day, path, bytes, sha256
        from ops.stored_files
        where day between ? and ?
        order by day, path
        """,
        [first, last],
    ).fetchall():
        file = home / path
        if not file.exists():
            yield Damage(table, day, path, "it is gone")
        elif sha256 is None:
            continue
        elif file.stat().st_size != size:
            yield Damage(table, day, path, f"it has {file.stat().st_size:,} bytes and was written with {size:,}")
        elif _checksum(file, state(file)) != sha256:
            yield Damage(table, day, path, "its bytes are not those that were written")


def refuse_damaged(con: duckdb.DuckDBPyConnection, home: Path, first: date, last: date) -> None:
    """Raise `Refused` where a file of these days is not as it was written: nothing may be charged by it."""
    if damage := next(damaged(con, home, first, last), None):
        raise Refused(f"{home / damage.path} of {damage.day} is damaged: {damage.wrong}; run: tollbook repair")


def _bytes(file: Path) -> tuple[int, str]:
    return file.stat().st_size, _checksum(file, state(file))


@lru_cache(maxsize=100_000)
def _checksum(file: Path, _state: tuple[int, ...]) -> str:
    return checksum(file)


def _contents(con: duckdb.DuckDBPyConnection, file: Path) -> tuple[int, str]:
    """How many rows a file has, and as JSON the sums of its decimals by its currencies."""
    read = sql.reader("read_parquet", [file])
    columns = {name: str(kind) for name, kind, *_ in con.execute(f"describe from {read}").fetchall()}
    currencies = [sql.quoted(name) for name in columns if name.endswith("currency")]
    totals = [
        f"sum({sql.quoted(n)})::VARCHAR as {sql.quoted(n)}" for n, k in columns.items() if k.startswith("DECIMAL")
    ]
    sums = dict_rows(
        con, f"select {', '.join([*currencies, 'count(*) as rows', *totals])} from {read} group by all order by all"
    )
    return sum(row["rows"] for row in sums), json.dumps(sums, sort_keys=True)
