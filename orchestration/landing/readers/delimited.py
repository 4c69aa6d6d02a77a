"""CSV: read by DuckDB in one pass; cut into records only when that did not read them all."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.landing.readers import split
from orchestration.landing.readers.readable import Layout, relation
from orchestration.landing.rows.canonical import Kind
from orchestration.store.sql import literal, reader


@dataclass
class Delimited:
    """A delimited file whose columns are known. `scratch` is a directory of its own. `is_strict`: no row is longer than
    `split.LONGEST`, whichever way it is read.
    """

    path: Path
    kind: Kind
    names: tuple[str, ...]
    has_header: bool
    layout: Layout
    most: int | None
    scratch: Path
    is_strict: bool
    quoting: split.Quoting = field(default_factory=split.Quoting)
    _records: int | None = None

    def fast(self) -> str:
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.names)))
        # strict_mode: otherwise text behind a closing quote is dropped in silence.
        source = reader(
            "read_csv",
            [self.path],
            f"columns = {{{columns}}}, auto_detect = false, header = {str(self.has_header).lower()}",
            f"delim = {literal(self.quoting.delimiter)}, quote = '\"', escape = '\"'",
            "ignore_errors = true, strict_mode = true",
            *([f"max_line_size = {split.LONGEST}"] if self.is_strict else []),
        )
        cells = {name: f"c{i}" for i, name in enumerate(self.names)}
        return relation(self.kind, self.layout, cells, source, ())

    def slow(self) -> str:
        self._split()
        cut = (
            "select line, raw, case when broken = '' and contains(raw, '\"') and"
            f" not {self._is_whole('raw')} then 'quotes' else broken end as broken,"
            f" case when contains(raw, '\"') then {self._unquoted('raw')} else {self._parts('raw')} end as parts"
            f" from ({split.records_sql(self._target)})"
        )
        width = len(self.names)
        wrong = (
            f"'the row has ' || len(parts) || case len(parts) when 1 then ' cell' else ' cells'"
            f" end || ', not the {width} of the {'header' if self.has_header else 'format'}'"
        )
        source = (
            f"(select line, raw, case when broken <> '' then broken when len(parts) <> {width}"
            f" then {wrong} else '' end as broken, parts from ({cut}))"
        )
        source = f"(select line, raw, broken, case when broken = '' then parts else [] end as parts from {source})"
        cells = {name: f"nullif(parts[{i + 1}], '')" for i, name in enumerate(self.names)}
        return relation(self.kind, self.layout, cells, source, ("line", "raw", "broken"))

    def count(self, con: duckdb.DuckDBPyConnection) -> int:
        return self._split()

    def wrong_text(self) -> str | None:
        return None  # it is that of its row, which is rejected

    def cells(self, raw: str) -> str:
        bare = self._parts(f"replace({raw}, '\"', '')")
        return f"case when contains({raw}, '\"') and {self._is_whole(raw)} then {self._unquoted(raw)} else {bare} end"

    def _is_whole(self, raw: str) -> str:
        cell, mark = self.quoting.cell, _pattern(self.quoting.delimiter)
        return f"regexp_full_match({raw}, {literal(f'{cell}(?:{mark}{cell})*')})"

    def _unquoted(self, raw: str) -> str:
        each = literal(f"({self.quoting.cell}){_pattern(self.quoting.delimiter)}")
        return (
            f"list_transform(regexp_extract_all({raw} || {literal(self.quoting.delimiter)}, {each}, 1), lambda c:"
            " case when starts_with(c, '\"')"
            " then replace(substr(c, 2, length(c) - 2), '\"\"', '\"') else c end)"
        )

    def _parts(self, raw: str) -> str:
        return f"string_split({raw}, {literal(self.quoting.delimiter)})"

    @property
    def _target(self) -> Path:
        return self.scratch / "records"

    def _split(self) -> int:
        if self._records is None:
            self._records = split.split(self.path, self._target, self.quoting, self.has_header)
        return self._records


def _pattern(delimiter: str) -> str:
    return f"[{delimiter}]"
