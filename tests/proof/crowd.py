"""`python -m tests.proof.crowd`: many people at once; nothing is lost or doubled, and `verify` has nothing to say.

Writers land a file of their own, top up, build, close and repair, each as a command of its own, as fast as they come
to it; readers ask what is published. In the end each call that was sent is there once, each account has what it was
topped up by, and what every reader saw was whole: calls and breakouts of one publication are the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb

from orchestration.operations.verify.verify import verify
from orchestration.store.warehouse import PROJECT, Home
from tests.support.company import write_calls, write_company

_FIRST = datetime(2026, 3, 2, 8)
_NOW = "2026-03-04T06:00:00"
# what is refused when another was quicker
_FINE = ("closed already", "has landed since", "busy with")


def main() -> int:
    """0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.crowd", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--readers", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollbook-crowd-") as scratch:
        crowd = Crowd(Path(scratch))
        crowd.run(asked.seconds, asked.writers, asked.readers)
        problems = crowd.problems + crowd.wrong()
    for problem in problems:
        print(problem, flush=True)
    done = ", ".join(f"{n:,} {what}" for what, n in sorted(crowd.done.items()))
    print(f"{asked.seconds} s, {asked.writers} writers, {asked.readers} readers: {done}; {len(problems)} problems")
    return 1 if problems else 0


class Crowd:
    """A deployment and what was sent to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(root / "home", write_company(root / "seeds"))
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []
        self.sent: list[str] = []
        self.topped_up = Decimal(0)
        self._lock = threading.Lock()

    def run(self, seconds: float, writers: int, readers: int) -> None:
        """Let them all act until the time is over, then close what is due."""
        self._land("first", 0)
        self._tollbook("build")
        until = time.monotonic() + seconds
        acts: list[Callable[[int], None]] = [*[self._write] * writers, *[self._read] * readers]
        people = [
            threading.Thread(target=self._until, args=(until, act, number)) for number, act in enumerate(acts, start=1)
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
        self._tollbook("build")
        self._tollbook("close")

    def wrong(self) -> list[str]:
        """What is not as it must be, once all is over."""
        problems = [f"verify: {fault}" for fault in verify(self.home).faults]
        with duckdb.connect(str(self.home.serving), read_only=True) as con:
            calls = Counter(call for (call,) in con.execute("select call_id from marts.rated_calls").fetchall())
            (paid,) = con.execute("select sum(amount) from marts.ledger_entries where kind = 'payment'").fetchall()[0]
        if calls != Counter(self.sent):
            problems.append(f"{calls.total()} calls are rated, {len(self.sent)} were sent")
        if (paid or 0) != self.topped_up:
            problems.append(f"{paid} was entered, {self.topped_up} was paid")
        return problems

    def _until(self, until: float, act: Callable[[int], None], number: int) -> None:
        turn = 0
        while time.monotonic() < until:
            turn += 1
            act(1000 * number + turn if act == self._write else number)

    def _write(self, turn: int) -> None:
        what = Random(turn).choice(["land", "land", "land", "topup", "topup", "build", "close", "repair"])
        if what == "land":
            self._land(f"w{turn}", turn)
        elif what == "topup":
            if self._tollbook("topup", "acme", "1", "--reference", f"t{turn}"):
                with self._lock:
                    self.topped_up += 1
        else:
            self._tollbook(what)

    def _land(self, name: str, turn: int) -> None:
        """A file of calls, half of them of a day that is due to close: the first of them are late then."""
        ids = [f"{name}-{n}" for n in range(6)]
        starts = [(_FIRST + timedelta(days=n % 2, seconds=turn)).isoformat() for n in range(6)]
        file = self.root / f"{name}.csv"
        write_calls(file, [(call, start, "60", "in-a") for call, start in zip(ids, starts, strict=True)])
        if self._tollbook("land", str(file), "--kind", "cdrs", "--source", "sw1"):
            with self._lock:
                self.sent += ids

    def _tollbook(self, *words: str) -> bool:
        environment = os.environ | {
            "TOLLBOOK_HOME": str(self.home.root),
            "TOLLBOOK_SEEDS": str(self.home.seeds),
            "TOLLBOOK_NOW": _NOW,
            "TOLLBOOK_LOCK_TIMEOUT": "3000",
        }
        done = subprocess.run(
            [sys.executable, "-m", "orchestration", *words],
            cwd=PROJECT, env=environment, text=True, capture_output=True, check=False,
        )  # fmt: skip
        with self._lock:
            self.done[words[0]] += 1
            if done.returncode != 0 and not any(fine in done.stderr for fine in _FINE):
                self.problems.append(f"{' '.join(words)}: {done.returncode} {done.stderr.strip()[-300:]}")
        return done.returncode == 0

    def _read(self, _: int) -> None:
        """Calls and breakouts, of one publication, by the day."""
        try:
            with duckdb.connect(str(self.home.serving), read_only=True) as con:
                calls = con.execute(
                    "select day, count(*), sum(sell_amount) from marts.rated_calls group by 1"
                ).fetchall()
                asked = "select day, sum(attempts), sum(revenue) from marts.breakout_daily group by 1"
                breakouts = con.execute(asked).fetchall()
        except duckdb.Error as failure:
            with self._lock:
                self.problems.append(f"a reader: {failure}")
            return
        with self._lock:
            self.done["read"] += 1
            if sorted(calls) != sorted(breakouts):
                self.problems.append(f"a reader saw calls {calls} beside breakouts {breakouts}")
        time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
