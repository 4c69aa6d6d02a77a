"""Settling rejected rows by the file that has them right, in the transaction that lands it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.landing.identity.columns import columns_of
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows.checked import read_again
from orchestration.landing.store import FileKey
from orchestration.store.database import count
from orchestration.store.sql import run
from orchestration.store.warehouse import Refused

_HERE = Path(__file__).parent


def correct_same_lines(con: duckdb.DuckDBPyConnection, key: FileKey, file: Readable) -> int:
    """Settle the rows without an identity that a landed line of the file says again but for one cell; how many.

    The file is read again, only if there are such rows and some of its own landed.
    """
    columns, parameters = columns_of(key.kind), _parameters(key)
    run(con, _HERE / "left_rows.sql", columns, parameters)
    mine = f"select 1 from {key.kind.table} where file_sequence = {key.sequence} limit 1"
    if not count(con, "select count(*) from left_rows where is_unnamed and line is not null") or not count(
        con, f"select count(*) from ({mine})"
    ):
        return 0
    again = read_again(key.kind, file, key.source, key.file_id, key.sequence, key.limits)
    written = {**columns, "landed_lines": again, "cells": file.cells("plain")}
    before = count(con, "select count(*) from ops.corrections")
    run(con, _HERE / "same_lines.sql", written, parameters)
    return count(con, "select count(*) from ops.corrections") - before


def correct_said(con: duckdb.DuckDBPyConnection, key: FileKey, corrected: str, rows: int) -> int:
    """Settle what was rejected of the file `corrected`, which the landed one has right; how much.

    `rows`: how many of the landed file landed, or had before. Raises `Refused` where that has more to settle than they
    are, or nothing.
    """
    if corrected == key.file_id:
        raise Refused(f"--corrects names {key.name} itself; give the file that has right what was rejected of it")
    before = count(con, "select count(*) from ops.corrections")
    run(con, _HERE / "left_rows.sql", {}, _parameters(key))
    run(con, _HERE / "said.sql", {}, {**_parameters(key), "corrected": corrected})
    settled = count(con, "select count(*) from ops.corrections") - before
    if not settled:
        raise Refused(f"--corrects: of file {corrected[:12]} nothing is left to correct")
    if settled > rows:
        raise Refused(
            f"--corrects: {settled} rows were rejected of file {corrected[:12]}, and {key.name} has {rows} that landed"
            " or had landed before: it cannot have them all right; waive what is not wanted (tollbook waive --row)"
        )
    return settled


def file_to_correct(con: duckdb.DuckDBPyConnection, kind: str, source: str, begins: str) -> str:
    """The id of the one file of the source that begins so and has something to correct. Raises `Refused`."""
    found = con.execute(
        """
        select file_id, kind, source from ops.rejected_rows where starts_with(file_id, $begins)
        union
        select file_id, kind, source from ops.unreadable_files where starts_with(file_id, $begins)
        """,
        {"begins": begins},
    ).fetchall()
    own = sorted(file_id for file_id, *of in found if of == [kind, source])
    if len(own) == 1:
        return str(own[0])
    if own:
        raise Refused(f"--corrects: more than one file has an id that begins with {begins}: write more of it")
    others = "; it is of " + ", ".join(sorted(f"{s} ({k})" for _, k, s in found)) if found else ""
    raise Refused(f"--corrects: {source} ({kind}) has no file with rejected rows whose id begins with {begins}{others}")


def _parameters(key: FileKey) -> dict[str, object]:
    return {"file_id": key.file_id, "kind": key.kind.name, "source": key.source, "sequence": key.sequence}
