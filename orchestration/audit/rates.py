"""Rates, and what an accepted deck does to older ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from orchestration.audit.files import Record, read_csv, read_rows
from orchestration.audit.times import in_force, parse_instant

INTRASTATE, INTERSTATE, INDETERMINATE = "intrastate", "interstate", "indeterminate"


@dataclass(frozen=True)
class Lookup:
    """What a rate is looked up with at `t` (naive UTC).

    `number` is the table's, `caller` the caller's, both cleaned; `caller` is None where it is
    missing or bad.
    """

    number: str
    caller: str | None
    jurisdiction: str
    t: datetime


@dataclass(frozen=True)
class RateRow:
    """One rate; None is an empty cell. `position` is its deck (0 = rates.csv) and line.

    `ended` rows of a deck say that the prefix is not offered any more: they never apply.
    """

    prefix: str
    destination: str | None
    band: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    rate_per_minute: Fraction | None
    initial_rate_per_minute: Fraction | None
    initial_s: Fraction | None
    increment_s: Fraction | None
    initial_charge: Fraction | None
    increment_charge: Fraction | None
    connect_charge: Fraction | None
    markup_pct: Fraction | None
    blocked: bool
    position: tuple[int, int]
    calling_prefix: str = ""
    jurisdiction: str | None = None
    ended: bool = False
    min_charge: Fraction | None = None
    max_charge: Fraction | None = None
    grace_s: Fraction | None = None
    free_s: Fraction | None = None

    @property
    def begins(self) -> datetime:
        """`valid_from`, the beginning of time where it is open."""
        return self.valid_from or datetime.min

    def applies(self, lookup: Lookup, band: str | None) -> bool:
        """Whether the row is in force, and for the caller, the jurisdiction and the band (or for any)."""
        return (
            in_force(self.valid_from, self.valid_to, lookup.t)
            and (lookup.caller or "").startswith(self.calling_prefix)
            and self.jurisdiction in (None, lookup.jurisdiction)
            and self.band in (None, band)
        )

    def rank(self) -> tuple[int, bool, bool, datetime, tuple[int, int]]:
        """Of rows of one prefix that apply, the highest rank wins."""
        named = self.jurisdiction is not None, self.band is not None
        return len(self.calling_prefix), *named, self.begins, self.position


@dataclass(frozen=True)
class AcceptedDeck:
    """An accepted rate deck: a file, or rows by column name, like those of rates.csv.

    Two more cells are optional: `ended` (true: the prefix is not offered from `valid_from` on)
    and `line` (else counted). `replaces` names the rate tables that the deck replaces in full,
    each with the instant (naive UTC) at which prices end that it does not have.
    """

    rows: Path | Sequence[Mapping[str, str]]
    replaces: Mapping[str, datetime] = field(default_factory=dict)


Rates = dict[str, dict[str, list[RateRow]]]


def load_rates(seeds: Path, decks: Sequence[Path | AcceptedDeck], wanted: Collection[str] | None) -> Rates:
    """The rates of rates.csv and of decks in order of acceptance, by rate table and prefix.

    Only those of the `wanted` prefixes, None for all. Raises `ConfigurationError`.
    """
    rates: Rates = defaultdict(lambda: defaultdict(list))
    for number, given in enumerate((seeds, *decks)):
        deck = given if isinstance(given, AcceptedDeck) else AcceptedDeck(given)
        new: Rates = defaultdict(lambda: defaultdict(list))
        for record in _records(number, deck, wanted):
            row = _rate(record, number)
            new[record.required("rate_table_id")][row.prefix].append(row)
        for table in {*new, *deck.replaces}:
            _end_older(rates[table], new[table], deck.replaces.get(table))
            for prefix, rows in new[table].items():
                rates[table][prefix].extend(row for row in rows if not row.ended)
    return {table: dict(by_prefix) for table, by_prefix in rates.items()}


def _end_older(
    older: dict[str, list[RateRow]], new: Mapping[str, Sequence[RateRow]], effective: datetime | None
) -> None:
    """Ends a table's rows before a deck: in a full one (`effective`) all of them, else those it calls ended."""
    for prefix, rows in older.items():
        newer = new.get(prefix, ())
        ends = [row.begins for row in newer if row.ended or effective is not None]
        end = min(ends, default=effective)
        if end is not None:
            rows[:] = [replace(row, valid_to=end if row.valid_to is None else min(row.valid_to, end)) for row in rows]


def _records(number: int, deck: AcceptedDeck, wanted: Collection[str] | None) -> Iterator[Record]:
    if isinstance(deck.rows, Path):
        return read_csv(deck.rows, wanted)
    return read_rows(f"deck {number}", deck.rows, wanted)


def _rate(record: Record, deck: int) -> RateRow:
    jurisdiction = record.choice("jurisdiction", ("", INTRASTATE, INTERSTATE, INDETERMINATE))
    return RateRow(
        prefix=record.text("prefix"),
        destination=record.optional("destination"),
        band=record.optional("band"),
        valid_from=record.parsed("valid_from", parse_instant),
        valid_to=record.parsed("valid_to", parse_instant),
        rate_per_minute=record.parsed("rate_per_minute", Fraction),
        initial_rate_per_minute=record.parsed("initial_rate_per_minute", Fraction),
        initial_s=record.parsed("initial_s", Fraction),
        increment_s=record.parsed("increment_s", Fraction),
        initial_charge=record.parsed("initial_charge", Fraction),
        increment_charge=record.parsed("increment_charge", Fraction),
        connect_charge=record.parsed("connect_charge", Fraction),
        markup_pct=record.parsed("markup_pct", Fraction),
        blocked=record.text("blocked").lower() == "true",
        position=(deck, record.parsed("line", int) or record.line),
        calling_prefix=record.text("calling_prefix"),
        jurisdiction=jurisdiction or None,
        ended=record.text("ended").lower() == "true",
        min_charge=record.parsed("min_charge", Fraction),
        max_charge=record.parsed("max_charge", Fraction),
        grace_s=record.parsed("grace_s", Fraction),
        free_s=record.parsed("free_s", Fraction),
    )
