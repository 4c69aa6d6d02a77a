"""Make stored and published files that are damaged again, from the archive, to the same contents or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engine import stored
from orchestration.operations.day.build import build_days
from orchestration.operations.day.publish import publish, published_files
from orchestration.operations.permitted import writing
from orchestration.operations.upkeep.configure import configure
from orchestration.operations.upkeep.rebuild import done_lines, replayed
from orchestration.store.database import dict_rows, transaction
from orchestration.store.files import checksum, copy, inside
from orchestration.store.warehouse import Home, Refused, Writer, environment

# Two files of a day may have the same sums and other calls: they are told apart by the order of writing.
_SEALED = """
    select
        table_name, day, path, rows, sums,
        row_number() over (partition by table_name, day order by path) as place,
        count(*) over (partition by table_name, day) as files
    from ops.stored_files
    where sealed
"""


@dataclass(frozen=True)
class Repaired:
    """The files that were made again, by their paths in the deployment: of closed days, of open days, published."""

    sealed: list[str]
    open: list[str]
    published: list[str]


def repair(home: Home, report: Callable[[str], None] | None = None) -> Repaired:
    """Make again what is damaged of stored and published files; nothing where nothing is.

    A file of a closed day is taken from a replay of the whole journal, where its rows and sums are those that were
    kept when it was sealed. Raises `Refused`, and changes nothing, where they are not, or the replay comes out
    otherwise than the journal or the warehouse says.
    """
    with writing(home, "repair", enters=False) as held:
        with held.connect() as con:
            damages = list(stored.damaged(con, home.root, date.min, date.max))
            sealed = _sealed(con, damages)
            open_days = [damage for damage in damages if damage.path not in {row["path"] for row in sealed}]
        if sealed:
            _take(held, sealed, report)
        if open_days:
            with held.connect() as con, transaction(con):
                con.execute(
                    "insert into run.build_days select distinct unnest(?::DATE[])",
                    [[damage.day for damage in open_days]],
                )
                # a build looks into those that are listed
                con.execute(
                    "delete from ops.stored_files where list_contains(?, path)", [[damage.path for damage in open_days]]
                )
            configure(held)
            build_days(held, report=report)
        served = [path for path, sha256 in published_files(home).items() if not _is(home.root / path, sha256)]
        if damages or served:
            with environment(TOLLBOOK_ALERTS=""):
                publish(held, [home.root / path for path in served])
    return Repaired([row["path"] for row in sealed], [damage.path for damage in open_days], sorted(served))


def _is(path: Path, sha256: str) -> bool:
    return path.exists() and checksum(path) == sha256


def _sealed(con: duckdb.DuckDBPyConnection, damages: Sequence[stored.Damage]) -> list[dict[str, Any]]:
    return dict_rows(
        con,
        f"select * from ({_SEALED}) where list_contains(?, path) order by day, path",
        [[damage.path for damage in damages]],
    )


def _take(held: Writer, damaged: list[dict[str, Any]], report: Callable[[str], None] | None) -> None:
    """Put the files of a replay in the place of the damaged ones, all of them or none."""
    home = held.home
    held.release()  # the replay compares itself with the warehouse
    with replayed(home, done_lines(home, held.done), report) as beside, beside.connect() as again:
        taken = {str(row["path"]): _twin(again, beside.home, row) for row in damaged}
        with held.connect() as con, transaction(con):
            held.journal(con, "repair", files=sorted(taken))
            for path, twin in taken.items():
                copy(twin, inside(home.root, path))
                con.execute(
                    "update ops.stored_files set bytes = ?, sha256 = ? where path = ?",
                    [twin.stat().st_size, checksum(twin), path],
                )


def _twin(again: duckdb.DuckDBPyConnection, new: Home, row: dict[str, Any]) -> Path:
    """The file of the replay with the same place, rows and sums as one that is damaged. Raises `Refused` for none."""
    found = again.execute(
        f"""
        select path
        from ({_SEALED})
        where
            table_name = $table_name and day = $day and (place, files) = ($place, $files)
            and (table_name <> 'marts.invoice_calls' or path = $path)
            and rows = coalesce($rows, rows) and sums = coalesce($sums, sums)
        """,
        row,
    ).fetchall()
    if not found:
        raise Refused(
            f"{row['path']} cannot be made again: what the archive gives of {row['table_name']} for {row['day']} has"
            " other rows or sums than were kept when it was sealed. Bring the file back from a backup"
        )
    return new.root / str(found[0][0])
