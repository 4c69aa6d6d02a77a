"""How the cells of each column of a deck are read: one trimmed cell to text, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from orchestration.configuration.nearest import listed, suggestion
from orchestration.configuration.problem import Fault
from orchestration.configuration.schema import JURISDICTIONS
from orchestration.decks import values
from orchestration.decks.columns import PRICES, SECONDS
from orchestration.decks.mapping import DeckMapping

Parser = Callable[[str], str | Fault]
MAIN_PRICES = ("rate_per_minute", "initial_charge", "increment_charge", "markup_pct")
"""The prices whose empty cell means that the prefix is not offered; that of the others is inherited."""


def parser(column: str, mapping: DeckMapping) -> Parser:
    """The parser of a column that is not a prefix and no rate table."""
    if column in PRICES:
        return lambda cell: _price(column, cell, mapping)
    if column in SECONDS:
        return lambda cell: values.seconds(cell, mapping)
    if column in ("valid_from", "valid_to"):
        return lambda cell: values.moment(cell, mapping)
    if column == "action":
        return lambda cell: values.action(cell, mapping)
    if column in ("blocked", "ended"):
        return lambda cell: values.boolean(cell, column)
    words = mapping.words.get(column, {})
    if column == "jurisdiction":
        return lambda cell: _jurisdiction(words.get(cell.casefold(), cell))
    return lambda cell: words.get(cell.casefold(), cell)


def increment_parser(part: int, mapping: DeckMapping) -> Parser:
    """The parser of one part (0 or 1) of the column `increments`, like 60/6."""

    def parse(cell: str) -> str | Fault:
        pair = values.increments(cell, mapping)
        return pair if isinstance(pair, Fault) else pair[part]

    return parse


def rate_table_parser(mapping: DeckMapping, tables: Collection[str]) -> Parser:
    """The parser of rate tables' names, as the mapping's words say; `tables` are those there are."""
    words = mapping.words.get("rate_table", {})

    def parse(cell: str) -> str | Fault:
        table = words.get(cell.casefold(), cell)
        if table in tables:
            return table
        if words:
            return Fault(f'"{cell}" stands for no rate table', f'add "{cell}" = "..." to [values.rate_table]')
        right = suggestion(table, tables, f"write one of {listed(tables)}")
        return Fault(f'"{cell}" is not in rate_tables.csv' if cell else "the cell is empty", right)

    return parse


def _price(column: str, cell: str, mapping: DeckMapping) -> str | Fault:
    if not cell and mapping.is_canonical:
        return ""
    price = values.price(cell, mapping, percent=column == "markup_pct")
    if column in MAIN_PRICES or isinstance(price, Fault):
        return price
    return "" if price in (values.BLOCKED, values.NOT_OFFERED) else price


def _jurisdiction(cell: str) -> str | Fault:
    word = cell.casefold()
    if word in ("", *JURISDICTIONS):
        return word
    return Fault(
        f'"{cell}" is no jurisdiction', f"write {', '.join(JURISDICTIONS)}, or nothing; see [values.jurisdiction]"
    )
