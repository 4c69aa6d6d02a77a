"""(a): what DuckDB takes to load the same file into a table, and do nothing with it.

`python -m bench.duckdb_only FILE DATABASE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench.measuring import Measured, measure, python
from orchestration.store.sql import reader

_ENOUGH_S = 60


def baseline(file: Path, scratch: Path, repeats: int = 3) -> Measured:
    """The median of `repeats` loads (fewer when they are slow), each into a new database file."""
    taken: list[Measured] = []
    for _ in range(repeats):
        database = scratch / "only.duckdb"
        taken.append(measure(python("bench.duckdb_only", str(file), str(database)), {}))
        database.unlink()
        if sum(m.seconds for m in taken) > _ENOUGH_S:
            break
    return sorted(taken, key=lambda m: m.seconds)[len(taken) // 2]


def main(file: str, database: str) -> None:
    with duckdb.connect(database) as con:
        con.execute(f"create table calls as select * from {reader('read_csv', [Path(file)])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
