"""Whether a deployment's books and files are as they were written. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.engine.dbt import modelled
from orchestration.operations.billing.issued import SUFFIXES, exported
from orchestration.operations.day.publish import published_files
from orchestration.operations.permitted import writing
from orchestration.operations.verify import anchors, books, files
from orchestration.operations.verify.definitions import altered_views
from orchestration.operations.verify.fault import Fault
from orchestration.operations.verify.loaded import altered_configuration
from orchestration.operations.verify.permissions import too_open
from orchestration.store import journal, upgrade
from orchestration.store.database import dict_rows
from orchestration.store.files import checksum, inside
from orchestration.store.warehouse import Home, Refused

_REPAIR = "tollbook repair makes it again from the archive"


@dataclass(frozen=True)
class Verified:
    """What was looked at: lines of the journal, files and their bytes; the number and sha256 of the last line; what is
    wrong."""

    lines: int
    files: int
    head: journal.Head | None
    faults: list[Fault]


def verify(home: Home, report: Callable[[str], None] | None = None, kept_anchors: Path | None = None) -> Verified:
    """Compare the journal with itself and with the anchors that were kept of it (in `kept_anchors`, and where
    `TOLLBOOK_ANCHOR` says), the warehouse with the journal, and every file with what was written.

    The writer's place is held while the warehouse is read, and not while files are: none of them ever changes.
    Raises `Refused` where there is no deployment, and where its tables are of another release.
    """
    if not home.journal.exists() and not home.warehouse.exists():
        raise Refused(f"nothing has landed in {home.root}: there is nothing to verify")
    kept_elsewhere = anchors.kept(kept_anchors)
    with writing(home, "verify", begin=False):
        lines, sums, faults = _journal(home)
        faults += anchors.faults(sums, kept_elsewhere) if not faults else []
        expected, found, known = _warehouse(home, lines, sums, report)
    faults += found
    # a last line that the warehouse does not know of had no effect
    kept = files.archived(home, [line for line in lines if known is None or line["n"] <= known])
    expected = {**expected, **kept, **_served(home)}
    faults += files.configurations(home, lines)
    faults += files.orphans(home, kept) if lines else []  # of a journal that cannot be read it says nothing
    faults += files.damaged(home, expected, _counting(len(expected), report))
    faults += too_open(home)
    return Verified(len(lines), len(expected), journal.head(home.journal) if lines else None, faults)


def _journal(home: Home) -> tuple[list[journal.Line], dict[int, str], list[Fault]]:
    right = "restore archive/journal from a backup"
    try:
        lines = list(journal.effective(home.journal))
        sums = journal.sums(home.journal)
    except journal.Damaged as damaged:
        return [], {}, [Fault("journal", "archive/journal/journal.jsonl", str(damaged), right)]
    odd = [Fault("journal", f"line {line['n']}", wrong, right) for line in lines if (wrong := files.unlike(line))]
    return ([], {}, odd) if odd else (lines, sums, [])


def _warehouse(
    home: Home, lines: list[journal.Line], sums: dict[int, str], report: Callable[[str], None] | None
) -> tuple[dict[Path, files.Expected], list[Fault], int | None]:
    """The files that the warehouse knows, what is wrong in it, and the last line of the journal that it knows."""
    if not home.warehouse.exists():
        return {}, [Fault("warehouse", home.warehouse.name, "it is gone", books.REBUILD)], None
    faults: list[Fault] = []
    try:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            if (version := upgrade.version(con)) != upgrade.TABLES:
                other = f"its tables are version {version}, this release knows {upgrade.TABLES}"
                raise Refused(f"{home.warehouse} is another release's ({other}): run tollbook build, then verify")
            if not modelled(con):
                raise Refused(f"{home.warehouse} was built by another release: run tollbook build, then verify")
            faults += books.unreadable_tables(con, report or (lambda _: None))
            is_readable = not faults
            faults += altered_views(con, home)
            faults += altered_configuration(con, home)
            if lines and is_readable:
                faults += books.journal_faults(con, lines, sums)
                faults += books.ledger_faults(con, lines)
                faults += books.invoice_faults(con, lines)
                faults += _facts(con)
            faults += _publication(con, home)
            return {**_stored(con, home), **_documents(con, home)}, faults, journal.noted(con)
    except (duckdb.Error, UnicodeDecodeError) as unreadable:
        wrong = f"it cannot be read ({books.first_line(unreadable)})"
        return {}, [*faults, Fault("warehouse", home.warehouse.name, wrong, books.REBUILD)], None


def _facts(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    try:
        return list(books.fact_faults(con))
    except duckdb.Error as unreadable:  # the file that it is about is named among the files
        wrong = f"calls cannot be compared with what landed ({books.first_line(unreadable)})"
        return [Fault("stored", "tables", wrong, _REPAIR)]


def _stored(con: duckdb.DuckDBPyConnection, home: Home) -> dict[Path, files.Expected]:
    return {
        inside(home.root, row["path"]): files.Expected("stored", row["sha256"], _REPAIR)
        for row in dict_rows(con, "select path, sha256 from ops.stored_files where sha256 is not null")
    }


def _served(home: Home) -> dict[Path, files.Expected]:
    again = "tollbook repair writes it again"
    return {
        inside(home.root, path): files.Expected("published", sha256, again)
        for path, sha256 in published_files(home).items()
    }


def _publication(con: duckdb.DuckDBPyConnection, home: Home) -> list[Fault]:
    """The small file that analysts open; a release before this one did not keep what it is."""
    known = {sha256 for (sha256,) in con.execute("select sha256 from run.publications").fetchall()}
    if not known or (home.serving.exists() and checksum(home.serving) in known):
        return []
    wrong = "its bytes are not those that were written" if home.serving.exists() else "it is gone"
    return [Fault("published", str(home.serving.relative_to(home.root)), wrong, "tollbook publish writes it again")]


def _documents(con: duckdb.DuckDBPyConnection, home: Home) -> dict[Path, files.Expected]:
    """Issued documents, in the archive and as they were exported."""
    expected = {}
    for row in dict_rows(
        con,
        "select invoice_number, csv_sha256 as csv, checksum as json, pdf_sha256 as pdf from ops.invoices"
        " where status = 'issued'",
    ):
        for suffix in SUFFIXES:
            again = f"copy archive/invoices/{row[suffix]}.{suffix} in its place"
            expected[exported(home, row["invoice_number"], suffix)] = files.Expected("invoice", row[suffix], again)
            kept = inside(home.archive, "invoices", f"{row[suffix]}.{suffix}")
            expected[kept] = files.Expected("archive", row[suffix], files.BACKUP)
    return expected


def _counting(all_of_them: int, report: Callable[[str], None] | None) -> Callable[[Path], None]:
    looked_at = 0

    def count(path: Path) -> None:
        nonlocal looked_at
        looked_at += 1
        if report is not None and looked_at % 100 == 0:
            report(f"{looked_at} of {all_of_them} files: {path.name}")

    return count
