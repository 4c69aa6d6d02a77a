"""Files that do not land although they can be read: landed from elsewhere, of another layout, or in no row's place."""

from __future__ import annotations

import shlex
from datetime import date
from typing import NamedTuple

import duckdb

from orchestration.configuration.schema import CANONICAL
from orchestration.landing.formats.known import NATIVE
from orchestration.landing.formats.native import SourceSettings
from orchestration.landing.identity.columns import ANOTHER_CALL
from orchestration.landing.problem import LandedElsewhere, OtherLayout, ReplacesAnother, ReplacesNone, UnreadableFile
from orchestration.landing.store import Counts, FileKey
from orchestration.store.database import count

# SQL: why a row is rejected that could be read, where columns have names and where they are known by their place.
# A row whose id is read is settled by a later file that has it right, whatever else is wrong with it.
_READ = "(reason not in ('bad_row', 'bad_encoding', 'bad_time') or trim(row_id) <> '')"
_READ_BY_PLACE = "reason in ('conflict', 'implausible', 'bad_number')"


def refuse_elsewhere(con: duckdb.DuckDBPyConnection, key: FileKey) -> None:
    """Raise `LandedElsewhere` for content that landed from another source: it would count twice.

    Files that nothing landed from are all alike (a header, no rows), and are none.
    """
    row = con.execute(
        """
        select name, source, landed_at, file_id
        from ops.files
        where
            kind = $kind and source <> $source and landed + duplicates > 0 and withdrawn_at is null
            -- of files that landed before their contents were kept the bytes are known
            and (content_id = $content or file_id in ($content, $file))
            -- what this source sent before is a duplicate of its own
            and not exists (
                select 1 from ops.files as own
                where
                    own.kind = $kind and own.source = $source and own.landed + own.duplicates > 0
                    and own.withdrawn_at is null
                    and (own.content_id = $content or own.file_id in ($content, $file))
            )
        order by file_sequence
        limit 1
        """,
        {"kind": key.kind.name, "source": key.source, "content": key.content_id, "file": key.file_id},
    ).fetchone()
    if row is not None:
        raise LandedElsewhere(
            f"the same content landed from {row[1]} as {row[0]} on {row[2]:%Y-%m-%d %H:%M} UTC and would count"
            f" twice; if it belongs here and not there, take that one back first: tollbook withdraw"
            f" {row[3][:12]} --reason TEXT; if {key.source} did send its own of it: tollbook land FILE"
            f" --kind {key.kind.name} --source {shlex.quote(key.source)} --again"
        )


def refuse_unreadable(con: duckdb.DuckDBPyConnection, key: FileKey, settings: SourceSettings, counts: Counts) -> None:
    """Raise `UnreadableFile` for a file of two rows or more of which none can be read.

    A canonical file's columns have names: its rows are only taken for unreadable where none says which it is, or
    when it was. Of a native format any cell may be another one, and it is an `OtherLayout`.
    """
    is_canonical = settings.format == CANONICAL
    if counts.rows < 2 or counts.rejected < counts.rows or settings.rules < (3 if is_canonical else 2):
        return
    first = con.execute(
        f"""
        select line, detail, bool_or({_READ if is_canonical else _READ_BY_PLACE}) over () as readable
        from ops.rejected_rows
        where file_sequence = ?
        order by line
        limit 1
        """,
        [key.sequence],
    ).fetchone()
    if first is None or first[2]:
        return
    if is_canonical:
        raise UnreadableFile(f"none of its {counts.rows} rows can be read; line {first[0]}: {first[1]}")
    columns = ", ".join(NATIVE[settings.format].columns)
    raise OtherLayout(
        f"none of its {counts.rows} rows can be read as {settings.format}, which has the columns {columns};"
        f" line {first[0]}: {first[1]}. Have the switch write these, or give the source its own format in sources.csv"
    )


def refuse_replacing_none(con: duckdb.DuckDBPyConnection, key: FileKey) -> str | None:
    """Raise `ReplacesNone` where a file that supersedes replaces no CDR at all, or a row of it is hardly new: it would
    count beside the one that it was meant for, where its source or its id is not quite the one that landed.

    Else what is said of rows that are new beside those that replace; None where there is none.
    """
    new = _new_beside(con, key)
    if not new:
        return None
    replaced = count(con, "select count(*) from replaced")
    odd = next((row for row in new if row.meant), None)
    first, what = odd or new[0], "row replaces none" if len(new) == 1 else "rows replace none"
    said = f"{len(new):,} {what}, the first is call {first.call_id} (attempt {first.attempt}) of {first.day}"
    if replaced and not odd:
        return f"{said}: what replaces none lands as new"
    meant = f"; {first.meant}" if first.meant else "."
    right = "land it without --supersede"
    right += ", then once more with it for the rows that replace others" if replaced else ""
    raise ReplacesNone(
        f"{said}, which has not landed from {key.source}{meant} Nothing of the file lands; where such rows are new:"
        f" {right}"
    )


def refuse_replacing_another(con: duckdb.DuckDBPyConnection, key: FileKey) -> None:
    """Raise `ReplacesAnother` where a row of a file that supersedes is another call than the one that it replaces: a
    switch that gives its ids again each day would lose the calls of the day before.
    """
    row = con.execute(
        f"""
        select
            r.call_id, r.started_at, r.called_number, o.started_at, o.called_number, o.file_id,
            count(distinct (r.call_id, r.attempt)) over (),
        from landed.cdrs as r
        inner join landed.superseded_cdrs as o
            on r.source = o.source and r.call_id = o.call_id and r.attempt = o.attempt and abs(r.day - o.day) <= 1
        where r.file_sequence = $sequence and o.superseded_by = $file and {ANOTHER_CALL}
        order by r.day, r.call_id, r.attempt, o.day
        limit 1
        """,
        {"sequence": key.sequence, "file": key.file_id},
    ).fetchall()
    for call_id, at, number, then, other, file, calls in row:
        what = "1 row is another call than it" if calls == 1 else f"{calls:,} rows are other calls than they"
        raise ReplacesAnother(
            f"{what} would replace, the first is call {call_id} of {at:%Y-%m-%d %H:%M:%S} UTC to {number}"
            f" where that of {then:%Y-%m-%d %H:%M:%S} UTC to {other} landed ({file[:12]}): are its ids used again?"
            " Nothing of the file lands; give each call an id of its own, such as its day before it. Where it is the"
            " same call, and both its time and its number were wrong: --again beside --supersede"
        )


class _New(NamedTuple):
    """A CDR that replaces none, and the one that it may have been meant to replace, as a question."""

    call_id: str
    attempt: int
    day: date
    meant: str | None


def _new_beside(con: duckdb.DuckDBPyConnection, key: FileKey) -> list[_New]:
    """The CDRs of a file that supersedes which replace none: what is meant is a call at the same time to the same
    number that landed under the same id from another source, or from this one under nearly that id.
    """
    rows = con.execute(
        """
        with new as (
            from landed.cdrs as r
            where
                file_sequence = $sequence
                and not exists (
                    select 1 from landed.superseded_cdrs as o
                    where
                        o.superseded_by = $file and o.source = r.source and o.call_id = r.call_id
                        and o.attempt = r.attempt and abs(o.day - r.day) <= 1
                )
        ),

        meant as (
            select
                r.call_id,
                r.attempt,
                r.day,
                arg_min(
                    case
                        when o.source <> r.source then 'it has from ' || o.source || ': is it that?'
                        when o.call_id = r.call_id then 'it has as attempt ' || o.attempt || ': is it that?'
                        else 'did you mean ' || o.call_id || '?'
                    end,
                    (damerau_levenshtein(o.call_id, r.call_id), o.source <> r.source, o.source, o.call_id)
                ) as meant,
            from new as r
            inner join landed.cdrs as o
                on r.started_at = o.started_at and r.called_number = o.called_number and abs(o.day - r.day) <= 1
            where
                o.file_sequence <> $sequence
                and case when o.source = r.source then damerau_levenshtein(o.call_id, r.call_id) <= 2
                    else o.call_id = r.call_id and o.attempt = r.attempt end
            group by all
        )

        select n.call_id, n.attempt, n.day, m.meant
        from new as n
        left join meant as m on n.call_id = m.call_id and n.attempt = m.attempt and n.day = m.day
        order by n.day, n.call_id, n.attempt
        """,
        {"sequence": key.sequence, "file": key.file_id},
    ).fetchall()
    return [_New(*row) for row in rows]
