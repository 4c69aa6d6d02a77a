"""Play a world in child processes, kill some of them at random moments, and carry on."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import pickle
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from orchestration.store.warehouse import Home
from tests.proof.compare import compare, differ, rows
from tests.proof.play import PUBLISHING, Books, Deployment
from tests.proof.world import Step

# Everything that a second run has to come to as well: rows by the number of their key columns.
SAME = {
    "entry": (1, "select entry_id, account_id, day, booked_on, posted_at, kind, amount from marts.ledger_entries"),
    "document": (1, "select invoice_number, account_id, total, checksum, csv_sha256, pdf_sha256 from marts.invoices "
                    "where status = 'issued'"),
    "entry on": (1, "select entry_id, invoice_number from marts.invoice_entries"),
    "balance": (1, "select account_id, balance, accrued_unposted, available, status from marts.account_balances"),
    "booking day": (2, "select account_id, booked_on, opening, debits, credits, closing "
                       "from marts.balance_ledger_daily"),
    "call": (3, "select source, call_id, attempt, day, sell_amount, sell_account_amount, buy_amount, "
                "buy_account_amount, margin from marts.rated_calls"),
    "day": (1, "select day, status, cdrs, rated, unrated, rejected from marts.days"),
}  # fmt: skip


@dataclass
class Played:
    """How a run went: seconds of each step, by step what came of it and what was published then, kills, differences."""

    seconds: list[float] = field(default_factory=list)
    outcomes: dict[str, object] = field(default_factory=dict)
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Child:
    """A process that was forked from this warm one to do some work."""

    pid: int
    answer: int

    def finished(self) -> bool:
        """Whether it has ended by itself; it is still to be waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self) -> None:
        """SIGKILL: nothing of the process gets to clean up."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.answer)

    def result(self) -> Any:
        """What the work gave. Raises `RuntimeError` when it failed; the log says how."""
        with os.fdopen(self.answer, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if status != 0:
            raise RuntimeError(f"the child ended with status {status}")
        return pickle.loads(said)


def started(work: Callable[[], object], log: Path) -> Child:
    """Do `work` in a child; what it prints goes to `log`. No connection to a database may be open here."""
    answer, told = os.pipe()
    pid = os.fork()
    if pid:
        os.close(told)
        return Child(pid, answer)
    code = 1
    try:
        os.close(answer)
        with log.open("a") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        done = pickle.dumps(work())
        with os.fdopen(told, "wb") as pipe:
            pipe.write(done)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def warm() -> None:
    """Import what the operations import when they need it, so that a child starts at once."""
    for name in ("dbt.cli.main", "dbt.adapters.duckdb.connections", "orchestration.engine.dbt"):
        importlib.import_module(name)


def play(
    root: Path,
    steps: Sequence[Step],
    said: Callable[[str], None],
    killer: Killer | None = None,
    first: Played | None = None,
) -> tuple[Deployment, Played]:
    """Play the steps in `root`, each in a child; after each that publishes, compare what is published.

    With the books of the independent ledger, or with what the `first` run had published then, which was compared
    with them. With `killer` some children are killed on their way; the step is then done again.
    """
    deployment, played = Deployment(root), Played()
    books = Books(root / "ledger") if first is None else None
    log = root / "log"
    for number, step in enumerate(steps):
        deployment.prepare(step)
        killed, again = 0, False
        for delay in killer.delays(number) if killer else ():
            again = True  # killed or just done: a close that is repeated has less to do
            if _killed(started(lambda step=step: deployment.perform(step), log), delay):  # type: ignore[misc]
                killed += 1
                played.kills[step.action] += 1
            else:
                killer.missed(number)  # type: ignore[union-attr]
        begin = time.monotonic()
        outcome = started(lambda step=step: deployment.perform(step), log).result()  # type: ignore[misc]
        played.seconds.append(time.monotonic() - begin)
        played.outcomes[str(step)] = expected = outcome
        if books:
            expected = books.perform(step)
        elif first:
            expected = first.outcomes.get(str(step), outcome)
        found = []
        if not again and outcome != expected:
            found.append(f"it came to {outcome}, expected was {expected}")
        if step.action in PUBLISHING and outcome is not False:  # what was refused publishes nothing
            mark = played.marks[str(step)] = started(lambda: marked(deployment.home), log).result()
            if books:
                statuses = step.action == "close"
                found += started(lambda s=statuses: compare(deployment.home, books, statuses=s), log).result()  # type: ignore[misc]
            elif first:
                before = first.marks.get(str(step), mark)
                found += [
                    f"each {name} together is not as in the first run" for name in mark if mark[name] != before[name]
                ]
        told = f"{played.seconds[-1]:5.1f} s  {step}"[:110]
        said(told + (f"  (killed {killed} times)" if killed else ""))
        for line in found:
            said(f"    {line}")
        played.differences += [f"{step}: {line}" for line in found]
    return deployment, played


def _killed(child: Child, delay: float) -> bool:
    """Kill the child after a delay in seconds; False when it was done before."""
    end = time.monotonic() + delay
    while time.monotonic() < end:
        if child.finished():
            child.result()
            return False
        time.sleep(0.001)
    child.kill()
    return True


class Killer:
    """Chooses `kills` moments of a run whose steps took `seconds`, every moment as likely as any other."""

    def __init__(self, kills: int, seconds: Sequence[float], seed: int) -> None:
        self.random = Random(f"kills {seed}")
        self.seconds = seconds
        self.moments: dict[int, list[float]] = {}
        for _ in range(kills):
            self._choose(0)

    def _choose(self, first: int) -> None:
        steps = range(first, len(self.seconds))
        number = self.random.choices(steps, [self.seconds[n] for n in steps])[0]
        self.moments.setdefault(number, []).append(self.random.random() * self.seconds[number])

    def delays(self, number: int) -> Iterator[float]:
        """The kills of a step, one after another: seconds after its start."""
        while self.moments.get(number):
            yield self.moments[number].pop()

    def missed(self, number: int) -> None:
        """The step was quicker than the time before: another moment of it or of a later one."""
        self._choose(number)


def fingerprint(home: Home) -> dict[str, dict[Any, Any]]:
    """What must be the same, however the run went: by name, rows by key; and the files of the invoices."""
    import duckdb

    with duckdb.connect(str(home.serving), read_only=True) as con:
        found = {name: rows(con, query, keys) for name, (keys, query) in SAME.items()}
    exported = (home.root / "exports" / "invoices").glob("[IC]*")
    found["file"] = {p.name: (hashlib.sha256(p.read_bytes()).hexdigest(),) for p in exported}
    return found


def marked(home: Home) -> dict[str, str]:
    """`fingerprint`, each name's rows as one sha256."""
    found = fingerprint(home)
    return {name: hashlib.sha256(repr(sorted(of.items(), key=repr)).encode()).hexdigest() for name, of in found.items()}


def unlike(one: dict[str, dict[Any, Any]], other: dict[str, dict[Any, Any]]) -> list[str]:
    """Where two fingerprints differ, in words."""
    return [line for name in one for line in differ(name, one[name], other[name], "the first run", "the second")]
