"""Telephone numbers: from what a switch writes to the digits that prefixes are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MAX_DIGITS = 15

_PUNCTUATION = str.maketrans("", "", "+ -.()")
_DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")


def clean_number(raw: str | None, international_prefixes: Sequence[str]) -> str | None:
    """The 1 to 15 digits of a number, None if it is bad.

    The longest of the source's international prefixes that begins the number (punctuation
    dropped) is dropped once.
    """
    number = without_prefix((raw or "").translate(_PUNCTUATION), international_prefixes)
    return number if _DIGITS.fullmatch(number) else None


def without_prefix(number: str, international_prefixes: Sequence[str]) -> str:
    """`number` without the longest of the prefixes that begins it."""
    matching = (prefix for prefix in international_prefixes if number.startswith(prefix))
    return number[len(max(matching, key=len, default="")) :]


def prefixes_of(numbers: Iterable[str], conventions: Iterable[Sequence[str]]) -> frozenset[str]:
    """Every prefix that could begin one of the raw numbers, under any source's convention."""
    conventions = [(), *conventions]
    found = {""}
    for raw in numbers:
        for convention in conventions:
            number = clean_number(raw, convention)
            if number is not None:
                found.update(number[:length] for length in range(1, len(number) + 1))
    return frozenset(found)
