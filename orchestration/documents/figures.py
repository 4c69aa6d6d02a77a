"""Figures as they are written in files and on paper: exact decimal text, never rounded, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact

# more digits than any sum has, and an error rather than a digit lost
_EXACT = Context(prec=60, traps=[Inexact])


def fixed(value: Decimal, decimals: int = 8) -> str:
    """`value` with exactly so many decimals: 1.5 -> 1.50000000. Raises `decimal.Inexact` where it has more."""
    written = value.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return f"{written if written else abs(written):f}"


def grouped(value: Decimal | int, decimals: int = 0) -> str:
    """The same for people: 1234.5 -> 1,234.50, with a minus sign that is as wide as a digit."""
    text = fixed(Decimal(value), decimals)
    whole, _, fraction = text.removeprefix("-").partition(".")
    return ("\N{MINUS SIGN}" if text[0] == "-" else "") + f"{int(whole):,}" + (f".{fraction}" if fraction else "")


def decimals_needed(values: Iterable[Decimal | None], least: int = 0) -> int:
    """How many decimals a column has to show so that none of its figures loses a digit."""
    needed = least
    for value in values:
        if value is not None:
            exponent = value.normalize(_EXACT).as_tuple().exponent
            needed = max(needed, -exponent if isinstance(exponent, int) else 0)
    return needed


def minutes(seconds: Decimal, decimals: int = 0) -> str:
    """Seconds as minutes and seconds: 75.25 -> 1:15.25, 600000 -> 10,000:00. `decimals` of a second are shown."""
    text = fixed(seconds, decimals)
    whole, _, fraction = text.removeprefix("-").partition(".")
    on_the_clock = f"{int(whole) // 60:,}:{int(whole) % 60:02}" + (f".{fraction}" if fraction else "")
    return ("\N{MINUS SIGN}" if text[0] == "-" else "") + on_the_clock
