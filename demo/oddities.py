"""What goes wrong on a switch, on purpose and counted, so that a demo can show how it is met."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

from demo.calls import first_on
from demo.cdr import COLUMNS, DAY_MS, Cdr, clock, csv_line, csv_text, seconds, write

UNKNOWN_TRUNK = "in-999"
UNKNOWN_PER_DAY = 3
BLOCKED_PER_DAY = 4
LATE_SHARE = 1500  # one call of so many arrives late
REPEATED = 25
GOOD_AMONG_BAD = 6
UNCOVERED_NUMBER = "+999123456789"  # no country has the code 999, so no deck covers it

MISHAP_DAY = 1
UNRATED_DAY = 2


def unknown_trunks(randomness: random.Random, days: int) -> list[Cdr]:
    """Calls from a trunk nobody configured; none is answered, so no day waits for them."""
    return [
        _refused(randomness, day, f"unknown-{day}-{n}", UNKNOWN_TRUNK, "+442079460999", "21")
        for day in range(days)
        for n in range(UNKNOWN_PER_DAY)
    ]


def blocked(randomness: random.Random, days: int) -> list[Cdr]:
    """Attempts at the one destination that every customer's list blocks: the switch refuses."""
    trunks = ("in-106", "in-109", "in-115", "in-108")
    return [
        _refused(randomness, day, f"blocked-{day}-{n}", trunks[n], "0087077300" + f"{n:04d}", "21")
        for day in range(days)
        for n in range(BLOCKED_PER_DAY)
    ]


def uncovered(days: int) -> list[Cdr]:
    """One answered call to a number no deck covers: its day cannot close until someone acts."""
    start = min(UNRATED_DAY, days - 1) * DAY_MS + 11 * 3_600_000 + 754_321
    return [
        Cdr(
            *("sw1", "uncovered-0", 1, start, start + 9_000, start + 9_000 + 61_250),
            *("+12125550142", UNCOVERED_NUMBER, "", "in-116", "out-301", "ANSWERED", "16"),
            *(2100, 61_250),
        )
    ]


def split_late(randomness: random.Random, rows: list[Cdr]) -> tuple[list[Cdr], list[Cdr]]:
    """The rows that arrive in time, and calls of the first day that do not."""
    candidates = [row for row in first_on(rows, "sw1", 0) if len(row.call_id) == 16]
    count = min(max(10, len(rows) // LATE_SHARE), len(candidates))
    ids = {row.call_id for row in randomness.sample(candidates, count)}
    return (
        [row for row in rows if row.call_id not in ids],
        [row for row in rows if row.call_id in ids],
    )


def write_mishaps(directory: Path, randomness: random.Random, rows: list[Cdr], first_day: date, days: int) -> None:
    """Four more files of `sw1`: the same again, repeated rows, a conflict, bad rows.

    They sort after the files they refer to, and all belong to one day.
    """
    folder = directory / "cdrs" / "sw1"
    day = min(MISHAP_DAY, days - 1)
    tell = clock(first_day, days)
    original = next(folder.glob(f"sw1_*_{4 * day + 3:04d}.csv"))
    write(folder / "sw1_resent.csv", original.read_bytes())
    candidates = [row for row in first_on(rows, "sw1", day) if row.duration_ms and row.ended_ms]
    again = randomness.sample(candidates, min(REPEATED + 1, len(candidates)))
    changed = replace(
        again[0],
        duration_ms=again[0].duration_ms + 60_000,
        ended_ms=(again[0].ended_ms or 0) + 60_000,
    )
    write(folder / "sw1_repeated.csv", csv_text([*again[1:], changed], tell))
    lines = [",".join(COLUMNS), *_bad_lines(again[1], day, first_day, days), ""]
    write(folder / "sw1_with_bad_rows.csv", "\n".join(lines))


def _bad_lines(model: Cdr, day: int, first_day: date, days: int) -> list[str]:
    """Good rows with a bad one after each of the first five."""
    tell = clock(first_day, days)
    start = day * DAY_MS + 14 * 3_600_000
    good = [_shifted(model, f"among-bad-{n}", start + n * 61_000 - model.started_ms) for n in range(GOOD_AMONG_BAD)]
    bad = [_shifted(row, f"bad-{n}", 5_000) for n, row in enumerate(good)]
    spoilt = [
        _with(csv_line(bad[0], tell), duration_s=f"-{seconds(bad[0].duration_ms)}"),
        _with(csv_line(bad[1], tell), started_at="27/03 quarter past two"),
        _with(csv_line(bad[2], tell), duration_s="12.3456"),
        _with(csv_line(bad[3], tell), called_number=""),
        ",".join(csv_line(bad[4], tell).split(",")[:5]),
    ]
    lines = []
    for n, row in enumerate(good):
        lines.append(csv_line(row, tell))
        lines += spoilt[n : n + 1]
    return lines


def _shifted(row: Cdr, call_id: str, ms: int) -> Cdr:
    return replace(
        row,
        call_id=call_id,
        started_ms=row.started_ms + ms,
        answered_ms=None if row.answered_ms is None else row.answered_ms + ms,
        ended_ms=None if row.ended_ms is None else row.ended_ms + ms,
    )


def _with(line: str, **cells: str) -> str:
    row = dict(zip(COLUMNS, line.split(","), strict=True))
    return ",".join((row | cells).values())


def _refused(randomness: random.Random, day: int, call_id: str, trunk: str, number: str, cause: str) -> Cdr:
    start = day * DAY_MS + randomness.randrange(3_600_000, 20 * 3_600_000)
    pdd = randomness.randrange(50, 400)
    return Cdr(
        *("sw1", call_id, 1, start, None, start + pdd, "+442079460001", number, "", trunk, ""),
        *("REJECTED", cause, pdd, 0),
    )
