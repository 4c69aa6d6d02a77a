"""From a duration and a rate to billed seconds and one exact, not yet converted charge."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from orchestration.audit.company import RateRow, RateTable
from orchestration.audit.money import round_amount, round_seconds

ZERO = Fraction(0)
MINUTE = Fraction(60)


def initial_s(table: RateTable, row: RateRow) -> Fraction:
    """Seconds of the first interval: the row's own, else the table's."""
    return table.initial_s if row.initial_s is None else row.initial_s


def increment_s(table: RateTable, row: RateRow) -> Fraction:
    """Seconds of each further interval: the row's own, else the table's; 0 is no pulse."""
    return table.increment_s if row.increment_s is None else row.increment_s


def connect_charge(table: RateTable, row: RateRow) -> Fraction:
    """What a call past grace owes before its first second: the row's own, else the table's."""
    return table.connect_charge if row.connect_charge is None else row.connect_charge


def grace_s(table: RateTable, row: RateRow | None) -> Fraction:
    """Seconds up to which an answered call is free: the row's own, else the table's."""
    return table.grace_s if row is None or row.grace_s is None else row.grace_s


def free_s(table: RateTable, row: RateRow) -> Fraction:
    """Seconds taken off a call: the row's own, else the table's."""
    return table.free_s if row.free_s is None else row.free_s


def least_charge(table: RateTable, row: RateRow | None) -> Fraction | None:
    """The bound from below: the row's own, where 0 is none, else the table's."""
    return table.min_charge if row is None or row.min_charge is None else row.min_charge or None


def highest_charge(table: RateTable, row: RateRow | None) -> Fraction | None:
    """The bound from above: the row's own, where 0 is none, else the table's."""
    return table.max_charge if row is None or row.max_charge is None else row.max_charge or None


def has_price(table: RateTable, row: RateRow) -> bool:
    """Whether the row names a price of its table's kind."""
    if table.kind == "block":
        return row.initial_charge is not None or row.increment_charge is not None
    return row.rate_per_minute is not None or row.initial_rate_per_minute is not None


def within_grace(table: RateTable, row: RateRow | None, duration_s: Fraction) -> bool:
    """Whether the call is so short that nothing is charged for it."""
    return duration_s <= grace_s(table, row)


def billed_seconds(table: RateTable, row: RateRow, duration_s: Fraction) -> Fraction:
    """Seconds billed for an answered call; 0 within grace and where `free_s` covers the call."""
    if within_grace(table, row, duration_s):
        return ZERO
    left = round_seconds(duration_s, table.seconds_rounding) - free_s(table, row)
    if left <= 0:
        return ZERO
    first, increment = initial_s(table, row), increment_s(table, row)
    if left <= first:
        return first
    if increment == 0:
        return left
    if table.increment_from == "zero":
        return math.ceil(left / increment) * increment
    return first + math.ceil((left - first) / increment) * increment


def own_charge(table: RateTable, row: RateRow, billed_s: Fraction, covered_s: Fraction = ZERO) -> Fraction:
    """The exact charge of a per_minute or block table for a call past grace, not rounded.

    The first `covered_s` seconds, fewer than are billed, are free: the rest cost what they cost
    at their own place in the call.
    """
    connect = connect_charge(table, row)
    if billed_s == 0:
        return connect
    if table.kind == "block":
        return connect + _blocks_charge(table, row, billed_s, covered_s)
    rate = row.rate_per_minute or ZERO
    if row.initial_rate_per_minute is None:
        return connect + rate * (billed_s - covered_s) / MINUTE
    first_ends = min(billed_s, initial_s(table, row))
    first = max(ZERO, first_ends - covered_s)
    rest = billed_s - max(first_ends, covered_s)
    return connect + (row.initial_rate_per_minute * first + rate * rest) / MINUTE


def _blocks_charge(table: RateTable, row: RateRow, billed_s: Fraction, covered_s: Fraction) -> Fraction:
    """The initial block and the increments, without those that begin within the covered seconds."""
    first, increment = initial_s(table, row), increment_s(table, row)
    blocks = (billed_s - first) / increment
    begun = max(0, math.ceil((covered_s - first) / increment))
    initial = ZERO if covered_s > 0 else row.initial_charge or ZERO
    return initial + (blocks - begun) * (row.increment_charge or ZERO)


def split_charge(table: RateTable, row: RateRow, parts: Iterable[tuple[RateRow, Fraction]]) -> Fraction:
    """The exact charge of a call cut at band edges: `parts` are each band's rate and seconds to pay.

    `row` is the rate of the band that the call began in; it alone gives the connect charge.
    """
    by_band = ((part.rate_per_minute or ZERO) * seconds for part, seconds in parts)
    return connect_charge(table, row) + sum(by_band, ZERO) / MINUTE


def markup_charge(table: RateTable, row: RateRow | None, cost: Fraction) -> Fraction:
    """The cost (in the table's currency, not rounded) with the row's or table's percentage on."""
    own = None if row is None else row.markup_pct
    percent = table.markup_pct if own is None else own
    return cost * (1 + percent / 100)


def rounded(table: RateTable, charge: Fraction) -> Fraction:
    """The one rounding of a leg."""
    return round_amount(charge, table.amount_decimals, table.amount_rounding)


def bounded(table: RateTable, row: RateRow | None, amount: Fraction) -> Fraction:
    """The rounded amount of an answered leg past grace, within the bounds of its row and table."""
    least, highest = least_charge(table, row), highest_charge(table, row)
    if least is not None:
        amount = max(amount, least)
    return amount if highest is None else min(amount, highest)
