"""How one source writes its decks: `decks/<source>.toml`, described, read and checked.

A mapping says where the columns of a rate are and how cells are written. Without one a deck has the canonical
columns, those of rates.csv and `ended`.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from orchestration import typed
from orchestration.configuration.nearest import listed, nearest
from orchestration.configuration.problem import Problem
from orchestration.configuration.schema import JURISDICTIONS
from orchestration.decks.prefixes import CANONICAL as CANONICAL_PREFIXES
from orchestration.decks.prefixes import PrefixRules

Column = str | int
"""A column by the name in the header, or by position (1 is the first)."""

PRICES = (
    "rate_per_minute",
    "initial_rate_per_minute",
    "initial_charge",
    "increment_charge",
    "connect_charge",
    "markup_pct",
    "min_charge",
    "max_charge",
)
BOUNDS = ("min_charge", "max_charge")
"""The amounts that are no price but hold one."""
INCREMENTS = ("initial_s", "increment_s")
SECONDS = (*INCREMENTS, "grace_s", "free_s")
FANNED = (*PRICES, *SECONDS, "increments")
"""What a fan-out may give each of its rows."""
PLAIN = (
    "rate_table",
    "prefix",
    "country_code",
    "calling_prefix",
    "destination",
    "band",
    "jurisdiction",
    "valid_from",
    "valid_to",
    "action",
    "blocked",
    "ended",
    "currency",
)
COLUMNS = (*PLAIN, *FANNED)
CONSTANTS = (
    *("country_code", "calling_prefix", "destination", "band", "jurisdiction", "valid_to", "blocked", "ended"),
    *("currency", *PRICES, *SECONDS),
)
WORDS = ("rate_table", "band", "jurisdiction", "action")
MEANINGS = ("price", "end", "block")
ACTIONS = {
    **dict.fromkeys(
        ("", "new", "increase", "increased", "decrease", "decreased", "change", "changed", "no change", "unchanged",
         "current", "same", "open", "active", "add", "added", "update", "updated", "price change"),
        "price",
    ),
    **dict.fromkeys(
        ("delete", "deleted", "remove", "removed", "close", "closed", "end", "ended", "discontinued", "withdrawn",
         "expired", "not offered"),
        "end",
    ),
    **dict.fromkeys(("block", "blocked", "barred", "suspended"), "block"),
}  # fmt: skip


@dataclass(frozen=True)
class Fan:
    """One of the rows that each line of a deck gives: its band and jurisdiction, and where its prices are."""

    band: str = ""
    jurisdiction: str = ""
    columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Effective:
    """Where a deck says from when it holds: a cell (row, column, from 1) or its file's name."""

    cell: tuple[int, int] | None = None
    file_name: re.Pattern[str] | None = None
    pattern: re.Pattern[str] | None = None
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeckMapping:
    """How to read the decks of one source. `sha256`: of the mapping file, None for canonical decks."""

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
    columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fans: tuple[Fan, ...] = (Fan(),)

    @property
    def is_canonical(self) -> bool:
        return self.sha256 is None


CANONICAL_COLUMNS = (
    *("rate_table_id", "prefix", "destination", "band", "valid_from", "valid_to", *PRICES, *SECONDS),
    *("blocked", "calling_prefix", "jurisdiction", "ended"),
)
CANONICAL = DeckMapping(
    "canonical",
    not_offered=frozenset(),
    blocked=frozenset(),
    prefixes=CANONICAL_PREFIXES,
    header=1,
    columns={"rate_table" if name == "rate_table_id" else name: (name,) for name in CANONICAL_COLUMNS},
)


def mapping_of(decks: Path, source: str, tables: Collection[str]) -> tuple[DeckMapping, list[Problem]]:
    """The source's mapping and all that is wrong with it; the canonical one where there is no file.

    `tables` are the rate tables there are. A mapping with problems is not to be used.
    """
    path = decks / f"{source}.toml"
    if not path.is_file():
        return CANONICAL, []
    return read(path, tables)


def check(decks: Path, tables: Collection[str]) -> list[Problem]:
    """All that is wrong with the mapping files in `decks`, by file. No directory: no mappings."""
    found: list[Problem] = []
    for path in sorted(decks.iterdir()) if decks.is_dir() else []:
        if path.suffix == ".toml":
            found += read(path, tables)[1]
        elif not path.name.startswith(".") and path.suffix.lower() != ".md":
            shown = f"{decks.name}/{path.name}"
            found.append(Problem(shown, None, None, "this is no mapping", "name it <source>.toml, or move it away"))
    return found


def read(path: Path, tables: Collection[str]) -> tuple[DeckMapping, list[Problem]]:
    """The mapping in a file, with all that is wrong with it."""
    shown = f"{path.parent.name}/{path.name}"
    data = path.read_bytes()
    try:
        told = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return CANONICAL, [Problem(shown, None, None, "the file is not UTF-8", "save it as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        return CANONICAL, [Problem(shown, None, None, f"not TOML: {error}", 'write lines like decimal = ","')]
    reader = _Reader(shown, told)
    return reader.mapping(hashlib.sha256(data).hexdigest(), tables), reader.problems


class _Reader:
    """Takes the keys of a mapping one by one; what is left at the end is unknown."""

    def __init__(self, shown: str, told: dict[str, Any], inside: str = "") -> None:
        self.shown, self.told, self.inside = shown, told, inside
        self.problems: list[Problem] = []
        self._known: list[str] = []

    def mapping(self, sha256: str, tables: Collection[str]) -> DeckMapping:
        text, choice = self.text, self.choice
        found = DeckMapping(
            self.shown,
            sha256,
            rate_table_id=text("rate_table_id"),
            replaces=choice("replaces", ("full", "partial")),
            timezone=self.judged("timezone", "UTC", _is_zone, "an IANA time zone", "write one like Europe/Berlin"),
            sheet=text("sheet"),
            encoding=self.judged("encoding", "utf-8", _is_encoding, "an encoding", "write one like cp1252 or utf-16"),
            delimiter=self.judged(
                "delimiter", ",", lambda d: len(d) == 1 and d not in '"\n\r', "one character", 'write ";" or "\\t"'
            ),
            header=self.integer("header", 0),
            ends_before=self.pattern("ends_before", 0),
            decimal=choice("decimal", (".", ",")) or ".",
            thousands=choice("thousands", (".", ",", "'", " ")) or "",
            scale=self.number("scale") or Decimal(1),
            decimals=self.integer("decimals", 0, 8),
            currency=text("currency"),
            date_formats=self.formats("date_formats"),
            earlier_dates=choice("earlier_dates", ("keep", "effective")) or "keep",
            max_rate=self.number("max_rate"),
            not_offered=self.cells("not_offered", DeckMapping.not_offered),
            blocked=self.cells("blocked", DeckMapping.blocked),
            prefixes=self._prefixes(),
            effective=self._effective(),
            columns=self._columns(self.table("columns"), COLUMNS, "columns"),
            constants=self._constants(),
            words=self._words(),
            fans=self._fans(),
        )
        self.unknown()
        self._whole(found, tables)
        return found

    # one key each -------------------------------------------------------------------------------------------

    def say(self, key: str | None, wrong: str, right: str) -> None:
        where = ".".join(filter(None, (self.inside, key))) or None
        self.problems.append(Problem(self.shown, None, where, wrong, right))

    def take(self, key: str) -> Any:
        self._known.append(key)
        return self.told.get(key)

    def unknown(self) -> None:
        for key in self.told.keys() - set(self._known):
            meant = nearest(key, self._known)
            self.say(key, "there is no such key", f"did you mean {meant}?" if meant else f"write {listed(self._known)}")

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.say(key, f"{value!r} is not a text", f'write {key} = "..."')
        return None

    def judged(self, key: str, default: str, good: Callable[[str], bool], what: str, right: str) -> str:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, str) and good(value):
            return value
        self.say(key, f"{value!r} is not {what}", right)
        return default

    def choice(self, key: str, values: Sequence[str]) -> str | None:
        value = self.take(key)
        if value is None or value in values:
            return None if value is None else str(value)
        self.say(key, f"{value!r} is not possible", "write " + " or ".join(f'"{v}"' for v in values))
        return None

    def integer(self, key: str, low: int, high: int = 1_000_000) -> int | None:
        value = self.take(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
            return value
        self.say(key, f"{value!r} is not a whole number from {low}", f"write {key} = {max(low, 1)}")
        return None

    def number(self, key: str) -> Decimal | None:
        value = self.take(key)
        if value is None:
            return None
        # a TOML float is binary: a price may not pass through one
        if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) and Decimal(value) > 0:
            return Decimal(value)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return Decimal(value)
        self.say(key, f"{value!r} is not a number above 0 in quotes", f'write {key} = "0.01"')
        return None

    def pattern(self, key: str, groups: int) -> re.Pattern[str] | None:
        value = self.take(key)
        if value is None:
            return None
        try:
            found = re.compile(value)
            if found.groups == groups:
                return found
            wrong = f"{value!r} has {found.groups} groups"
        except (re.error, TypeError) as error:
            wrong = f"{value!r} is not a regular expression ({error})"
        self.say(key, wrong, "write one " + ("with one pair of parentheses" if groups else "without parentheses"))
        return None

    def formats(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if value is None:
            return ()
        listed_ = [value] if isinstance(value, str) else value
        if isinstance(listed_, list) and all(isinstance(f, str) and _is_date_format(f) for f in listed_):
            return tuple(listed_)
        self.say(key, f"{value!r} is not a date format", 'write one like "%d/%m/%Y", with year, month and day')
        return ()

    def cells(self, key: str, default: frozenset[str]) -> frozenset[str]:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, list) and all(isinstance(cell, str) for cell in value):
            return frozenset(cell.strip().casefold() for cell in value)
        self.say(key, f"{value!r} is not a list of texts", f'write {key} = ["-1", "blocked"]')
        return default

    def table(self, key: str) -> dict[str, Any]:
        value = self.take(key)
        if value is None or isinstance(value, dict):
            return value or {}
        self.say(key, f"{value!r} is not a section", f"write [{key}] and its keys below it")
        return {}

    # sections -----------------------------------------------------------------------------------------------

    def _section(self, key: str) -> _Reader:
        return _Reader(self.shown, self.table(key), key)

    def _done(self, section: _Reader) -> None:
        section.unknown()
        self.problems += section.problems

    def _prefixes(self) -> PrefixRules:
        section = self._section("prefixes")
        international, separators, ranges = (section.take(k) for k in ("international", "separators", "ranges"))
        rules = PrefixRules()
        if international is not None:
            if isinstance(international, list) and all(
                isinstance(i, str) and re.fullmatch(r"\+?[0-9]*", i) for i in international
            ):
                rules = PrefixRules(tuple(filter(None, international)), rules.separators, rules.ranges)
            else:
                section.say("international", f"{international!r} is not a list of prefixes", 'write ["+", "011"]')
        if separators is not None:
            if isinstance(separators, str) and not re.search(r"[0-9+\-]", separators):
                rules = PrefixRules(rules.international, separators, rules.ranges)
            else:
                section.say("separators", f"{separators!r} cannot separate prefixes", 'write the characters, like ",;"')
        if ranges is not None:
            if isinstance(ranges, bool):
                rules = PrefixRules(rules.international, rules.separators, ranges)
            else:
                section.say("ranges", f"{ranges!r} is not possible", "write true or false")
        self._done(section)
        return rules

    def _effective(self) -> Effective:
        section = self._section("effective")
        cell = section.take("cell")
        at = _cell_reference(cell) if isinstance(cell, str) else None
        if cell is not None and at is None:
            section.say("cell", f"{cell!r} is not a cell", 'write a column letter and a row, like "B3"')
        name = section.pattern("file_name", 1)
        found = Effective(at, name, section.pattern("pattern", 1), section.formats("format"))
        if at and name:
            section.say("file_name", "the date is in a cell already", "keep one of cell and file_name")
        for key, said in (("pattern", found.pattern), ("format", found.formats)):
            if said and not (at or name):
                section.say(key, "it is of no date", "say where the date is: cell or file_name")
        self._done(section)
        return found

    def _columns(
        self, told: Mapping[str, Any], known: Collection[str], inside: str
    ) -> Mapping[str, tuple[Column, ...]]:
        found: dict[str, tuple[Column, ...]] = {}
        for name, value in told.items():
            columns = tuple(value) if isinstance(value, list) else (value,)
            if name not in known:
                meant = nearest(name, known)
                self.say(
                    f"{inside}.{name}",
                    "there is no such column",
                    f"did you mean {meant}?" if meant else f"write some of {', '.join(known)}",
                )
            elif not columns or not all(_is_column(c) for c in columns):
                self.say(
                    f"{inside}.{name}", f"{value!r} is not a column", "write its name in quotes, or 1 for the first"
                )
            elif len(columns) > 1 and name != "destination":
                self.say(f"{inside}.{name}", "there are several columns", "name one; only destination may have several")
            else:
                found[name] = columns
        return found

    def _constants(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for name, value in self.table("constants").items():
            if name not in CONSTANTS:
                meant = nearest(name, CONSTANTS)
                right = f"did you mean {meant}?" if meant else f"write some of {', '.join(CONSTANTS)}"
                self.say(f"constants.{name}", "there is no such constant", right)
            elif name in ("blocked", "ended"):
                if value is not True:
                    self.say(f"constants.{name}", f"{value!r} is not true", f"write {name} = true, or leave it out")
                found[name] = "true"
            elif isinstance(value, bool) or not isinstance(value, str | int):
                self.say(f"constants.{name}", f"{value!r} is not a text", f'write {name} = "..."')
            else:
                found[name] = str(value)
                if wrong := _constant_fault(name, str(value)):
                    self.say(f"constants.{name}", *wrong)
        return found

    def _words(self) -> Mapping[str, Mapping[str, str]]:
        section = self._section("values")
        found: dict[str, Mapping[str, str]] = {}
        for name in WORDS:
            words = section.table(name)
            if all(isinstance(meaning, str) for meaning in words.values()):
                found[name] = {word.strip().casefold(): meaning for word, meaning in words.items()}
            else:
                section.say(name, "not every value is a text", '"their word" = "our value"')
        for word, meaning in found.get("action", {}).items():
            if meaning not in MEANINGS:
                section.say(f'action."{word}"', f'"{meaning}" is no action', f"write {', '.join(MEANINGS)}")
        for word, meaning in found.get("jurisdiction", {}).items():
            if meaning not in ("", *JURISDICTIONS):
                right = f"write {', '.join(JURISDICTIONS)}"
                section.say(f'jurisdiction."{word}"', f'"{meaning}" is no jurisdiction', right)
        self._done(section)
        return found

    def _fans(self) -> tuple[Fan, ...]:
        told = self.take("prices")
        if told is None:
            return (Fan(),)
        if not isinstance(told, list) or not all(isinstance(entry, dict) for entry in told):
            self.say("prices", "it is not a list of sections", "write [[prices]] once for each row that a line gives")
            return (Fan(),)
        found = []
        for number, entry in enumerate(told, 1):
            section = _Reader(self.shown, entry, f"prices {number}")
            band = section.text("band") or ""
            jurisdiction = section.choice("jurisdiction", JURISDICTIONS) or ""
            told_columns = {k: v for k, v in entry.items() if k in FANNED}
            columns = section._columns(told_columns, FANNED, "")
            section._known += FANNED
            if not columns.keys() & {*PRICES} - {*BOUNDS}:
                section.say(None, "it has no price", 'add one like rate_per_minute = "Peak rate"')
            self._done(section)
            found.append(Fan(band, jurisdiction, columns))
        keys = [(fan.band, fan.jurisdiction) for fan in found]
        for number, key in enumerate(keys, 1):
            if key in keys[: number - 1]:
                self.say(f"prices {number}", "an entry before has the same band and jurisdiction", "change one")
        return tuple(found) or (Fan(),)

    # all of it ----------------------------------------------------------------------------------------------

    def _whole(self, mapping: DeckMapping, tables: Collection[str]) -> None:
        columns = mapping.columns
        if not columns.keys() & {"prefix", "country_code"}:
            self.say("columns.prefix", "it is missing", 'write [columns] and prefix = "..."')
        words = mapping.words.get("rate_table", {})
        for key, table in [
            ("rate_table_id", mapping.rate_table_id),
            *((f"values.rate_table.{w}", t) for w, t in words.items()),
        ]:
            if table is not None and not tables:
                wrong = f'"{table}" cannot be looked for: rate_tables.csv is empty, or cannot be read'
                self.say(key, wrong, "mend rate_tables.csv first (tollbook check)")
            elif table is not None and table not in tables:
                meant = nearest(table, tables)
                right = f"did you mean {meant}?" if meant else f"write one of {listed(tables)}"
                self.say(key, f'"{table}" is not in rate_tables.csv', right)
        if (mapping.rate_table_id is None) == ("rate_table" not in columns):
            wrong = "there is also columns.rate_table" if mapping.rate_table_id else "it is missing"
            self.say(
                "rate_table_id", wrong, "write the rate table's id, or the column that has it as columns.rate_table"
            )
        if mapping.decimal == mapping.thousands:
            self.say("thousands", f'"{mapping.thousands}" is the decimal separator too', "change one of the two")
        if mapping.header == 0:
            for name, used in [*columns.items(), *(i for fan in mapping.fans for i in fan.columns.items())]:
                if any(isinstance(c, str) for c in used):
                    self.say(f"columns.{name}", "a deck without a header has no names", "write the column's position")
        for fan in mapping.fans:
            for name in fan.columns.keys() & columns.keys():
                self.say(f"prices.{name}", "it is under [columns] too", "keep one of the two")
        for a, b in (("increments", "initial_s"), ("increments", "increment_s")):
            everywhere = columns.keys() | {n for fan in mapping.fans for n in fan.columns}
            if a in everywhere and b in everywhere:
                self.say(f"columns.{a}", f"{b} is there too", "keep one of the two")
        self._unread(mapping)

    def _unread(self, mapping: DeckMapping) -> None:
        """What says something that is never looked at, since something else says it."""
        columns, constants = mapping.columns, mapping.constants
        in_all_fans = set.intersection(*({*fan.columns} for fan in mapping.fans))
        for name in constants.keys() & (columns.keys() | in_all_fans):
            self.say(f"constants.{name}", "a column gives it", "keep one of the two")
        if "increments" in columns or "increments" in in_all_fans:
            for name in constants.keys() & {*INCREMENTS}:
                self.say(f"constants.{name}", "the column increments gives it", "keep one of the two")
        for name in ("band", "jurisdiction"):
            if all(getattr(fan, name) for fan in mapping.fans):
                for inside in ("columns", "constants"):
                    if name in getattr(mapping, inside):
                        self.say(f"{inside}.{name}", "each of [[prices]] gives it", "keep one of the two")
        for name, words in mapping.words.items():
            if words and name not in columns:
                self.say(f"values.{name}", "no column has these words", f'write {name} = "..." under [columns]')
        if mapping.earlier_dates != "keep" and "valid_from" not in columns:
            self.say("earlier_dates", "no row has a date of its own", "leave it out, or name the column valid_from")


def _constant_fault(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a constant, which is written as in rates.csv, and what would be right."""
    if name in (*PRICES, *SECONDS):
        amount, scale = typed.number(value), 8 if name in PRICES else 3
        least = Decimal(-100) if name == "markup_pct" else Decimal(0)
        if amount is None or not least <= amount <= 999_999_999 or typed.decimals(amount) > scale:
            return f"{value!r} is not a number of at most {scale} decimals", f'write {name} = "0.05", not scaled'
    if name == "jurisdiction" and value not in JURISDICTIONS:
        return f"{value!r} is no jurisdiction", f"write {', '.join(JURISDICTIONS)}"
    if name == "calling_prefix" and not re.fullmatch("[0-9]{1,15}", value):
        return f"{value!r} is not a prefix", 'write digits only, like "33"'
    if name == "country_code" and not re.fullmatch("[1-9][0-9]{0,3}", value):
        return f"{value!r} is not a country code", 'write digits only, like "1"'
    if name == "currency" and not re.fullmatch("[A-Z]{3}", value):
        return f"{value!r} is not a currency", 'write three capital letters, like "EUR"'
    if name == "valid_to" and typed.instant(value) is None:
        return f"{value!r} is not a time", 'write it like "2026-12-31"'
    return None


def _is_column(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value >= 1) or (isinstance(value, str) and bool(value.strip()))


def _is_zone(name: str) -> bool:
    return name in available_timezones()


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _is_date_format(text: str) -> bool:
    month = re.search(r"%[mbB]", text)
    return bool(re.search(r"%[yY]", text) and month and "%d" in text) or "%j" in text


def _cell_reference(text: str) -> tuple[int, int] | None:
    """`B3` as (row, column), from 1."""
    found = re.fullmatch(r"([A-Z]{1,2})([1-9][0-9]{0,5})", text)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column
