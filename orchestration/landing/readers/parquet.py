"""Parquet: typed cells back to the text that a CSV would have."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.problem import UnreadableFile
from orchestration.landing.readers.readable import Layout, json_cells, relation
from orchestration.landing.rows.canonical import Kind
from orchestration.store.failures import first_line
from orchestration.store.sql import file, quoted, reader


@dataclass
class Parquet:
    """A Parquet file; its `line` is the row's number, from 1. `is_strict`: NaN is an empty cell."""

    path: Path
    kind: Kind
    types: dict[str, str]
    layout: Layout
    most: int
    is_strict: bool

    def fast(self) -> str:
        return self._relation(f"{_read(self.path)}", ())

    def slow(self) -> str:
        source = (
            "(select *, file_row_number + 1 as line, '' as broken, cast(to_json(p) as VARCHAR) as"
            f" raw from {_read(self.path)} p)"
        )
        return self._relation(source, ("line", "raw", "broken"))

    def count(self, con: duckdb.DuckDBPyConnection) -> int:
        return self.most

    def wrong_text(self) -> str | None:
        with duckdb.connect() as con:  # that of the caller can be asked nothing more
            for name in self.types:
                try:
                    con.execute(
                        f"select max(length(cast({quoted(name)} as VARCHAR))) from {_read(self.path)}"
                    ).fetchall()
                except duckdb.Error as error:
                    if "UTF8" not in str(error):
                        return None
                    where = self._row(con, quoted(name))
                    return f'column "{name}" has bytes that are no UTF-8{where}; write its texts in UTF-8'
        return None

    def _row(self, con: duckdb.DuckDBPyConnection, cell: str) -> str:
        """Where the first of them is, in words: known of a column that does not say that it is of texts."""
        wrong = f"from {reader('read_parquet', [self.path])} where {cell} is not null and try(decode({cell})) is null"
        with suppress(duckdb.Error):
            for (row,) in con.execute(f"select min(file_row_number) + 1 {wrong}").fetchall():
                return f", first in row {row}"
        return ""

    def cells(self, raw: str) -> str:
        return json_cells(raw)

    def _relation(self, source: str, keep: tuple[str, ...]) -> str:
        cells = {name: _text(name, type_, self.is_strict) for name, type_ in self.types.items()}
        return relation(self.kind, self.layout, cells, source, keep)


def columns(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[dict[str, str], int]:
    """Name and DuckDB type of each column, and the number of rows. Raises duckdb.Error."""
    described = con.execute(f"describe select * from {_read(path)}").fetchall()
    counted = con.execute(f"select num_rows from parquet_file_metadata({file(path)})").fetchone()
    return {name: type_ for name, type_, *_ in described}, counted[0] if counted else 0


def _read(path: Path) -> str:
    return reader("read_parquet", [path], "binary_as_string = true")


def inexact(con: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]) -> str | None:
    """The first of these columns of floating-point numbers that has one with a fraction, or too many digits."""
    for name in names:
        odd = f"{quoted(name)} <> trunc({quoted(name)}) or abs({quoted(name)}) >= 1e15"
        if con.execute(f"select 1 from {_read(path)} where not isnan({quoted(name)}) and ({odd}) limit 1").fetchall():
            return name
    return None


def durations(path: Path) -> dict[str, str]:
    """The columns whose whole numbers are of another unit, which DuckDB does not see, with it: `duration[ms]`."""
    import pyarrow.parquet as arrow
    from pyarrow.types import is_duration

    try:
        schema = arrow.read_schema(path)  # type: ignore[no-untyped-call]
    except OSError as failure:
        if failure.errno is not None:
            raise
        # Arrow's word for bytes that are none of a schema, which is not the disk's fault
        raise UnreadableFile(f"the file is damaged: {first_line(failure)}") from failure
    return {field.name: str(field.type) for field in schema if is_duration(field.type)}


def _text(name: str, type_: str, is_strict: bool) -> str:
    cell = f"cast({quoted(name)} as VARCHAR)"
    if is_strict and type_ in ("FLOAT", "DOUBLE"):
        cell = f"nullif({cell}, 'nan')"
    if type_.startswith("DECIMAL") and not type_.endswith(",0)"):
        # A DECIMAL(18,6) shows all its decimals: 12.5 is not a number with six of them.
        return f"rtrim(rtrim({cell}, '0'), '.')"
    if type_ in ("FLOAT", "DOUBLE"):
        return f"case when suffix({cell}, '.0') then left({cell}, length({cell}) - 2) else {cell} end"
    if type_.startswith(("STRUCT", "MAP")) or type_.endswith("]"):
        return f"cast(to_json({quoted(name)}) as VARCHAR)"
    return f"nullif({cell}, '')"
