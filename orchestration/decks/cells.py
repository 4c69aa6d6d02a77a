"""A deck's file as rows of text cells: CSV or a spreadsheet, packed or not."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.configuration.problem import Problem
from orchestration.decks import workbook
from orchestration.decks.mapping import DeckMapping
from orchestration.decks.problem import UnreadableDeck
from orchestration.decks.xls import OLE, XlsBook
from orchestration.reading import packed
from orchestration.reading.records import BadRecord, records

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xls")
_SHEETS = (".xlsx", ".xls")


@dataclass(frozen=True)
class Grid:
    """The file's rows, blank ones left out, each with the line (in a spreadsheet: row) it begins on, from 1.

    `is_sheet`: its rows have no width of their own, cells at the end may be missing. `formulas`: cells, as texts, with
    a formula whose value is not in the file. `fractions`: which cells, by line and column (from 0), are numbers
    with a point and no texts, where the mapping's numbers have another mark.
    """

    lines: list[int]
    rows: list[list[str]]
    is_sheet: bool
    formulas: frozenset[str] = frozenset()
    fractions: frozenset[tuple[int, int]] = frozenset()


def read(path: Path, name: str, mapping: DeckMapping) -> Grid:
    """The cells of the deck called `name`. Raises `UnreadableDeck`."""
    suffix = packed.suffix(name)
    if suffix not in SUFFIXES:
        right = f"use one of {' '.join(SUFFIXES)}, with .gz behind it when packed"
        raise _refused(name, None, "the name does not say what is in the file", right)
    try:
        with packed.plain(path) as file:
            data = file.read()
    except packed.Damaged as damaged:
        raise _refused(name, None, str(damaged), "ask for the file again") from None
    if not data.strip():
        raise _refused(name, None, "the file is empty", "ask for the file again")
    if suffix in _SHEETS:
        try:
            return _sheet(data, name, mapping)
        except (UnreadableDeck, MemoryError):
            raise
        except BaseException as failure:  # one of Rust's is no Exception, and of no module
            if not isinstance(failure, Exception) and type(failure).__name__ != "PanicException":
                raise
            wrong = f"the sheet cannot be read ({str(failure) or type(failure).__name__})"
            raise _refused(name, None, wrong, "save it again as .xlsx") from None
    if data[:4] == b"PK\x03\x04":
        raise _refused(name, None, "this is a spreadsheet, not text", "give it a name that ends in .xlsx")
    return _text(data, name, mapping)


def _text(data: bytes, name: str, mapping: DeckMapping) -> Grid:
    try:
        text = data.decode(mapping.encoding).removeprefix("\ufeff")  # utf-16 alone takes the byte order mark off
    except UnicodeError as error:  # one of UTF-16 does not say where
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else None
        right = 'save it as UTF-8, or set encoding = "cp1252" (or what it is) in the mapping'
        raise _refused(name, line, f"the file is not {mapping.encoding}", right) from None
    if "\0" in text:
        raise _refused(name, None, "there are zero bytes (UTF-16?)", 'save it as UTF-8, or set encoding = "utf-16"')
    lines, rows = [], []
    try:
        for line, cells in records(text, mapping.delimiter):
            trimmed = list(map(str.strip, cells))
            if any(trimmed):
                lines.append(line)
                rows.append(trimmed)
    except BadRecord as bad:
        wrong = f"the row that begins here cannot be read ({bad})"
        raise _refused(name, bad.line, wrong, 'close every quote; write one inside as ""') from None
    return Grid(lines, rows, is_sheet=False)


def _sheet(data: bytes, name: str, mapping: DeckMapping) -> Grid:
    book = _book(data, name)
    if not book.sheet_names:
        raise _refused(name, None, "there is no sheet in it", "save it again as .xlsx")
    if mapping.sheet is not None and mapping.sheet not in book.sheet_names:
        raise _refused(
            name, None, f'there is no sheet "{mapping.sheet}"', f"set sheet to one of {', '.join(book.sheet_names)}"
        )
    if mapping.sheet is None and len(book.sheet_names) > 1:
        raise _refused(
            name, None, "there are several sheets", f"set sheet to one of {', '.join(book.sheet_names)} in the mapping"
        )
    shown = mapping.sheet or book.sheet_names[0]
    # what was accepted by the rules before had what has no value as empty cells
    values: Sequence[Sequence[object]]
    if isinstance(book, XlsBook):
        lacking, values = [], book.rows(shown, errors=mapping.rules > 3)
    else:
        lacking = _lacking(data, name, shown) if mapping.rules > 3 else []
        values = book.get_sheet_by_name(shown).to_python(skip_empty_area=False)
    grid = [[_shown(cell) for cell in row] for row in values]
    for cell in lacking:
        _put(grid, cell)
    filled = [(line, row) for line, row in enumerate(grid, 1) if any(row)]
    formulas = frozenset(cell.text for cell in lacking if cell.is_formula)
    fractions = frozenset(_fractions(values) if mapping.decimal != "." and mapping.rules > 4 else ())
    return Grid([line for line, _ in filled], [row for _, row in filled], True, formulas, fractions)


def _fractions(values: Sequence[Sequence[object]]) -> Iterator[tuple[int, int]]:
    for line, row in enumerate(values, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, float) and not cell.is_integer():
                yield line, column


def _book(data: bytes, name: str) -> XlsBook | CalamineWorkbook:
    # only decks that are spreadsheets pay for the libraries
    from python_calamine import CalamineWorkbook

    try:
        return XlsBook(data) if data.startswith(OLE) else CalamineWorkbook.from_filelike(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # a damaged workbook fails in many ways
        wrong = f"not a spreadsheet, or a damaged one ({str(error) or type(error).__name__})"
        raise _refused(name, None, wrong, "save it as .xlsx, without a password") from None


def _lacking(data: bytes, name: str, sheet: str) -> list[workbook.NoValue]:
    try:
        return workbook.without_values(data, sheet)
    except workbook.TooLarge as far:
        right = "delete the rows and columns without prices (the cells look empty), and save it"
        raise _refused(name, None, f"the sheet is too large: {far}", right) from None


def _put(grid: list[list[str]], cell: workbook.NoValue) -> None:
    """What calamine has as empty, or has not at all at the end of the sheet."""
    grid.extend([] for _ in range(cell.row - len(grid)))
    row = grid[cell.row - 1]
    row.extend([""] * (cell.column - len(row)))
    row[cell.column - 1] = cell.text


def _shown(cell: object) -> str:
    """The cell as a spreadsheet shows it in full.

    A number is a double in the file itself; spreadsheets show 15 of its digits, and those are the price: nothing
    is ever worked out with the double.
    """
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return f"{Decimal(format(cell, '.15g')):f}"
    if isinstance(cell, datetime):
        # times of day are fractions of a day: what is shown is the nearest second
        return (cell + timedelta(microseconds=500_000)).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _refused(name: str, line: int | None, wrong: str, right: str) -> UnreadableDeck:
    return UnreadableDeck([str(Problem(name, line, None, wrong, right))])
