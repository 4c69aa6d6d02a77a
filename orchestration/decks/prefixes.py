"""Prefix cells as carriers write them, to the prefixes they stand for."""

import re
from dataclasses import dataclass
from functools import cached_property

from orchestration.configuration.problem import Fault

LONGEST = 15
_MOST = 10_000  # prefixes in one cell
_SPACE = re.compile(r"\s+")
_HYPHEN = re.compile("\\s*[-\u2013]\\s*")
# ^44.* and its like: a pattern that says no more than "begins with"
_PATTERN = re.compile(r"\^?(\+?[0-9]+)(?:\.\*|\.\+|\*|%|\[0-9\]\*|\\d\*|\.)?\$?")
_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
_SPOILED = re.compile(r"[0-9][.,]?[0-9]*[eE][+]?[0-9]+")


@dataclass(frozen=True)
class PrefixRules:
    """How the prefixes of a deck are written.

    `international`: what stands before the country code. `separators`: the characters between the items of a
    list; none: no lists. `ranges`: whether `4477-4479` is three prefixes (else the hyphen is decoration).
    """

    international: tuple[str, ...] = ("+", "00")
    separators: str = ",;/|\n"
    ranges: bool = True

    @cached_property
    def plain(self) -> re.Pattern[str]:
        """What nearly all cells are: one prefix, with an international prefix before it or not."""
        before = "|".join(re.escape(prefix) for prefix in sorted(self.international, key=len, reverse=True))
        return re.compile(rf"(?:{before})?([0-9]+)" if before else "([0-9]+)")


CANONICAL = PrefixRules((), "", False)


def expand(cell: str, country: str, rules: PrefixRules) -> list[str] | Fault:
    """The prefixes of one cell, in its order, the country code (`country`, may be empty) before each.

    An empty cell is the country code itself, or the default route where there is none.
    """
    if not country and (plain := rules.plain.fullmatch(cell)):
        return [plain[1]] if len(plain[1]) <= LONGEST else _too_long(plain[1])
    # word processors make a dash of a hyphen, people put spaces around it
    cell = _HYPHEN.sub("-", cell)
    code = _digits(country, rules) if country else ""
    if code is None:
        return Fault(f'"{country}" is not a country code', "write digits like 44 or +44")
    if not cell:
        return [code]
    items = re.split(f"[{re.escape(rules.separators)}]", cell) if rules.separators else [cell]
    prefixes: list[str] = []
    base = ""
    for item in (text.strip() for text in items):
        if not item:
            continue
        head, _, area = item.rpartition(" ")
        if head:
            base = _country(head, code, rules) or ""
            if not base:
                return Fault(
                    f'"{cell}" is not a prefix',
                    "write a country code of up to 3 digits, a space and area codes like 61 38,39;"
                    ' for a list that only spaces separate set separators = " " under [prefixes]',
                )
            item = area
        elif base and not code and item.startswith(base) and len(item) > len(prefixes[-1]) - len(base):
            return Fault(
                f'"{item}" in "{cell}" may be {item} or {base}{item}',
                "write the country code before each, or before none",
            )
        expanded = _item(item, code or base, not code and not base, rules)
        if isinstance(expanded, Fault):
            return expanded
        prefixes += expanded
        if len(prefixes) > _MOST:
            return Fault(f'"{cell[:40]}" stands for more than {_MOST:,} prefixes', "write shorter prefixes")
    return prefixes or [code]


def _item(text: str, base: str, leads: bool, rules: PrefixRules) -> list[str] | Fault:
    """One item; `leads`: it begins with its country code, so an international prefix may stand before that."""
    if rules.ranges and (ends := _RANGE.fullmatch(text)):
        return _range(base, ends[1], ends[2], leads, rules)
    digits = _digits(text, rules) if leads else _digits(text, CANONICAL)
    if digits is None:
        if _SPOILED.fullmatch(text):
            return Fault(f'"{text}" was a prefix once', "a spreadsheet has spoiled it: format the column as text")
        return Fault(f'"{text}" is not a prefix', "write digits like 4477, +4477, ^4477.*, 4477-4479 or 44 77,78")
    whole = base + digits
    return [whole] if len(whole) <= LONGEST else _too_long(whole)


def _range(base: str, low: str, high: str, leads: bool, rules: PrefixRules) -> list[str] | Fault:
    if leads:
        low, high = _without_international(low, rules), _without_international(high, rules)
    if len(low) != len(high) or low > high:
        return Fault(
            f'"{low}-{high}" is not a range',
            "write both ends with the same number of digits, the lower one first, like 4477-4479;"
            " where a hyphen is decoration set ranges = false under [prefixes]",
        )
    if len(base) + len(low) > LONGEST:
        return _too_long(base + low)
    if int(high) - int(low) >= _MOST:
        return Fault(f'"{low}-{high}" stands for more than {_MOST:,} prefixes', "write shorter prefixes")
    return [base + str(n).zfill(len(low)) for n in range(int(low), int(high) + 1)]


def _country(head: str, code: str, rules: PrefixRules) -> str | None:
    """The country code before a space; None when it cannot be one."""
    digits = _digits(head, rules)
    return digits if digits and len(digits) <= 3 and not code else None


def _digits(text: str, rules: PrefixRules) -> str | None:
    plain = text if rules.ranges or rules is CANONICAL else text.replace("-", "")
    if plain.startswith(('="', "'")):  # how spreadsheets are told to leave a number alone
        plain = plain.removeprefix("=").strip("\"'")
    if rules is not CANONICAL:
        plain = _SPACE.sub("", plain).replace("(", "").replace(")", "")
    pattern = _PATTERN.fullmatch(plain) if rules is not CANONICAL else None
    plain = _without_international(pattern[1] if pattern else plain, rules)
    return plain if plain.isdecimal() and plain.isascii() else None


def _without_international(digits: str, rules: PrefixRules) -> str:
    for prefix in sorted(rules.international, key=len, reverse=True):
        if digits.startswith(prefix):
            return digits[len(prefix) :]
    return digits


def _too_long(digits: str) -> Fault:
    return Fault(f'"{digits}" has {len(digits)} digits', f"write at most {LONGEST}")
