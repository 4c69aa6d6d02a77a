"""What leaves with a file that is taken back, and which older versions of CDRs are back for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.landing.identity.columns import columns_of
from orchestration.landing.rows.canonical import Kind
from orchestration.landing.store import FileKey
from orchestration.store.database import count
from orchestration.store.sql import run

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class TakenOut:
    """What became of the rows: how many left, how many older versions of CDRs are back, the days that changed."""

    rows: int
    restored: int
    days: tuple[date, ...]


def gone(kind: Kind) -> str:
    """The table that keeps rows of the kind which landed and do not count any more."""
    return "landed.superseded_cdrs" if kind.name == "cdrs" else f"landed.withdrawn_{kind.name}"


def take_out(con: duckdb.DuckDBPyConnection, key: FileKey, withdrawal: int) -> TakenOut:
    """Move the file's rows out of landed.*, in the caller's transaction.

    Temp table `freed` has them. A CDR that one of them superseded comes back: restored.sql.
    """
    as_gone = "*, '' as superseded_by" if key.kind.name == "cdrs" else "*"
    columns = {**columns_of(key.kind), "gone": gone(key.kind), "as_gone": as_gone}
    this = {"file_id": key.file_id, "kind": key.kind.name, "source": key.source}
    parameters = {**this, "sequence": key.sequence, "withdrawal": withdrawal}
    run(con, _HERE / "taken_out.sql", columns, parameters)
    rows = count(con, "select count(*) from freed")
    if key.kind.name == "cdrs":
        run(con, _HERE / "restored.sql", columns, parameters)
    run(con, _HERE / "days.sql", columns, parameters)
    days = con.execute("select day from ops.file_days where file_sequence = ? order by day", [key.sequence]).fetchall()
    con.execute("delete from ops.rejected_rows where file_id = $file_id and kind = $kind and source = $source", this)
    return TakenOut(rows, count(con, "select count(*) from returned"), tuple(day for (day,) in days))
