"""Instants: naive UTC datetimes, exact to the microsecond."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

MICROSECONDS = 1_000_000


@lru_cache(maxsize=4096)  # a rate deck repeats a few instants many thousand times
def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 time or date as a naive UTC datetime.

    An offset is honoured, none means UTC, a date alone is its midnight. Raises `ValueError`.
    """
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant


def parse_date(text: str) -> date:
    """Read an ISO 8601 date; of a full time, its UTC date. Raises `ValueError`."""
    return parse_instant(text).date()


def seconds(duration: Decimal | Fraction | int) -> timedelta:
    """A duration in seconds as a timedelta; finer than a microsecond raises `ValueError`."""
    microseconds = Fraction(duration) * MICROSECONDS
    if microseconds.denominator != 1:
        raise ValueError(f"{duration} s is finer than a microsecond")
    return timedelta(microseconds=microseconds.numerator)


def in_force(valid_from: datetime | None, valid_to: datetime | None, t: datetime) -> bool:
    """Whether half-open `[valid_from, valid_to)` holds `t`; None is an open bound."""
    return (valid_from is None or valid_from <= t) and (valid_to is None or t < valid_to)
