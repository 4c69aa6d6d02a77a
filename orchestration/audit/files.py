"""Configuration records as text: CSV files and rows in memory, and cells that name themselves when they are bad."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")

ZERO = Fraction(0)


class ConfigurationError(ValueError):
    """A configuration cell that cannot be read: the message names file, line and column."""


@dataclass(slots=True)
class Record:
    """One record of a configuration file; cells by column name, stripped."""

    file: str
    line: int
    columns: Mapping[str, int]
    cells: Sequence[str]

    def text(self, column: str) -> str:
        """The cell, '' if it is empty or the column is missing."""
        index = self.columns.get(column)
        return "" if index is None or index >= len(self.cells) else self.cells[index].strip()

    def optional(self, column: str) -> str | None:
        """The cell, None if it is empty."""
        return self.text(column) or None

    def required(self, column: str) -> str:
        """The cell, which must not be empty."""
        text = self.text(column)
        if not text:
            self._fail(column, "must not be empty")
        return text

    def parsed(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The cell read by `parse`, None if it is empty."""
        return self.needed(column, parse) if self.text(column) else None

    def needed(self, column: str, parse: Callable[[str], T]) -> T:
        """The cell read by `parse`; it must not be empty."""
        text = self.required(column)
        try:
            return parse(text)
        except (ValueError, ZeroDivisionError, KeyError) as error:
            self._fail(column, f"{text!r}: {error}")

    def exact(self, column: str, default: Fraction = ZERO) -> Fraction:
        """A number, the default if empty."""
        value = self.parsed(column, Fraction)
        return default if value is None else value

    def choice(self, column: str, choices: Sequence[str]) -> str:
        """One of the choices; the first is the default."""
        return self._among(column, choices) if self.text(column) else choices[0]

    def one_of(self, column: str, choices: Sequence[str]) -> str:
        """One of the choices; the cell must not be empty."""
        self.required(column)
        return self._among(column, choices)

    def _among(self, column: str, choices: Sequence[str]) -> str:
        text = self.text(column)
        if text not in choices:
            self._fail(column, f"{text!r} is none of {', '.join(filter(None, choices))}")
        return text

    def _fail(self, column: str, problem: str) -> NoReturn:
        raise ConfigurationError(f"{self.file}, line {self.line}, {column}: {problem}")


def read_csv(path: Path, prefixes: Collection[str] | None = None) -> Iterator[Record]:
    """The records of a CSV file with a header, with one of the prefixes; none without a file."""
    if not path.exists():
        return
    # utf-8-sig: spreadsheets save with a byte order mark, which would spoil the first column.
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        columns = {name.strip(): index for index, name in enumerate(next(reader, []))}
        at = columns.get("prefix", len(columns))
        for cells in reader:
            # Here and not later, because most of a large deck is of no use to a small audit.
            if prefixes is not None and (cells[at].strip() if at < len(cells) else "") not in prefixes:
                continue
            if cells:
                yield Record(path.name, reader.line_num, columns, cells)


def read_rows(
    name: str, rows: Sequence[Mapping[str, str]], prefixes: Collection[str] | None = None
) -> Iterator[Record]:
    """Rows by column name as records of the file `name`, numbered from 1, with one of the prefixes."""
    for line, row in enumerate(rows, 1):
        record = Record(name, line, {column: index for index, column in enumerate(row)}, tuple(row.values()))
        if prefixes is None or record.text("prefix") in prefixes:
            yield record
