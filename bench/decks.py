"""`python -m bench.decks`: how long a big rate deck takes to review and to accept, and how much memory.

Two full decks of 300,000 prefixes in a carrier's own layout: the first against the prices of seeds/, the second,
with other prices, against the first.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.measuring import Measured, measure, python
from orchestration.store.warehouse import PROJECT

_MAPPING = """\
rate_table_id = "atlas_az"
replaces = "full"
delimiter = ";"
decimal = ","
date_formats = ["%d.%m.%Y"]

[columns]
prefix = "Dial code"
destination = "Destination"
rate_per_minute = "Rate"
increments = "Increments"
valid_from = "Effective"
"""
_COUNTRIES = ("1", "7", "33", "34", "39", "44", "49", "52", "55", "61", "86", "91")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.decks", description=__doc__)
    parser.add_argument("--prefixes", type=int, default=300_000)
    prefixes = parser.parse_args(arguments).prefixes
    with tempfile.TemporaryDirectory(prefix="tollbook-decks-") as scratch:
        directory = Path(scratch)
        shutil.copytree(PROJECT / "seeds", directory / "company" / "seeds")
        (directory / "company" / "decks").mkdir()
        (directory / "company" / "decks" / "atlas.toml").write_text(_MAPPING, encoding="utf-8")
        codes = _codes(prefixes)
        for number, date in ((1, "01.04.2026"), (2, "01.05.2026")):
            deck = directory / f"deck{number}.csv"
            _write(deck, codes, number, date)
            print(f"deck {number}, {prefixes:,} prefixes, {deck.stat().st_size / 1e6:.0f} MB")
            for command in ("review", "accept"):
                _say(command, _run(directory, command, deck))


def _codes(count: int) -> list[str]:
    draw = random.Random(1)
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(draw.choice(_COUNTRIES) + str(draw.randrange(10 ** draw.randrange(2, 7))))
    return sorted(codes)


def _write(path: Path, codes: Sequence[str], number: int, date: str) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write("Atlas Carrier Services;;;;\nDestination;Dial code;Rate;Increments;Effective\n")
        out.writelines(
            f"Destination {n // 20};+{code};0,{1000 + n * (number * 2 + 5) % 931:05d};60/60;{date}\n"
            for n, code in enumerate(codes)
        )


def _run(directory: Path, command: str, deck: Path) -> Measured:
    environment = {
        "TOLLBOOK_HOME": str(directory / "home"),
        "TOLLBOOK_SEEDS": str(directory / "company" / "seeds"),
        "TOLLBOOK_NOW": "2026-03-20",
    }
    arguments = ["rates", command, str(deck), "--source", "atlas"]
    return measure(python("orchestration.cli", *arguments), environment)


def _say(command: str, measured: Measured) -> None:
    print(
        f"  {command}: {measured.seconds:.1f} s, {measured.cpu_s:.1f} s of processor time, {measured.peak_mib:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
