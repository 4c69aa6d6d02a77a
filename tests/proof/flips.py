"""`python -m tests.proof.flips`: one bit of one file of a deployment is another; `verify` notices, or no figure is.

Each flip is of any bit of any file, small files as likely as large ones, looked at by `verify` in a process of its own
and put back. Where that says nothing, every table of the warehouse and of the publication has to be as it was.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from orchestration.operations.day.build import build
from orchestration.operations.verify.verify import verify
from orchestration.store import sql
from orchestration.store.warehouse import Home, Refused
from tests.proof import killing
from tests.releases import kept, unpack

_NOW = "2027-01-01T00:00:00"
NOTICED, REFUSED, HARMLESS = "noticed", "refused", "without effect"


def main() -> int:
    """0 when each flip is noticed or without effect, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.flips", description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tollbook-flips-") as scratch:
        fates, wrong = flipped(made(Path(scratch)), asked.flips, asked.seed)
    for line in wrong:
        print(line, flush=True)
    told = ", ".join(f"{n:,} of {where} {fate}" for (where, fate), n in sorted(fates.items()))
    print(f"{asked.flips:,} flips in {time.monotonic() - begin:.0f} s: {told}; {len(wrong)} unnoticed")
    return 1 if wrong else 0


def made(root: Path) -> Home:
    """What a release before this one left, brought to this one: with payments, usage, decks and invoices."""
    killing.warm()
    home = unpack(kept()[-1], root)
    os.environ |= {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds), "TOLLBOOK_NOW": _NOW}
    killing.started(lambda: build(home), root / "log").result()
    for path in (home.root, *home.root.rglob("*")):  # as this release makes them
        path.chmod(path.stat().st_mode & 0o750)
    return home


def flipped(home: Home, flips: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """What came of each flip, by the folder or file it was in, and those that changed figures and nobody noticed."""
    random, log = Random(f"flips {seed}"), home.root.parent / "log"
    before = killing.started(lambda: figures(home), log).result()
    faults = killing.started(lambda: _verified(home), log).result()
    assert faults == HARMLESS, faults
    files = sorted(path for path in home.root.rglob("*") if path.is_file() and path.stat().st_size)
    fates: Counter[tuple[str, str]] = Counter()
    wrong = []
    for _ in range(flips):
        path = random.choice(files)
        where = path.relative_to(home.root)
        bit = random.randrange(path.stat().st_size * 8)
        whole = home.root.parent / "whole"
        shutil.copy2(path, whole)
        _flip(path, bit)
        try:
            fate = killing.started(lambda: _verified(home), log).result()
            if fate == HARMLESS and killing.started(lambda: figures(home), log).result() != before:
                wrong.append(f"bit {bit} of {where}: another figure, and verify says nothing")
        except RuntimeError as stopped:
            wrong.append(f"bit {bit} of {where}: {stopped}")
            fate = "stopped"
        finally:
            shutil.copy2(whole, path)
        fates[where.parts[0], fate] += 1
    return fates, wrong


def _flip(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        (byte,) = file.read(1)
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def _verified(home: Home) -> str:
    try:
        return NOTICED if verify(home).faults else HARMLESS
    except Refused:
        return REFUSED


def figures(home: Home) -> dict[str, Any]:
    """Rows and a sum of all contents of each table of the warehouse and of each that is published, or "unreadable"."""
    found: dict[str, Any] = {}
    for path in (home.warehouse, home.serving):
        try:
            con = duckdb.connect(str(path), read_only=True)
        except (duckdb.Error, UnicodeDecodeError):
            found[path.name] = "unreadable"
            continue
        with con:
            for schema, name in con.execute(
                "select table_schema, table_name from information_schema.tables where table_type = $1 order by all",
                ["BASE TABLE" if path == home.warehouse else "VIEW"],
            ).fetchall():
                table = f"{sql.quoted(schema)}.{sql.quoted(name)}"
                try:
                    asked = f"select count(*), sum(hash(t)) from {table} as t"
                    found[f"{path.name}: {schema}.{name}"] = con.execute(asked).fetchall()
                except duckdb.Error:
                    found[f"{path.name}: {schema}.{name}"] = "unreadable"
    return found


if __name__ == "__main__":
    raise SystemExit(main())
