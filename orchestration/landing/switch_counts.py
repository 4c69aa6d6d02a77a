"""Whose a switch's own count of its CDRs is (`cdrs` in resources), where the file hardly says what it means."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.configuration.nearest import listed, nearest


def doubts(con: duckdb.DuckDBPyConnection, sequence: int, source: str) -> Iterator[str]:
    """Counts, of the file of `source` that is landing, of what is no source of CDRs: they are taken for its own."""
    known = _names(
        con,
        "select source from config.sources where kind = 'cdrs' union select source from ops.files where kind = 'cdrs'",
    )
    counted = _names(
        con, f"select account_id from landed.resources where resource = 'cdrs' and file_sequence = {sequence}"
    )
    for name in sorted(counted - known - {source}):
        taken = f'"{name}" is no source of CDRs: its count is taken for that of {source}'
        meant = nearest(name, sorted(known))
        if meant and meant != source:
            yield f"{taken}; did you mean {meant}?"
        elif known and source not in known:
            yield f"{taken}, which is none either; write one of {listed(known)}"


def _names(con: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {name for (name,) in con.execute(query).fetchall()}
