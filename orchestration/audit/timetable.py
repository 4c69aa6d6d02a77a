"""Which band a local time is in: weekdays, windows that wrap past midnight, holidays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """One row of a timetable; times are seconds after local midnight, weekdays 0 = Monday."""

    priority: int
    band: str
    weekdays: frozenset[int]
    starts_at: int
    ends_at: int

    def holds(self, weekday: int, second: int) -> bool:
        """Whether local second `second` of a day that is `weekday` is inside."""
        if self.starts_at < self.ends_at:
            return weekday in self.weekdays and self.starts_at <= second < self.ends_at
        if second >= self.starts_at:
            return weekday in self.weekdays
        # The tail of a window that wrapped belongs to the day before, on which it began.
        return second < self.ends_at and (weekday - 1) % 7 in self.weekdays


@dataclass(frozen=True)
class Timetable:
    """Windows in order of priority, and the bands of whole local dates."""

    windows: Sequence[Window]
    holidays: Mapping[date, str]

    def band_at(self, t: datetime, timezone: ZoneInfo) -> str | None:
        """The band of the UTC instant `t`, None where no holiday and no window holds it."""
        local = t.replace(tzinfo=UTC).astimezone(timezone)
        if local.date() in self.holidays:
            return self.holidays[local.date()]
        second = second_of_day(local.time())
        for window in self.windows:
            if window.holds(local.weekday(), second):
                return window.band
        return None

    def cut_after(
        self, covered_s: Fraction, t: datetime, billed_s: Fraction, timezone: ZoneInfo
    ) -> dict[str | None, Fraction]:
        """The billed seconds after the first `covered_s`, by the band that each second starts in.

        Every band that the call touches is there, with 0 where its seconds are covered.
        """
        parts = self.cut(t, billed_s, timezone)
        for band, seconds in self.cut(t, covered_s, timezone).items():
            parts[band] -= seconds
        return parts

    def cut(self, t: datetime, billed_s: Fraction, timezone: ZoneInfo) -> dict[str | None, Fraction]:
        """The billed seconds from UTC `t` on, by the band that each second starts in.

        A last second that is billed only in part counts for that part.
        """
        # No band begins or ends inside a whole minute (UTC offsets are whole minutes too), so
        # that it is enough to look once a minute, unless the company's own edges are finer.
        whole_minutes = all(w.starts_at % 60 == w.ends_at % 60 == 0 for w in self.windows)
        step = timedelta(minutes=1) if whole_minutes else ONE_SECOND
        parts: dict[str | None, Fraction] = {}
        second, last = 0, math.ceil(billed_s)
        while second < last:
            u = t + second * ONE_SECOND
            step_ends = u - (u - datetime.min) % step + step
            following = min(second - (u - step_ends) // ONE_SECOND, last)
            seconds = min(Fraction(following), billed_s) - second
            band = self.band_at(u, timezone)
            parts[band] = parts.get(band, Fraction(0)) + seconds
            second = following
        return parts


def second_of_day(local: time) -> int:
    """Whole seconds since local midnight by the clock on the wall."""
    return local.hour * 3600 + local.minute * 60 + local.second


def parse_time(text: str) -> int:
    """`HH:MM` (or `HH:MM:SS`, or `24:00`) as seconds after midnight. Raises `ValueError`."""
    if text.strip() in ("24:00", "24:00:00"):
        return 24 * 3600
    return second_of_day(time.fromisoformat(text.strip()))


def parse_days(text: str) -> frozenset[int]:
    """`all`, `mon-fri`, `sat,sun`, `fri-mon,wed` as weekday numbers. Raises `ValueError`."""
    days: set[int] = set()
    for part in text.lower().split(","):
        if part.strip() == "all":
            return frozenset(range(7))
        first, _, last = (name.strip() for name in part.partition("-"))
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last or first) - start) % 7 + 1
        days.update((start + offset) % 7 for offset in range(length))
    return frozenset(days)
