"""Which rows are in force now or later, and spans of time: [start, end), UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from orchestration.configuration.rules import span
from orchestration.configuration.sheet import Sheet

Span = tuple[datetime, datetime]

ALWAYS: list[Span] = [(datetime.min, datetime.max)]


class Held(NamedTuple):
    """A row by which an account has something, from `start` (now, or later) to `end`."""

    row: int
    start: datetime
    end: datetime

    @property
    def span(self) -> Span:
        return self.start, self.end


def in_force(sheet: Sheet, now: datetime, *columns: str) -> Iterator[tuple[Held, tuple[str, ...]]]:
    """The rows that are in force now or later, with these of their cells."""
    for row, (start, end, *cells) in enumerate(sheet.columns("valid_from", "valid_to", *columns)):
        if (held := span(start, end)) and held[1] > now:
            yield Held(row, max(held[0], now), held[1]), tuple(cells)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as can be, in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result


def common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The time that is in both."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(start, end) for start, end in both if start < end]


def without(some: Sequence[Span], others: Iterable[Span]) -> list[Span]:
    """The time of `some` that is in none of `others`."""
    left = list(some)
    for start, end in others:
        left = [(a, b) for c, d in left for a, b in ((c, min(d, start)), (max(c, end), d)) if a < b]
    return left
