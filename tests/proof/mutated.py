"""`python -m tests.proof.mutated`: files that something befell land or are refused with a reason; none stops another.

Files of every kind, as CSV, without a header, as Asterisk's Master.csv, JSON lines, Parquet, spreadsheets, packed or
not, land by the batch, a sound one behind them in each folder. For each, rows = landed + duplicates + rejected must
hold, by what the tables have too, and where lines can be counted without reading them, rows must be as many.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from orchestration.decks import mapping_file, normal
from orchestration.decks.problem import UnreadableDeck
from orchestration.operations.day.land import land
from orchestration.operations.day.landed import Landed
from orchestration.store.warehouse import Home, environment
from tests.support import landing_home
from tests.support.decks import connection
from tests.support.landing_home import adds_up, cdr, csv_text, drop
from tests.support.mutations import Sent, mutated

_BATCH = 500
_FATES = ("landed", "already_landed", "landed_elsewhere", "unreadable")
_HEADLESS = ("pbx", "utcpbx")
_MAPPING = (
    "rate_table_id = 'az'\nsheet = 'Rates'\nnot_offered = ['', '#DIV/0!']\n"
    "date_formats = ['%d/%m/%Y']\n[columns]\nprefix = 'Code'\nrate_per_minute = 'Rate'\n"
    "increments = 'Inc'\nvalid_from = 'Date'\n"
)


def main() -> int:
    """0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutated", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first file; the next ones count on")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    begin, fates, wrong = time.monotonic(), Counter[str](), 0
    first, last = asked.seed, asked.seed + asked.files
    starts = range(first, last, _BATCH)
    with ProcessPoolExecutor(asked.processes) as pool:
        for found, problems in pool.map(checked, starts, (min(at + _BATCH, last) for at in starts)):
            fates += found
            wrong += len(problems)
            for problem in problems:
                print(problem, flush=True)
    told = ", ".join(f"{n:,} {what}" for what, n in sorted(fates.items()))
    print(f"{asked.files:,} files in {time.monotonic() - begin:.0f} s: {told}; {wrong} problems")
    return 1 if wrong else 0


def checked(first: int, last: int) -> tuple[Counter[str], list[str]]:
    """What became of the files of these seeds, in a deployment of their own, and all that is wrong with it."""
    sent = [mutated(seed) for seed in range(first, last)]
    with tempfile.TemporaryDirectory(prefix="tollbook-mutated-") as scratch:
        root = Path(scratch)
        decks, files = _decks(root / "decks", [file for file in sent if file.kind == "rates"])
        fates, problems = _landed(root / "home", [file for file in sent if file.kind != "rates"])
    return fates + decks, [*files, *problems]


def _landed(root: Path, sent: Sequence[Sent]) -> tuple[Counter[str], list[str]]:
    home = landing_home.make(root)
    for file in sent:
        drop(home, file.name, file.data, file.kind, file.source)
    drop(home, "zz-sound.csv", csv_text([cdr(call_id="sound")]))
    with environment(TOLLBOOK_NOW="2026-03-05T12:00:00", TOLLBOOK_OPERATOR="tess"):
        try:
            results = {(file.kind, file.source, file.name): file for file in land(home)}
        except Exception as failure:  # what it is about: nothing may
            return Counter(), [f"seeds of {sent[0].what}: stopped by {type(failure).__name__}: {failure}"]
    problems = [] if adds_up(home) else [f"the batch of {sent[0].what}: files and tables do not add up"]
    if results.pop(("cdrs", "sw1", "zz-sound.csv")).landed != 1:
        problems.append(f"the batch of {sent[0].what}: the sound file did not land")
    for file in sent:
        result = results.get((file.kind, file.source, file.name))
        wrong = _wrong(home, file, result) if result else "nothing is said of it"
        if wrong:
            problems.append(f"{file.what}: {wrong}")
    fates = Counter(result.status.replace("_", " ") for result in results.values())
    return fates + Counter({"rows rejected": sum(file.rejected for file in results.values())}), problems


def _wrong(home: Home, file: Sent, result: Landed) -> str | None:
    if result.status not in _FATES:
        return f"it is {result.status}"
    if (home.inbox / file.kind / file.source / file.name).exists():
        return "it is in the inbox still"
    aside = home.rejected / file.kind / file.source / f"{file.name}.reason"
    if result.status in ("unreadable", "landed_elsewhere"):
        told = f"{result.problem}\n".encode()
        return None if aside.exists() and aside.read_bytes() == told else "no reason is beside it"
    if result.rows != result.landed + result.duplicates + result.rejected:
        return f"{result.rows} rows are not {result.landed} + {result.duplicates} + {result.rejected}"
    lines = _lines(file) if result.status == "landed" else None
    return None if lines in (None, result.rows) else f"{lines} lines, and {result.rows} rows"


def _lines(file: Sent) -> int | None:
    """The records of a text in which each line is one, counted without reading it."""
    try:
        data = gzip.decompress(file.data) if file.data.startswith(b"\x1f\x8b") else file.data
    except (OSError, EOFError, zlib.error):
        return None
    is_json = ".json" in file.name and file.source == "sw1"
    if ".parquet" in file.name or (not is_json and b'"' in data):
        return None
    ends = b"\n" if b"\n" in data else b"\r"
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(ends) if line.rstrip(b"\r\n")]
    return len(lines) - (not is_json and file.source not in _HEADLESS)


def _decks(root: Path, sent: Sequence[Sent]) -> tuple[Counter[str], list[str]]:
    """Decks are read alone: what a review makes of their prices takes a second each."""
    con = connection(root)
    (root / "carrier.toml").write_text(_MAPPING)
    mapping, _ = mapping_file.mapping_of(root, "carrier", {"az": "USD"})
    fates, problems = Counter[str](), []
    for file in sent:
        path = root / file.name
        path.write_bytes(file.data)
        try:
            normal.load(con, path, "carrier", mapping)
            fates["decks read"] += 1
        except UnreadableDeck:
            fates["decks refused"] += 1
        except BaseException as failure:
            problems.append(f"{file.what}: {type(failure).__name__}: {failure}")
    return fates, problems


if __name__ == "__main__":
    raise SystemExit(main())
