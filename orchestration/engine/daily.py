"""The models that are made by the day, as dbt compiled them, run on the warehouse's own connection.

dbt makes every model once for a release: views, and the tables and files made by the day as empty ones (`prepare`).
From then on a build needs no dbt, whose start, and whose work around each model, take longer than a small day.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from orchestration.engine import dbt, excess, stored
from orchestration.store import sql
from orchestration.store.database import transaction
from orchestration.store.files import folder

_SELECTED = ("config.materialized:daily", "config.materialized:table")
# Of fewer calls planning the query takes longer than running it.
_FEW = 20_000
_STORED_OF = "select path from ops.stored_files where table_name = ? and day = ? and sealed order by path"


@dataclass(frozen=True)
class Daily:
    """A model that a build makes: `name` with its schema, the query, and how its rows are kept.

    `kept`: `whole` is a table made anew by each build, `rows` a table of which a build replaces the days' rows (those
    that are `outdated`, an SQL condition), `files` Parquet files, one for each day and build, under a view.
    `sealed`: closing a day seals its files; later builds add to them. `columns`: types by name, of rows and files.
    `moves`: a lookup (`folder`) that landing can change, not configuration, decks and days alone. `stored_before`: what
    rows that were stored before there was a column have in it, an SQL value by name; others have null.
    """

    name: str
    folder: str
    kept: str
    query: str
    columns: Mapping[str, str]
    outdated: str
    sealed: bool
    moves: bool
    stored_before: Mapping[str, str]


def daily() -> tuple[Daily, ...]:
    """All of them, each after what it reads. Raises `DbtFailed` when they cannot be compiled."""
    return _daily(dbt.project_version())


@cache
def _daily(version: str) -> tuple[Daily, ...]:
    kept = dbt.kept(".daily.json", version, lambda: json.dumps([asdict(d) for d in _compiled()], indent=1))
    return tuple(Daily(**model) for model in json.loads(kept))


def _compiled() -> Iterator[Daily]:
    nodes = dbt.compiled_nodes(_SELECTED, "model")
    moving: set[str] = set()
    for key, read in dbt.reads().items():
        # how long the calls are that landed decides what this one says
        if key.endswith(".billing_reach") or moving & read:
            moving.add(key)
        node = nodes.get(key)
        if node is None:
            continue
        yield Daily(
            f"{node.schema}.{node.name}",
            node.fqn[-2],
            str(node.config.get("kept")) if node.config.materialized == "daily" else "whole",
            dbt.query_of(node),
            {column.name: str(column.data_type) for column in node.columns.values()},
            str(node.config.get("outdated_rows") or "true"),
            bool(node.config.get("sealed_at_close")),
            key in moving,
            node.config.meta.get("stored_before", {}),
        )


def prepare(con: duckdb.DuckDBPyConnection, home: Path) -> list[str]:
    """Create what is kept by the day where it is missing, with the columns that contracts have gained; the tables that
    are new and lack days which have closed.

    Views of models read what is stored of a day before it is built.
    """
    before = set(con.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall())
    _prepare(con, home)
    if not con.execute("from ops.closings limit 1").fetchall():
        return []
    new = [model.name for model in daily() if model.kept != "whole" and (model.name,) not in before]
    return [name for name in new if not con.execute(f"from {name} limit 1").fetchall()]


def _prepare(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    stored.note_unknown(con, home)
    for model in daily():
        if model.kept == "whole":
            continue
        con.execute(f"create schema if not exists {model.name.split('.')[0]}")
        if model.kept == "files":
            _to_files(con, home, model)
            _view(con, home, model)
            continue
        _move(con, model)
        _to_rows(con, home, model)
        columns = [f"{name} {kind}" for name, kind in model.columns.items()]
        con.execute(f"create table if not exists {model.name} ({', '.join(columns)})")
        there = {name for name, *_ in con.execute(f"describe {model.name}").fetchall()}
        for name in model.columns.keys() - there:
            with transaction(con):
                con.execute(f"alter table {model.name} add column {name} {model.columns[name]}")
                if name in model.stored_before:
                    con.execute(f"update {model.name} set {name} = {model.stored_before[name]}")


def _move(con: duckdb.DuckDBPyConnection, model: Daily) -> None:
    """Give a table that lay in `marts` before there was `books` its new place, with the days that it has."""
    schema, name = model.name.split(".")
    where = "select table_schema from information_schema.tables where table_name = ? and table_type = 'BASE TABLE'"
    if schema == "books" and con.execute(where, [name]).fetchall() == [("marts",)]:
        con.execute(f"create table {model.name} as select * from marts.{name}")


def given_up(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What has days stored by an earlier release, and is a view in this one, which takes its place."""
    rows = con.execute(
        """
        select table_schema || '.' || table_name
        from information_schema.tables
        where table_schema in ('books', 'marts') and table_type = 'BASE TABLE' and table_catalog = current_database()
        union
        select table_name from ops.stored_files
        order by 1
        """
    ).fetchall()
    views = {f"{schema}.{name}" for schema, name in dbt.relations()} - {model.name for model in daily()}
    return [name for (name,) in rows if name in views]


def _to_rows(con: duckdb.DuckDBPyConnection, home: Path, model: Daily) -> None:
    """Make a table of what was a view, in one transaction: with the days of its files, where it had some."""
    where = "select 1 from duckdb_views() where schema_name = ? and view_name = ?"
    schema, name = model.name.split(".")
    if not con.execute(where, [schema, name]).fetchall():
        return
    with transaction(con):
        _view(con, home, model)
        con.execute(f"create table {schema}.in_place_of_view as from {model.name}")
        con.execute(f"drop view {model.name}")
        con.execute(f"alter table {schema}.in_place_of_view rename to {name}")
        con.execute("delete from ops.stored_files where table_name = ?", [model.name])


def _to_files(con: duckdb.DuckDBPyConnection, home: Path, model: Daily) -> None:
    """Write the days of what an earlier release kept as a table to files, in one transaction."""
    schema, name = model.name.split(".")
    if not con.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, name]
    ).fetchall():
        return
    with transaction(con):
        for (day,) in con.execute(f"select distinct day from {model.name} order by day").fetchall():
            closed = con.execute("select exists (from ops.closings where day = ?)", [day]).fetchone() == (True,)
            rows = f"select * from {model.name} where day = date '{day}'"
            _write(con, home, day, model.name, rows, sealed=model.sealed and closed)
        con.execute(f"drop table {model.name}")


def build(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    days: Sequence[date],
    skipped: Callable[[Daily], bool],
    report: Callable[[str], None] | None = None,
) -> None:
    """Make the days, which are those of run.build_days, a model after the other, each in a transaction of its own.

    `report` gets a line as each is done. Raises `DbtFailed` when one fails: the next build completes what is left.
    """
    with _settings(con):
        for model in daily():
            if skipped(model):
                continue
            began = time.monotonic()
            try:
                with transaction(con):
                    _make(con, home, days, model)
            except duckdb.Error as error:
                why = excess.named(con) if excess.is_excess(error) else f"{model.name}: {error}"
                raise dbt.DbtFailed(why) from error
            if report is not None:
                report(f"{model.name.split('.')[1]} ({time.monotonic() - began:.1f} s)")


def find_files(con: duckdb.DuckDBPyConnection, home: Path) -> list[str]:
    """Make the views over files anew, as files are in `home`; their statements. No other view says where they lie."""
    return [_view(con, home, model) for model in daily() if model.kept == "files"]


def forget(con: duckdb.DuckDBPyConnection, home: Path, before: date) -> None:
    """Take out what was made of the days `before` one, none of which has closed, in the caller's transaction."""
    for model in daily():
        if model.kept == "rows":
            con.execute(f"delete from {model.name} where day < ?", [before])
        elif model.kept == "files":
            con.execute("delete from ops.stored_files where table_name = ? and day < ?", [model.name, before])
            _view(con, home, model)


@contextmanager
def _settings(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """For as long as it lasts, as dbt's profile has it."""
    con.execute(f"set memory_limit = '{dbt.memory()}'")
    con.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        for setting in ("memory_limit", "preserve_insertion_order", "disabled_optimizers"):
            with suppress(duckdb.Error):  # after a full disk nothing can be asked of the connection
                con.execute(f"reset {setting}")


def _make(con: duckdb.DuckDBPyConnection, home: Path, days: Sequence[date], model: Daily) -> None:
    if model.kept == "whole":
        con.execute(f"create or replace table {model.name} as {model.query}")
    elif model.kept == "rows":
        con.execute(f"delete from {model.name} where day in (select day from run.build_days) and {model.outdated}")
        con.execute(f"insert into {model.name} by name {model.query}")
    else:
        _store(con, home, days, model)
        _view(con, home, model)


def _store(con: duckdb.DuckDBPyConnection, home: Path, days: Sequence[date], model: Daily) -> None:
    """Write the days' rows to new files, a query for days with few calls and one for each other day, so that memory
    does not grow with their number.

    What counts is in ops.stored_files, in the transaction: files that no row names do not exist.
    """
    con.execute(
        "delete from ops.stored_files where table_name = ? and not sealed and day in (select day from run.build_days)",
        [model.name],
    )
    for group, many in _groups(con):
        con.execute("delete from run.build_days")
        con.execute("insert into run.build_days select unnest(?::DATE[])", [group])
        if model.sealed:
            for day in group:
                _drop_superseded(con, home, day, model.name)
        if many:
            # joins are written with the calls first and what is looked up second: the planner's guess is worse
            con.execute("set disabled_optimizers = 'build_side_probe_side'")
        if len(group) == 1:
            _write(con, home, group[0], model.name, model.query)
        else:
            con.execute(f"create temp table few_calls as {model.query}")
            for day in group:
                _write(con, home, day, model.name, f"from few_calls where day = {sql.literal(str(day))}::DATE")
            con.execute("drop table few_calls")
        con.execute("reset disabled_optimizers")
    con.execute("delete from run.build_days")
    con.execute("insert into run.build_days select unnest(?::DATE[])", [list(days)])


def _groups(con: duckdb.DuckDBPyConnection) -> list[tuple[list[date], bool]]:
    """The days of run.build_days, in order, those together that have few calls together; whether a day has many."""
    groups: list[tuple[list[date], bool]] = []
    together = 0
    for day, calls in con.execute(
        """
        select d.day, coalesce(sum(f.rows), 0)
        from run.build_days as d
        left join ops.file_days as f on d.day = f.day and f.kind = 'cdrs'
        group by d.day
        order by d.day
        """
    ).fetchall():
        together += calls
        if not groups or together > _FEW:
            groups.append(([], calls > _FEW))
            together = calls
        groups[-1][0].append(day)
    return groups


def _write(con: duckdb.DuckDBPyConnection, home: Path, day: date, table: str, query: str, sealed: bool = False) -> None:
    """Write what a query gives to a new file of a day, and note it."""
    path = f"tables/{table}/day={day}/{time.time_ns() // 1000}{'-sealed' if sealed else ''}.parquet"
    folder((home / path).parent)
    con.execute(f"copy ({query}) to {sql.path(home / path)} (format parquet, compression zstd, compression_level 1)")
    stored.note(con, home, table, day, path, sealed=sealed)


def _drop_superseded(con: duckdb.DuckDBPyConnection, home: Path, day: date, table: str) -> None:
    """Write the sealed files of a day again without the CDRs that were superseded since.

    A CDR that was superseded after its day closed takes its legs with it. Nothing else ever changes a sealed file.
    """
    gone = (
        "(select (source, call_id, attempt, file_sequence) from landed.superseded_cdrs "
        f"where day = {sql.literal(str(day))}::DATE)"
    )
    row = con.execute(
        f"select exists (from {table} where day = ? and (source, call_id, attempt, file_sequence) in {gone})", [day]
    ).fetchone()
    if row == (False,):
        return
    paths = [home / path for (path,) in con.execute(_STORED_OF, [table, day]).fetchall()]
    if not paths:
        return
    con.execute("delete from ops.stored_files where table_name = ? and sealed and day = ?", [table, day])
    read = sql.reader("read_parquet", paths)
    kept = f"select * from {read} where (source, call_id, attempt, file_sequence) not in {gone}"
    _write(con, home, day, table, kept, sealed=True)


def _view(con: duckdb.DuckDBPyConnection, home: Path, model: Daily) -> str:
    """Make the view over a model's files that count; its statement."""
    statement = viewed(con, home, model)
    con.execute(statement)
    return statement


def viewed(con: duckdb.DuckDBPyConnection, home: Path, model: Daily) -> str:
    """The statement of the view over a model's files that count.

    A column that the contract has gained since a file was written is null there. Columns are only ever added: the file
    that was written first says which have come since, the one written last which no file has yet.
    """
    listed = "select path from ops.stored_files where table_name = ? order by day, path"
    paths = [path for (path,) in con.execute(listed, [model.name]).fetchall()]
    last = _columns(con, home, max(paths, key=_written)) if paths else set()
    first = _columns(con, home, min(paths, key=lambda path: _token(path))) if paths else set()
    shown = [f"{name if name in last else 'null'}::{kind} as {name}" for name, kind in model.columns.items()]
    if paths:
        gained = ["union_by_name = true"] if model.columns.keys() - first else []
        read = "from " + sql.by_day("read_parquet", [home / path for path in paths], *gained)
    else:
        read = "where false"
    return f"create or replace view {model.name} as select {', '.join(shown)} {read}"


def _token(path: str) -> int:
    """When a stored file was written, microseconds."""
    return int(Path(path).stem.removesuffix("-sealed"))


def _written(path: str) -> tuple[bool, int]:
    """The order of writing. A sealed file that was written again has the columns it had: it is never the last."""
    return not path.endswith("-sealed.parquet"), _token(path)


def _columns(con: duckdb.DuckDBPyConnection, home: Path, path: str) -> set[str]:
    read = sql.file(home / path)
    return {name for (name,) in con.execute(f"select name from parquet_schema({read})").fetchall()}
