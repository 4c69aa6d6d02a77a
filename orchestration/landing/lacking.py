"""What rows of a file do not say although it decides money, and others of its source did: asked about as it lands."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb

from orchestration.landing.store import FileKey
from orchestration.store.database import one
from orchestration.store.sql import quoted

# Columns that a file need not have and that decide money, and what becomes of a row without it.
_WITHOUT = {
    "cdrs": {
        "attempt": "a call is a first attempt",
        "answered_at": "a call is charged as of when it began, unless ended_at tells when it was answered",
        "ended_at": "a call of which answered_at is not said is charged as of when it began",
        "calling_number": "a call is priced as of nobody who calls",
        "routing_number": "a call is priced by called_number",
        "ingress_trunk": "a call is charged to nobody",
        "egress_trunk": "a call leaves by no carrier and costs nothing",
        "carrier_amount": "what the carrier charged is not known",
        "carrier_currency": "what the carrier charged is not known",
        "carrier_billed_s": "what the carrier billed is not known",
    },
    "payments": {"method": "a payment is booked as one, and as no refund or write-off"},
}
# How many files of the source are looked at, the last ones.
_LOOKED_AT = 10


def lacking(con: duckdb.DuckDBPyConnection, key: FileKey, absent: Collection[str], superseded: int) -> Iterator[str]:
    """In words, what the rows that have just landed from the file lack: what they replace had it, or earlier files had.

    `absent`: the columns that the file does not have. `superseded`: how many rows it has replaced.
    """
    lost = _lost(con, key) if superseded else {}
    for column, calls in lost.items():
        had = "1 call that it replaces has" if calls == 1 else f"{calls:,} calls that it replaces have"
        why = f" (there is no such column in {key.name})" if column in absent else ""
        yield f"{had} lost {column}{why}; without it {_WITHOUT['cdrs'][column]}"
    for column in _had_before(con, key, [name for name in absent if name not in lost]):
        without = _WITHOUT[key.kind.name][column]
        yield f"there is no column {column}, and files of {key.source} had it; without it {without}"
    for column in _empty(con, key, {*absent, *lost}):
        what = "answered call" if key.kind.name == "cdrs" else "row"
        without = _WITHOUT[key.kind.name][column]
        yield f"no {what} in it has {column}, and all of {key.source} had it in files before; without it {without}"


def _lost(con: duckdb.DuckDBPyConnection, key: FileKey) -> dict[str, int]:
    """How many answered calls have lost a value with the version that superseded theirs, by column."""
    columns = [column for column in _WITHOUT["cdrs"] if column not in key.kind.identity]
    lost = [f"count(*) filter (o.{quoted(c)} is not null and n.{quoted(c)} is null)" for c in columns]
    counts = one(
        con,
        f"""
        select {", ".join(lost)}
        from landed.superseded_cdrs as o
        inner join landed.cdrs as n on o.source = n.source and o.call_id = n.call_id and o.attempt = n.attempt
        where
            o.superseded_by = $file_id and n.file_sequence = $sequence and n.source = $source
            and abs(n.day - o.day) <= 1 and n.duration_s > 0
        """,
        {"file_id": key.file_id, "sequence": key.sequence, "source": key.source},
    )
    return {column: calls for column, calls in zip(columns, counts, strict=True) if calls}


def _empty(con: duckdb.DuckDBPyConnection, key: FileKey, told: Collection[str]) -> list[str]:
    """Which columns are empty in two rows or more, all that the file has, as of a look-up that failed, where each row
    of the last files had them; but those that were `told` of.
    """
    columns = [c for c in _WITHOUT.get(key.kind.name, {}) if c not in told and c != "attempt"]
    if not columns:
        return []
    counts = ", ".join(f"count({quoted(column)})" for column in columns)
    asked = f"select count(*), {counts} from {key.kind.table} where file_sequence = ? {_answered(key)}"
    rows, *filled = one(con, asked, [key.sequence])
    empty = [column for column, n in zip(columns, filled, strict=True) if not n] if rows > 1 else []
    return _of_last_files(con, key, empty, "bool_and({} is not null)", f"true {_answered(key)}")


def _had_before(con: duckdb.DuckDBPyConnection, key: FileKey, absent: Collection[str]) -> list[str]:
    """Which of the columns that it lacks the last files of the source had, where that matters to a row of it."""
    columns = [column for column in _WITHOUT.get(key.kind.name, {}) if column in absent]
    matters = f"exists (select 1 from {key.kind.table} where file_sequence = $sequence {_answered(key)})"
    return _of_last_files(con, key, columns, "bool_or({} is not null)", matters)


def _answered(key: FileKey) -> str:
    return "and duration_s > 0" if key.kind.name == "cdrs" else ""


def _of_last_files(
    con: duckdb.DuckDBPyConnection, key: FileKey, columns: Collection[str], had: str, where: str
) -> list[str]:
    """Of which columns it is true that the rows of the source's last files `had` them (SQL), those of them `where`."""
    if not columns:
        return []
    asked = [had.format(quoted(c)) if c != "attempt" else "bool_or(attempt > 1)" for c in columns]
    found = one(
        con,
        f"""
        with before as (
            select file_sequence
            from ops.files
            where kind = $kind and source = $source and landed > 0 and withdrawn_at is null
                and file_sequence < $sequence
            order by file_sequence desc
            limit {_LOOKED_AT}
        )
        select {", ".join(asked)}
        from {key.kind.table}
        where source = $source and file_sequence in (select file_sequence from before) and {where}
        """,
        {"kind": key.kind.name, "source": key.source, "sequence": key.sequence},
    )
    return [column for column, is_had in zip(columns, found, strict=True) if is_had]
