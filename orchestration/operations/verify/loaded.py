"""Whether the configuration that a warehouse holds is the one that was loaded: prices and accounts that calls go by."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.configuration.load import load, shape, version
from orchestration.configuration.schema import FILES
from orchestration.operations.verify.books import REBUILD
from orchestration.operations.verify.fault import Fault
from orchestration.store import sql
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import RULES, Home


def altered_configuration(con: duckdb.DuckDBPyConnection, home: Home) -> Iterator[Fault]:
    """Tables of the configuration with other contents than its files in the archive, which `configurations` looks at.

    What an earlier release loaded has other columns, and is loaded again by the next command that builds.
    """
    for row in dict_rows(con, "select version, shape from ops.configuration"):
        kept = home.archive / "config" / row["version"]
        rules = next((rules for rules in range(RULES, 0, -1) if shape(rules) == row["shape"]), None)
        if rules is None or not kept.is_dir() or version(kept) != row["version"]:
            continue
        with duckdb.connect() as beside:
            beside.execute("set TimeZone = 'UTC'")
            load(beside, kept, rules)
            for name in FILES:
                if _contents(con, name) != _contents(beside, name):
                    wrong = f"it is not as {kept.relative_to(home.root)}/{name}.csv has it"
                    yield Fault("configuration", f"config.{name}", wrong, REBUILD)


def _contents(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[int, int | None]]:
    return con.execute(f"select count(*), sum(hash(t)) from config.{sql.quoted(name)} as t").fetchall()
