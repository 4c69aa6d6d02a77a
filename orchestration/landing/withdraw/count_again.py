"""Which rows of other files count now that those of a withdrawn file, which had kept them out, are gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.identity.columns import columns_of
from orchestration.landing.identity.fresh import Fresh
from orchestration.landing.identity.settle import settle_staged
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows.checked import read_again
from orchestration.landing.store import FileKey, file_days, reject_conflicts
from orchestration.store.database import count
from orchestration.store.sql import literal, run

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class CountedAgain:
    """Another file whose rows had been duplicates of the withdrawn ones, or in conflict with them.

    `landed`: how many of them count now; `rejected`: how many are in conflict with another row, or wait for a second
    operator.
    """

    file_id: str
    name: str
    landed: int
    rejected: int


def candidates(con: duckdb.DuckDBPyConnection, key: FileKey) -> list[tuple[str, str, str]]:
    """The files (id, source, name) that may have rows which were kept out by a freed one, in the order of landing."""
    return _asked(con, "candidates", key).fetchall()


def missing(con: duckdb.DuckDBPyConnection, other: FileKey) -> bool:
    """Whether a freed row is not there again from another file, or one of the other's may be in conflict no more."""
    return _asked(con, "missing", other).fetchone() != (False,)


def count_again(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable, again: bool) -> CountedAgain:
    """Land what of a landed file's rows was kept out by a freed one; `key` has a new sequence.

    Such a row is equal to a freed one, or was rejected as in conflict with it; `again`: how the file had landed. In the
    caller's transaction.
    """
    limits = None  # the rows in question landed, or would have
    fresh = Fresh(con, key.kind, key.source, key.file_id, key.sequence, file, False, limits, again)
    good = read_again(key.kind, file, key.source, key.file_id, key.sequence, limits)
    fresh.run("staged_freed", read_again=good)
    span = con.execute("select min(day), max(day) from staged").fetchone()
    if span is not None and span[0] is not None:
        settle_staged(fresh, *span)
        reject_conflicts(con, key)
        file_days(con, key)
    return _counted(con, key)


def _asked(con: duckdb.DuckDBPyConnection, question: str, key: FileKey) -> duckdb.DuckDBPyConnection:
    parameters = {"file_id": key.file_id, "kind": key.kind.name, "source": key.source}
    return run(con, _HERE / f"{question}.sql", columns_of(key.kind), parameters)


def _counted(con: duckdb.DuckDBPyConnection, key: FileKey) -> CountedAgain:
    this = f"file_id = {literal(key.file_id)} and kind = {literal(key.kind.name)} and source = {literal(key.source)}"
    landed, rejected = (
        count(con, "select count(*) from staged where state = 'landed'"),
        count(con, "select count(*) from staged where state in ('conflict', 'awaits_second')"),
    )
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
