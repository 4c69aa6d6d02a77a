"""Files that do not land although they can be read: they landed from elsewhere, or have another layout."""

from __future__ import annotations

import shlex

import duckdb

from orchestration.configuration.schema import CANONICAL
from orchestration.landing.formats.known import NATIVE
from orchestration.landing.formats.native import SourceSettings
from orchestration.landing.problem import LandedElsewhere, OtherLayout, UnreadableFile
from orchestration.landing.store import Counts, FileKey

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
