"""How the `tollbook` command writes: one JSON value, or a table for people; no character of it commands a terminal."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

from orchestration.typed import COMMANDS

# Decimals of currencies' minor units where they are not 2, as in macros/money/minor_unit.sql.
MINOR_UNITS = {
    0: ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
        "VND", "VUV", "XAF", "XOF", "XPF"],
    3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
    4: ["CLF", "UYW"],
}  # fmt: skip


# What a terminal obeys, and what turns the direction of writing. A caller chooses the number that is dialled.
_COMMANDS = re.compile(rf"(?![\n\t])[{COMMANDS}]")


def harmless(text: str) -> str:
    """The text with control characters shown (`\\x1b`), but for the end of a line and the tabulator."""
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


class Unprinted(Exception):
    """What was to be printed could not be; why. Commands print when their work is done."""


class _Harmless(io.TextIOBase):
    """Writes `harmless` text to another stream. Raises `Unprinted` where that cannot be, but for messages."""

    def __init__(self, stream: Any, are_messages: bool) -> None:
        self._stream = stream
        self._are_messages = are_messages
        self._failure: OSError | None = None

    @property
    def encoding(self) -> Any:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> Any:  # type: ignore[override]
        return self._stream.errors

    def write(self, text: str) -> int:
        with self._written():
            self._stream.write(harmless(text))
        return len(text)

    def flush(self) -> None:
        with self._written():
            self._stream.flush()

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as failure:
            self._failure = failure
            # what is left of it would be written as the process ends
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        if self._failure and not self._are_messages:  # the first time it may only have been tried whether it can be
            raise Unprinted(self._failure)

    def isatty(self) -> bool:
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        return int(self._stream.fileno())


@contextmanager
def harmlessly() -> Iterator[None]:
    """For as long as it lasts, what is written for people commands no terminal."""
    with redirect_stdout(_Harmless(sys.stdout, False)), redirect_stderr(_Harmless(sys.stderr, True)):
        yield
        sys.stdout.flush()


def opened_streams() -> None:
    """Have the three streams of a process be there: a file that is opened in the place of one would be written to."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def print_json(value: Any) -> None:
    """One JSON value on standard output; amounts and times as strings."""
    click.echo(json.dumps(value, default=plain_value, indent=2))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table in columns; numbers stand to the right, without zeros that say nothing."""
    cells = [["" if cell is None else str(plain_cell(cell)).replace("\n", "\\n") for cell in row] for row in rows]
    widths = [max(len(c), *(len(row[i]) for row in cells)) if cells else len(c) for i, c in enumerate(columns)]
    numeric = [
        bool(rows) and all(isinstance(row[i], int | Decimal) or row[i] is None for row in rows)
        for i in range(len(columns))
    ]
    for line in [list(columns), *cells]:
        click.echo(
            "  ".join(
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, numeric, strict=True)
            ).rstrip()
        )


def plain_cell(cell: Any) -> str:
    """A value as people read it: 1,234.5."""
    if isinstance(cell, Decimal):
        return f"{cell:,.8f}".rstrip("0").rstrip(".")
    return str(plain_value(cell)) if not isinstance(cell, int) else f"{cell:,}"


def money(amount: Decimal, currency: str) -> str:
    """An amount as people read it, with the decimals of its currency's minor unit at least: 1,234.50 USD."""
    whole, _, decimals = plain_cell(amount).partition(".")
    least = next((n for n, currencies in MINOR_UNITS.items() if currency in currencies), 2)
    decimals = decimals.ljust(least, "0")
    return f"{whole}.{decimals} {currency}" if decimals else f"{whole} {currency}"


def plain_value(value: Any) -> Any:
    """What JSON has no word for, as it writes it: amounts and times as strings, dataclasses as objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
