"""Rows of a file that has landed before, which were rejected, land now: conflicts that are to supersede, or are meant,
and what a second operator confirms.
"""

from datetime import date

import duckdb

from orchestration.landing.identity.fresh import Fresh
from orchestration.landing.identity.settle import settle_staged
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows.checked import read_again
from orchestration.landing.store import Counts, FileKey, file_days, reject_conflicts
from orchestration.store.database import count, one
from orchestration.store.sql import literal

# what was plausible when it landed may be too old by the clock of now
_LIMITS = None


def has_conflicts(con: duckdb.DuckDBPyConnection, file_id: str, kind: str, source: str) -> bool:
    """Whether rows of a file that has landed were rejected as in conflict with others."""
    asked = "select 1 from ops.rejected_rows where (file_id, kind, source) = (?, ?, ?) and reason = 'conflict' limit 1"
    return con.execute(asked, [file_id, kind, source]).fetchone() is not None


def left_as_it_is(con: duckdb.DuckDBPyConnection, file_id: str, kind: str, source: str) -> str | None:
    """What of a file that has landed does not count, and did not come to by landing it again: conflicts, and CDRs that
    other files have superseded. None where there is nothing.
    """
    this = [file_id, kind, source]
    conflicts, line, detail = one(
        con,
        "select count(*), min(line), arg_min(detail, line) from ops.rejected_rows"
        " where (file_id, kind, source) = (?, ?, ?) and reason = 'conflict'",
        this,
    )
    if conflicts:
        rows = "1 row is" if conflicts == 1 else f"{conflicts:,} rows are"
        return f"nothing changed: {rows} still in conflict, the first is line {line}: {detail}"
    calls, call_id, by, name = one(
        con,
        """
        select count(*), min(o.call_id), arg_min(o.superseded_by, o.call_id), arg_min(f.name, o.call_id)
        from landed.superseded_cdrs as o
        inner join ops.files as f on o.superseded_by = f.file_id and o.source = f.source and f.kind = 'cdrs'
        where (o.file_id, 'cdrs', o.source) = (?, ?, ?) and f.withdrawn_at is null and o.superseded_by <> o.file_id
        """,
        this,
    )
    if not calls:
        return None
    was = f"its call {call_id} was" if calls == 1 else f"{calls:,} of its calls were, the first is {call_id},"
    return (
        f"nothing changed: it has landed, and {was} superseded by {name}; to have that back: tollbook withdraw"
        f" {by[:12]} --reason TEXT"
    )


def land_conflicts(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, supersede: bool) -> Counts | None:
    """Let the file's conflicting rows replace what they conflict with (`supersede`), or count beside what landed from
    other sources or on other days; None if there are none such.

    They move from `rejected` to `landed` in the file's row of ops.files; the file's days are
    listed again under the new sequence. In the caller's transaction.
    """
    span = con.execute(
        f"select min(day), max(day) from ops.rejected_rows where {_this(key)} and reason = 'conflict'"
    ).fetchone()
    if span is None or span[0] is None:
        return None
    fresh = Fresh(con, key.kind, key.source, key.file_id, key.sequence, file, supersede, _LIMITS, not supersede)
    _settle(fresh, "reason = 'conflict'", *span)
    if not supersede and not count(con, "select count(*) from staged where state <> 'conflict'"):
        return None
    return _count(con, key)


def land_confirmed(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, line: int, again: bool) -> Counts:
    """Let the row of a landed file count that waits for a second operator on this line: temp table `staged` has it, and
    what became of it. `again`: as the file had landed. In the caller's transaction.
    """
    which = f"line = {line} and reason = 'awaits_second'"
    (day,) = one(con, f"select day from ops.rejected_rows where {_this(key)} and {which}")
    fresh = Fresh(con, key.kind, key.source, key.file_id, key.sequence, file, False, _LIMITS, again, confirmed=True)
    _settle(fresh, which, day, day)
    return _count(con, key)


def _this(key: FileKey) -> str:
    return f"file_id = {literal(key.file_id)} and kind = {literal(key.kind.name)} and source = {literal(key.source)}"


def _settle(fresh: Fresh, which: str, first: date, last: date) -> None:
    again = read_again(fresh.kind, fresh.file, fresh.source, fresh.file_id, fresh.sequence, fresh.limits)
    fresh.run("staged_rejected", read_again=again, which=which)
    settle_staged(fresh, first, last)


def _count(con: duckdb.DuckDBPyConnection, key: FileKey) -> Counts:
    """Note of the file what became of the staged rows."""
    reject_conflicts(con, key)
    days = file_days(con, key)
    updated = con.execute(
        "update ops.files f set"
        " landed = landed + (select count(*) from staged where state = 'landed'),"
        " duplicates = duplicates + (select count(*) from staged where state = 'duplicate'),"
        " rejected = rejected - (select count(*) from staged where state in ('landed', 'duplicate')),"
        " superseded = superseded + (select count(*) from replaced),"
        f" file_sequence = {key.sequence} where {_this(key)}"
        " returning rows, landed, duplicates, rejected, superseded, dst_repeated, dst_skipped"
    ).fetchone()
    assert updated is not None
    rows_, landed, duplicates, rejected, superseded, repeated, skipped = updated
    return Counts(rows_, landed, duplicates, rejected, superseded, repeated, skipped, days)
