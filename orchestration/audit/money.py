"""Exact rounding of amounts and seconds, and exact decimals out of fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

ROUNDINGS = ("up", "down", "half_up", "half_down", "half_even")
SECONDS_ROUNDINGS = ("none", "up", "down", "half_up", "half_down")

# Converted amounts carry this many decimals, whatever the table's own amounts carry.
CONVERTED_DECIMALS = 8

HALF = Fraction(1, 2)


def round_amount(value: Fraction, decimals: int, rounding: str) -> Fraction:
    """Round to `decimals` places: `up` is away from zero, `down` toward it, as are the halves."""
    scaled = abs(value) * 10**decimals
    whole = scaled.numerator // scaled.denominator
    if _goes_up(whole, scaled - whole, rounding):
        whole += 1
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


def round_seconds(duration: Fraction, rounding: str) -> Fraction:
    """Round a duration to whole seconds; `none` leaves it as it is."""
    return duration if rounding == "none" else round_amount(duration, 0, rounding)


def _goes_up(whole: int, rest: Fraction, rounding: str) -> bool:
    """Whether `whole + rest` (0 <= rest < 1) rounds to `whole + 1`."""
    if rounding == "down" or rest == 0:
        return False
    if rounding == "up":
        return True
    if rest != HALF:
        return rest > HALF
    if rounding == "half_even":
        return whole % 2 == 1
    if rounding in ("half_up", "half_down"):
        return rounding == "half_up"
    raise ValueError(f"unknown rounding {rounding!r}")


def to_decimal(value: Fraction, decimals: int = CONVERTED_DECIMALS) -> Decimal:
    """The same number as a Decimal of `decimals` places; `ValueError` if it has more of them."""
    scaled = value * 10**decimals
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than {decimals} decimals")
    return Decimal(scaled.numerator).scaleb(-decimals)
