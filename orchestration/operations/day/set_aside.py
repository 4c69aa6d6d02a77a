"""A file that cannot be read: noted, so that its days wait for it, and put into rejected/."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb

from orchestration.landing import dropped, unreadable
from orchestration.landing.dropped import Dropped
from orchestration.landing.landed import next_sequence
from orchestration.landing.rows.plausible import source_limits
from orchestration.landing.unreadable import SetAside
from orchestration.store.database import transaction
from orchestration.store.warehouse import Writer, clock


def days_held(con: duckdb.DuckDBPyConnection, file: Dropped, zone: str, rows_tell: bool) -> tuple[date, ...]:
    """The days that wait for the file; `rows_tell`: those of its rows too, whose local times are of `zone`."""
    limits = source_limits(con, file.kind, file.source, clock(con))
    return tuple(unreadable.days_held(con, file.path, file.name, zone, limits, rows_tell))


def set_aside(held: Writer, con: duckdb.DuckDBPyConnection, file: Dropped, noted: SetAside) -> tuple[date, ...]:
    """Note the file, and put it, or a copy, into rejected/; the days that wait for it and did not before."""
    before = unreadable.held_by(con, noted.file_id, noted.kind, noted.source)
    # an export that fails alike on another day (an empty file, an error page) is another file
    days = tuple(day for day in noted.days if day not in before)
    if before and (file.reason or not days):
        dropped.refuse(held.home, file, noted.problem)
        return ()
    if not file.moves:
        dropped.refuse(held.home, file, noted.problem, keep=True)
    with transaction(con):
        note_unreadable(held, con, replace(noted, days=days))
    if file.moves:
        dropped.refuse(held.home, file, noted.problem)
    return days


def note_unreadable(held: Writer, con: duckdb.DuckDBPyConnection, file: SetAside) -> None:
    """Write a file that could not be read, and its line of the journal, in the caller's transaction."""
    at = clock(con)  # of one instant with what the command lands: what came before it is told by that
    unreadable.record(con, file, at, next_sequence(con))
    held.journal(
        con, "unreadable", at, file_id=file.file_id, kind=file.kind, source=file.source, name=file.name,
        days=[str(day) for day in file.days], problem=file.problem,
    )  # fmt: skip
