"""Ids that are hardly meant: spoilt by a spreadsheet, or other ones of rows that landed before. Asked about."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.landing.identity.columns import SPOILT
from orchestration.landing.store import FileKey
from orchestration.store.database import one
from orchestration.store.sql import literal, quoted

# Of these kinds rows that say the same at the same time are one; customers do pay the same sum twice.
_SAID_ONCE = {"cdrs": "duration_s > 0", "usage": "true"}
# How many rows of a file are looked at before all are.
_SAMPLE = 1000


def doubts(con: duckdb.DuckDBPyConnection, key: FileKey) -> Iterator[str]:
    """Of the file that is landing."""
    if key.kind.row_id is not None:
        yield from _spoilt(con, key, quoted(key.kind.row_id))
    if key.kind.name in _SAID_ONCE:
        yield from _landed_before(con, key)


def _spoilt(con: duckdb.DuckDBPyConnection, key: FileKey, row_id: str) -> Iterator[str]:
    spoilt = f"contains({row_id}, 'E+') and regexp_full_match({row_id}, {literal(SPOILT)})"
    first, ids = one(
        con,
        f"select min({row_id}), count(distinct {row_id}) from {key.kind.table} where file_sequence = ? and {spoilt}",
        [key.sequence],
    )
    if ids:
        more = f" (and {ids - 1:,} more)" if ids > 1 else ""
        yield (
            f"{first}{more} was an id once: a spreadsheet has spoiled it, and others come out alike. Export the column"
            f" as text, and take this file back: tollbook withdraw {key.file_id[:12]} --reason TEXT"
        )


def _landed_before(con: duckdb.DuckDBPyConnection, key: FileKey) -> Iterator[str]:
    """A file of which half or more landed from its source under other ids: it would be charged twice."""
    rows, known, _, _, _ = _known(con, key, f"limit {_SAMPLE}")
    if rows < 2 or not known:
        return
    rows, known, row_id, other, name = _known(con, key, "")
    if known * 2 >= rows:
        yield (
            f"{known:,} of its {rows:,} rows landed from {key.source} before, under other ids ({row_id} as {other} of"
            f" {name}), and count twice: is it the same once more? Then take it back: tollbook withdraw"
            f" {key.file_id[:12]} --reason TEXT"
        )


def _known(con: duckdb.DuckDBPyConnection, key: FileKey, some: str) -> tuple[int, int, str, str, str]:
    """How many rows of the file there are, and how many landed before; one of these, and as what of which file."""
    table, counts, row_id = key.kind.table, _SAID_ONCE[key.kind.name], quoted(str(key.kind.row_id))
    said = [column.name for column in key.kind.columns if column.name not in key.kind.identity]
    same = " and ".join(f"r.{quoted(c)} is not distinct from o.{quoted(c)}" for c in said if c != key.kind.time)
    at = "started_at" if key.kind.name == "cdrs" else key.kind.time
    found: tuple[int, int, str, str, str] = one(
        con,
        f"""
        with mine as materialized (
            select * from {table} where file_sequence = $sequence and {counts} {some}
        ),

        known as (
            select r.{row_id} as row_id, min(o.{row_id}) as other, min_by(f.name, o.{row_id}) as name
            from mine as r
            inner join {table} as o on r.day = o.day and r.{quoted(at)} = o.{quoted(at)} and {same}
            inner join ops.files as f on o.file_id = f.file_id and o.source = f.source and f.kind = $kind
            where o.source = $source and o.file_sequence <> $sequence and o.{row_id} <> r.{row_id}
            group by all
        )

        select
            (select count(distinct {row_id}) from mine),
            count(*), min(row_id), min_by(other, row_id), min_by(name, row_id)
        from known
        """,
        {"sequence": key.sequence, "source": key.source, "kind": key.kind.name},
    )
    return found
