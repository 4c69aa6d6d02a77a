"""Whose the books are: a variable left over from another company would have them priced by its configuration."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.store.database import count
from orchestration.store.files import is_there
from orchestration.store.warehouse import Home


def of_another(con: duckdb.DuckDBPyConnection, home: Home) -> str | None:
    """What is said where `home` is asked with the configuration of another company than the one beside it, by which
    its books (`con` has ops.*) were made; None where it is not. A company that gives itself another name does so there.
    """
    beside = home.root.parent / "seeds"
    if not is_there(beside / "company.csv") or beside.resolve() == home.seeds.resolve():
        return None
    there = "table_schema = 'ops' and table_name = 'configuration'"
    if not count(con, f"select count(*) from information_schema.tables where {there}"):
        return None  # an early release did not publish it
    loaded = con.execute("select version from ops.configuration").fetchall()
    own = _name(home.archive / "config" / loaded[0][0]) if loaded else None
    asked = _name(home.seeds)
    if not own or not asked or asked == own or _name(beside) != own:
        return None
    return (
        f"{home.root} has the books of {own}, made by {beside}, and {home.seeds} is the configuration of {asked}:"
        " is TOLLBOOK_HOME or TOLLBOOK_SEEDS left over from another company? Let them name one company's"
    )


def renamed(before: Path, seeds: Path) -> str | None:
    """What is said where the company of a configuration is called otherwise than before."""
    own, asked = _name(before), _name(seeds)
    if not own or not asked or own == asked:
        return None
    return f"these were the books of {own}, and are those of {asked} now: if that is another company, take {seeds} back"


def _name(seeds: Path) -> str | None:
    """What the company in a folder is called; None where nothing says it."""
    company = read(FILES["company"], seeds)
    return next(iter(company.known("name")), None) if company.whole else None
