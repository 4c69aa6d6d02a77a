"""The made-up company's traffic, laid out as an inbox. The same seed gives the same bytes.

generate(directory, late)      some days of a switch's life, with its mishaps
generate_bulk(path, ...)       one big file for measuring
bulk_company(directory, ...)   the configuration that rates it
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from demo import oddities
from demo.bulk import bulk_company, generate_bulk
from demo.calls import Simulation
from demo.cdr import DAY_MS, Cdr, clock, csv_text, json_lines, write, write_parquet
from demo.services import payments, resources, usage

__all__ = ["bulk_company", "generate", "generate_bulk"]

SW1_FILES_PER_DAY = 4
SW2_FILES_PER_DAY = 2
SW2_HOURS_AHEAD = -4


def generate(
    directory: Path,
    late: Path,
    calls: int = 60_000,
    first_day: date = date(2026, 3, 26),
    days: int = 4,
    seed: int = 1,
) -> None:
    """Write `<kind>/<source>/<file>` for `days` UTC days under `directory`, and under `late`.

    `late` gets one file with calls of the first day, to be landed after that day closed. About
    `calls` calls come out, of which some have several attempts (a row each). What is odd in them
    is listed in `demo/README.md`.
    """
    simulation = Simulation(first_day, days, seed)
    rows = simulation.calls(calls)
    randomness = random.Random(f"oddities {seed}")
    rows += oddities.unknown_trunks(randomness, days)
    rows += oddities.blocked(randomness, days)
    rows += oddities.uncovered(days)
    rows.sort(key=lambda row: (row.started_ms, row.call_id, row.attempt))
    kept, delayed = oddities.split_late(randomness, rows)
    _write_sw1(directory, [r for r in kept if r.source == "sw1"], first_day, days)
    _write_sw2(directory, [r for r in kept if r.source == "sw2"], first_day, days)
    write(late / "cdrs" / "sw1" / "sw1_late.csv", csv_text(delayed, clock(first_day, days)))
    oddities.write_mishaps(directory, randomness, kept, first_day, days)
    usage(directory, random.Random(f"usage {seed}"), first_day, days)
    payments(directory, first_day, days)
    resources(directory, random.Random(f"resources {seed}"), first_day, days)


def _write_sw1(directory: Path, rows: list[Cdr], first_day: date, days: int) -> None:
    """CSV in UTC, every other file compressed."""
    tell = clock(first_day, days)
    for number, chunk in enumerate(_parts(rows, days, SW1_FILES_PER_DAY), start=1):
        day = first_day + timedelta(days=(number - 1) // SW1_FILES_PER_DAY)
        name = f"sw1_{day:%Y%m%d}_{number:04d}.csv" + ("" if number % 2 else ".gz")
        write(directory / "cdrs" / "sw1" / name, csv_text(chunk, tell))


def _write_sw2(directory: Path, rows: list[Cdr], first_day: date, days: int) -> None:
    """Parquet, and JSON lines in New York's time, in turn."""
    tell = clock(first_day, days, SW2_HOURS_AHEAD)
    for number, chunk in enumerate(_parts(rows, days, SW2_FILES_PER_DAY), start=1):
        day = first_day + timedelta(days=(number - 1) // SW2_FILES_PER_DAY)
        stem = directory / "cdrs" / "sw2" / f"sw2_{day:%Y%m%d}_{number:04d}"
        if number % 2:
            write_parquet(stem.with_suffix(".parquet"), chunk, clock(first_day, days))
        else:
            write(stem.with_suffix(".jsonl.gz"), json_lines(chunk, tell))


def _parts(rows: Sequence[Cdr], days: int, per_day: int) -> list[list[Cdr]]:
    """The rows by the part of the day they began in."""
    parts: list[list[Cdr]] = [[] for _ in range(days * per_day)]
    for row in rows:
        parts[row.started_ms * per_day // DAY_MS].append(row)
    return parts
