"""How the `tollbook` command writes: one JSON value, or a table for people."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

# Decimals of currencies' minor units where they are not 2, as in macros/money/minor_unit.sql.
MINOR_UNITS = {
    0: ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
        "VND", "VUV", "XAF", "XOF", "XPF"],
    3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
    4: ["CLF", "UYW"],
}  # fmt: skip


def print_json(value: Any) -> None:
    """One JSON value on standard output; amounts and times as strings."""
    click.echo(json.dumps(value, default=plain_value, indent=2))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table in columns; numbers stand to the right, without zeros that say nothing."""
    cells = [["" if cell is None else str(plain_cell(cell)) for cell in row] for row in rows]
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
