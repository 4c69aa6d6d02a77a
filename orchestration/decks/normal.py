"""A deck's cells to rows of rates: temp table `deck_rows`, or all that is wrong with the deck.

Each distinct cell of a column is read once; prefixes are unfolded and lines fanned out by DuckDB.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from pyarrow import lib as pa

from orchestration.configuration.nearest import listed, nearest
from orchestration.configuration.problem import Fault
from orchestration.configuration.schema import JURISDICTIONS
from orchestration.decks import cells, prefixes, rows, values
from orchestration.decks.cells import Grid
from orchestration.decks.columns import INCREMENTS, PRICES, SECONDS
from orchestration.decks.mapping import Column, DeckMapping, Fan
from orchestration.decks.problem import Problems
from orchestration.store.sql import literal, quoted
from orchestration.store.warehouse import RULES

_MAIN = ("rate_per_minute", "initial_charge", "increment_charge", "markup_pct")
"""The prices whose empty cell means that the prefix is not offered; that of the others is inherited."""
_DIGITS = re.compile("[0-9]+")
_TEXT = ("destination", "band", "jurisdiction", "valid_from", "valid_to", "action", "blocked", "ended", "currency")


@dataclass(frozen=True)
class Deck:
    """A deck that was read: whose, what it replaces and from when. Its rows are in temp table `deck_rows`."""

    path: Path
    name: str
    file_id: str
    source: str
    mapping: DeckMapping
    effective_at: datetime
    replaces_all: bool


def load(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    source: str,
    mapping: DeckMapping,
    effective: str | None = None,
    replaces: str | None = None,
    rules: int = RULES,
) -> Deck:
    """Read a deck into `deck_rows` (landed.rates without `deck`, with `copies`: whether an equal row follows).

    `effective` and `replaces` (full, partial) are what the person says, before what the mapping says. `rules`: the
    version of the rules by which it is refused. The schema config has to be loaded. Raises `UnreadableDeck` with all
    that is wrong.
    """
    problems = Problems(path.name)
    with _uncollected():
        reading = _Reading(con, mapping, cells.read(path, path.name, mapping), problems)
        at = reading.effective(path.name, effective)
        reading.fill(at)
    problems.stop()
    replaces_all = (replaces or mapping.replaces) == "full"
    effective_at = rows.settle(con, problems, at, replaces_all, rules)
    problems.stop()
    file_id = hashlib.sha256(path.read_bytes()).hexdigest()
    return Deck(path, path.name, file_id, source, mapping, effective_at, replaces_all)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cyclic garbage: looking through millions of cells for it takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Reading:
    """The cells of one deck on their way to `deck_rows`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, mapping: DeckMapping, grid: Grid, problems: Problems) -> None:
        self.con, self.mapping, self.grid, self.problems = con, mapping, grid, problems
        rows = con.execute("select rate_table_id, currency from config.rate_tables").fetchall()
        self.tables = dict(rows)
        self._header, self._names = self._find_header()
        problems.stop()
        self._lines, self._rows = self._data()
        problems.stop()

    # where things are ---------------------------------------------------------------------------------------

    def _wanted(self) -> list[str]:
        everywhere = [*self.mapping.columns.values(), *(c for fan in self.mapping.fans for c in fan.columns.values())]
        return [column for columns in everywhere for column in columns if isinstance(column, str)]

    def _find_header(self) -> tuple[int, list[str]]:
        """Index of the header in the grid (-1: none) and its names as compared."""
        grid, mapping = self.grid, self.mapping
        if mapping.header == 0:
            return -1, []
        if mapping.is_canonical:
            return 0, self._canonical_header()
        wanted = {_name(column) for column in self._wanted()}
        best, hits = 0, -1
        for at, (line, row) in enumerate(zip(grid.lines, grid.rows, strict=True)):
            if mapping.header is not None and line != mapping.header:
                continue
            found = len(wanted & {_name(cell) for cell in row})
            if found > hits:
                best, hits = at, found
            if found == len(wanted):
                break
        if hits < 0:
            self.problems.add(
                [], None, (f"line {mapping.header} has no header", "set header to its line in the mapping")
            )
            return -1, []
        names = [_name(cell) for cell in grid.rows[best]]
        self._say_missing(best, names, bool(hits))
        return best, names

    def _say_missing(self, at: int, names: list[str], some: bool) -> None:
        missing = [column for column in self._wanted() if _name(column) not in names]
        if missing and not some:
            marks = [
                m for m in ";\t|," if m != self.mapping.delimiter and any(m in r for row in self.grid.rows for r in row)
            ]
            right = (
                f"are the cells separated by {marks[0]!r}? see delimiter" if marks else "see [columns] in the mapping"
            )
            self.problems.add([], None, (f"no line has the columns {', '.join(missing)}", right))
            return
        for column in missing:
            meant = nearest(column, [cell for cell in self.grid.rows[at] if cell])
            right = (
                f'did you mean "{meant}"?'
                if meant
                else f"the columns are {', '.join(filter(None, self.grid.rows[at]))}"
            )
            self.problems.add(
                [self.grid.lines[at]], column, (f"{self.mapping.shown} names it, and it is not there", right)
            )
        twice = {column for column in self._wanted() if names.count(_name(column)) > 1}
        for column in sorted(twice):
            self.problems.add([self.grid.lines[at]], column, ("the column is there twice", "name it by its position"))

    def _canonical_header(self) -> list[str]:
        grid, known = self.grid, [c for columns in self.mapping.columns.values() for c in columns]
        line, names = grid.lines[0], list(grid.rows[0])
        if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
            self.problems.add([line], None, ("the columns are not separated by commas", "save the file with commas"))
            return names
        for name in names:
            if name not in known:
                meant = nearest(name, [str(k) for k in known])
                right = f"did you mean {meant}?" if meant else f"the columns are {', '.join(map(str, known))}"
                if self.mapping.is_canonical and not set(names) & {"rate_table_id", "prefix"}:
                    right = "a carrier's own deck needs a mapping, decks/<source>.toml; see docs/decks.md"
                self.problems.add([line], name or None, ("there is no such column", right))
            elif names.count(name) > 1:
                self.problems.add([line], name, ("the column is there twice", "delete one of the two"))
        for name in ("rate_table_id", "prefix"):
            if name not in names:
                self.problems.add([line], name, ("the column is missing", "add it to the header"))
        return names

    def _data(self) -> tuple[list[int], list[list[str]]]:
        grid, first = self.grid, self._header + 1
        lines, rows = grid.lines[first:], grid.rows[first:]
        if self.mapping.ends_before is not None:
            for at, row in enumerate(rows):
                if self.mapping.ends_before.search(next(filter(None, row), "")):
                    lines, rows = lines[:at], rows[:at]
                    break
        if not rows:
            self.problems.add(
                [], None, ("there are no rates in it", "ask for the file again, or see header and ends_before")
            )
            return lines, rows
        width = len(grid.rows[self._header]) if self._header >= 0 else max(map(len, rows))
        for line, row in zip(lines, rows, strict=True):
            if len(row) > width and any(row[width:]):
                self.problems.add(
                    [line],
                    None,
                    (
                        f"the row has {len(row)} cells where the header has {width}",
                        "put a cell that holds a comma in quotes",
                    ),
                )
            elif len(row) < width:
                if not grid.is_sheet and self._header >= 0:
                    right = "write every cell; what stands below the rates is left out by ends_before in the mapping"
                    self.problems.add(
                        [line], None, (f"the row has {len(row)} cells where the header has {width}", right)
                    )
                row.extend([""] * (width - len(row)))
        return lines, rows

    def _index(self, column: Column) -> int | None:
        if isinstance(column, int):
            return column - 1
        name = column if self.mapping.is_canonical else _name(column)
        return self._names.index(name) if name in self._names else None

    def _title(self, column: Column) -> str:
        if isinstance(column, str):
            return column
        header = self.grid.rows[self._header] if self._header >= 0 else []
        return header[column - 1] if column <= len(header) and header[column - 1] else f"{column}"

    # what cells say -----------------------------------------------------------------------------------------

    def _cells(self, columns: tuple[Column, ...]) -> list[str] | None:
        """The cells of a column (of several joined by ` - `); None where the deck does not have it."""
        found = [index for column in columns if (index := self._index(column)) is not None]
        if not found:
            return None
        for column, index in zip(columns, found, strict=False):
            if index >= len(self._rows[0]):
                self.problems.add(
                    [], self._title(column), ("there is no such column", f"the rows have {len(self._rows[0])} cells")
                )
                return None
        if len(found) == 1:
            return [row[found[0]] for row in self._rows]
        return [" - ".join(filter(None, (row[index] for index in found))) for row in self._rows]

    def _parsed(self, columns: tuple[Column, ...], parse: Callable[[str], str | Fault]) -> list[str] | None:
        found = self._cells(columns)
        if found is None:
            return None
        read: dict[str, str | Fault] = {cell: parse(cell) for cell in set(found)}
        wrong = {cell: fault for cell, fault in read.items() if isinstance(fault, Fault)}
        if wrong:
            for line, cell in zip(self._lines, found, strict=True):
                if cell in wrong:
                    self.problems.add([line], self._title(columns[0]), wrong[cell])
        return [str(read[cell]) for cell in found]

    def effective(self, name: str, told: str | None) -> str:
        """The deck's effective instant (UTC, ISO 8601) by the command line, a cell or the file's name; or ``."""
        where = self.mapping.effective
        if told is not None:
            found = values.moment(told, self.mapping)
            if isinstance(found, Fault) or not found:
                self.problems.add(
                    [], None, (f'--effective "{told}" is not a date', "write 2026-04-01 or 2026-04-01T06:00:00Z")
                )
                return ""
            return found
        if where.cell is not None:
            row, column = where.cell
            cell = next((r for n, r in zip(self.grid.lines, self.grid.rows, strict=True) if n == row), [])
            return self._effective(cell[column - 1] if column <= len(cell) else "", [row], "its cell")
        if where.file_name is not None:
            named = where.file_name.search(name)
            return self._effective(named[1] if named else "", [], "the file's name")
        return ""

    def _effective(self, text: str, lines: list[int], where: str) -> str:
        pattern = self.mapping.effective.pattern
        if pattern is not None:
            part = pattern.search(text)
            text = part[1] if part else ""
        found = values.moment(text, self.mapping, self.mapping.effective.formats)
        if isinstance(found, Fault) or not found:
            right = "say it: --effective 2026-04-01, or see [effective] in the mapping"
            wrong = found.wrong if isinstance(found, Fault) else "it is not there"
            self.problems.add(lines, None, (f"the effective date is to be in {where}, and {wrong}", right))
            return ""
        return found

    # rows ---------------------------------------------------------------------------------------------------

    def fill(self, effective: str) -> None:
        """Make `deck_rows`; what is wrong with cells is in the problems then, and the table may be missing."""
        shared: dict[str, Sequence[object] | str] = {"line": self._lines}
        columns = self.mapping.columns
        shared["prefix"] = self._prefixes("prefix", "country_code")
        shared["calling_prefix"] = self._prefixes("calling_prefix", None)
        for name in _TEXT:
            parsed = self._parsed(columns[name], self._parser(name)) if name in columns else None
            shared[name] = parsed if parsed is not None else self._constant(name)
        tables = self._parsed(columns["rate_table"], self._table) if "rate_table" in columns else None
        shared["rate_table_id"] = tables if tables is not None else self.mapping.rate_table_id or ""
        parts = []
        for number, fan in enumerate(self.mapping.fans):
            self._register(f"deck_lines_{number}", {**shared, **self._fan(fan)})
            parts.append(_select(f"deck_lines_{number}", fan, self.mapping, effective))
        self.problems.stop()
        self._need_dates(effective)
        self.problems.stop()
        self.con.execute(f"create or replace temp table deck_rows as {' union all by name '.join(parts)}")
        for number in range(len(self.mapping.fans)):
            self.con.execute(f"drop view deck_lines_{number}")
            self.con.unregister(f"deck_lines_{number}_cells")

    def _constant(self, name: str) -> str:
        """What every row says of a column that the deck does not have; nothing of it is empty."""
        value = self.mapping.constants.get(name, "")
        if name != "valid_to" or not value:
            return value
        read = values.moment(value, self.mapping)
        if isinstance(read, Fault):
            self.problems.add([], f"{self.mapping.shown} constants.{name}", read)
            return ""
        return read

    def _prefixes(self, name: str, country: str | None) -> Sequence[object] | str:
        mapping = self.mapping
        told = self._cells(mapping.columns[name]) if name in mapping.columns else None
        codes = self._cells(mapping.columns[country]) if country and country in mapping.columns else None
        everywhere = mapping.constants.get(country, "") if country else ""
        if told is None and codes is None:
            return [[mapping.constants.get(name, "")]] * len(self._lines)
        column = self._title(mapping.columns.get(name, mapping.columns.get(country or "", ("",)))[0])
        blank = Fault("there is no prefix", "write one; notes below the rates are left out by ends_before")
        must = country is not None and not mapping.is_canonical

        def unfold(cell: str, code: str) -> list[str] | Fault:
            # where every row has the country code, an empty prefix is a row that is no price
            empty = not cell and (not code or code == everywhere)
            return blank if must and empty else prefixes.expand(cell, code, mapping.prefixes)

        read: dict[Any, list[str] | Fault]
        keys: Sequence[Any]
        if codes is None and told is not None:
            keys, plain = told, mapping.prefixes.plain.fullmatch
            if everywhere:
                plain = _DIGITS.fullmatch
                fits = prefixes.LONGEST - len(everywhere)
                read = {
                    c: [everywhere + c] if plain(c) and len(c) <= fits else unfold(c, everywhere) for c in set(keys)
                }
            else:
                fits = prefixes.LONGEST
                read = {c: [m[1]] if (m := plain(c)) and len(c) <= fits else unfold(c, "") for c in set(keys)}
        else:
            keys = list(zip(told or [""] * len(self._lines), codes or [], strict=True))
            read = {pair: unfold(*pair) for pair in set(keys)}
        found = [read[key] for key in keys]
        for line, expanded in zip(self._lines, found, strict=True):
            if isinstance(expanded, Fault):
                self.problems.add([line], column, expanded)
        return [[] if isinstance(expanded, Fault) else expanded for expanded in found]

    def _fan(self, fan: Fan) -> dict[str, Sequence[object] | str]:
        mapping = self.mapping
        columns = {**mapping.columns, **fan.columns}
        found: dict[str, Sequence[object] | str] = {"band": fan.band} if fan.band else {}
        if fan.jurisdiction:
            found["jurisdiction"] = fan.jurisdiction
        for name in (*PRICES, *SECONDS):
            parsed = self._parsed(columns[name], self._parser(name)) if name in columns else None
            found[name] = parsed if parsed is not None else mapping.constants.get(name, "")
        if "increments" in columns:
            for at, name in enumerate(INCREMENTS):
                found[name] = self._parsed(columns["increments"], _part(mapping, at)) or ""
        return found

    def _parser(self, name: str) -> Callable[[str], str | Fault]:
        mapping = self.mapping
        if name in PRICES:
            return lambda cell: _price(name, cell, mapping)
        if name in SECONDS:
            return lambda cell: values.seconds(cell, mapping)
        if name in ("valid_from", "valid_to"):
            return lambda cell: values.moment(cell, mapping)
        if name == "action":
            return lambda cell: values.action(cell, mapping)
        if name in ("blocked", "ended"):
            return lambda cell: values.boolean(cell, name)
        words = mapping.words.get(name, {})
        if name == "jurisdiction":
            return lambda cell: _jurisdiction(words.get(cell.casefold(), cell))
        return lambda cell: words.get(cell.casefold(), cell)

    def _table(self, cell: str) -> str | Fault:
        words = self.mapping.words.get("rate_table", {})
        table = words.get(cell.casefold(), cell)
        if table in self.tables:
            return table
        if words:
            return Fault(f'"{cell}" stands for no rate table', f'add "{cell}" = "..." to [values.rate_table]')
        meant = nearest(table, self.tables)
        right = f"did you mean {meant}?" if meant else f"write one of {listed(self.tables)}"
        return Fault(f'"{cell}" is not in rate_tables.csv' if cell else "the cell is empty", right)

    def _register(self, name: str, columns: dict[str, Sequence[object] | str]) -> None:
        arrays = {
            key: pa.array(column, pa.list_(pa.string()) if key.endswith("prefix") else None)
            for key, column in columns.items()
            if not isinstance(column, str)
        }
        constants = "".join(f", {literal(value)} as {key}" for key, value in columns.items() if isinstance(value, str))
        self.con.register(f"{name}_cells", pa.table(arrays))
        self.con.execute(f"create or replace temp view {name} as select *{constants} from {name}_cells")

    def _need_dates(self, effective: str) -> None:
        if effective:
            return
        lines = self.con.execute("select line from deck_lines_0 where valid_from = ''").fetchall()
        if lines:
            column = self._title(self.mapping.columns.get("valid_from", ("valid_from",))[0])
            right = "say it: --effective 2026-04-01, or write the row's own date"
            self.problems.add([n for (n,) in lines], column, ("the deck has no effective date", right))


def _price(name: str, cell: str, mapping: DeckMapping) -> str | Fault:
    if not cell and mapping.is_canonical:
        return ""
    read = values.price(cell, mapping, percent=name == "markup_pct")
    if name in _MAIN or isinstance(read, Fault):
        return read
    return "" if read in (values.BLOCKED, values.NOT_OFFERED) else read


def _part(mapping: DeckMapping, at: int) -> Callable[[str], str | Fault]:
    def parse(cell: str) -> str | Fault:
        pair = values.increments(cell, mapping)
        return pair if isinstance(pair, Fault) else pair[at]

    return parse


def _jurisdiction(cell: str) -> str | Fault:
    word = cell.casefold()
    if word in ("", *JURISDICTIONS):
        return word
    return Fault(
        f'"{cell}" is no jurisdiction', f"write {', '.join(JURISDICTIONS)}, or nothing; see [values.jurisdiction]"
    )


def _name(column: str) -> str:
    return " ".join(column.split()).casefold()


def _select(lines: str, fan: Fan, mapping: DeckMapping, effective: str) -> str:
    """The rows that the lines give by one fan."""
    mapped = [name for name in _MAIN if name in mapping.columns or name in fan.columns]
    blocked = " or ".join(
        ["blocked = 'true'", "action = 'block'", *(f"{name} = '{values.BLOCKED}'" for name in mapped)]
    )
    blank = " and ".join(f"{name} = '{values.NOT_OFFERED}'" for name in mapped) or "false"
    ended = f"(ended = 'true' or action = 'end' or (not ({blocked}) and {blank}))"
    own = "nullif(valid_from, '')::TIMESTAMP"
    deck = f"timestamp {literal(effective)}" if effective else "null::TIMESTAMP"
    begins = f"coalesce({own}, {deck})"
    if effective and mapping.earlier_dates == "effective":
        begins = f"greatest({begins}, {deck})"

    def number(name: str, sql_type: str) -> str:
        word = f"{name} in ('', '{values.BLOCKED}', '{values.NOT_OFFERED}')"
        return f"case when is_ended or {word} then null else {name}::{sql_type} end as {name}"

    return f"""
        select
            line::INTEGER as line,
            rate_table_id,
            unnest(prefix) as prefix,
            nullif(destination, '') as destination,
            band,
            {begins} as valid_from,
            case when not is_ended then nullif(valid_to, '')::TIMESTAMP end as valid_to,
            {", ".join(number(name, "DECIMAL(20, 8)") for name in PRICES)},
            {", ".join(number(name, "DECIMAL(12, 3)") for name in SECONDS)},
            is_blocked and not is_ended as blocked,
            calling_prefix,
            jurisdiction,
            is_ended as ended,
            currency,
        from (
            select
                * replace (unnest(calling_prefix) as calling_prefix),
                ({blocked}) as is_blocked,
                {ended} as is_ended,
            from {quoted(lines)}
        )
    """
