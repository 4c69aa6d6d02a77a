"""JSON lines: one object a line; a number becomes the text that it is."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing import split
from orchestration.landing.canonical import Kind
from orchestration.landing.readable import Layout, relation
from orchestration.landing.sql import literal


@dataclass
class JsonLines:
    """A file of JSON objects. `names`: every key that one of them has."""

    path: Path
    kind: Kind
    names: tuple[str, ...]
    layout: Layout
    most: int
    scratch: Path
    _records: int | None = None

    @property
    def zone(self) -> str:
        return self.layout.zone

    def fast(self) -> str:
        source = f"(select {self._struct('json')} as o from {_objects(self.path)})"
        return self._relation(source, ())

    def slow(self) -> str:
        self._split()
        records = split.records_sql(self.scratch / "records")
        source = (
            "(select line, raw, broken, case when broken = '' then"
            f" {self._struct('raw')} end as o from (select line, raw, case when broken = '' and"
            " coalesce(json_type(try_cast(raw as JSON)), '') <> 'OBJECT' then 'json'"
            f" else broken end as broken from ({records})))"
        )
        return self._relation(source, ("line", "raw", "broken"))

    def count(self, con: duckdb.DuckDBPyConnection) -> int:
        return self._split()

    def _struct(self, text: str) -> str:
        # Keys by position: 'A' and 'a' are two keys, but could not be two names of a struct.
        paths = ", ".join(_path(name) for name in self.names)
        return f"json_extract({text}, [{paths}])" if self.names else "cast([] as JSON[])"

    def _relation(self, source: str, keep: tuple[str, ...]) -> str:
        cells = {name: _text(f"o[{i + 1}]") for i, name in enumerate(self.names)}
        return relation(self.kind, self.layout, cells, source, keep)

    def _split(self) -> int:
        if self._records is None:
            self._records = split.split(self.path, self.scratch / "records", None, False)
        return self._records


def keys(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    """Every key of the file's objects, in the order of names. Raises duckdb.Error."""
    found = con.execute(
        f"select distinct unnest(json_keys(json)) from {_objects(path)}"
        " where json_type(json) = 'OBJECT' order by 1"
    ).fetchall()
    return tuple(name for (name,) in found)


def _objects(path: Path) -> str:
    return (
        f"read_json_objects({literal(str(path))}, format = 'newline_delimited',"
        " ignore_errors = true)"
    )


def _path(name: str) -> str:
    """A JSON pointer: '.' and '$' in a key mean nothing there."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))


def _text(value: str) -> str:
    """SQL: a string's content, a number's digits, anything else as JSON.

    A number that is no double keeps only 17 digits in DuckDB: such a text is left with the
    mark `~` before it, so that the row is rejected and not changed.
    """
    text = f"nullif(({value} ->> '$'), '')"
    number = f"({value} ->> '$')"
    digits = f"length(replace(replace(ltrim({number}, '-0.'), '.', ''), '-', ''))"
    plain = f"rtrim(rtrim(cast(cast({number} as DECIMAL(38, 18)) as VARCHAR), '0'), '.')"
    double = (
        f"case when contains({number}, 'e') and abs(cast({number} as DOUBLE)) < 1e-4"
        f" then {plain} when {digits} > 15 and not suffix({number}, '.0') then '~' || {number}"
        f" when suffix({number}, '.0') then left({number}, length({number}) - 2)"
        f" else {number} end"
    )
    return (
        f"case json_type({value}) when 'DOUBLE' then {double} when 'NULL' then null else {text} end"
    )
