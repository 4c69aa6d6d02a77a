"""`python -m bench`: measure, and print ratios. See docs/benchmark.md."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bench import postgres, report, workload
from bench.deployment import WARM_CALLS, Deployment
from bench.duckdb_only import baseline
from bench.measuring import CommandFailed
from bench.report import Day
from bench.workload import Calls

FIRST_DAY = date(2026, 3, 10)
SAMPLE = 100_000


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options; `--quick` stands for sizes of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[1_000_000, 5_000_000], help="sizes of the day")
    parser.add_argument("--history-days", type=int, default=90, help="days before it; 0: no history")
    parser.add_argument("--history-calls", type=int, default=100_000, help="calls of each of those days")
    parser.add_argument("--skip-postgres", action="store_true")
    parser.add_argument("--quick", action="store_true", help="does it work: 100 k calls, 5 days of 2 k")
    parser.add_argument("--dir", type=Path, default=None, help="where the files go (removed at the end)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args(arguments)
    if options.quick:
        options.calls, options.history_days, options.history_calls = [100_000], 5, 2_000
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-", dir=options.dir) as scratch:
        try:
            _Run(options, Path(scratch)).all()
        except CommandFailed as failure:
            sys.exit(str(failure))


class _Run:
    """One run: its options, its directory, and what it says on the way."""

    def __init__(self, options: argparse.Namespace, scratch: Path) -> None:
        self.options = options
        self.scratch = scratch
        self.company = scratch / "company"
        self.setup_s: list[float] = []

    def all(self) -> None:
        sizes = sorted(self.options.calls)
        files = [
            Calls(self.scratch / f"day{n}.csv", calls, FIRST_DAY + timedelta(days=n)) for n, calls in enumerate(sizes)
        ]
        self._say(f"{os.cpu_count()} processors; writing {', '.join(f'{c:,}' for c in sizes)} calls")
        workload.write(self.company, files)
        history = self._history() if self.options.history_days else None
        days, rated = [], None
        for file in files:
            alone = self._deployment(f"alone-{file.day}", file.day)
            self._say(f"a day of {file.calls:,} calls")
            only = baseline(file.path, self.scratch)
            stages = alone.round([file])
            days.append(Day(file.calls, only, stages, history.round([file]) if history else {}))
            if file is files[0] and not self.options.skip_postgres:
                rated = self._postgres(alone.served)
            alone.remove()
            file.path.unlink()
        self._print(days, rated)

    def _deployment(self, name: str, day: date) -> Deployment:
        """One that has seen a day of few calls: configuration loaded, models parsed."""
        deployment = Deployment(self.scratch / name, self.company)
        before = Calls(self.scratch / "warm.csv", WARM_CALLS, day - timedelta(days=1))
        workload.write(self.company, [before])
        taken = report.total(deployment.round([before])).seconds
        self.setup_s.append(taken)
        self._say(f"a new deployment took {taken:.1f} s (first start, configuration, {WARM_CALLS:,} calls)")
        return deployment

    def _history(self) -> Deployment:
        days, calls = self.options.history_days, self.options.history_calls
        self._say(f"history: {days} days of {calls:,} calls, {days * calls:,} in all")
        deployment = self._deployment("history", FIRST_DAY - timedelta(days=days))
        files = [
            Calls(self.scratch / f"history{n}.csv", calls, FIRST_DAY - timedelta(days=n)) for n in range(days, 0, -1)
        ]
        workload.write(self.company, files)
        stages = deployment.round(files)
        taken = ", ".join(f"{name} {m.seconds:.1f} s {m.peak_mib:,.0f} MiB" for name, m in stages.items())
        self._say(f"history: {taken}")
        for file in files:
            file.path.unlink()
        return deployment

    def _postgres(self, served: Path) -> postgres.Rated | None:
        self._say("PostgreSQL rates one leg of a sample")
        try:
            return postgres.rate_sample(self.company, served, SAMPLE)
        except postgres.NotHere as why:
            self._say(f"(b) is left out: {why}")
            return None

    def _print(self, days: list[Day], rated: postgres.Rated | None) -> None:
        rate = rated.calls / rated.seconds if rated else None
        verdicts = report.verdicts(days, rate)
        if self.options.json:
            print(
                json.dumps(
                    {
                        "processors": os.cpu_count(),
                        "setup_s": self.setup_s,
                        "days": [dataclasses.asdict(day) for day in days],
                        "postgres": dataclasses.asdict(rated) if rated else None,
                        "verdicts": [dataclasses.asdict(v) | {"met": v.met} for v in verdicts],
                    },
                    indent=2,
                )
            )
            return
        print("\n" + report.table(days, f"{self.options.history_days} days before"))
        if rated and rate:
            agree = "equal to ours" if rated.differing == 0 else f"NOT ours in {rated.differing} tables"
            print(
                f"\n(b) PostgreSQL: one leg of {rated.calls:,} calls in {rated.seconds:.1f} s, {rate:,.0f} calls/s;"
                f" its sums by rate table ({rated.total} in all) are {agree}"
            )
            for day in days:
                print(f"    {report.leg_rate(day):,.0f} legs/s in the build of {day.calls:,} calls, all of it counted")
        for day in days:
            print(f"\nwhere the time of {day.calls:,} calls goes\n{report.where_time_goes(day)}")
        print("\n" + "\n".join(verdict.words() for verdict in verdicts))

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr if self.options.json else sys.stdout, flush=True)


if __name__ == "__main__":
    main()
