"""The lines of a deck, cells parsed, to rows of rates: temp table `deck_rows`.

Each distinct cell of a column is parsed once; prefixes are unfolded and lines fanned out by DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb
from pyarrow import lib as pa

from orchestration.configuration.problem import Fault
from orchestration.decks import prefixes, values
from orchestration.decks.columns import INCREMENTS, PRICES, SAID, SECONDS
from orchestration.decks.fan_out import fanned_out
from orchestration.decks.mapping import DeckColumn, Fan
from orchestration.decks.parsers import Parser, increment_parser, parser, rate_table_parser
from orchestration.decks.table import DeckTable
from orchestration.reading import spreadsheets
from orchestration.store.database import count
from orchestration.store.sql import literal

_DIGITS = re.compile("([0-9]+)")
_TEXT = ("destination", "band", "jurisdiction", "valid_from", "valid_to", "action", "blocked", "ended", "currency")

Reader = Callable[[tuple[DeckColumn, ...]], list[str] | None]
LineCells = Sequence[object] | str
"""A column's cells line by line, or the text that every line has."""


def fill(con: duckdb.DuckDBPyConnection, table: DeckTable, effective: str) -> bool:
    """Make `deck_rows`, and say whether any row begins by `effective`. Raises `UnreadableDeck` with wrong cells.

    `effective`: the instant (UTC, ISO 8601) that rows without one of their own hold from, or empty.
    """
    mapping, lines = table.mapping, Lines(con, table)
    shared = lines.shared()
    parts = []
    for number, fan in enumerate(mapping.fans):
        lines.register(f"deck_lines_{number}", {**shared, **lines.of_fan(fan)})
        parts.append(fanned_out(f"deck_lines_{number}", fan, mapping, effective))
    table.problems.stop()
    if not effective:
        _refuse_undated(con, table)
    con.execute(f"create or replace temp table deck_rows as {' union all by name '.join(parts)}")
    begins = "valid_from = ''"
    if effective and mapping.earlier_dates == "effective":
        begins += f" or valid_from::TIMESTAMP < {literal(effective)}::TIMESTAMP"
    is_taken = count(con, f"select count(*) from deck_lines_0 where {begins}") > 0
    for number in range(len(mapping.fans)):
        con.execute(f"drop view deck_lines_{number}")
        con.unregister(f"deck_lines_{number}_cells")
    return is_taken


class Lines:
    """The lines' columns as text; what is wrong with cells is in the table's problems."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: DeckTable) -> None:
        self.con, self.table, self.mapping, self.problems = con, table, table.mapping, table.problems

    def shared(self) -> dict[str, LineCells]:
        """The columns that are the same for each fan."""
        tables = [row[0] for row in self.con.execute("select rate_table_id from config.rate_tables").fetchall()]
        return {
            "line": self.table.lines,
            "prefix": self._prefixes("prefix", "country_code"),
            "calling_prefix": self._prefixes("calling_prefix", None),
            **{name: self._column(name, parser(name, self.mapping)) or self._constant(name) for name in _TEXT},
            "said": self._column("action", _said) or "",
            "rate_table_id": self._column("rate_table", rate_table_parser(self.mapping, tables))
            or self.mapping.rate_table_id
            or "",
        }

    def of_fan(self, fan: Fan) -> dict[str, LineCells]:
        """The columns that a fan gives: its band, jurisdiction and prices."""
        mapping = self.mapping
        columns = {**mapping.columns, **fan.columns}
        cells: dict[str, LineCells] = {"band": fan.band} if fan.band else {}
        if fan.jurisdiction:
            cells["jurisdiction"] = fan.jurisdiction
        for name in (*PRICES, *SECONDS):
            read = self.table.prices if name in PRICES else self.table.cells
            parsed = self._parsed(columns[name], parser(name, mapping), read) if name in columns else None
            cells[name] = parsed if parsed is not None else mapping.constants.get(name, "")
        if "increments" in columns:
            for part, name in enumerate(INCREMENTS):
                cells[name] = self._parsed(columns["increments"], increment_parser(part, mapping)) or ""
        return cells

    def register(self, name: str, columns: dict[str, LineCells]) -> None:
        """Make the columns a temp view."""
        arrays = {
            key: pa.array(column, pa.list_(pa.string()) if key.endswith("prefix") else None)
            for key, column in columns.items()
            if not isinstance(column, str)
        }
        constants = "".join(f", {literal(value)} as {key}" for key, value in columns.items() if isinstance(value, str))
        self.con.register(f"{name}_cells", pa.table(arrays))
        self.con.execute(f"create or replace temp view {name} as select *{constants} from {name}_cells")

    def _column(self, name: str, parse: Parser) -> list[str] | None:
        return self._parsed(self.mapping.columns[name], parse) if name in self.mapping.columns else None

    def _parsed(self, columns: tuple[str | int, ...], parse: Parser, read: Reader | None = None) -> list[str] | None:
        cells = (read or self.table.cells)(columns)
        if cells is None:
            return None
        parsed: dict[str, str | Fault] = {cell: parse(cell) for cell in set(cells)}
        faults = {cell: fault for cell, fault in parsed.items() if isinstance(fault, Fault)}
        if faults:
            for line, cell in zip(self.table.lines, cells, strict=True):
                if cell in faults:
                    self.problems.add([line], self.table.title(columns[0]), faults[cell])
        return [str(parsed[cell]) for cell in cells]

    def _constant(self, name: str) -> str:
        """What every row says of a column that the deck does not have; nothing of it is empty."""
        value = self.mapping.constants.get(name, "")
        if name != "valid_to" or not value:
            return value
        moment = values.moment(value, self.mapping)
        if isinstance(moment, Fault):
            self.problems.add([], f"{self.mapping.shown} constants.{name}", moment)
            return ""
        return moment

    def _prefixes(self, name: str, country: str | None) -> LineCells:
        """The prefixes that each line stands for, with the country code before them."""
        mapping, columns = self.mapping, self.mapping.columns
        cells = self.table.cells(columns[name]) if name in columns else None
        codes = self.table.cells(columns[country]) if country and country in columns else None
        if cells is None and codes is None:
            return [[mapping.constants.get(name, "")]] * len(self.table.lines)
        everywhere = mapping.constants.get(country, "") if country else ""
        must = country is not None and not mapping.is_canonical
        unfolded: Sequence[list[str] | Fault]
        if codes is None and cells is not None:
            unfolded = self._unfolded(cells, everywhere, must)
        else:
            pairs = list(zip(cells or [""] * len(self.table.lines), codes or [], strict=True))
            by_pair = {pair: self._unfold(*pair, everywhere, must) for pair in set(pairs)}
            unfolded = [by_pair[pair] for pair in pairs]
            if mapping.rules > 5 and country:
                self._merged(cells or [], codes or [], self.table.title(columns[country][0]))
        title = self.table.title(columns.get(name, columns.get(country or "", ("",)))[0])
        for line, expanded in zip(self.table.lines, unfolded, strict=True):
            if isinstance(expanded, Fault):
                self.problems.add([line], title, expanded)
        return [[] if isinstance(expanded, Fault) else expanded for expanded in unfolded]

    def _merged(self, cells: list[str], codes: list[str], title: str) -> None:
        """A prefix without the country code that other rows have: of merged cells the first alone has a value."""
        marked = tuple(filter(None, self.mapping.prefixes.international))
        lines = [
            line
            for line, cell, code in zip(self.table.lines, cells, codes, strict=False)
            if cell and not code and not cell.startswith(marked)
        ]
        if lines and any(codes):
            right = "of merged cells the first alone has it: write it in each row; a whole prefix is written +44"
            self.problems.add(lines, title, Fault("it is empty, and other rows have one", right))

    def _unfolded(self, cells: list[str], everywhere: str, must: bool) -> list[list[str] | Fault]:
        """The prefixes of each cell, `everywhere` before them: most cells are one plain prefix, which is quick."""
        plain = _DIGITS.fullmatch if everywhere else self.mapping.prefixes.plain.fullmatch
        fits = prefixes.LONGEST - len(everywhere)
        by_cell: dict[str, list[str] | Fault] = {
            cell: [everywhere + match[1]]
            if (match := plain(cell)) and len(cell) <= fits
            else self._unfold(cell, everywhere, everywhere, must)
            for cell in set(cells)
        }
        return [by_cell[cell] for cell in cells]

    def _unfold(self, cell: str, code: str, everywhere: str, must: bool) -> list[str] | Fault:
        # where every row has the country code, an empty prefix is a row that is no price
        if must and not cell and (not code or code == everywhere):
            return Fault("there is no prefix", "write one; notes below the rates are left out by ends_before")
        # by its marks it would be a list, too, or digits with decoration
        if self.mapping.rules > 4 and spreadsheets.is_date(cell):
            return Fault(f'"{cell}" is not a prefix', spreadsheets.MADE_A_DATE)
        return prefixes.expand(cell, code, self.mapping.prefixes)


def _said(cell: str) -> str:
    return SAID.get(" ".join(cell.casefold().split()), "")


def _refuse_undated(con: duckdb.DuckDBPyConnection, table: DeckTable) -> None:
    lines = con.execute("select line from deck_lines_0 where valid_from = ''").fetchall()
    if lines:
        column = table.title(table.mapping.columns.get("valid_from", ("valid_from",))[0])
        right = "say it: --effective 2026-04-01, or write the row's own date"
        table.problems.add([line for (line,) in lines], column, ("the deck has no effective date", right))
        table.problems.stop()
