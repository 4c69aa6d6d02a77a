"""What was measured, in figures and words. Nothing here measures, reads or writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.measuring import Measured

SLOWEST = 8
LEGS = 2
TIMES_BASELINE = 5.0
PEAK_MIB = 6 * 1024.0
TIMES_POSTGRES = 30.0
TIMES_WITH_HISTORY = 1.15


@dataclass(frozen=True)
class Day:
    """A day of `calls` calls: DuckDB only loading it, and the stages in a deployment without and with history."""

    calls: int
    baseline: Measured
    stages: Mapping[str, Measured]
    with_history: Mapping[str, Measured]


@dataclass(frozen=True)
class Verdict:
    """A target (`at_least` or at most `limit`), what was reached, in words."""

    what: str
    reached: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.reached >= self.limit if self.at_least else self.reached <= self.limit

    def words(self) -> str:
        """One line: the figure, the target, and by which factor it is missed."""
        bound = "at least" if self.at_least else "at most"
        factor = self.limit / self.reached if self.at_least else self.reached / self.limit
        verdict = "reached" if self.met else f"MISSED by a factor of {factor:.2f}"
        return f"{self.what}: {_figure(self.reached)}{self.unit} ({bound} {_figure(self.limit)}{self.unit}): {verdict}"


def total(stages: Mapping[str, Measured]) -> Measured:
    """The stages together: seconds add up, the peak is the largest."""
    return Measured(
        sum(m.seconds for m in stages.values()),
        sum(m.cpu_s for m in stages.values()),
        max((m.peak_mib for m in stages.values()), default=0.0),
        {},
    )


def table(days: Sequence[Day], history: str) -> str:
    """Stages of every day, with calls a second and as a multiple of (a)."""
    rows: list[tuple[str, ...]] = [("calls", "stage", "seconds", "calls/s", "CPU s", "peak MiB", "times (a)")]
    for day in days:
        rows.append(_row(day, "(a) DuckDB only loads", day.baseline))
        for kind, stages in (("", day.stages), (f", {history}", day.with_history)):
            if stages:
                rows.extend(_row(day, f"{name}{kind}", taken) for name, taken in stages.items())
                rows.append(_row(day, f"total{kind}", total(stages)))
    return aligned(rows)


def _row(day: Day, stage: str, taken: Measured) -> tuple[str, ...]:
    return (
        f"{day.calls:,}",
        stage,
        f"{taken.seconds:.1f}",
        f"{day.calls / taken.seconds:,.0f}",
        f"{taken.cpu_s:.1f}",
        f"{taken.peak_mib:,.0f}",
        f"{taken.seconds / day.baseline.seconds:.2f}",
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines, the first a heading: columns but the second to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def leg_rate(day: Day) -> float:
    """Legs rated a second, counting all of the build as rating: less than what rating alone does."""
    return LEGS * day.calls / day.stages["build"].seconds


def slowest(stages: Mapping[str, Measured], most: int = SLOWEST) -> list[tuple[str, str, float]]:
    """The steps that took longest: stage, step, seconds. `(the rest)` of a stage is what is no step."""
    rows = [(stage, step, seconds) for stage, taken in stages.items() for step, seconds in taken.steps.items()]
    for stage, taken in stages.items():
        rows.append((stage, "(the rest)", max(taken.seconds - sum(taken.steps.values()), 0.0)))
    return sorted(rows, key=lambda row: row[2], reverse=True)[:most]


def where_time_goes(day: Day) -> str:
    """The slowest steps of a day, with their share of the whole way."""
    whole = total(day.stages).seconds
    rows = [("seconds", "stage: step", "share")]
    for stage, step, seconds in slowest(day.stages):
        rows.append((f"{seconds:.1f}", f"{stage}: {step}", f"{seconds / whole:.0%}"))
    return aligned(rows)


def verdicts(days: Sequence[Day], postgres_rate: float | None) -> list[Verdict]:
    """The targets, each for the largest day; `postgres_rate`: legs a second, None when not measured."""
    day = max(days, key=lambda d: d.calls)
    size = f"{day.calls:,} calls"
    whole = total(day.stages)
    judged = [
        Verdict(f"the whole way of {size}, times (a)", whole.seconds / day.baseline.seconds, TIMES_BASELINE, ""),
        Verdict(f"peak memory of {size}", max(whole.peak_mib, total(day.with_history).peak_mib), PEAK_MIB, " MiB"),
    ]
    if postgres_rate is not None:
        faster = leg_rate(day) / postgres_rate
        judged.append(Verdict(f"one leg of {size}, times (b)", faster, TIMES_POSTGRES, "", at_least=True))
    if day.with_history:
        slower = total(day.with_history).seconds / whole.seconds
        judged.append(Verdict(f"{size} with history, times without", slower, TIMES_WITH_HISTORY, ""))
    return judged


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"
