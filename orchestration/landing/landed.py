"""Which files have landed, and in which order."""

from __future__ import annotations

from datetime import date

import duckdb

from orchestration.store.database import one


def has_landed(con: duckdb.DuckDBPyConnection, file_id: str, kind: str, source: str) -> bool:
    """Whether these bytes landed from the source, and were not withdrawn."""
    row = con.execute(
        "select 1 from ops.files where file_id = ? and kind = ? and source = ? and withdrawn_at is null",
        [file_id, kind, source],
    ).fetchone()
    return row is not None


def first_traffic(con: duckdb.DuckDBPyConnection) -> date | None:
    """The day on which the books begin; None where no calls and no usage have landed."""
    began: date | None
    (began,) = one(con, "select min(day) from ops.file_days where kind in ('cdrs', 'usage')")
    return began


def next_sequence(con: duckdb.DuckDBPyConnection) -> int:
    """The next place in the order of landing. A withdrawal that closed days up has left none of its own there."""
    (sequence,) = one(
        con,
        """
        select 1 + greatest(
            (select coalesce(max(file_sequence), 0) from ops.files),
            (select coalesce(max(file_sequence), 0) from ops.file_days),
            (
                select coalesce(max(w.file_sequence), 0)
                from ops.withdrawals as w
                cross join run.clock as c
                where c.rules > 5
            )
        )
        """,
    )
    return int(sequence)
