"""A file that has landed before, its conflicts rejected, is to supersede, or meant again: they land now."""

import duckdb

from orchestration.landing.identity.fresh import Fresh
from orchestration.landing.identity.settle import settle_staged
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows.checked import read_again
from orchestration.landing.store import Counts, FileKey, file_days, reject_conflicts
from orchestration.store.database import count
from orchestration.store.sql import literal


def has_conflicts(con: duckdb.DuckDBPyConnection, file_id: str, kind: str, source: str) -> bool:
    """Whether rows of a file that has landed were rejected as in conflict with others."""
    asked = "select 1 from ops.rejected_rows where (file_id, kind, source) = (?, ?, ?) and reason = 'conflict' limit 1"
    return con.execute(asked, [file_id, kind, source]).fetchone() is not None


def land_conflicts(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, supersede: bool) -> Counts | None:
    """Let the file's conflicting rows replace what they conflict with (`supersede`), or count beside what landed from
    other sources or on other days; None if there are none such.

    They move from `rejected` to `landed` in the file's row of ops.files; the file's days are
    listed again under the new sequence. In the caller's transaction.
    """
    kind, source = key.kind, literal(key.source)
    this = f"file_id = {literal(key.file_id)} and kind = {literal(kind.name)} and source = {source}"
    span = con.execute(
        f"select min(day), max(day) from ops.rejected_rows where {this} and reason = 'conflict'"
    ).fetchone()
    if span is None or span[0] is None:
        return None
    # conflicts were plausible when they landed; by the clock of now they may be too old
    limits = None
    fresh = Fresh(con, kind, key.source, key.file_id, key.sequence, file, supersede, limits, not supersede)
    again = read_again(kind, file, key.source, key.file_id, key.sequence, limits)
    fresh.run("staged_conflicts", read_again=again)
    settle_staged(fresh, *span)
    if not supersede and not count(con, "select count(*) from staged where state <> 'conflict'"):
        return None
    reject_conflicts(con, key)
    days = file_days(con, key)
    updated = con.execute(
        "update ops.files f set"
        " landed = landed + (select count(*) from staged where state = 'landed'),"
        " duplicates = duplicates + (select count(*) from staged where state = 'duplicate'),"
        " rejected = rejected - (select count(*) from staged where state <> 'conflict'),"
        " superseded = superseded + (select count(*) from replaced),"
        f" file_sequence = {key.sequence} where {this}"
        " returning rows, landed, duplicates, rejected, superseded, dst_repeated, dst_skipped"
    ).fetchone()
    assert updated is not None
    rows_, landed, duplicates, rejected, superseded, repeated, skipped = updated
    return Counts(rows_, landed, duplicates, rejected, superseded, repeated, skipped, days)
