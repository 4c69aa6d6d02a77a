"""What a check warns of about cells that are accepted, and by which no amount can ever become another.

By the rules of rating none is an error, and what is of now may have had an effect before. It is told once for all rows
of a file that are alike in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from orchestration.configuration.hours import hours_of
from orchestration.configuration.in_force import in_force
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets
from orchestration.configuration.sheet import Sheet
from orchestration.configuration.unread import NOT_READ
from orchestration.configuration.values import may_be_true
from orchestration.typed import day, number

_PRICED_BY = {
    "per_minute": ("rate_per_minute", "initial_rate_per_minute"),
    "block": ("initial_charge", "increment_charge"),
}
# what a charge is made with
_TERMS = ("initial_s", "increment_s", "connect_charge", "min_charge", "max_charge", "grace_s", "free_s")
_WHOLE_WEEK = (1 << 7 * 24 * 60) - 1


def without_effect(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Cells of prices, terms, profiles, subscriptions and timetables that nothing comes of."""
    for rule, columns in _OF_RATES.items():
        # most price lists have none, and are long
        if any(sheets["rates"].known(column) - {""} for column in columns):
            yield from rule(sheets, now)
    yield from _nothing_given(sheets, now)


def _told(sheet: Sheet, column: str, rows: list[int], wrong: str, right: str) -> Iterator[Problem]:
    if rows:
        more = f" (and {len(rows) - 1:,} more)" if rows[1:] else ""
        yield sheet.at(rows[0], column, wrong + more, right)


def _nowhere(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Rates of a jurisdiction that no call to their prefix can have, and callers that cannot be."""
    regions = _Regions(sheets["prefix_regions"].mapping("prefix", "region"))
    bases = sheets["rate_tables"].mapping("rate_table_id", "number_basis")
    sheet = sheets["rates"]
    rows: dict[str, list[int]] = defaultdict(list)
    for held, (table, prefix, caller, jurisdiction) in in_force(
        sheet, now, "rate_table_id", "prefix", "calling_prefix", "jurisdiction"
    ):
        by_caller = bases.get(table) == "calling"
        if by_caller and caller and not (prefix.startswith(caller) or caller.startswith(prefix)):
            rows["calling_prefix"].append(held.row)
        elif jurisdiction:
            looked_up = max(prefix, caller, key=len) if by_caller else prefix
            # of the other number nothing may be known, unless the row says how it begins
            other = regions.of(caller) if caller and not by_caller else regions.of("") | {None}
            if not _possible(jurisdiction, regions.of(looked_up), other):
                rows[jurisdiction].append(held.row)
    for name, found in rows.items():
        prefix, caller = sheet["prefix"][found[0]], sheet["calling_prefix"][found[0]]
        if name == "calling_prefix":
            wrong = f"no number begins with {prefix} and with {caller}, and the table goes by the caller alone"
            yield from _told(sheet, name, found, f"{wrong}: the price never counts", "write nothing, or delete the row")
            continue
        between = f"from {caller} to {prefix or 'any number'}" if caller else f"to {prefix or 'any number'}"
        wrong = f"by prefix_regions.csv no call {between} is {name}: the price never counts"
        yield from _told(sheet, "jurisdiction", found, wrong, "give the prefix a region there, or write nothing")


class _Regions:
    """Where numbers are, by how they begin."""

    def __init__(self, regions: Mapping[str, str]) -> None:
        self._regions, self._prefixes = regions, sorted(regions)
        self._found: dict[str, set[str | None]] = {}

    def of(self, prefix: str) -> set[str | None]:
        """Where numbers that begin so may be; None: in no region."""
        if prefix not in self._found:
            begun = (self._regions.get(prefix[:length]) for length in range(len(prefix), -1, -1))
            first, last = (bisect_left(self._prefixes, edge) for edge in (prefix, f"{prefix}:"))
            found: set[str | None] = {self._regions[other] for other in self._prefixes[first:last]}
            self._found[prefix] = found | {next((region for region in begun if region), None)}
        return self._found[prefix]


def _possible(jurisdiction: str, one: set[str | None], other: set[str | None]) -> bool:
    here, there = one - {None}, other - {None}
    if jurisdiction == "intrastate":
        return bool(here & there)
    if jurisdiction == "interstate":
        return bool(here and there) and len(here | there) > 1
    return None in one or None in other


def _no_first_seconds(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """A price of the first seconds where there are none."""
    tables, sheet = sheets["rate_tables"].mapping("rate_table_id", "initial_s"), sheets["rates"]
    names = ("rate_table_id", "initial_rate_per_minute", "initial_s")
    rows = [
        held.row
        for held, (table, price, own) in in_force(sheet, now, *names)
        if price and (own or tables.get(table)) and number(own or tables[table]) == 0
    ]
    wrong = "initial_s is 0: there are no first seconds, so that nothing is charged by this"
    yield from _told(sheet, "initial_rate_per_minute", rows, wrong, "write initial_s, or nothing here")


def _blocked(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Terms of a blocked rate without a price, which charges nothing; a blocked row of a markup table never does."""
    kinds, sheet = sheets["rate_tables"].mapping("rate_table_id", "kind"), sheets["rates"]
    prices = sorted({price for columns in _PRICED_BY.values() for price in columns})
    rows: dict[str, list[int]] = defaultdict(list)
    names = ("rate_table_id", "blocked", "markup_pct", *_TERMS, *prices)
    for held, (table, blocked, markup, *cells) in in_force(sheet, now, *names):
        kind = kinds.get(table, "")
        if not may_be_true(blocked) or kind == "given" or any(cells[len(_TERMS) :]):
            continue
        given = dict(zip(("markup_pct", *_TERMS), (markup, *cells), strict=False))
        for column in set(given) - set(NOT_READ.get(kind, ())):
            if given[column]:
                rows[column].append(held.row)
    for column, found in sorted(rows.items()):
        wrong = "the row is blocked and has no price: nothing is charged by this"
        yield from _told(sheet, column, found, wrong, "write nothing, or a price if such calls are charged")


def _bands_that_are_over(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Prices of a band that holidays alone have, of which none is to come."""
    weekly: dict[str, set[str]] = defaultdict(set)
    for timetable, band in sheets["timetables"].columns("timetable_id", "band"):
        weekly[timetable].add(band)
    to_come: dict[str, set[str]] = defaultdict(set)
    for timetable, band, on in sheets["holidays"].columns("timetable_id", "band", "date"):
        if (holiday := day(on)) and holiday >= now.date():
            to_come[timetable].add(band)
    timetables, sheet = sheets["rate_tables"].mapping("rate_table_id", "timetable_id"), sheets["rates"]
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for held, (table, band) in in_force(sheet, now, "rate_table_id", "band"):
        timetable = timetables.get(table, "")
        if band and timetable and band not in weekly[timetable] | to_come[timetable]:
            rows[timetable, band].append(held.row)
    for (timetable, band), found in rows.items():
        wrong = f'"{band}" is the band of holidays of {timetable} that are over: no call to come has it'
        yield from _told(sheet, "band", found, wrong, "add the next ones to holidays.csv")


_OF_RATES = {
    _nowhere: ("jurisdiction", "calling_prefix"),
    _no_first_seconds: ("initial_rate_per_minute",),
    _blocked: ("blocked",),
    _bands_that_are_over: ("band",),
}
"""What is asked of rates, by the columns without which there is nothing to ask."""


def _nothing_given(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Allowances and quantities of 0; an end of what is charged once."""
    profiles, subscriptions = sheets["consumption_profiles"], sheets["subscriptions"]
    rows = [held.row for held, (cell,) in in_force(profiles, now, "allowance") if number(cell) == 0]
    yield from _told(profiles, "allowance", rows, "nothing is free by it", "write how much is, or delete the row")
    rows = [held.row for held, (cell,) in in_force(subscriptions, now, "quantity") if number(cell) == 0]
    yield from _told(subscriptions, "quantity", rows, "nothing is charged by it", "write how many, or delete the row")
    rows = [
        held.row
        for held, (charge, end) in in_force(subscriptions, now, "charge", "valid_to")
        if charge == "once" and end
    ]
    wrong = "it is charged once, on the day that it begins: its end changes nothing"
    yield from _told(subscriptions, "valid_to", rows, wrong, "write nothing, or charge it monthly")


def without_band(sheets: Sheets, now: datetime, by_decks: Collection[str]) -> Iterator[Problem]:
    """Prefixes of assigned tables that have prices of some bands of their timetable alone: at other times `no_rate`."""
    if not sheets["rates"].known("band") - {""}:
        return
    bands, priced = _bands(sheets, now), _priced(sheets, now)
    sheet, told = sheets["rate_assignments"], set()
    timetables = sheets["rate_tables"].mapping("rate_table_id", "timetable_id")
    for _, (table, account) in in_force(sheet, now, "rate_table_id", "account_id"):
        if table in told or table not in priced or table in by_decks:
            continue
        told.add(table)
        found = _lacking(priced[table], bands.get(timetables.get(table, ""), {}))
        if found:
            (row, prefix, band), more = found[0], len(found) - 1
            when = bands[timetables[table]][band]
            wrong = (
                f"{table} has a price for {prefix or 'every number'} in some bands alone, and none {when}: calls of "
            )
            wrong += f"{account} then would be unrated (no_rate)" + (f" (and {more:,} more)" if more else "")
            yield sheets["rates"].at(row, "band", wrong, "add a price without a band, or one for that band")


def _bands(sheets: Sheets, now: datetime) -> dict[str, dict[str, str]]:
    """The bands that calls of each timetable have from now on (empty: none), and when, in words."""
    found: dict[str, dict[str, str]] = {}
    for timetable, rows in hours_of(sheets["timetables"]).items():
        left, bands = _WHOLE_WEEK, {}
        for row in sorted(rows):
            if row.minutes & left:
                bands[row.band] = f"in the band {row.band}"
            left &= ~row.minutes
        if left:
            bands[""] = f"outside the hours of {timetable}"
        found[timetable] = bands
    for timetable, band, on in sheets["holidays"].columns("timetable_id", "band", "date"):
        if (holiday := day(on)) and holiday >= now.date():
            found.setdefault(timetable, {"": f"outside the holidays of {timetable}"})
            found[timetable].setdefault(band, f"on {on} (the holiday band {band})")
    return found


_Priced = dict[str, list[tuple[str, int]]]


def _priced(sheets: Sheets, now: datetime) -> dict[str, _Priced]:
    """Of each table that charges by rates its prefixes: bands that have a price now or later, and by which row."""
    kinds = sheets["rate_tables"].mapping("rate_table_id", "kind")
    found: dict[str, _Priced] = {}
    names = sorted({price for columns in _PRICED_BY.values() for price in columns})
    for held, (table, prefix, band, blocked, *prices) in in_force(
        sheets["rates"], now, "rate_table_id", "prefix", "band", "blocked", *names
    ):
        if kinds.get(table) in _PRICED_BY and (any(prices) or may_be_true(blocked)):
            found.setdefault(table, defaultdict(list))[prefix].append((band, held.row))
    return found


def _lacking(priced: _Priced, bands: Mapping[str, str]) -> list[tuple[int, str, str]]:
    """Rows of a band whose prefix, and all shorter ones, have no price in another: the row, its prefix, that band."""
    found = []
    for prefix, rows in priced.items():
        if all(band == "" for band, _ in rows):
            continue
        begun = (prefix[:length] for length in range(len(prefix) + 1))
        there = {band for shorter in begun if shorter in priced for band, _ in priced[shorter]}
        lacking = [] if "" in there else [band for band in bands if band not in there]
        if lacking:
            found.append((rows[0][1], prefix, lacking[0]))
    return sorted(found)
