"""One file's rows into the warehouse, in the caller's transaction: each landed or accounted for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.landing.identity.fresh import Fresh
from orchestration.landing.identity.settle import settle
from orchestration.landing.problem import MACHINE, UnreadableFile
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows import times
from orchestration.landing.rows.canonical import CanonicalType, Kind
from orchestration.landing.rows.checked import checked, landed_row, name_the_nearest, rejected_row, valid
from orchestration.landing.rows.plausible import Limits
from orchestration.store.database import count
from orchestration.store.sql import quoted

_SLOW = ("line", "raw", "broken")


@dataclass(frozen=True)
class FileKey:
    """What a landed file is: its bytes, as what, from whom; its place in the order; its content, unpacked (sha256).

    `limits`: what its values may be; None where nothing judges them.
    """

    file_id: str
    kind: Kind
    source: str
    name: str
    sequence: int
    content_id: str
    limits: Limits | None


@dataclass(frozen=True)
class Counts:
    """rows = landed + duplicates + rejected; superseded is a part of landed."""

    rows: int
    landed: int
    duplicates: int
    rejected: int
    superseded: int
    dst_repeated: int
    dst_skipped: int
    days: tuple[date, ...]


def store(
    con: duckdb.DuckDBPyConnection,
    key: FileKey,
    file: Readable,
    landed_at: datetime,
    supersede: bool,
    again: bool,
    inserted: Callable[[], None] = lambda: None,
) -> Counts:
    """Fill landed.*, ops.files, ops.file_days and ops.rejected_rows. Raises `UnreadableFile`.

    `inserted` is called while all rows that can be read are in landed.*, also those that will be found in conflict.
    """
    rows = _insert(con, key, file, landed_at)
    inserted()
    fresh = Fresh(con, key.kind, key.source, key.file_id, key.sequence, file, supersede, key.limits, again)
    settle(fresh)
    reject_conflicts(con, key)
    mine = f"file_sequence = {key.sequence}"
    landed = count(con, f"select count(*) from {key.kind.table} where {mine}")
    rejected = count(con, f"select count(*) from ops.rejected_rows where {mine}")
    superseded = count(con, "select count(*) from replaced")
    repeated, skipped = _dst(con, key, file, rejected)
    days = file_days(con, key)
    duplicates = rows - landed - rejected
    if duplicates < 0:
        raise AssertionError(f"{key.name}: {rows} rows, but {landed} landed, {rejected} rejected")
    counts = Counts(rows, landed, duplicates, rejected, superseded, repeated, skipped, days)
    # the row of one that landed before and was withdrawn: ops.withdrawals has it
    con.execute(
        "delete from ops.files where file_id = ? and kind = ? and source = ? and withdrawn_at is not null",
        [key.file_id, key.kind.name, key.source],
    )
    con.execute(
        "insert into ops.files (file_id, kind, source, name, landed_at, rows, landed, duplicates, rejected, superseded,"
        " dst_repeated, dst_skipped, file_sequence, content_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(key.file_id, key.kind.name, key.source, key.name, landed_at),
            *(rows, landed, duplicates, rejected, superseded, repeated, skipped, key.sequence, key.content_id),
        ],
    )
    return counts


def _insert(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, at: datetime) -> int:
    """Land every valid row and list the others; the number of records."""
    inserted = _insert_fast(con, key, file)
    if inserted == file.most:
        return inserted
    return _insert_rest(con, key, file, at, inserted)


def _insert_fast(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable) -> int:
    """How many rows the fast relation landed; 0 when its reader gave the file up, for whatever reason."""
    rows = checked(key.kind, file.fast(), file.layout.zone, key.limits)
    try:
        return _insert_from(con, key, rows, valid(key.kind, key.limits))
    except MACHINE:
        raise
    except duckdb.Error:
        return 0


@contextmanager
def _tuned(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Settings under which 5 M checked rows are inserted in 8 s instead of 21 s.

    A filter that is pushed below a projection has all its expressions worked out a second
    time; and the order of landed rows means nothing. An error leaves an empty transaction.
    """
    con.execute("set disabled_optimizers = 'filter_pushdown'")
    con.execute("set preserve_insertion_order = false")
    try:
        yield
    except duckdb.Error:
        with suppress(duckdb.Error):
            con.execute("rollback")
        con.execute("begin")
        raise
    finally:
        con.execute("reset disabled_optimizers")
        con.execute("reset preserve_insertion_order")


def _insert_rest(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, at: datetime, inserted: int) -> int:
    records = file.count(con)
    if records == inserted:
        return records
    rows = checked(key.kind, file.slow(), file.layout.zone, key.limits, _SLOW)
    fits = f"broken = '' and {valid(key.kind, key.limits)}"
    wrong = rejected_row(key.kind, at, key.limits)
    with _tuned(con):
        con.execute(f"create or replace temp table bad as select {wrong}, broken from ({rows}) where not ({fits})")
    if key.kind.account:
        name_the_nearest(con, "bad")
    bad = count(con, "select count(*) from bad")
    if inserted + bad != records or _may_hide_others(con):
        # The reader saw the records another way; the slow relation has each exactly once.
        con.execute(f"delete from {key.kind.table} where file_sequence = {key.sequence}")
        inserted = _insert_from(con, key, rows, fits)
    if inserted + bad != records:
        raise UnreadableFile(f"{records} records, but {inserted} good and {bad} bad ones")
    _reject(con, key, "select line, day, reason, detail, raw, row_id, attempt from bad")
    return records


def _may_hide_others(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether rows are bad that the fast reader may have landed: as many good ones that it lost would not be missed.

    It cuts some broken rows into cells all the same, and may lose the row behind one. Before rules 3 numbers decided.
    """
    return count(con, "select count(*) from bad, run.clock where broken <> '' and coalesce(rules, 1) > 2") > 0


def _insert_from(con: duckdb.DuckDBPyConnection, key: FileKey, rows: str, test: str) -> int:
    select = landed_row(key.kind, key.source, key.file_id, key.sequence)
    with _tuned(con):
        return count(con, f"insert into {key.kind.table} by name select {select} from ({rows}) where {test}")


def reject_conflicts(con: duckdb.DuckDBPyConnection, key: FileKey) -> None:
    """List temp table `conflicts` as rejected, whether in conflict or waiting for a second operator."""
    _reject(con, key, "select line, day, reason, detail, raw, row_id, attempt from conflicts")


def _reject(con: duckdb.DuckDBPyConnection, key: FileKey, rows: str) -> None:
    con.execute(
        "insert into ops.rejected_rows select ?, ?, ?, line, day, reason, detail, raw, row_id,"
        f" attempt, ? from ({rows}) r(line, day, reason, detail, raw, row_id, attempt)"
        " order by line",
        [key.file_id, key.kind.name, key.source, key.sequence],
    )


def file_days(con: duckdb.DuckDBPyConnection, key: FileKey) -> tuple[date, ...]:
    """List the days that this landing changed; those that only lost a row, or had one rejected, with 0 rows.

    A rejected row is something to settle: it opens a closed day again as a late row does.
    """
    con.execute(
        "insert into ops.file_days select ?, ?, ?, day, sum(n), ? from ("
        f"select day, count(*) as n from {key.kind.table} where file_sequence = {key.sequence}"
        " group by day union all select distinct day, 0 from replaced"
        f" union all select distinct day, 0 from ops.rejected_rows where file_sequence = {key.sequence}"
        ") group by day order by day",
        [key.file_id, key.kind.name, key.source, key.sequence],
    )
    rows = con.execute(f"select day from ops.file_days where file_sequence = {key.sequence} order by day").fetchall()
    return tuple(day for (day,) in rows)


def _dst(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, rejected: int) -> tuple[int, int]:
    """How many records have a local time that DST repeats, and one that it skips.

    Reads the file again, but only if a landed row is near a change or some row did not land.
    """
    if file.layout.zone == "UTC" or not times.segments(file.layout.zone):
        return 0, 0
    cells = [c.name for c in key.kind.columns if c.type is CanonicalType.TIME]
    near = " or ".join(
        f"{quoted(cell)} between TIMESTAMP '{low}' and TIMESTAMP '{high}'"
        for low, high in _changes(con, key, file.layout.zone)
        for cell in cells
    )
    mine = f"file_sequence = {key.sequence}"
    if not rejected and not (near and count(con, f"select count(*) from {key.kind.table} where {mine} and ({near})")):
        return 0, 0
    most = [times.doubtful(quoted(cell), file.layout.zone) for cell in cells]
    counted = con.execute(
        f"select count(*) filter ({' or '.join(f'{m} = 1' for m in most)}),"
        f" count(*) filter ({' or '.join(f'{m} = 2' for m in most)}) from ({file.slow()})"
    ).fetchone()
    return counted or (0, 0)


def _changes(con: duckdb.DuckDBPyConnection, key: FileKey, zone: str) -> list[tuple[datetime, datetime]]:
    """The zone's changes within a day of the days that the file's calls belong to."""
    low, high = con.execute(
        f"select min(day) - 2, max(day) + 2 from {key.kind.table} where file_sequence = {key.sequence}"
    ).fetchone() or (None, None)
    if low is None or high is None:
        return []
    return [
        (start, end) for start, end in times.changes(zone) if end.date() >= _date(low) and start.date() <= _date(high)
    ]


def _date(day: date | datetime) -> date:
    return day.date() if isinstance(day, datetime) else day
