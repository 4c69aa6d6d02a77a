"""What a check warns of about timetables: rows that are never asked, and a minute that an end leaves out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from orchestration.configuration.problem import Problem
from orchestration.configuration.sheet import Sheet
from orchestration.configuration.weekdays import weekdays

_DAY = 24 * 60
_WEEK = 7 * _DAY


class Hours(NamedTuple):
    """A row of a timetable, in the order in which it is asked: from when until when, and its minutes of the week."""

    priority: int
    row: int
    band: str
    starts: int
    ends: int
    minutes: int


def odd_hours(sheet: Sheet) -> Iterator[Problem]:
    """Rows that others before them leave nothing to, and ends by which the last minute is left out."""
    for rows in hours_of(sheet).values():
        yield from _never_asked(sheet, sorted(rows))
        yield from _left_out(sheet, rows)


def hours_of(sheet: Sheet) -> dict[str, list[Hours]]:
    """The rows of each timetable."""
    timetables: dict[str, list[Hours]] = defaultdict(list)
    names = ("timetable_id", "priority", "band", "days", "starts_at", "ends_at")
    for row, (timetable, priority, band, days, start, end) in enumerate(sheet.columns(*names)):
        starts, ends = _minute(start), _minute(end)
        timetables[timetable].append(
            Hours(int(priority), row, band, starts, ends, _minutes(weekdays(days), starts, ends))
        )
    return timetables


def _minute(time: str) -> int:
    """Of the day; 24:00 is the last one's end."""
    return int(time[:2]) * 60 + int(time[3:5])


def _minutes(days: list[int], starts: int, ends: int) -> int:
    """A bit for each minute of the week that a row holds; one whose end is not after its start goes on past midnight"""
    length = ends - starts if ends > starts else ends + _DAY - starts
    held = 0
    for day in days:
        held |= ((1 << length) - 1) << ((day - 1) * _DAY + starts)
    return held & ((1 << _WEEK) - 1) | held >> _WEEK


def _never_asked(sheet: Sheet, rows: list[Hours]) -> Iterator[Problem]:
    """A row with another band than those that hold all its minutes before it."""
    for at, row in enumerate(rows):
        before = [other for other in rows[:at] if other.minutes & row.minutes]
        left = row.minutes
        for other in before:
            left &= ~other.minutes
        if left or all(other.band == row.band for other in before):
            continue
        alone = next((other for other in before if not row.minutes & ~other.minutes), None)
        who = f"line {sheet.lines[alone.row]} holds" if alone else "the rows of a lower priority hold"
        wrong = f"the row is never asked: {who} all its hours, so that its band {row.band} does not come by it"
        yield sheet.at(row.row, "priority", wrong, "give it a lower priority than theirs, or correct the hours")


def _left_out(sheet: Sheet, rows: list[Hours]) -> Iterator[Problem]:
    """`ends_at` is not included: 23:59 leaves out a minute, and so does 18:00 where the next row begins at 18:01."""
    starts = {row.starts for row in rows}
    for row in rows:
        end, following = row.ends % _DAY, (row.ends + 1) % _DAY
        if end in starts or not (end % 60 == 59 or following in starts):
            continue
        until = _shown(following or _DAY)
        wrong = f'"{sheet["ends_at"][row.row]}" is not included, so that the minute until {until} is not {row.band}'
        at_end = "" if end % 60 == 59 else f", or begin the next row at {_shown(end)}"
        yield sheet.at(row.row, "ends_at", wrong, f"write {until}{at_end}")


def _shown(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
