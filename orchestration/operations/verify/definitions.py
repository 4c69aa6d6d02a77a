"""Whether the views of a warehouse are those that this release makes: what is asked of others says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import duckdb

from orchestration.engine.daily import daily, viewed
from orchestration.operations.verify.books import REBUILD
from orchestration.operations.verify.fault import Fault
from orchestration.store import sql
from orchestration.store.warehouse import Home, new_warehouse

_VIEWS = """
    select schema_name || '.' || view_name, sql
    from duckdb_views()
    where not internal and database_name = {}
    order by all
"""
_WORD = re.compile(r"'(?:[^']|'')*'|\w+|[^\s\w]")
_WRAPPING = {"SELECT", "FROM", "(", ")", "*", ",", "AS", "valueslist"}
_AGAIN = "tollbook publish makes it again, as after a move of the deployment"


def altered_views(con: duckdb.DuckDBPyConnection, home: Home) -> Iterator[Fault]:
    """Views that say otherwise than those of an empty warehouse of this release, or over other files than count.

    Where no empty warehouse was made (`make setup`) there is nothing to compare with. `con` has the warehouse.
    """
    if not new_warehouse().exists():
        return
    con.execute(f"attach {sql.path(new_warehouse())} as new_warehouse (read_only)")
    made: dict[str, list[str] | None] = dict(_views(con, "'new_warehouse'"))
    con.execute("detach new_warehouse")
    over_files = _over_files(con, home)
    made |= over_files
    there = _views(con, "current_database()")
    for name in sorted(name for name in made.keys() | there.keys() if made.get(name, []) != there.get(name)):
        if made.get(name) is not None:
            right = _AGAIN if name in over_files else REBUILD
            yield Fault("warehouse", name, "the view is not as this release makes it", right)
        elif name not in made:
            yield Fault("warehouse", name, "this release has no such view", REBUILD)


def _over_files(con: duckdb.DuckDBPyConnection, home: Home) -> dict[str, list[str] | None]:
    """The views over stored files, as the database keeps them; None where a file cannot be read: that is told of it."""
    views: dict[str, list[str] | None] = {}
    with duckdb.connect() as beside:
        beside.execute("create schema marts")
        for model in (model for model in daily() if model.kept == "files"):
            views[model.name] = None
            with suppress(duckdb.Error):
                beside.execute(viewed(con, home.root, model))
        return views | _views(beside, "current_database()")


def _views(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    """The words of each view, in order of the alphabet: as the database keeps a view, columns that one leaves out or
    replaces are in any order, and what is read may be wrapped once more.
    """
    return {
        name: sorted(word for word in _WORD.findall(view) if word not in _WRAPPING)
        for name, view in con.execute(_VIEWS.format(database)).fetchall()
    }
