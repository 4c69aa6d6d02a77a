"""Give analysts a file that they can open at any time: replaced whole, never half-written.

The file holds views over Parquet files that are written once and never changed. A table that is made by
the day has one Parquet file for each day and build, so that publishing writes only what was built;
calls and breakouts are kept that way in the warehouse already and are not written again. What is published, and how,
the YAML beside models and sources says (`meta.published`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.engine import described
from orchestration.engine.daily import daily, find_files
from orchestration.engine.dbt import modelled, project_version
from orchestration.operations.accounts import alerts
from orchestration.operations.day.outdated import settle
from orchestration.operations.permitted import writing
from orchestration.store import journal, sql
from orchestration.store.database import count, transaction
from orchestration.store.failures import is_interruption, what_failed
from orchestration.store.files import checksum, whole
from orchestration.store.warehouse import Home, Refused, Writer, now

_STORED = "select path, sha256 from ops.stored_files"
# Readers that opened an older version keep its Parquet files this long, in seconds.
KEEP_S = 2 * 3600


@dataclass(frozen=True)
class Published:
    """What was published: the serving file and how many Parquet files had to be written."""

    path: Path
    written: int


@contextmanager
def publishing(home: Home, command: str) -> Iterator[Writer]:
    """`writing` for a command that publishes what it did.

    One that is refused publishes what was done before it and is not published yet: a command that was killed between
    the two is given again, and is told that it was carried out.
    """
    with writing(home, command) as held:
        try:
            yield held
        except Refused:
            if _behind(held):
                publish(held)
            raise
        publish_entered(held, held.command)


def publish_entered(held: Writer, command: str) -> None:
    """Publish what a command did. Where that fails the command has happened all the same, which is said."""
    try:
        publish(held)
    except (OSError, duckdb.Error) as failure:
        said = what_failed(failure, held.home.root)
        raise Refused(f"{command} is entered; publishing failed: {said}; then run tollbook publish") from failure
    except (KeyboardInterrupt, RuntimeError) as stopped:
        if isinstance(stopped, RuntimeError) and not is_interruption(stopped):
            raise
        raise Refused(f"stopped; {command} is entered, and tollbook publish shows it") from stopped


def _behind(held: Writer) -> bool:
    """Whether the journal has lines that the serving file lacks."""
    if not held.home.serving.exists():
        return False
    with held.connect() as con:
        return journal.noted(con) != published_until(held.home)


def published_until(home: Home) -> int:
    """The number of the journal's last line that is published; -1 where a file is gone, and so nothing is whole."""
    try:
        with duckdb.connect(str(home.serving), read_only=True) as con:
            return journal.noted(con)
    except duckdb.Error:
        return -1


def publish_now(home: Home) -> Published:
    """`tollbook publish`: publish what the warehouse holds. Raises `Refused` when it is busy, or wants building."""
    with writing(home, "publish", enters=False) as held:
        with held.connect() as con:
            # what has no configuration has no account either
            if not modelled(con) or count(con, "select count(*) from ops.configuration") == 0:
                raise Refused("nothing was built by this release yet; run: tollbook build, which publishes")
        return publish(held)


def publish(held: Writer, damaged: Collection[Path] = ()) -> Published:
    """Publish for a caller that holds the lock, and tell people of accounts whose status changed with it.

    Files that are `damaged` are written again. Before a build by the models of this release there is nothing to do.
    """
    for path in damaged:
        path.unlink(missing_ok=True)
    home = held.home
    with held.connect() as con:
        if not modelled(con):
            return Published(home.serving, 0)
        views = find_files(con, home.root)  # a home that was moved has them elsewhere now
    settle(held)
    with held.connect() as con:
        data = home.serving.parent / "data"
        files, written = _daily(con, data)
        files["landed.rates"] = _decks(con, data)
        files["marts.invoice_calls"] = _invoice_calls(con, home, data)
        files["marts.denied_services"] = _denied(con, data)
        files["marts.rate_history"] = [_rate_history(con, data)]
        waiting = alerts.raise_alerts(con)
        for table in sorted(set(described.published("whole")) - files.keys()):
            path = data / table / f"{time.time_ns()}.parquet"
            _export(con, f"select * from {table}", path)
            files[table] = [path]
            written += 1
        stored: dict[str, str | None] = dict(con.execute(_STORED).fetchall())
        booked_until = con.execute("select over_until from books.booking").fetchall()[0][0]
    sums = _sums(home, files, damaged)
    _swap(held, files, views, booked_until, {**sums, **stored})
    if waiting:
        alerts.send(held, waiting)
        # what became of them is published too: the small file is made once more
        with held.connect() as con:
            path = data / "ops.alerts" / f"{time.time_ns()}.parquet"
            _export(con, "select * from ops.alerts", path)
        files["ops.alerts"] = [path]
        _swap(held, files, views, booked_until, {**_sums(home, files, ()), **stored})
    counted = {home.root / path for path in stored}
    _forget([data, home.tables], counted.union(*files.values()))
    return Published(home.serving, written)


def _daily(con: duckdb.DuckDBPyConnection, data: Path) -> tuple[dict[str, list[Path]], int]:
    builds: list[tuple[date, int]] = con.execute("select day, build_no from ops.builds order by day").fetchall()
    files: dict[str, list[Path]] = {}
    written = 0
    # denied services have files of their own (below), legs and breakouts are files in the warehouse
    stored = {"marts.denied_services", *(model.name for model in daily() if model.kept == "files")}
    for table in described.published("by_day"):
        if table in stored:
            continue
        version = _columns(con, table)
        paths = [data / table / f"{day}-{build_no}-{version}.parquet" for day, build_no in builds]
        for (day, _), path in zip(builds, paths, strict=True):
            if not path.exists():
                _export(con, f"select * from {table} where day = date '{day}'", path)
                written += 1
        if not paths:
            paths = [data / table / "empty.parquet"]
            _export(con, f"select * from {table} limit 0", paths[0])
        files[table] = paths
    return files, written


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Names the columns of a table: with others its files are written anew."""
    described = con.execute(f"select * from {table} limit 0").description
    return hashlib.sha256(repr([(name, str(kind)) for name, kind, *_ in described]).encode()).hexdigest()[:8]


def _denied(con: duckdb.DuckDBPyConnection, data: Path) -> list[Path]:
    """What was denied, a file for each day that may have some: named by all that it is made of."""
    exposed = con.execute(
        """
        select e.day, b.build_no, md5(string_agg(e.version, ' ' order by e.account_id) || any_value(p.version))
        from books.exposed_days as e
        inner join ops.builds as b on e.day = b.day
        cross join ops.project as p
        group by e.day, b.build_no
        order by e.day
        """
    ).fetchall()
    paths = {data / "marts.denied_services" / f"{day}-{n}-{version[:16]}.parquet": day for day, n, version in exposed}
    for path, day in paths.items():
        if not path.exists():
            _export(con, f"select * from marts.denied_services where day = date '{day}'", path)
    if not paths:
        path = data / "marts.denied_services" / "empty.parquet"
        _export(con, "select * from marts.denied_services limit 0", path)
        return [path]
    return list(paths)


def _decks(con: duckdb.DuckDBPyConnection, data: Path) -> list[Path]:
    """The prices of accepted decks, a file for each: they never change."""
    decks = con.execute("select deck, file_id from ops.decks order by deck").fetchall()
    version = _columns(con, "landed.rates")
    paths = {data / "landed.rates" / f"{deck}-{file_id[:16]}-{version}.parquet": deck for deck, file_id in decks}
    paths = paths or {data / "landed.rates" / "empty.parquet": 0}
    for path, deck in paths.items():
        if not path.exists():
            _export(con, f"select * from landed.rates where deck = {deck}", path)
    return list(paths)


def _invoice_calls(con: duckdb.DuckDBPyConnection, home: Home, data: Path) -> list[Path]:
    """The calls behind issued invoices, a file each, written when they were issued."""
    rows = con.execute(f"{_STORED} where table_name = 'marts.invoice_calls' order by path").fetchall()
    # beside them an empty one with all the columns there are: older files lack some
    empty = data / "marts.invoice_calls" / f"empty-{project_version()[:16]}.parquet"
    if not empty.exists():
        _export(
            con,
            "select null::VARCHAR as invoice_number, null::INTEGER as line, * exclude (document_id, description) "
            "from books.invoice_items_due limit 0",
            empty,
        )
    return [*(home.root / row[0] for row in rows), empty]


def _rate_history(con: duckdb.DuckDBPyConnection, data: Path) -> Path:
    """Every price with its versions: written again only when seeds, decks or models changed."""
    row = con.execute(
        """
        select c.version[:16] || '-' || (select coalesce(max(deck), 0) from ops.decks) || '-' || p.version[:16]
        from ops.configuration as c cross join ops.project as p
        """
    ).fetchone()
    path = data / "marts.rate_history" / f"{row[0] if row else 'none'}.parquet"
    if not path.exists():
        _export(con, "select * from marts.rate_history", path)
    return path


def _export(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    with whole(path) as part:
        con.execute(f"copy ({query}) to {sql.path(part)} (format parquet, compression lz4_raw)")


def _swap(
    held: Writer, files: dict[str, list[Path]], views: list[str], booked_until: date, sums: dict[str, str | None]
) -> None:
    """Build the small file of views beside the served one and take its place in one rename.

    `views` are the statements of the views whose files the warehouse itself keeps; `booked_until` is the last booking
    day that is over; `sums` the sha256 of all files behind the views.
    """
    with whole(held.home.serving) as part:
        _write_views(part, files, views, booked_until, sums)
        with held.connect() as con, transaction(con):
            number = count(con, "select coalesce(max(number), 0) + 1 from run.publications")
            con.execute("insert into run.publications values (?, ?)", [number, checksum(part)])
            con.execute("delete from run.publications where number < ? - 1", [number])


def _write_views(
    path: Path, files: dict[str, list[Path]], views: list[str], booked_until: date, sums: dict[str, str | None]
) -> None:
    with duckdb.connect() as con:
        # an older storage version, so that analysts need not have the newest client
        con.execute(f"attach {sql.path(path)} as serving (storage_version 'v1.2.0')")
        con.execute("use serving")
        with transaction(con):
            con.execute("create schema serving.marts")
            for view in views:
                con.execute(view)
            for schema in sorted({table.split(".")[0] for table in files} - {"marts"}):
                con.execute(f"create schema serving.{schema}")
            for table, paths in files.items():
                read = sql.reader("read_parquet", paths, "union_by_name = true")
                con.execute(f"create view serving.{table} as select * from {read}")
            con.execute("create table serving.main.published_files (path VARCHAR, sha256 VARCHAR)")
            con.execute(
                "insert into serving.main.published_files select unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [list(sums), list(sums.values())],
            )
            con.execute(
                "create table serving.main.published as select ?::TIMESTAMP as published_at, ?::DATE as booked_until",
                [now(), booked_until],
            )
        con.execute("use memory")
        con.execute("detach serving")


def _sums(home: Home, files: dict[str, list[Path]], written: Collection[Path]) -> dict[str, str]:
    """The sha256 of the files that are published and no stored ones, by their paths in the deployment.

    Of those that were published before it is kept, but where they were `written` again: they are not read twice.
    """
    known = published_files(home)
    sums = {}
    for path in {path for paths in files.values() for path in paths if not path.is_relative_to(home.tables)}:
        name = str(path.relative_to(home.root))
        sums[name] = known[name] if name in known and path not in written else checksum(path)
    return sums


def published_files(home: Home) -> dict[str, str]:
    """What was written to be published last: the sha256 of each file by its path in the deployment."""
    try:
        with duckdb.connect(str(home.serving), read_only=True) as con:
            written = "select path, sha256 from main.published_files where path like 'serving/%'"
            return dict(con.execute(written).fetchall())
    except (duckdb.Error, UnicodeDecodeError):  # there is none, or it is an earlier release's, or damaged
        return {}


def _forget(directories: list[Path], counted: set[Path]) -> None:
    """Remove what no view has named for longer than readers are given, and what a command that was killed had begun."""
    kept = time.time() - KEEP_S
    for directory in directories:
        for path in (*directory.rglob("*.parquet"), *directory.rglob(".*.part")):
            if path not in counted and path.stat().st_mtime < kept:
                path.unlink(missing_ok=True)
