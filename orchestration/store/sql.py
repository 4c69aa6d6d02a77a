"""Names, texts and paths as SQL: the only place that quotes, and that says how files are read by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb

_PATTERN = re.compile(r"[*?\[]")
_DAY = "hive_types = {'day': DATE}"


def quoted(name: str) -> str:
    """A column name, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"


def path(file: Path) -> str:
    """A file to attach or to copy to."""
    return literal(str(file))


def file(read: Path) -> str:
    """A file for a function that reads files: it takes a name for a pattern, and a[1].csv would be a1.csv."""
    return literal(_PATTERN.sub(r"[\g<0>]", str(read)))


def reader(function: str, files: Sequence[Path], *options: str) -> str:
    """A relation: `read_parquet`, `read_csv` or such over files, with its options as SQL.

    A folder called name=value is just a folder. Left to itself DuckDB takes it for a column of that name, in place
    of the one that the file has.
    """
    listed = ", ".join(file(each) for each in files)
    return f"{function}([{listed}], {', '.join(['hive_partitioning = false', *options])})"


def by_day(function: str, files: Sequence[Path], *options: str) -> str:
    """A relation over files that lie in folders day=<day>: of a day that is asked for only that folder's are opened.

    Not so where another folder above them is called name=value: that would be a column as well.
    """
    if any("=" in folder.name for first in files[:1] for folder in first.parent.parents):
        return reader(function, files, *options)
    listed = ", ".join(file(each) for each in files)
    return f"{function}([{listed}], {', '.join(['hive_partitioning = true', _DAY, *options])})"


@cache
def named(rule: Path) -> str:
    """The SQL of a file, read once."""
    return rule.read_text(encoding="utf-8")


def run(
    con: duckdb.DuckDBPyConnection, rule: Path, written: Mapping[str, str], parameters: Mapping[str, object]
) -> duckdb.DuckDBPyConnection:
    """Run the statements of a file, one after the other; what the last one gives is for the caller to fetch.

    `written` is the SQL, quoted, that stands in {braces} in it; each statement takes the `parameters` that it names.
    """
    for statement in con.extract_statements(named(rule).format(**written)):
        con.execute(statement, {name: parameters[name] for name in statement.named_parameters})
    return con
