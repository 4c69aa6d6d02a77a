"""Configuration CSVs into typed tables of the schema `config`, in the caller's transaction."""

import csv
import hashlib
import tempfile
from pathlib import Path

import duckdb

from orchestration.configuration.column import Column, File, Type
from orchestration.configuration.reading import header, records
from orchestration.configuration.schema import FILES
from orchestration.configuration.weekdays import weekdays
from orchestration.store.sql import literal, quoted, reader
from orchestration.store.warehouse import RULES

_LINE = "line"

# Columns that nothing read before a version of the rules: what was rated by an earlier one was rated without them.
_READ_SINCE = {("sources", "country_code"): 2}


def version(directory: Path) -> str:
    """The configuration's identity: sha256 (hex) of the known files' names and bytes, sorted.

    A file that is missing adds nothing. Files that the schema does not know do not count.
    """
    digest = hashlib.sha256()
    for name in sorted(file.csv for file in FILES.values()):
        path = directory / name
        if path.is_file():
            data = path.read_bytes()
            # The length keeps the end of one file from passing for the start of the next.
            digest.update(f"{name}\n{len(data)}\n".encode())
            digest.update(data)
    return digest.hexdigest()


def shape(rules: int = RULES) -> str:
    """The identity (sha256) of the tables that `load` makes: columns of an earlier or later release are others."""
    known = [(file.name, [(c.name, c.type.sql, c.blank) for c in file.columns]) for file in FILES.values()]
    unread = [cell for cell, since in _READ_SINCE.items() if since > rules]
    return hashlib.sha256(repr([known, unread]).encode()).hexdigest()


def load(con: duckdb.DuckDBPyConnection, directory: Path, rules: int = RULES) -> None:
    """(Re)create `config.<file>` for every configuration file.

    Each table has all columns of the schema, typed (`Type.sql`; timestamps in UTC, an offset in
    the cell honoured; 24:00 is 00:00), and `line`, the physical line its record begins on. A
    file or column that is missing gives no rows or NULLs; an empty cell is NULL, '' in `blank`
    columns and [] in lists; a column that the version of the `rules` does not read is empty. `config.timetables`
    also has `weekdays INTEGER[]` (ISO, 1 = Monday).

    Neither begins nor commits a transaction. The files must have passed `check`: a cell that
    cannot be cast raises `duckdb.Error`, and a file that is no CSV raises `Unreadable`.
    """
    con.execute("create schema if not exists config")
    with tempfile.TemporaryDirectory() as scratch:
        for file in FILES.values():
            _load_file(con, file, directory / file.csv, Path(scratch) / file.csv, rules)
    _add_weekdays(con)


def _load_file(con: duckdb.DuckDBPyConnection, file: File, path: Path, scratch: Path, rules: int) -> None:
    first = next(records(path), None) if path.is_file() else None
    if first is None:
        columns = "".join(f"{quoted(column.name)} {column.type.sql}, " for column in file.columns)
        con.execute(f"create or replace table config.{quoted(file.name)} ({columns}{_LINE} INTEGER)")
        return
    names = header(first[1])
    read = [name for name in names if _READ_SINCE.get((file.name, name), 0) <= rules]
    if _one_line_per_record(path.read_bytes()):
        source = f"(select *, row_number() over () + 1 as {_LINE} from {_read_csv(path, names)})"
    else:
        _write_with_lines(path, scratch)
        source = _read_csv(scratch, [*names, _LINE])
    _create(con, file, read, source)


def _one_line_per_record(data: bytes) -> bool:
    """Whether record n is line n, so that DuckDB can read the file as it lies and count."""
    plain = not any(byte in data for byte in (b'"', b"\r")) and not data.startswith(b"\xef\xbb\xbf")
    return plain and not data.startswith(b"\n") and b"\n\n" not in data


def _write_with_lines(path: Path, scratch: Path) -> None:
    """The same records in the plainest CSV, each with its line as a last cell."""
    with scratch.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([*cells, line] for line, cells in records(path))


def _read_csv(path: Path, names: list[str]) -> str:
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    # One thread: row_number() then counts in the order of the file whatever the settings are.
    return reader(
        "read_csv",
        [path],
        f"columns = {{{columns}}}, header = true, auto_detect = false",
        "delim = ',', quote = '\"', escape = '\"', parallel = false",
    )


def _create(con: duckdb.DuckDBPyConnection, file: File, names: list[str], source: str) -> None:
    cells = [_cell(column, column.name in names) for column in file.columns]
    con.execute(
        f"create or replace table config.{quoted(file.name)} as"
        f" select {', '.join(cells)}, {_LINE}::INTEGER as {_LINE} from {source}"
    )


def _cell(column: Column, present: bool) -> str:
    name = quoted(column.name)
    value = f"nullif(trim({name}, E' \\t'), '')" if present else "null::VARCHAR"
    return f"{_typed(column, value)} as {name}"


def _typed(column: Column, value: str) -> str:
    if column.blank:
        return f"coalesce({value}, '')"
    if column.type is Type.LIST:
        return f"regexp_extract_all(coalesce({value}, ''), '\\S+')"
    if column.type is Type.TIME:
        return f"replace({value}, '24:00', '00:00')::TIME"
    if column.type is Type.TIMESTAMP:
        # A cast to TIMESTAMP drops an offset in silence. What follows the first colon and is
        # Z, + or - can only be one, and with one the cast does not depend on the session's zone.
        instant = f"make_timestamp(epoch_us({value}::TIMESTAMPTZ))"
        has_offset = f"regexp_matches({value}, ':.*[Z+-]')"
        return f"case when {has_offset} then {instant} else {value}::TIMESTAMP end"
    return f"{value}::{column.type.sql}"


def _add_weekdays(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("select distinct days from config.timetables").fetchall()
    cases = "".join(f" when {literal(days)} then {weekdays(days)}" for (days,) in rows)
    value = f"case days{cases} end" if cases else "null"
    con.execute(
        "create or replace table config.timetables as"
        f" select *, ({value})::INTEGER[] as weekdays from config.timetables"
    )
