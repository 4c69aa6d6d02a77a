"""How one source writes its decks: where the columns of a rate are, and how cells are written.

Without a mapping of its own (`decks/<source>.toml`) a deck has the canonical columns, those of rates.csv and `ended`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.decks.prefixes import CANONICAL as CANONICAL_PREFIXES
from orchestration.decks.prefixes import PrefixRules
from orchestration.store.warehouse import RULES

DeckColumn = str | int
"""A column by the name in the header, or by position (1 is the first)."""


@dataclass(frozen=True)
class Fan:
    """One of the rows that each line of a deck gives: its band and jurisdiction, and where its prices are."""

    band: str = ""
    jurisdiction: str = ""
    columns: Mapping[str, tuple[DeckColumn, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Effective:
    """Where a deck says from when it holds: a cell (row, column, from 1) or its file's name."""

    cell: tuple[int, int] | None = None
    file_name: re.Pattern[str] | None = None
    pattern: re.Pattern[str] | None = None
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeckMapping:
    """How to read the decks of one source. `sha256`: of the mapping file, None for canonical decks.

    `rules`: the version of the rules that its decks are read and refused by (`RULES`).
    """

    shown: str
    sha256: str | None = None
    rate_table_id: str | None = None
    replaces: str | None = None
    timezone: str = "UTC"
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    header: int | None = None
    ends_before: re.Pattern[str] | None = None
    decimal: str = "."
    thousands: str = ""
    scale: Decimal = Decimal(1)
    decimals: int | None = None
    currency: str | None = None
    date_formats: tuple[str, ...] = ()
    earlier_dates: str = "keep"
    max_rate: Decimal | None = None
    not_offered: frozenset[str] = frozenset({"", "-", "n/a", "na"})
    blocked: frozenset[str] = frozenset({"-1", "blocked"})
    prefixes: PrefixRules = field(default_factory=PrefixRules)
    effective: Effective = field(default_factory=Effective)
    columns: Mapping[str, tuple[DeckColumn, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fans: tuple[Fan, ...] = (Fan(),)
    rules: int = RULES

    @property
    def is_canonical(self) -> bool:
        return self.sha256 is None


CANONICAL = DeckMapping(
    "canonical",
    not_offered=frozenset(),
    blocked=frozenset(),
    prefixes=CANONICAL_PREFIXES,
    header=1,
    columns={"rate_table" if name == "rate_table_id" else name: (name,) for name in CANONICAL_COLUMNS},
)
