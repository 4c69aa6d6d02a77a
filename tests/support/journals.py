"""A journal as an earlier release wrote it: lines changed, the chain and what the warehouse knows of it made to fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb

from orchestration.store import journal
from orchestration.store.warehouse import Home


def rewrite(home: Home, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write each line as `change` gives it."""
    prev, sums = journal.BEGIN, []
    texts = home.journal.read_bytes().splitlines()
    for place, text in enumerate(texts):
        line = {**change(json.loads(text)), "prev": prev}
        texts[place] = json.dumps(line, sort_keys=True).encode()
        prev = journal.checksum(texts[place])
        sums.append([prev, line["n"]])
    home.journal.write_bytes(b"".join(text + b"\n" for text in texts))
    with duckdb.connect(str(home.warehouse)) as con:
        con.executemany("update ops.journal set sha256 = ? where n = ?", sums)


def forget_rules(home: Home) -> None:
    """The lines of the first rules as the releases wrote them that knew of no others."""
    rewrite(home, lambda line: {key: value for key, value in line.items() if (key, value) != ("rules", 1)})
