"""Stamps to UTC instants, as SQL.

A cast to TIMESTAMP drops an offset in silence, so a stamp that carries one goes through
TIMESTAMPTZ (the session's zone is UTC). DuckDB's own timezone() takes the second pass of a
local time that DST repeats; here it is the first, from Python's zone data (fold = 0).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST = datetime(1990, 1, 1)
LAST = datetime(2101, 1, 1)  # exclusive
_PLAIN = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_ANY_OFFSET = "([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
# no place on earth was ever 16 hours from UTC
_OFFSET = "([Zz]|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"


@dataclass(frozen=True)
class Segment:
    """Local times before `until` (and after the segment before) are `offset` ahead of UTC.

    Those from `doubtful` on are repeated (`skips` False) or skipped (True) by the change.
    """

    until: datetime
    offset: timedelta
    doubtful: datetime
    skips: bool


def instant(cell: str, zone: str, any_offset: bool = False) -> str:
    """SQL: TIMESTAMP in UTC of the text `cell`, NULL when unreadable or outside 1990 to 2100.

    `zone` is the IANA zone of stamps without an offset. `any_offset`: also those that no place has, as once.
    """
    offset = _ANY_OFFSET if any_offset else _OFFSET
    with_offset = (
        f"when regexp_full_match({cell}, '{_PLAIN}{offset}') then try_cast({cell} as TIMESTAMPTZ) at time zone 'UTC'"
    )
    plain = f"when regexp_full_match({cell}, '{_PLAIN}') then {_local(cell, zone)}"
    # Nearly every stamp has one of two shapes; their test costs a third of a pattern's.
    utc = (
        f"when suffix({cell}, 'Z') and (length({cell}) = 20"
        f" or (length({cell}) between 22 and 27 and substr({cell}, 20, 1) = '.'))"
        f" and substr({cell}, 17, 1) = ':' then try_cast({cell} as TIMESTAMP)"
    )
    bare = f"when length({cell}) = 19 and substr({cell}, 17, 1) = ':' then try_cast({cell} as TIMESTAMP)"
    first = bare if zone == "UTC" else ""
    return f"case {utc} {first} {plain} {with_offset} end"


def in_range(value: str) -> str:
    """SQL: `value` where it is a time that calls can have, else NULL."""
    return f"case when {value} >= {_stamp(FIRST)} and {value} < {_stamp(LAST)} then {value} end"


def doubtful(cell: str, zone: str) -> str:
    """SQL: 1 where DST repeats the local stamp in `cell`, 2 where it skips it, else 0."""
    parsed = f"(case when regexp_full_match({cell}, '{_PLAIN}') then try_cast({cell} as TIMESTAMP) end)"
    leaves = [
        f"case when {parsed} >= {_stamp(s.doubtful)} then {2 if s.skips else 1} else 0 end" for s in segments(zone)
    ]
    return f"coalesce({_tree(parsed, segments(zone), [*leaves, '0'])}, 0)"


def changes(zone: str) -> list[tuple[datetime, datetime]]:
    """The UTC spans, from and to, in which an instant may come from a doubtful local time."""
    spans = []
    for segment in segments(zone):
        width = segment.until - segment.doubtful
        change = segment.until - segment.offset - (width if segment.skips else timedelta())
        spans.append((change - width, change + width))
    return spans


@cache
def segments(zone: str) -> tuple[Segment, ...]:
    """The changes of the zone's offset from 1989 to 2101, in order."""
    info = ZoneInfo(zone)
    at, end = FIRST - timedelta(days=366), LAST
    changes = []
    while at < end:
        following = at + timedelta(days=7)
        if _offset(info, at) != _offset(info, following):
            change = _change(info, at, following)
            changes.append(_segment(change, _offset(info, at), _offset(info, following)))
        at = following
    return tuple(changes)


def last_offset(zone: str) -> timedelta:
    return _offset(ZoneInfo(zone), LAST)


def _segment(change: datetime, before: timedelta, after: timedelta) -> Segment:
    low, high = sorted((change + before, change + after))
    return Segment(until=high, offset=before, doubtful=low, skips=after > before)


def _offset(info: ZoneInfo, utc: datetime) -> timedelta:
    offset = utc.replace(tzinfo=UTC).astimezone(info).utcoffset()
    assert offset is not None
    return offset


def _change(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The UTC second at which the offset changes between `low` and `high`."""
    before = _offset(info, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
    return high


def _local(cell: str, zone: str) -> str:
    parsed = f"try_cast({cell} as TIMESTAMP)"
    if zone == "UTC":
        return parsed
    offsets = [*(s.offset for s in segments(zone)), last_offset(zone)]
    leaves = [f"to_seconds({int(offset.total_seconds())})" for offset in offsets]
    return f"({parsed} - {_tree(parsed, segments(zone), leaves)})"


def _tree(value: str, parts: tuple[Segment, ...], leaves: list[str]) -> str:
    """A balanced CASE: 8 comparisons find the one of 220 segments, whatever year it is."""
    if len(leaves) == 1:
        return leaves[0]
    middle = len(parts) // 2
    left = _tree(value, parts[:middle], leaves[: middle + 1])
    right = _tree(value, parts[middle + 1 :], leaves[middle + 1 :])
    return f"case when {value} < {_stamp(parts[middle].until)} then {left} else {right} end"


def _stamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
