"""Telephone numbers: from what a switch writes to the digits that prefixes are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_DIGITS = 15

_PLUS = "+"
_PUNCTUATION = str.maketrans("", "", " -.()")
_DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")

# What is dialled before a national number, by country code: the metadata of phonenumbers 9.0.43 (PyPI, Apache-2.0).
_ZERO = """
    20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86 90 91 92 93 94 95 98
    211 212 213 218 231 232 233 234 243 249 250 251 252 254 255 256 260 261 262 263 264 265 291
    353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 421 423
    508 590 591 593 594 595 596 598 686 850 855 856 880 886 961 962 963 964 966 967 970 971 972 976 977 994 995 996
"""
_OTHERS = {"1": "1", "692": "1", "7": "8", "375": "8", "993": "8", "36": "06"}
NATIONAL_PREFIXES = dict.fromkeys(_ZERO.split(), "0") | _OTHERS


@dataclass(frozen=True)
class Numbering:
    """How a source writes numbers. With a country code those without a `+` or an international prefix are national."""

    international_prefixes: tuple[str, ...] = ()
    country_code: str | None = None
    national_prefix: str = ""

    @classmethod
    def of_country(cls, country_code: str, national_prefix: str, international_prefixes: tuple[str, ...]) -> Numbering:
        """As in sources.csv: an empty national prefix is the country's own, `none` is nothing."""
        if not country_code:
            return cls(international_prefixes)
        national = national_prefix or NATIONAL_PREFIXES.get(country_code, "none")
        return cls(international_prefixes, country_code, "" if national == "none" else national)


WRITTEN_IN_FULL = Numbering()


def clean_number(raw: str | None, numbering: Numbering = WRITTEN_IN_FULL) -> str | None:
    """The 1 to 15 digits of a number, None if it is bad.

    The longest of the source's international prefixes that begins the number (punctuation dropped) is dropped once. A
    national number loses its national prefix and gets the country code.
    """
    written = (raw or "").translate(_PUNCTUATION)
    number = written.replace(_PLUS, "")
    dialled = max((p for p in numbering.international_prefixes if number.startswith(p)), key=len, default=None)
    if numbering.country_code is None or dialled is not None or written.startswith(_PLUS):
        number = number.removeprefix(dialled or "")
    elif national := number.removeprefix(numbering.national_prefix):
        number = numbering.country_code + national
    else:
        return None
    return number if _DIGITS.fullmatch(number) else None


def prefixes_of(numbers: Iterable[str], conventions: Iterable[Numbering]) -> frozenset[str]:
    """Every prefix that could begin one of the raw numbers, as any of the sources may have written it."""
    conventions = [WRITTEN_IN_FULL, *conventions]
    prefixes = {""}
    for raw in numbers:
        for convention in conventions:
            number = clean_number(raw, convention)
            if number is not None:
                prefixes.update(number[:length] for length in range(1, len(number) + 1))
    return frozenset(prefixes)
