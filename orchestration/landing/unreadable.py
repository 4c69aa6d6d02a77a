"""A file that could not be read at all: which days it holds, and the record of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.landing.landed import first_traffic
from orchestration.landing.rows.plausible import Limits

_NAMED = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])(?=(?:\d\d){0,3}(?!\d))")
_STAMP = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
# How much of it is looked at, in bytes.
_LOOK = 1 << 16


@dataclass(frozen=True)
class SetAside:
    """Such a file: the days that it holds, and why it could not be read."""

    file_id: str
    kind: str
    source: str
    name: str
    days: tuple[date, ...]
    problem: str


def days_held(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, zone: str, limits: Limits, rows: bool
) -> list[date]:
    """The day it came on and, as far as its name and (`rows`) the times of its first rows tell them, its own.

    `zone` is that of times without an offset. Days that are implausible, or before the first traffic, are none.
    """
    came = limits.at.date()
    first = max(came - timedelta(days=limits.max_age_days), first_traffic(con) or came)
    named = {*_in_name(name), *(_in_rows(path, ZoneInfo(zone)) if rows else ())}
    return sorted({came, *(day for day in named if first <= day <= came)})


def _in_name(name: str) -> Iterator[date]:
    for year, month, day in _NAMED.findall(name):
        with suppress(ValueError):  # 31 February
            yield date(int(year), int(month), int(day))


def _in_rows(path: Path, zone: ZoneInfo) -> Iterator[date]:
    for line in _beginning(path).splitlines():
        stamp = _STAMP.search(line)
        if stamp:
            with suppress(ValueError, OverflowError):
                at = datetime.fromisoformat(stamp[0].decode())
                yield (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).date()


def _beginning(path: Path) -> bytes:
    """The first bytes of a file; of one that is compressed, those that can be unpacked before it is damaged."""
    with path.open("rb") as file:
        begins = file.read(_LOOK)
    if not begins.startswith(b"\x1f\x8b"):
        return begins
    with suppress(zlib.error):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(begins, _LOOK)
    return b""


def record(con: duckdb.DuckDBPyConnection, file: SetAside, seen_at: datetime, sequence: int) -> None:
    """Note the file and the days it holds, in the caller's transaction: these are open until it is settled."""
    con.execute(
        "insert into ops.unreadable_files values (?, ?, ?, ?, ?, ?, ?, ?)",
        [file.file_id, file.kind, file.source, file.name, seen_at, [*file.days], file.problem, sequence],
    )
    con.executemany(
        "insert into ops.file_days values (?, ?, ?, ?, 0, ?)",
        [[file.file_id, file.kind, file.source, day, sequence] for day in file.days],
    )


def held_by(con: duckdb.DuckDBPyConnection, file_id: str, kind: str, source: str) -> set[date]:
    """The days that the same bytes from the source held, or hold, because they could not be read before either."""
    rows = con.execute(
        "select unnest(days) from ops.unreadable_files where file_id = ? and kind = ? and source = ?",
        [file_id, kind, source],
    ).fetchall()
    return {day for (day,) in rows}
