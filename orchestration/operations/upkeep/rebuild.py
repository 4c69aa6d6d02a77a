"""Make the warehouse anew from the archive, the journal and the kept configurations, and nothing else."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.configuration.load import version
from orchestration.engine.dbt import modelled
from orchestration.operations.day.build import build_days, keep_models
from orchestration.operations.day.publish import publish
from orchestration.operations.permitted import writing
from orchestration.operations.upkeep.configure import configure, problems
from orchestration.operations.upkeep.replay import Replay
from orchestration.store import journal, sql
from orchestration.store.database import one, transaction
from orchestration.store.files import move
from orchestration.store.warehouse import Home, Refused, Writer, begin_empty, environment, writer

# What must come out identical: a query each, its rows in order.
_SAME = {
    "ledger entries": "select entry_id, booked_on, amount from ops.ledger_entries order by entry_id",
    "invoices": (
        "select invoice_number, total, checksum from ops.invoices where status = 'issued' order by invoice_number"
    ),
    "entries on invoices": "select entry_id, invoice_number from ops.invoice_entries order by entry_id",
    "closed days": "select day, max(ordinal) from ops.closings group by day order by day",
    "landed files": "select file_id, kind, source, rows, landed, duplicates, rejected from ops.files order by all",
    "withdrawn files": "select file_id, kind, source, rows, landed, reason from ops.withdrawals order by all",
    "unreadable files": "select file_id, kind, source, days::VARCHAR from ops.unreadable_files order by all",
}
# What landed, by day and source: rows that are not as their file has them have another sum.
_CONTENTS = "select day, source, count(*), sum(hash(*columns(* exclude (day, source, file_sequence)))) from landed."
_SAME |= {f"landed {table}": f"{_CONTENTS}{table} group by all" for table in ("cdrs", "usage", "payments", "resources")}


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did: lines of the journal, ledger entries and invoices; whether the new warehouse took over.

    `compared`: whether the warehouse before could be read, and so was compared too.
    """

    lines: int
    entries: int
    invoices: int
    compared: bool
    replaced: bool


def rebuild(home: Home, report: Callable[[str], None] | None = None, *, check: bool = False) -> Rebuilt:
    """Replay the journal into a new warehouse and let it take the old one's place; `check`: leave that as it is.

    Whatever does not come out as the journal says, or as the old warehouse has it where that can be read, is
    refused: the old one stays then. The switch is one rename; the old file is kept as
    warehouse.before-rebuild.duckdb.
    """
    nothing = Refused(f"there is no journal to rebuild from, {home.journal}")
    if not home.journal.exists():
        raise nothing
    with writing(home, "rebuild --check" if check else "rebuild", begin=False) as held:
        lines = done_lines(home, held.done)
        if not lines:
            raise nothing
        # what was loaded once is done again as it was; anything else the last step takes, after the switch
        is_new = version(home.seeds) != _last_version(lines)
        if is_new and not check:
            _refuse_bad(home)
        with replayed(home, lines, report) as beside:
            entries, invoices = _counts(beside)
            compared = home.warehouse.exists()
            if not check:
                with beside.connect() as books:
                    if is_new:
                        _refuse_bad(home, books)
                    has_models = modelled(books)
                _hand_over(beside, home, lines)
                beside.release()
                _switch(held, beside.home)
                if has_models:
                    keep_models(held)
                configure(held, again=not is_new)
                build_days(held)
                with environment(TOLLBOOK_ALERTS=""):
                    publish(held)
    return Rebuilt(len(lines), entries, invoices, compared, not check)


@contextmanager
def replayed(
    home: Home, lines: Sequence[journal.Line], report: Callable[[str], None] | None = None
) -> Iterator[Writer]:
    """A deployment in a scratch folder in which all of these lines were done again, until the block ends.

    Raises `Refused` where it does not come out as the journal says, or as the warehouse has it where that can be read.
    """
    scratch = home.root / ".rebuild"
    shutil.rmtree(scratch, ignore_errors=True)
    new = Home(scratch, scratch / "config" / "seeds")
    try:
        with writer(new, "rebuild", begin=False) as beside:
            beside.replays = True
            begin_empty(new)
            replay = Replay(beside, home)
            for number, line in enumerate(lines, start=1):
                if report:
                    report(f"{number} of {len(lines)}: {line['at'][:19]} {line['action']} {_about(line)}")
                replay.line(line)
            beside.release()
            if differences := replay.differences + _compared(home, new):
                first = "the rebuilt warehouse differs, nothing changed; of each kind the first ones:"
                raise Refused("\n".join([first, *differences[:20]]))
            yield beside
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _last_version(lines: list[journal.Line]) -> str | None:
    """The configuration that the journal loads last."""
    return next((line["version"] for line in reversed(lines) if line["action"] == "configure"), None)


def _refuse_bad(home: Home, books: duckdb.DuckDBPyConnection | None = None) -> None:
    if wrong := problems(home, books):
        raise Refused("\n".join(wrong))


def done_lines(home: Home, done: int) -> list[journal.Line]:
    """The lines to do again: not the last one where the warehouse, if there is one, knows that it had no effect.

    `done`: the last line that is known to have had one.
    """
    lines = list(journal.effective(home.journal))
    if home.warehouse.exists():
        with suppress(duckdb.Error), duckdb.connect(str(home.warehouse), read_only=True) as con:
            known = journal.noted(con)
            journal.refuse_shorter(home.journal, lines[-1]["n"] if lines else 0, known)
            # more of them, or one that is known to have taken effect: that is an older copy
            if sum(line["n"] > known for line in lines) == 1 and done <= known:
                return lines[:-1]
    return lines


def _about(line: journal.Line) -> str:
    return str(line.get("name") or line.get("day") or line.get("invoice_number") or line.get("version") or "")[:60]


def _counts(held: Writer) -> tuple[int, int]:
    with held.connect() as con:
        entries, invoices = one(
            con,
            "select (select count(*) from ops.ledger_entries), "
            "(select count(*) from ops.invoices where status = 'issued')",
        )
    return entries, invoices


def _compared(old: Home, new: Home) -> list[str]:
    """Where the two warehouses differ, in words; nothing when there is no old one."""
    if not old.warehouse.exists():
        return []
    differences = []
    with duckdb.connect() as con:
        con.execute(f"attach {sql.path(new.warehouse)} as new (read_only)")
        try:
            con.execute(f"attach {sql.path(old.warehouse)} as old")
        except duckdb.Error as unreadable:
            return [f"{old.warehouse} cannot be read ({unreadable}): move it away to rebuild without comparing"]
        for what, query in _SAME.items():
            rows = {}
            for name in ("old", "new"):
                con.execute(f"use {name}")
                try:
                    rows[name] = set(con.execute(query).fetchall())
                except duckdb.CatalogException:  # an older version's, which knew of no such thing
                    rows[name] = set()
            con.execute("use memory")
            for name, other in (("old", "new"), ("new", "old")):
                for row in sorted(rows[name] - rows[other], key=str)[:5]:
                    differences.append(f"{what}: only the {name} warehouse has {', '.join(map(str, row))}")
    return differences


def _hand_over(beside: Writer, home: Home, lines: list[journal.Line]) -> None:
    """What the new warehouse needs to live in the old one's place."""
    with beside.connect() as con:
        if home.warehouse.exists():
            con.execute(f"attach {sql.path(home.warehouse)} as old (read_only)")
            known = con.execute(
                "select table_name from duckdb_tables() "
                "where database_name = 'old' and starts_with(table_name, 'alert')"
            ).fetchall()
            for (table,) in known:  # of what people were alerted is in no archive
                con.execute(f"insert or replace into ops.{table} by name select * from old.ops.{table}")
            con.execute("detach old")
        with transaction(con):
            con.execute("delete from ops.journal")
            done = {line["n"] for line in lines}
            noted = [line for line in journal.noted_lines(home.journal) if line[0] in done]
            con.executemany("insert into ops.journal values (?, ?, ?, ?, ?, ?)", noted)
            # its views name the files where they were made: who is killed before they name them where they are then
            # has the next build make them all again
            con.execute("delete from ops.project")
            # files that were published before the rebuild are named by these numbers
            for table in ("builds", "day_checks"):
                con.execute(f"update ops.{table} set build_no = build_no + ?", [int(time.time())])
        con.execute("checkpoint")


def _switch(held: Writer, new: Home) -> None:
    """Put the new files beside the old, then the new warehouse in the old one's place, in one rename."""
    home = held.home
    for path in sorted(new.tables.rglob("*.parquet")):
        move(path, home.tables / path.relative_to(new.tables))
    for path in sorted((new.archive / "invoices").glob("*")):
        move(path, home.archive / "invoices" / path.name)
    before = home.root / "warehouse.before-rebuild.duckdb"
    _set_aside(home.warehouse, before)
    move(new.warehouse, home.warehouse)


def _set_aside(warehouse: Path, before: Path) -> None:
    for suffix in ("", ".wal"):
        path, kept = Path(f"{warehouse}{suffix}"), Path(f"{before}{suffix}")
        kept.unlink(missing_ok=True)
        if path.exists() and suffix:
            move(path, kept)  # the new warehouse must not find another one's log
        elif path.exists():
            os.link(path, kept)
