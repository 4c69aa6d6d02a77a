"""What is said of a source that there is not."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from orchestration.configuration.nearest import listed, suggestion
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.store.warehouse import Home, Refused


def refuse_no_source(con: duckdb.DuckDBPyConnection, home: Home, source: str | None, books: str = "") -> None:
    """Raise `Refused` for a source that is named, and that neither sources.csv nor a file that came has.

    `books`: the catalog that has the files, with its point, where it is not the connection's own.
    """
    if source is None:
        return
    asked = f"select source from {books}ops.files union select source from {books}ops.unreadable_files"
    known = {name for (name,) in con.execute(asked).fetchall()} | read(FILES["sources"], home.seeds).known("source")
    if source not in known:
        raise no_source(source, known)


def no_source(source: str, known: Collection[str]) -> Refused:
    """That there is no such source, and which one may be meant."""
    there = f"sources are {listed(known)}" if known else "there are no sources yet"
    return Refused(f"there is no source {source}; {suggestion(source, known, there)}")
