"""Take the configuration in seeds/ into the warehouse: all of it, checked, or none."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.configuration import gone, names, warnings
from orchestration.configuration.between import before_the_books
from orchestration.configuration.chart import chart
from orchestration.configuration.check import Held, check, kept_all_the_same
from orchestration.configuration.load import load, shape, version
from orchestration.configuration.nearest import respelled
from orchestration.configuration.problem import Problem
from orchestration.configuration.schema import FILES, SOURCES
from orchestration.configuration.sheet import read
from orchestration.landing.formats.known import NATIVE
from orchestration.operations.permitted import bring_in
from orchestration.operations.upkeep import in_use, whose
from orchestration.store import journal
from orchestration.store.database import transaction
from orchestration.store.files import csv_files, is_there, place
from orchestration.store.warehouse import KINDS, Home, Refused, Writer, clock, now, serving

LOG = logging.getLogger(__name__)


def problems(home: Home, books: duckdb.DuckDBPyConnection | None = None) -> list[str]:
    """Every error of the configuration, one line each; empty when it is good.

    `books` is the warehouse, or what is published of it: what it needs must be there.
    """
    if missing := home.unconfigured():
        return [missing]
    if books and (other := whose.of_another(books, home)):
        return [other]
    own = check(home.seeds, {name: native.kind for name, native in NATIVE.items()}, _held(home))
    needed = in_use.problems(books, home.archive, home.seeds) if books else []
    return [str(problem) for problem in (*own, *needed)]


def _held(home: Home) -> Held:
    """Whether the books may have a cell: a configuration that was loaded has it, or files of that source landed."""

    @cache
    def kept(csv: str) -> list[bytes]:
        return [path.read_bytes() for path in (home.archive / "config").glob(f"*/{csv}")]

    def held(csv: str, cell: str) -> bool:
        if csv == f"{SOURCES.name}.csv" and any(is_there(home.archive / kind / cell) for kind in KINDS):
            return True
        quoted = re.escape(cell.replace('"', '""').encode())
        whole = re.compile(rb"""(?:^|[,"\s])""" + quoted + rb"""(?:$|[,"\s])""")
        return any(whole.search(content) for content in kept(csv))

    return held


def published_problems(home: Home) -> list[str]:
    """As `problems`, with the books as they were published last: waits for no other command."""
    if not home.serving.exists():
        return problems(home)
    with serving(home) as books:
        return problems(home, books)


def published_warnings(home: Home) -> list[Problem]:
    """What is to be warned of; which tables decks have prices for, and what files count, as published."""
    found = []
    if home.seeds.is_dir():
        priced = _published(home, "landed.rates", "rate_table_id")
        found = [*warnings.warnings(home.seeds, now(), priced), *kept_all_the_same(home.seeds)]
        counted = _published(home, "marts.plan_usage", "resource")
        found += names.uncounted(read(FILES["plan_tiers"], home.seeds), counted, _loaded(home))
        if days := _published(home, "marts.days", "day"):
            sheets = {name: read(FILES[name], home.seeds) for name in ("accounts", "subscriptions")}
            found += before_the_books(sheets, min(days))
        found += names.nobodys(read(FILES["trunks"], home.seeds), _nobodys(home))
        found += gone.rate_tables(read(FILES["rate_tables"], home.seeds), priced)
        found += gone.sources(read(FILES["sources"], home.seeds), _of_open_days(home), _loaded(home))
    return [*found, *warnings.blank_lines(chart(home.accounting)[0]), *_folders(home)]


def _folders(home: Home) -> list[Problem]:
    """Folders beside the seeds that are nearly one that is read there, and which is not there."""
    lacking = [path.name for path in (home.decks, home.accounting, home.branding) if not is_there(path)]
    beside = sorted(path.name for path in home.seeds.parent.iterdir() if path.is_dir()) if lacking else []
    meant = [(name, respelled(name, lacking)) for name in beside]
    return [
        Problem(f"{name}/", None, None, "nothing in it is read", f"name it {right}") for name, right in meant if right
    ]


def _nobodys(home: Home) -> list[tuple[str, str]]:
    """The trunks, with their direction, of answered calls of open days that were nobody's, as published."""
    of_sides = " union ".join(
        f"select '{direction}', {direction}_trunk from marts.rated_calls where {side}_reason = 'no_account' "
        f"and {direction}_trunk is not null and day not in (select day from ops.closings)"
        for direction, side in (("ingress", "sell"), ("egress", "buy"))
    )
    return _of_published(home, of_sides, "marts.rated_calls", "ops.closings")


def _of_open_days(home: Home) -> list[tuple[str, str]]:
    """The kinds and sources of calls of open days, and of files that landed since the last closed one, as published."""
    query = """
        select 'cdrs' as kind, source
        from marts.rated_calls
        where day not in (select day from ops.closings)
        union
        select kind, source
        from ops.files
        where
            withdrawn_at is null and landed > 0
            and landed_at::DATE > coalesce((select max(day) from ops.closings), date '0001-01-01')
    """
    return _of_published(home, query, "marts.rated_calls", "ops.files", "ops.closings")


def _loaded(home: Home) -> Iterator[Path]:
    """The configurations that were loaded, as they are kept, the latest first."""
    with suppress(journal.Damaged):  # whoever writes is told
        for line in reversed(list(journal.effective(home.journal))):
            if line["action"] == "configure":
                yield home.archive / "config" / str(line["version"])


def _published(home: Home, table: str, column: str) -> list[Any]:
    """What a column of a published table has."""
    return [cell for (cell,) in _of_published(home, f"select distinct {column} from {table}", table)]


def _of_published(home: Home, query: str, *tables: str) -> list[tuple[Any, ...]]:
    """What is asked of published tables; nothing where a publication of an early release lacks one of them."""
    if not home.serving.exists():
        return []
    with serving(home) as books:
        there = "select table_schema || '.' || table_name from information_schema.tables"
        if not {*tables} <= {name for (name,) in books.execute(there).fetchall()}:
            return []
        return books.execute(query).fetchall()


def configure(writer: Writer, *, again: bool = False) -> str:
    """Load the configuration if it is not the one loaded; return its version (sha256).

    `again`: a line of the journal is done again; what was good enough then is not judged by what is checked today.
    Raises `Refused` with every error when it is not good; the one loaded before then stays.
    """
    home = writer.home
    current, shaped = version(home.seeds), shape(writer.rules)
    with writer.connect() as con:
        loaded = con.execute("select version, shape from ops.configuration").fetchone()
        if loaded == (current, shaped):
            return current
        if not again and (wrong := problems(home, con)):
            raise Refused("\n".join(wrong))
        if not again:
            bring_in(writer)
            if loaded and (said := whose.renamed(home.archive / "config" / loaded[0], home.seeds)):
                LOG.warning(said)
        for path in csv_files(home.seeds):
            # a copy of its own: the company goes on to edit its files, some editors in place
            place(path, home.archive / "config" / current / path.name, link=False)
        with transaction(con):
            if loaded and loaded[1] != shaped:
                _reshape(con, writer, loaded[0])
            if not loaded or loaded[0] != current:
                _replace(con, writer, current)
                writer.journal(con, "configure", clock(con), version=current)
    return current


def _reshape(con: duckdb.DuckDBPyConnection, writer: Writer, loaded: str) -> None:
    """Give config.* the columns that are known today: what is loaded was loaded by an earlier release, or its rules."""
    kept = writer.home.archive / "config" / loaded
    if not kept.is_dir():
        raise Refused(f"the configuration {loaded} is not in the archive, {kept}; bring it back from a backup")
    load(con, kept, writer.rules)
    con.execute("update ops.configuration set shape = ?", [shape(writer.rules)])


def _replace(con: duckdb.DuckDBPyConnection, writer: Writer, current: str) -> None:
    first = con.execute("select count(*) = 0 from ops.configuration").fetchone() == (True,)
    # the first rules went by the clock alone
    booked_until = None if first or writer.rules == 1 else _booked_until(con)
    load(con, writer.home.seeds, writer.rules)
    con.execute("delete from ops.configuration")
    con.execute(
        "insert into ops.configuration (version, loaded_at, shape, booked_until) values (?, ?, ?, ?)",
        [current, now(), shape(writer.rules), booked_until],
    )


def _booked_until(con: duckdb.DuckDBPyConnection) -> date | None:
    """The last booking day that is over by the configuration that is loaded; None when none is."""
    row = con.execute(
        """
        select greatest(c.booked_until, clock.now::DATE - coalesce(o.booking_grace_days, 2) - 1)
        from ops.configuration as c
        cross join config.company as o
        cross join run.clock as clock
        """
    ).fetchone()
    return row[0] if row else None
