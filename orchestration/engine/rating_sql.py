"""The SQL that rates calls, to be run on any connection: what dbt runs, without dbt.

A quote and an explanation ask what calls would cost, a deck's review what it would change, the evidence behind an
invoice what its calls were charged by. They run the models of models/staging and models/rating on an in-memory
database that holds the calls, configuration and decks in question:

    con = duckdb.connect()
    blank(con, seeds)        # landed.rates, ops.decks, ops.deck_tables are for the caller to fill
    con.execute("insert into landed.cdrs by name ...")
    rate(con)
    con.execute("select ... from rating.covered_legs")
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import duckdb

from orchestration.configuration.load import load
from orchestration.engine import dbt
from orchestration.store import sql
from orchestration.store.upgrade import schema_sql
from orchestration.store.warehouse import RULES, now

_SELECTED = ("path:models/rating", "+path:models/rating,path:models/staging", "rated_calls")

# the folders of a call's rating, step by step
_STEPS = ("legs", "profiles", "explained")

# the folders of questions beside it
_QUESTIONS = ("decks", "evidence", "excess")


@dataclass(frozen=True)
class Rating:
    """The models in the order they are made, and what they find stored: columns and types by table of `marts`."""

    models: tuple[dbt.Model, ...]
    stored: Mapping[str, Mapping[str, str]]


def blank(con: duckdb.DuckDBPyConnection, configuration: Path | None = None, rules: int = RULES) -> None:
    """Make the schemas and the empty tables that rating reads, on a fresh connection.

    `configuration` is a directory of CSV files that have passed the check; without one config.* are empty. The
    session's time zone becomes UTC, as everywhere. What is rated is rated by a version of the `rules`.
    """
    con.execute("set TimeZone = 'UTC'")
    con.execute(schema_sql())
    for schema in ("staging", "rating"):
        con.execute(f"create schema if not exists {schema}")
    with tempfile.TemporaryDirectory() as nothing:
        load(con, configuration or Path(nothing), rules)
    con.execute("insert into run.clock (now, rules) values (?, ?)", [now(), rules])
    for table, columns in rating().stored.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"create table marts.{table} ({listed})")


def rate(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, str] | None = None,
    *,
    explained: str | None = None,
    question: str | None = None,
    as_views: bool = False,
    again: bool = False,
) -> None:
    """Rate the attempts of landed.cdrs: the answer is in rating.covered_legs, in rating.rated_calls as it is stored.

    The days rated are those of run.build_days, where it is empty those of landed.cdrs. `given` is a query for each
    model (by name) that is to be taken from elsewhere instead of being worked out. `explained`: make rating.leg_steps,
    too, of the attempts of which this SQL condition is true. `question`: make the models of this folder, too,
    which ask something of the rates.

    A step is worked out once and kept as a table, which suits few calls: planning all steps as one query takes
    longer than running it. `as_views` is for many calls: as in the warehouse, nothing of a call is kept.

    May be called again on the same connection, in the same way, after its tables have changed; with `again`, which
    is quicker, when nothing but the attempts has: not the configuration, the decks or the days.
    """
    given = given or {}
    models = rating().models
    by_call = _reading(models, "cdrs") if again else set()
    asked = _read_by(models, question) if question else set()
    if unknown := given.keys() - {model.name for model in models}:
        raise KeyError(f"no model is named {', '.join(sorted(unknown))}")
    con.execute(
        """
        insert into run.build_days
        select distinct day from landed.cdrs where not exists (select 1 from run.build_days)
        """
    )
    for model in models:
        beside = model.folder in _QUESTIONS or (model.folder == "explained" and explained is None)
        if beside and model.name not in asked:
            continue
        if again and model.name not in by_call:
            continue
        as_view = model.materialized == "view" and (as_views or model.folder not in _STEPS)
        kind = "view" if as_view else "table"
        query = given.get(model.name, model.sql)
        if model.name == "explained_legs":
            query = f"select * from ({query}) where {explained}"
        con.execute(f"create or replace {kind} {model.schema}.{model.name} as {query}")


def ask(con: duckdb.DuckDBPyConnection, question: str, given: Mapping[str, str], beside: str) -> None:
    """Answer a question, a folder of models/rating, in a new database in memory: attached as `beside`, schema rating.

    `given` is a query for each table that its models read and that is not empty; it names databases. Each model of the
    folder is worked out once and kept as a table; what it reads of others is not kept.
    """
    models = rating().models
    wanted = _read_by(models, question)
    asking = database(con)
    con.execute(f"detach database if exists {beside}")
    con.execute(f"attach ':memory:' as {beside}")
    con.execute(f"use {beside}")
    try:
        con.execute(schema_sql())
        con.execute("create schema staging; create schema rating")
        for table, query in given.items():
            con.execute(f"drop table if exists {table}")
            con.execute(f"create view {table} as {query}")
        for model in models:
            if model.name in wanted:
                kind = "table" if model.folder == question else "view"
                con.execute(f"create {kind} {model.schema}.{model.name} as {model.sql}")
    finally:
        con.execute(f"use {asking}")


def database(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: the name of the database that a connection is on."""
    ((name,),) = con.execute("select current_database()").fetchall()
    return sql.quoted(name)


def _read_by(models: Sequence[dbt.Model], folder: str) -> set[str]:
    """The models of a folder, and those that they read, be it through others."""
    wanted = {model.name for model in models if model.folder == folder}
    for model in reversed(models):
        if model.name in wanted:
            wanted.update(model.reads)
    return wanted


def _reading(models: Sequence[dbt.Model], source: str) -> set[str]:
    """The models that read a source, be it through others."""
    reading = {source}
    for model in models:
        if reading & set(model.reads):
            reading.add(model.name)
    return reading


def rating() -> Rating:
    """The compiled models, from the project's target/ where they were compiled before.

    Raises `DbtFailed` when the models cannot be compiled.
    """
    return _rating(dbt.project_version())


@cache
def _rating(version: str) -> Rating:
    held = json.loads(dbt.kept(".rating.json", version, lambda: json.dumps(asdict(_compile()), indent=1)))
    return Rating(tuple(dbt.Model(**model) for model in held["models"]), held["stored"])


def _compile() -> Rating:
    models = dbt.compiled(_SELECTED)
    manifest = dbt.manifest()
    stored = {source.name for source in manifest.sources.values() if source.source_name == "stored"}
    contracts = {
        node.name: {column.name: str(column.data_type) for column in node.columns.values()}
        for node in manifest.nodes.values()
        if node.unique_id.startswith("model.") and node.name in stored
    }
    # a table made by the day is what the query gives, a view beside what is stored
    views = [replace(m, schema="rating", materialized="view") if m.name in contracts else m for m in models]
    return Rating(tuple(views), contracts)
