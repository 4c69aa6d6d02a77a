"""The keys of a mapping file, taken one by one, each with what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any

from orchestration.configuration.nearest import listed, suggestion
from orchestration.configuration.problem import Problem


class Keys:
    """Takes the keys of a mapping, or of a section of it; what is left at the end is unknown."""

    def __init__(self, shown: str, values: dict[str, Any], inside: str = "") -> None:
        self.shown, self.values, self.inside = shown, values, inside
        self.problems: list[Problem] = []
        self._known: list[str] = []

    def report(self, key: str | None, wrong: str, right: str) -> None:
        """Keep a problem with the key (None: with the section)."""
        where = ".".join(filter(None, (self.inside, key))) or None
        self.problems.append(Problem(self.shown, None, where, wrong, right))

    def take(self, key: str) -> Any:
        """The key's value, whatever it is; None where it is not there."""
        self._known.append(key)
        return self.values.get(key)

    def take_all(self, names: Collection[str]) -> dict[str, Any]:
        """Those of the keys that are there."""
        self._known += names
        return {name: value for name, value in self.values.items() if name in names}

    def refuse_others(self) -> None:
        """Report the keys that nobody took."""
        for key in self.values.keys() - set(self._known):
            right = suggestion(key, self._known, f"write {listed(self._known)}")
            self.report(key, "there is no such key", right)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.report(key, f"{value!r} is not a text", f'write {key} = "..."')
        return None

    def judged(self, key: str, default: str, good: Callable[[str], bool], what: str, right: str) -> str:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, str) and good(value):
            return value
        self.report(key, f"{value!r} is not {what}", right)
        return default

    def choice(self, key: str, values: Sequence[str]) -> str | None:
        value = self.take(key)
        if value is None or value in values:
            return None if value is None else str(value)
        self.report(key, f"{value!r} is not possible", "write " + " or ".join(f'"{v}"' for v in values))
        return None

    def integer(self, key: str, low: int, high: int = 1_000_000) -> int | None:
        value = self.take(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
            return value
        self.report(key, f"{value!r} is not a whole number from {low}", f"write {key} = {max(low, 1)}")
        return None

    def number(self, key: str) -> Decimal | None:
        value = self.take(key)
        if value is None:
            return None
        # a TOML float is binary: a price may not pass through one
        if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) and Decimal(value) > 0:
            return Decimal(value)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return Decimal(value)
        self.report(key, f"{value!r} is not a number above 0 in quotes", f'write {key} = "0.01"')
        return None

    def pattern(self, key: str, groups: int) -> re.Pattern[str] | None:
        value = self.take(key)
        if value is None:
            return None
        try:
            pattern = re.compile(value)
            if pattern.groups == groups:
                return pattern
            wrong = f"{value!r} has {pattern.groups} groups"
        except (re.error, TypeError) as error:
            wrong = f"{value!r} is not a regular expression ({error})"
        self.report(key, wrong, "write one " + ("with one pair of parentheses" if groups else "without parentheses"))
        return None

    def formats(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if value is None:
            return ()
        formats = [value] if isinstance(value, str) else value
        if isinstance(formats, list) and all(isinstance(f, str) and _is_date_format(f) for f in formats):
            return tuple(formats)
        self.report(key, f"{value!r} is not a date format", 'write one like "%d/%m/%Y", with year, month and day')
        return ()

    def cells(self, key: str) -> frozenset[str] | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(cell, str) for cell in value):
            return frozenset(cell.strip().casefold() for cell in value)
        self.report(key, f"{value!r} is not a list of texts", f'write {key} = ["-1", "blocked"]')
        return None

    def table(self, key: str) -> dict[str, Any]:
        value = self.take(key)
        if value is None or isinstance(value, dict):
            return value or {}
        self.report(key, f"{value!r} is not a section", f"write [{key}] and its keys below it")
        return {}

    def section(self, key: str) -> Keys:
        """The keys of a section; `close` it when all that it may have is taken."""
        return Keys(self.shown, self.table(key), key)

    def close(self, section: Keys) -> None:
        section.refuse_others()
        self.problems += section.problems


def _is_date_format(text: str) -> bool:
    month = re.search(r"%[mbB]", text)
    return bool(re.search(r"%[yY]", text) and month and "%d" in text) or "%j" in text
