"""Exact fractions to decimals, as they are shown."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

_WIDE = Context(prec=60)


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Half up on the exact value, which may not be negative."""
    units = (2 * value.numerator * 10**decimals + value.denominator) // (2 * value.denominator)
    return Decimal(units).scaleb(-decimals, _WIDE)
