"""What a question is answered from: what was published last, or the company as it begins where nothing has landed."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.store import journal
from orchestration.store.database import one
from orchestration.store.files import checksum
from orchestration.store.warehouse import Home, Refused, environment, serving

# Lines of the journal that leave nothing in the books.
_WITHOUT_EFFECT = ("configure", "upgrade")
# how a file of one day begins its name, or that of its folder
_DAY = re.compile(r"(?:day=)?(\d{4}-\d\d-\d\d)\b")


@contextmanager
def answering(home: Home) -> Iterator[Home]:
    """The deployment, or where nothing has landed and nothing is published one that its configuration begins, in a
    folder that is thrown away. Changes nothing in `home`. Raises `Refused` where the configuration is not good.
    """
    if home.serving.exists() or has_landed(home):
        yield home
        return
    print(f"nothing has landed in {home.root}: this is answered from the configuration alone", file=sys.stderr)
    # a publication reads questions of its own, and only the first question of all needs one
    from orchestration.operations.day.build import build

    with tempfile.TemporaryDirectory(prefix="tollbook-") as scratch:
        begun = Home(Path(scratch) / "home", home.seeds)
        with environment(TOLLBOOK_ALERTS=""):
            build(begun)
        yield begun


@contextmanager
def reading(home: Home, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to what is published there. Raises `Refused` where something has landed and nothing is, and where a
    file of one of `tables` is damaged: nothing may go out that stands on it.
    """
    with answering(home) as read, serving(read) as con:
        refuse_damaged(con, read, tables)
        yield con


def refuse_damaged(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    tables: Collection[str],
    days: tuple[date, date] | None = None,
    database: str = "tollbook",
) -> None:
    """Raise `Refused` where a published file of one of these tables (of these days, where it is of one) is not as it
    was written. A table may be one file of it: marts.invoice_calls/INV-2026-000001.parquet.

    `con` has the serving file as `database`. What an earlier release published is not looked at.
    """
    listed = f"select path, sha256 from {database}.main.published_files where sha256 is not null"
    try:
        rows = con.execute(listed).fetchall()
    except duckdb.CatalogException:
        return
    for path, sha256 in rows:
        table, name = path.removeprefix("tables/").removeprefix("serving/data/").split("/")[:2]
        named = table in tables or f"{table}/{name}" in tables
        if named and (days is None or not (of := _DAY.match(name)) or _within(of[1], days)):
            file = home.root / path
            if not file.exists() or checksum(file) != sha256:
                wrong = "its bytes are not those that were written" if file.exists() else "it is gone"
                raise Refused(f"{file} is damaged: {wrong}; run: tollbook repair")


def _within(day: str, days: tuple[date, date]) -> bool:
    return days[0] <= date.fromisoformat(day) <= days[1]


def has_landed(home: Home) -> bool:
    """Whether anything ever has, by the journal."""
    return any(line["action"] not in _WITHOUT_EFFECT for line in journal.effective(home.journal))


def published_days(home: Home) -> tuple[date, date] | None:
    """The first and the last day, of traffic or booking, that something is published of; None: nothing is."""
    if not home.serving.exists():
        return None
    with serving(home) as con:
        first, last = one(
            con,
            """
            select min(day), max(day)
            from (select day from marts.days union all select booked_on from marts.balance_ledger_daily)
            """,
        )
    return (first, last) if first else None


def unpublished(home: Home) -> int:
    """How many changes the journal has that were not published yet, since something was first."""
    if not home.serving.exists():
        return 0
    with serving(home) as con:
        return journal.since(home.journal, journal.noted(con))
