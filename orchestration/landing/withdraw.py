"""Taking a landed file back: its rows leave, and what they had kept out comes in, as if it had never landed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.landing import identity
from orchestration.landing.canonical import Kind
from orchestration.landing.checked import checked, landed_row, valid
from orchestration.landing.identity import Fresh
from orchestration.landing.readable import Readable
from orchestration.landing.store import FileKey, file_days, reject_conflicts
from orchestration.store.sql import literal


@dataclass(frozen=True)
class TakenOut:
    """What became of the rows: how many left, how many older versions of CDRs are back, the days that changed."""

    rows: int
    restored: int
    days: tuple[date, ...]


@dataclass(frozen=True)
class CountedAgain:
    """Another file whose rows had been duplicates of the withdrawn ones, or in conflict with them.

    `landed`: how many of them count now; `rejected`: how many are in conflict with another row.
    """

    file_id: str
    name: str
    landed: int
    rejected: int


def gone(kind: Kind) -> str:
    """The table that keeps rows of the kind which landed and do not count any more."""
    return "landed.superseded_cdrs" if kind.name == "cdrs" else f"landed.withdrawn_{kind.name}"


def take_out(con: duckdb.DuckDBPyConnection, key: FileKey, withdrawal: int) -> TakenOut:
    """Move the file's rows out of landed.*, in the caller's transaction.

    Temp table `freed` has them: rows that others may have been compared with. A CDR that one of them superseded comes
    back; where that one had been superseded in turn, it stays as it is.
    """
    mine = f"file_id = {literal(key.file_id)} and source = {literal(key.source)}"
    con.execute(f"create or replace temp table freed as select * from {key.kind.table} where {mine}")
    superseded_by = "'' as superseded_by, " if key.kind.name == "cdrs" else ""
    con.execute(f"insert into {gone(key.kind)} by name select *, {superseded_by}{withdrawal} as withdrawal from freed")
    con.execute(f"delete from {key.kind.table} where {mine}")
    rows = _count(con, "freed")
    con.execute("create or replace temp table returned (day DATE)")
    if key.kind.name == "cdrs":
        _restore(con, key, mine, withdrawal)
    days = _days(con, key)
    con.execute(f"delete from ops.rejected_rows where {mine} and kind = {literal(key.kind.name)}")
    return TakenOut(rows, _count(con, "returned"), days)


def _restore(con: duckdb.DuckDBPyConnection, key: FileKey, mine: str, withdrawal: int) -> None:
    """Temp table `returned`: the versions that were superseded by the file's and are back in landed.cdrs."""
    near = "s.call_id = {0}.call_id and s.attempt = {0}.attempt and abs(s.day - {0}.day) <= 1"
    by_this = f"s.superseded_by = {literal(key.file_id)} and s.source = {literal(key.source)}"
    # where its own version was superseded in turn, what that one superseded is the later file's to give back
    con.execute(
        f"""
        update landed.superseded_cdrs as s set superseded_by = o.superseded_by
        from (select * from landed.superseded_cdrs where {mine} and withdrawal is null) as o
        where {by_this} and {near.format("o")}
        """
    )
    con.execute(f"update landed.superseded_cdrs set withdrawal = {withdrawal} where {mine} and withdrawal is null")
    # of files that were withdrawn meanwhile: they stay out, but nothing stands in the way of the same rows any more
    cleared = f"{by_this} and s.withdrawal is not null"
    con.execute(
        "insert into freed by name select * exclude (superseded_by, withdrawal)"
        f" from landed.superseded_cdrs as s where {cleared}"
    )
    con.execute(f"update landed.superseded_cdrs as s set superseded_by = '' where {cleared}")
    con.execute(
        f"""
        create or replace temp table returned as
        select s.*, s.rowid as rid
        from landed.superseded_cdrs as s
        where {by_this} and s.withdrawal is null
            and not exists (
                select 1 from landed.cdrs as c where c.source = s.source and {near.format("c")}
            )
        """
    )
    # a leg of it that is stored yet is its own again; else it is rated as what lands now
    con.execute(
        f"""
        insert into landed.cdrs by name
        select
            * exclude (superseded_by, withdrawal, rid, file_sequence),
            case
                when (source, call_id, attempt, day, file_sequence) in (
                    select (source, call_id, attempt, day, file_sequence) from marts.rated_calls
                    where day in (select day from returned)
                ) then file_sequence
                else {key.sequence}
            end as file_sequence
        from returned
        """
    )
    con.execute("delete from landed.superseded_cdrs where rowid in (select rid from returned)")


def _days(con: duckdb.DuckDBPyConnection, key: FileKey) -> tuple[date, ...]:
    """List the days that changed: of rows that left, that are back, and that one of those which left had corrected."""
    row_id = f'f."{key.kind.row_id}"' if key.kind.row_id else "null"
    attempt = "f.attempt" if key.kind.name == "cdrs" else "null"
    con.execute(
        f"""
        insert into ops.file_days
        select distinct $file_id, $kind, $source, day, 0, $sequence
        from (
            select day from freed
            union all
            select day from returned
            union all
            select r.day
            from ops.rejected_rows as r
            inner join freed as f
                on r.row_id = {row_id} and r.attempt is not distinct from {attempt}
                and r.file_sequence < f.file_sequence
            where r.kind = $kind and r.source = $source and r.file_id <> $file_id
        )
        """,
        {"file_id": key.file_id, "kind": key.kind.name, "source": key.source, "sequence": key.sequence},
    )
    rows = con.execute("select day from ops.file_days where file_sequence = ? order by day", [key.sequence]).fetchall()
    return tuple(day for (day,) in rows)


def candidates(con: duckdb.DuckDBPyConnection, key: FileKey) -> list[tuple[str, str]]:
    """The files (id, name) that may have rows which were kept out by a freed one, in the order of landing."""
    return con.execute(
        """
        select file_id, name
        from ops.files as f
        where
            kind = $kind and source = $source and file_id <> $file_id and withdrawn_at is null
            and file_sequence > (select min(file_sequence) from freed)
            and (
                duplicates > 0
                or exists (
                    select 1 from ops.rejected_rows as r
                    where (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source) and r.reason = 'conflict'
                )
            )
        order by file_sequence
        """,
        {"file_id": key.file_id, "kind": key.kind.name, "source": key.source},
    ).fetchall()


def missing(con: duckdb.DuckDBPyConnection, key: FileKey, conflicts_of: str) -> bool:
    """Whether a freed row is not there again from another file, or one of `conflicts_of` may be in conflict no more."""
    same = " and ".join(f'f."{c}" is not distinct from t."{c}"' for c in key.kind.stored)
    row = con.execute(
        f"""
        select
            exists (select 1 from freed as f where not exists (select 1 from {key.kind.table} as t where {same}))
            or exists (
                select 1 from ops.rejected_rows
                where file_id = $file_id and kind = $kind and source = $source and reason = 'conflict'
            )
        """,
        {"file_id": conflicts_of, "kind": key.kind.name, "source": key.source},
    ).fetchone()
    return row != (False,)


def count_again(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable) -> CountedAgain:
    """Land what of a landed file's rows was kept out by a freed one; `key` has a new sequence.

    Such a row is equal to a freed one, or was rejected as in conflict with it. In the caller's transaction.
    """
    kind, source = key.kind, literal(key.source)
    this = f"file_id = {literal(key.file_id)} and kind = {literal(kind.name)} and source = {source}"
    limits = None  # the rows in question landed, or would have
    fresh = Fresh(con, kind, key.source, key.file_id, key.sequence, file, False, limits)
    rows = checked(kind, file.slow(), file.layout.zone, limits, ("line", "raw", "broken"))
    con.execute(
        f"""
        create or replace temp table good as
        select {landed_row(kind, key.source, key.file_id, key.sequence)}, line, raw
        from ({rows}) where broken = '' and {valid(kind, limits)}
        """
    )
    con.execute(f"create or replace temp table freed_today as {fresh.today('freed')}")
    con.execute(
        f"""
        create or replace temp table staged as
        select *, '' as state
        from good as s
        where
            exists (select 1 from freed_today as f where {fresh.identical("s", "f")})
            or (
                s.line in (select line from ops.rejected_rows where {this} and reason = 'conflict')
                and exists (select 1 from freed_today as f where {fresh.near("s", "f")})
            )
        """
    )
    con.execute(f"delete from ops.rejected_rows where {this} and line in (select line from staged)")
    identity.create_results(con)
    span = con.execute("select min(day), max(day) from staged").fetchone()
    if span is not None and span[0] is not None:
        old = fresh.landed(f"source = {source} and day between DATE '{span[0]}' - 1 and DATE '{span[1]}' + 1")
        identity.decide_staged(fresh, old)
        reject_conflicts(con, key)
        file_days(con, key)
    return _counted(con, key, this)


def _counted(con: duckdb.DuckDBPyConnection, key: FileKey, this: str) -> CountedAgain:
    landed, rejected = _count(con, "staged where state = 'landed'"), _count(con, "staged where state = 'conflict'")
    if landed or rejected:
        con.execute(
            f"""
            update ops.files set
                landed = landed + {landed},
                rejected = (select count(*) from ops.rejected_rows where {this}),
                duplicates = rows - landed - {landed} - (select count(*) from ops.rejected_rows where {this}),
                file_sequence = {key.sequence}
            where {this}
            """
        )
    return CountedAgain(key.file_id, key.name, landed, rejected)


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    row = con.execute(f"select count(*) from {rows}").fetchone()
    return int(row[0]) if row else 0
