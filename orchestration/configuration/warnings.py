"""What is no error, and yet leaves calls without a price or is hardly meant: what a check warns of.

All of it is allowed by the rules of rating, so no command is stopped by it. What is missing is asked of what is in
force now or later: what is over has been dealt with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

from orchestration.configuration.between import odd_times
from orchestration.configuration.column import Type
from orchestration.configuration.effect import without_band, without_effect
from orchestration.configuration.hours import odd_hours
from orchestration.configuration.in_force import Held, in_force
from orchestration.configuration.kinds import idle
from orchestration.configuration.names import current_budgets, odd_names
from orchestration.configuration.problem import Problem
from orchestration.configuration.roles import nobody_may, without_second
from orchestration.configuration.rules import Sheets, span
from orchestration.configuration.schema import FILES, PREFIX_ITEM
from orchestration.configuration.services import without_prices
from orchestration.configuration.sheet import Sheet, read
from orchestration.configuration.sides import odd_sides, trunks_in_force
from orchestration.typed import day, instant, is_country_code

_PRICES = {
    "per_minute": ("rate_per_minute", "initial_rate_per_minute"),
    "block": ("initial_charge", "increment_charge"),
}
"""The kinds of table in which a call without a rate has no price, and what a rate has one by."""

_OF_ACCOUNTS = ("rate_assignments", "consumption_profiles", "subscriptions")
_SAME_RATE = ("rate_table_id", "prefix", "calling_prefix", "jurisdiction", "band")


def warnings(directory: Path, now: datetime, priced: Collection[str] = ()) -> list[Problem]:
    """What to warn of in the configuration CSVs in `directory`, by file and line.

    `priced` are the rate tables that accepted decks have prices for. What a file that cannot be read to its end would
    say is not guessed at.
    """
    sheets: Sheets = {name: read(file, directory) for name, file in FILES.items()}
    found = [blank for sheet in sheets.values() for blank in blank_lines(sheet)]
    found += _of(sheets, same_instant, "rates")
    found += country_codes_dialled(sheets)
    found += _of(sheets, lambda of: without_rates(of, now, priced), "rate_assignments", "rate_tables", "rates")
    found += _of(sheets, lambda of: odd_sides(of, now), "accounts", "trunks", "rate_assignments")
    found += _of(sheets, lambda of: without_trunks(of, now), "accounts", "trunks")
    found += _of(sheets, lambda of: without_prices(of, now), "accounts", "service_rates", "subscriptions")
    found += _of(sheets, lambda of: idle(of, now), "accounts", *_OF_ACCOUNTS)
    found += _of(sheets, nobody_may, "operators")
    found += _of(sheets, without_second, "company", "operators")
    found += _of(sheets, lambda of: odd_hours(of["timetables"]), "timetables")
    found += _of(sheets, lambda of: without_effect(of, now), *FILES)
    found += _of(sheets, lambda of: without_band(of, now, priced), *FILES)
    found += _of(sheets, lambda of: odd_times(of, now), *FILES)
    found += _of(sheets, lambda of: without_exchange(of, now), *FILES)
    found += _of(sheets, lambda of: odd_names(of, now), *FILES)
    found += [odd for sheet in sheets.values() for odd in dialled_prefixes(sheet)]
    rank = {sheet.shown: at for at, sheet in enumerate(sheets.values())}
    return sorted(found, key=lambda warning: (rank[warning.file], warning.line or 0))


def _of(sheets: Sheets, rule: Callable[[Sheets], Iterable[Problem]], *read_to_the_end: str) -> Iterator[Problem]:
    if all(sheets[name].whole for name in read_to_the_end):
        yield from rule(sheets)


def blank_lines(sheet: Sheet) -> Iterator[Problem]:
    """Lines with nothing on them are passed over: one warning a file, for what it is a sign of is in all of it."""
    if sheet.blank:
        more = len(sheet.blank) - 1
        wrong = "the line is blank" + (f" (and {more:,} more of the file)" if more else "")
        yield Problem(sheet.shown, sheet.blank[0], None, wrong, "nothing is read from it: delete it, or write the row")


def dialled_prefixes(sheet: Sheet) -> Iterator[Problem]:
    """Prefixes with a 0 before them, as people dial: international numbers have none. Once a column and file."""
    for column in sheet.file.columns:
        of_list = column.type is Type.LIST and column.item == PREFIX_ITEM
        if column.type is not Type.PREFIX and not of_list:
            continue
        odd = [
            (row, item)
            for row, cell in enumerate(sheet[column.name])
            if "0" in cell
            for item in (cell.split() if of_list else [cell])
            if item.startswith("0")
        ]
        if odd:
            (row, item), more = odd[0], len(odd) - 1
            wrong = f'"{item}" begins with 0, which no country code does' + (f" (and {more:,} more)" if more else "")
            code = re.fullmatch("00([1-9][0-9]*)", item)
            right = f"write {code[1]}" if code else "write it with its country code"
            right += "; what is dialled before it is in sources.csv (international_prefixes, country_code)"
            yield sheet.at(row, column.name, wrong, right)


def country_codes_dialled(sheets: Sheets) -> Iterator[Problem]:
    """A country code in place of what is dialled before it; of one's own that is an error."""
    sheet = sheets["sources"]
    for row, (own, cell) in enumerate(sheet.columns("country_code", "international_prefixes")):
        for prefix in cell.split():
            if is_country_code(prefix) and prefix != own:
                wrong = f'"{prefix}" is a country code: it is dropped, and what is left is another country\'s number'
                right = "write what is dialled before it, like 00; leave it if it is a technical prefix of the source"
                yield sheet.at(row, "international_prefixes", wrong, right)


def same_instant(sheets: Sheets) -> Iterator[Problem]:
    """Two prices for the same calls from the same instant on: the later line counts."""
    sheet = sheets["rates"]
    since = {cell: instant(cell) if cell else datetime.min for cell in set(sheet["valid_from"])}
    seen: dict[tuple[str, ...], dict[datetime | None, int]] = defaultdict(dict)
    for row, (start, *key) in enumerate(sheet.columns("valid_from", *_SAME_RATE)):
        earlier = seen[tuple(key)].get(since[start])
        if earlier is not None:
            table, prefix = key[:2]
            which = f"{table} has a price for {prefix or 'every number'} from {start or 'always'} on line "
            which += f"{sheet.lines[earlier]} too"
            right = "delete the one that is not meant, or change its valid_from; of the two the later line counts"
            yield sheet.at(row, "prefix", which, right)
        seen[tuple(key)][since[start]] = row


def without_rates(sheets: Sheets, now: datetime, priced: Collection[str]) -> Iterator[Problem]:
    """Assigned tables that charge by rates and have none in force, or not yet: answered calls would be `no_rate`."""
    kinds = sheets["rate_tables"].mapping("rate_table_id", "kind")
    spans: dict[str, set[tuple[datetime, datetime]]] = defaultdict(set)
    rates = sheets["rates"]
    prices = sorted({price for columns in _PRICES.values() for price in columns})
    for table, start, end, *cells in rates.columns("rate_table_id", "valid_from", "valid_to", *prices):
        if any(cells) and (held := span(start, end)):
            spans[table].add(held)
    sheet, told = sheets["rate_assignments"], set()
    for held_, (table, account) in in_force(sheet, now, "rate_table_id", "account_id"):
        if table in told or table in priced or kinds.get(table) not in _PRICES:
            continue
        if any(start <= held_.start < end for start, end in spans[table]):
            continue
        told.add(table)
        later = [start for start, end in spans[table] if held_.start < start < held_.end]
        which = "in force" if table in rates.known("rate_table_id") else "at all"
        which = f"in force before {min(later)}" if later else which
        wrong = f"{table} has no price {which}: answered calls of {account} would be unrated (no_rate)"
        right = "add its prices to rates.csv, or accept a deck that has them (tollbook rates accept)"
        yield sheet.at(held_.row, "rate_table_id", wrong, right)


def without_trunks(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """No trunk at all by which calls come in, or none yet: every answered call would be `no_account`."""
    sheet = sheets["trunks"]
    held = [held for held, _, direction, _ in trunks_in_force(sheets, now) if direction == "ingress"]
    if any(trunk.start <= now for trunk in held):
        return
    since = f" before {min(trunk.start for trunk in held)}" if held else ""
    wrong = f"no trunk is an account's{since}: answered calls would be unrated (no_account)"
    right = "write each ingress trunk with its account, as CDRs name it"
    written = in_force(sheet, now, "account_id", "direction")
    ended = next((account for _, (account, direction) in written if direction == "ingress" and not held), None)
    right += f", or correct when {ended} ends in accounts.csv" if ended else ""
    yield Problem(sheet.shown, None, None, wrong, right)


def without_exchange(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Pairs of currencies that calls and services will be converted by, and that fx_rates.csv has no rate for."""
    first: dict[tuple[str, str], date] = {}
    for currency, to, start in sheets["fx_rates"].columns("from_currency", "to_currency", "valid_from"):
        if since := day(start):
            first[currency, to] = min(since, first.get((currency, to), since))
    told: set[tuple[str, str]] = set()
    for sheet, held, column, currency, to, wrong in _conversions(sheets, now):
        pair, on = (currency, to), held.start.date()
        if all(pair) and currency != to and pair not in told and not (pair in first and first[pair] <= on):
            told.add(pair)
            yield sheet.at(held.row, column, wrong, f"add {currency},{to} to fx_rates.csv, from {on} or before")


class Conversion(NamedTuple):
    """An amount that will be converted: by which cell, while when, the pair, and what is so without a rate for it."""

    sheet: Sheet
    held: Held
    column: str
    currency: str
    to: str
    without: str


def _conversions(sheets: Sheets, now: datetime) -> Iterator[Conversion]:
    """Those without which something is unrated come first: of a pair one is told."""
    account_currency = sheets["accounts"].mapping("account_id", "currency")
    reporting = next(iter(sheets["company"]["reporting_currency"]), "")
    priced = [*_of_assignments(sheets, now), *_of_services(sheets, now)]
    for sheet, held, column, what, currency, account in priced:
        to = account_currency.get(account, "")
        why = f"{what} is in {currency} and {account} in {to}: what it prices would be unrated (no_fx)"
        yield Conversion(sheet, held, column, currency, to, why)
    yield from _of_markups(sheets, now)
    for sheet, held, column, what, currency, _ in priced:
        why = f"{what} is in {currency}, reports are in {reporting}: they would lack its amounts and margins"
        yield Conversion(sheet, held, column, currency, reporting, why)
    yield from _of_budgets(sheets, now)


_Priced = tuple[Sheet, Held, str, str, str, str]


def _of_assignments(sheets: Sheets, now: datetime) -> Iterator[_Priced]:
    sheet, currencies = sheets["rate_assignments"], sheets["rate_tables"].mapping("rate_table_id", "currency")
    for held, (table, account) in in_force(sheet, now, "rate_table_id", "account_id"):
        yield sheet, held, "rate_table_id", f"rate table {table}", currencies.get(table, ""), account


def _of_services(sheets: Sheets, now: datetime) -> Iterator[_Priced]:
    """Of what is subscribed to, and of what an account has a price of its own for."""
    prices: dict[tuple[str, str], set[str]] = defaultdict(set)
    own = sheets["service_rates"]
    for held, (service, account, currency) in in_force(own, now, "service", "account_id", "currency"):
        prices[service, account].add(currency)
        if account:
            yield own, held, "currency", f"the price of {service}", currency, account
    sheet = sheets["subscriptions"]
    for held, (service, account) in in_force(sheet, now, "service", "account_id"):
        for currency in sorted(prices[service, account] or prices[service, ""]):
            yield sheet, held, "service", f"the price of {service}", currency, account


def _of_markups(sheets: Sheets, now: datetime) -> Iterator[Conversion]:
    """What calls are bought for is converted to the currency of the markup table that they are sold by."""
    sheet, tables = sheets["rate_assignments"], sheets["rate_tables"]
    kinds, currencies = (tables.mapping("rate_table_id", column) for column in ("kind", "currency"))
    assigned = list(in_force(sheet, now, "rate_table_id", "account_id", "side"))
    bought = {currencies.get(table, ""): account for _, (table, account, side) in assigned if side == "buy"}
    for held, (table, _, side) in assigned:
        if side == "sell" and kinds.get(table) == "markup":
            for currency, carrier in bought.items():
                to = currencies.get(table, "")
                why = f"{table} adds to what calls cost, in {to}, and {carrier} charges in {currency}: "
                yield Conversion(sheet, held, "rate_table_id", currency, to, why + "they would be unrated (no_fx)")


def _of_budgets(sheets: Sheets, now: datetime) -> Iterator[Conversion]:
    """What the accounts of a department spend is converted to the currency of its budget."""
    spent: dict[str, set[str]] = defaultdict(set)
    for department, currency, end in sheets["accounts"].columns("department", "currency", "valid_to"):
        if span("", end) and (instant(end) or datetime.max) > now:
            spent[department].add(currency)
    sheet = sheets["budgets"]
    for row, department, first in current_budgets(sheet, now):
        held, to = Held(row, max(datetime.combine(first, time.min), now), datetime.max), sheet["currency"][row]
        for currency in sorted(spent[department]):
            why = f"{department} spends in {currency} and has its budget in {to}: what is left of it would be unknown"
            yield Conversion(sheet, held, "currency", currency, to, why)
