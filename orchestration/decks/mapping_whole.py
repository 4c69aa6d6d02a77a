"""What the keys of a mapping, each right by itself, say of each other, or of the rate tables, that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestration import typed
from orchestration.configuration.nearest import listed, suggestion
from orchestration.decks.columns import INCREMENTS
from orchestration.decks.mapping import DeckMapping

Contradiction = tuple[str, str, str]
"""The key, what is wrong with it, what would be right."""


def contradictions(mapping: DeckMapping, tables: Mapping[str, str]) -> Iterator[Contradiction]:
    """All of them, in the order of the keys. `tables`: the rate tables there are, with the currency of each."""
    yield from _missing_columns(mapping)
    yield from _unknown_tables(mapping, tables)
    yield from _rate_table(mapping)
    if mapping.decimal == mapping.thousands:
        yield "thousands", f'"{mapping.thousands}" is the decimal separator too', "change one of the two"
    yield from _columns_twice(mapping)
    yield from _unread(mapping)
    if mapping.rules > 3:
        yield from _other_currencies(mapping, tables)
        yield from _country_codes(mapping)
    if mapping.rules > 4:
        for word in sorted(mapping.not_offered & mapping.blocked):
            yield "blocked", f'"{word}" is under not_offered too', "keep one of the two"


def _other_currencies(mapping: DeckMapping, tables: Mapping[str, str]) -> Iterator[Contradiction]:
    """What the prices are in, and the tables that they are for are not."""
    named = {mapping.rate_table_id, *mapping.words.get("rate_table", {}).values()} & tables.keys()
    for key, currency in (("currency", left_out(mapping)), ("constants.currency", mapping.constants.get("currency"))):
        others = sorted(str(table) for table in named if currency and tables[str(table)] not in ("", currency))
        if others:
            wrong = f"the deck is in {currency}, and {others[0]} in {tables[others[0]]}: prices are not converted"
            yield key, wrong, "ask for prices in that, or use a table in the deck's currency"


def left_out(mapping: DeckMapping) -> str | None:
    """The currency that the mapping leaves out of prices; None where it leaves out none, or a word of another kind."""
    return mapping.currency if re.fullmatch("[A-Z]{3}", mapping.currency or "") else None


def _country_codes(mapping: DeckMapping) -> Iterator[Contradiction]:
    """What stands before a country code is none: without it, another country's numbers are left."""
    for prefix in mapping.prefixes.international:
        # behind a + comes the country code
        if typed.is_country_code(prefix) or (prefix.startswith("+") and prefix[1:2] not in ("", "0")):
            wrong = f'"{prefix}" is the beginning of numbers, not what stands before their country code'
            yield "prefixes.international", wrong, 'write what is dialled before it, like ["+", "00"]'


def _missing_columns(mapping: DeckMapping) -> Iterator[Contradiction]:
    if not mapping.columns.keys() & {"prefix", "country_code"}:
        yield "columns.prefix", "it is missing", 'write [columns] and prefix = "..."'


def _unknown_tables(mapping: DeckMapping, tables: Mapping[str, str]) -> Iterator[Contradiction]:
    words = mapping.words.get("rate_table", {})
    for key, table in [
        ("rate_table_id", mapping.rate_table_id),
        *((f"values.rate_table.{word}", table) for word, table in words.items()),
    ]:
        if table is not None and not tables:
            wrong = f'"{table}" cannot be looked for: rate_tables.csv is empty, or cannot be read'
            yield key, wrong, "mend rate_tables.csv first (tollbook check)"
        elif table is not None and table not in tables:
            right = suggestion(table, tables, f"write one of {listed(tables)}")
            yield key, f'"{table}" is not in rate_tables.csv', right


def _rate_table(mapping: DeckMapping) -> Iterator[Contradiction]:
    if (mapping.rate_table_id is None) == ("rate_table" not in mapping.columns):
        wrong = "there is also columns.rate_table" if mapping.rate_table_id else "it is missing"
        right = "write the rate table's id, or the column that has it as columns.rate_table"
        yield "rate_table_id", wrong, right


def _columns_twice(mapping: DeckMapping) -> Iterator[Contradiction]:
    columns = mapping.columns
    if mapping.header == 0:
        for name, used in [*columns.items(), *(i for fan in mapping.fans for i in fan.columns.items())]:
            if any(isinstance(c, str) for c in used):
                yield f"columns.{name}", "a deck without a header has no names", "write the column's position"
    for fan in mapping.fans:
        for name in fan.columns.keys() & columns.keys():
            yield f"prices.{name}", "it is under [columns] too", "keep one of the two"
    everywhere = columns.keys() | {name for fan in mapping.fans for name in fan.columns}
    for name in INCREMENTS:
        if {"increments", name} <= everywhere:
            yield "columns.increments", f"{name} is there too", "keep one of the two"


def _unread(mapping: DeckMapping) -> Iterator[Contradiction]:
    """What says something that is never looked at, since something else says it."""
    columns, constants = mapping.columns, mapping.constants
    in_all_fans = set.intersection(*({*fan.columns} for fan in mapping.fans))
    for name in constants.keys() & (columns.keys() | in_all_fans):
        yield f"constants.{name}", "a column gives it", "keep one of the two"
    if "increments" in columns or "increments" in in_all_fans:
        for name in constants.keys() & {*INCREMENTS}:
            yield f"constants.{name}", "the column increments gives it", "keep one of the two"
    for name in ("band", "jurisdiction"):
        if all(getattr(fan, name) for fan in mapping.fans):
            for inside in ("columns", "constants"):
                if name in getattr(mapping, inside):
                    yield f"{inside}.{name}", "each of [[prices]] gives it", "keep one of the two"
    for name, words in mapping.words.items():
        if words and name not in columns:
            yield f"values.{name}", "no column has these words", f'write {name} = "..." under [columns]'
    if mapping.earlier_dates != "keep" and "valid_from" not in columns:
        yield "earlier_dates", "no row has a date of its own", "leave it out, or name the column valid_from"
