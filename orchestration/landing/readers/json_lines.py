"""JSON lines: one object a line; a number becomes the text that it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.readers import split
from orchestration.landing.readers.readable import Layout, json_cells, relation
from orchestration.landing.rows.canonical import CanonicalType, Kind
from orchestration.store.sql import literal, reader

_NO_TEXTS = {
    "ARRAY": "a list",
    "OBJECT": "an object",
    "BOOLEAN": "no text",
    "DOUBLE": "a number with a fraction, an exponent or too many digits",
}


@dataclass
class JsonLines:
    """A file of JSON objects. `names`: every key that one of them has. `wrong_keys`: keys that no row may have, and
    what is to be done about each. `is_strict`: one with a key twice is no row, nor one longer than `split.LONGEST`,
    whichever way it is read. `texts`: keys whose values must be texts or numbers. `most_keys`: how many a row may have,
    None for any number.
    """

    path: Path
    kind: Kind
    names: tuple[str, ...]
    layout: Layout
    most: int
    scratch: Path
    is_strict: bool
    wrong_keys: Mapping[str, str]
    texts: tuple[str, ...]
    most_keys: int | None
    _records: int | None = None

    def fast(self) -> str:
        sound = f" where strlen(json) <= {split.LONGEST} and {self._wrong('json')} is null" if self.is_strict else ""
        source = f"(select json as j, {self._cells('json')} as o from {_objects(self.path)}{sound})"
        return self._relation(source, ())

    def slow(self) -> str:
        self._split()
        records = split.records_sql(self.scratch / "records")
        objects = (
            "(select line, raw, case when broken = '' and coalesce(json_type(try_cast(raw as JSON)), '') <> 'OBJECT'"
            f" then 'json' else broken end as broken from ({records}))"
        )
        if self.is_strict:
            wrong = f"case when broken = '' then {self._wrong('cast(raw as JSON)')} end"
            objects = f"(select line, raw, coalesce({wrong}, broken) as broken from {objects})"
        source = (
            "(select line, raw, broken, case when broken = '' then cast(raw as JSON) end as j,"
            f" case when broken = '' then {self._cells('raw')} end as o from {objects})"
        )
        return self._relation(source, ("line", "raw", "broken"))

    def count(self, con: duckdb.DuckDBPyConnection) -> int:
        return self._split()

    def wrong_text(self) -> str | None:
        return None  # it is that of its row, which is rejected

    def cells(self, raw: str) -> str:
        return json_cells(raw)

    def _wrong(self, value: str) -> str:
        """SQL: what is wrong with the keys of an object, in words; NULL where nothing is."""
        keys = f"json_keys({value})"
        repeated = f"list_filter({keys}, lambda key, i: list_position({keys}, key) < i)[1]"
        twice = f"""'the key "' || left({repeated}, 100) || '" is in it twice; write it once'"""
        tests = []
        if self.most_keys is not None:
            many = f"it has more than {self.most_keys:,} keys, and no call has: is it several rows in one?"
            tests.append(f"when len({keys}) > {self.most_keys} then {literal(many)}")
        tests.append(f"when list_unique({keys}) < len({keys}) then {twice}")
        tests += [
            f"when list_contains({keys}, {literal(key)}) then {literal(said)}" for key, said in self.wrong_keys.items()
        ]
        if self.texts:
            tests.append(self._no_text(value))
        return f"case {' '.join(tests)} end"

    def _no_text(self, value: str) -> str:
        """SQL: a branch for an object in which a text is something else. A number with a fraction is not kept as it is
        written: of ids that end in .1 and .10 both would be .1.
        """
        types = f"json_type({value}, [{', '.join(map(_path, self.texts))}])"
        wrong = ", ".join(map(literal, _NO_TEXTS))
        place = f"list_position(list_transform({types}, lambda t: t in ({wrong})), true)"
        names = f"[{', '.join(map(literal, self.texts))}]"
        whats = " ".join(f"when {literal(kind)} then {literal(what)}" for kind, what in _NO_TEXTS.items())
        return (
            f"when {place} > 0 then {names}[{place}] || ' is ' || case {types}[{place}] {whats} end || '; write text'"
        )

    def _cells(self, text: str) -> str:
        """SQL: the texts of all keys in one pass over the object, by position."""
        paths = ", ".join(_path(name) for name in self.names)
        return f"json_extract_string({text}, [{paths}])" if paths else "cast([] as VARCHAR[])"

    def _relation(self, source: str, keep: tuple[str, ...]) -> str:
        numeric = {c.name for c in self.kind.columns if c.type not in (CanonicalType.TEXT, CanonicalType.TIME)}
        cells = {
            name: _number(f"o[{i + 1}]", name) if name in numeric else f"nullif(o[{i + 1}], '')"
            for i, name in enumerate(self.names)
        }
        return relation(self.kind, self.layout, cells, source, keep)

    def _split(self) -> int:
        if self._records is None:
            self._records = split.split(self.path, self.scratch / "records", None, False)
        return self._records


def keys(con: duckdb.DuckDBPyConnection, path: Path, most: int | None) -> tuple[str, ...]:
    """Every key of the file's objects, but those that have more than `most`, by name. Raises duckdb.Error."""
    few = "true" if most is None else f"len(json_keys(json)) <= {most}"
    rows = con.execute(
        f"select distinct unnest(json_keys(json)) from {_objects(path)}"
        f" where json_type(json) = 'OBJECT' and {few} order by 1"
    ).fetchall()
    return tuple(name for (name,) in rows)


def _objects(path: Path) -> str:
    return reader("read_json_objects", [path], "format = 'newline_delimited'", "ignore_errors = true")


def _path(name: str) -> str:
    """A JSON pointer: '.' and '$' in a key mean nothing there."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))


def _number(text: str, name: str) -> str:
    """SQL: the digits of a cell that is to be a number.

    DuckDB reads a JSON number as a double and writes 1e-08 or 5.0 for it. One with more than 15
    digits may have lost some: it gets a mark, so that the row is rejected and not changed.
    """
    digits = f"length(replace(replace(ltrim({text}, '-0.'), '.', ''), '-', ''))"
    plain = f"rtrim(rtrim(cast(cast({text} as DECIMAL(38, 18)) as VARCHAR), '0'), '.')"
    doubt = f"contains({text}, 'e') or length({text}) > 15 or suffix({text}, '.0')"
    return (
        f"case when ({doubt}) and json_type(j, {_path(name)}) = 'DOUBLE' then case"
        f" when contains({text}, 'e') and abs(cast({text} as DOUBLE)) < 1e-4 then {plain}"
        f" when suffix({text}, '.0') and length({text}) <= 15 then left({text}, length({text}) - 2)"
        f" when {digits} > 15 then '~' || {text} else {text} end else nullif({text}, '') end"
    )
