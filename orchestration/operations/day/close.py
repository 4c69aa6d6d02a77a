"""Check days that have ended and close those that are due: post the difference, or say what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from orchestration.engine import stored
from orchestration.engine.daily import daily
from orchestration.operations.day.assertions import Assertion, assertions, breaking
from orchestration.operations.day.audit import audit_days
from orchestration.operations.day.build import build_days
from orchestration.operations.day.post import post_day
from orchestration.operations.day.publish import publishing
from orchestration.operations.day.waivable import weigh_again
from orchestration.operations.day.words import (
    AUDIT,
    AUDIT_REMEDY,
    AUDIT_WORDS,
    STORED,
    STORED_REMEDY,
    STORED_WORDS,
)
from orchestration.operations.verify import anchors
from orchestration.store.database import transaction
from orchestration.store.warehouse import Home, Refused, Writer, clock, now, operator

# Days that have ended and are not closed, or have rows that landed since they were.
_ENDED = """
    with landed as (
        select day, max(file_sequence) as file_sequence
        from ops.file_days
        where kind in ('cdrs', 'usage')
        group by day
    ),
    calendar as (
        select unnest(range(
            (select min(day) from landed)::TIMESTAMP, $now::TIMESTAMP - interval 1 day + interval 1 microsecond,
            interval 1 day
        ))::DATE as day
    ),
    closed as (
        select day, max(file_sequence) as file_sequence from ops.closings group by day
    )
    select c.day
    from calendar as c
    left join landed as l on c.day = l.day
    left join closed as k on c.day = k.day
    where k.day is null or l.file_sequence > k.file_sequence
    order by c.day
"""
# How many of the rows that break an assertion are shown and kept, for each day.
_SHOWN = 20
_AUDIT = Assertion(AUDIT, "", AUDIT_WORDS, AUDIT_REMEDY)
_STORED = Assertion(STORED, "", STORED_WORDS, STORED_REMEDY)


@dataclass(frozen=True)
class Failure:
    """An assertion that does not hold for a day: in words, how many rows break it, the first ones, what to do."""

    check: str
    rows: int
    details: list[str]
    words: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Checked:
    """What became of one day: `closed` (with the entries posted), `ready` or `failed`. Warnings hold no day back."""

    day: date
    status: str
    posted: int = 0
    failures: list[Failure] = field(default_factory=list)
    warnings: list[Failure] = field(default_factory=list)


@dataclass
class _Outcome:
    """What the assertions found of one day."""

    failures: list[Failure] = field(default_factory=list)
    warnings: list[Failure] = field(default_factory=list)


class AlreadySettled(Refused):
    """The day is closed, or counts as closed: there is nothing left to do for it."""


def due_at(day: date) -> date:
    """The UTC day at whose beginning `day` may close: 24 hours after its end."""
    return day + timedelta(days=2)


def close(
    home: Home,
    day: date | None = None,
    report: Callable[[str], None] | None = None,
    last: date | None = None,
) -> list[Checked]:
    """Close one day, or check all days that have ended and close all that are due; then publish.

    With `last`, the days from `day` to `last` that are not closed. Builds first what wants building. Raises
    `Refused` for a day that is closed (`AlreadySettled`) or not due, and when the configuration is not good
    or the warehouse is busy.
    """
    if day is not None:
        _refuse_early(last or day)
    with publishing(home, "close") as held:
        checked = close_days(held, day, report, last)
        return checked


def check(
    home: Home,
    day: date | None = None,
    report: Callable[[str], None] | None = None,
    last: date | None = None,
) -> list[Checked]:
    """As `close`, but close none: what would keep each day that has ended from closing, or `ready`."""
    with publishing(home, "check-day") as held:
        outcomes = _check(held, day, report, last)
    return [
        Checked(d, "failed" if f.failures else "ready", failures=f.failures, warnings=f.warnings)
        for d, f in outcomes.items()
    ]


def close_days(
    held: Writer,
    day: date | None = None,
    report: Callable[[str], None] | None = None,
    last: date | None = None,
) -> list[Checked]:
    """`close` for a caller that holds the lock and publishes itself."""
    anchors.refuse_odd()
    outcomes = _check(held, day, report, last)
    with held.connect() as con:
        checked = [_settle(con, held, d, outcome) for d, outcome in outcomes.items()]
    if any(each.status == "closed" for each in checked):
        anchors.keep(held.home)
    return checked


def _check(
    held: Writer, day: date | None, report: Callable[[str], None] | None, last: date | None
) -> dict[date, _Outcome]:
    """Build what wants building, try every assertion on the days and record what came of it."""
    build_days(held, report=report)
    with held.connect() as con:
        days = [row[0] for row in con.execute(_ENDED, {"now": now()}).fetchall()]
        if day is not None:
            days = [d for d in days if day <= d <= (last or day)]
            if not days:
                _refuse_settled(con, day)
        outcomes = _damaged(con, held.home, days)
        damaged = [d for d in days if outcomes[d].failures]
        _look_at(con, damaged)
        _record(con, [_STORED], outcomes)
        whole = [d for d in days if d not in damaged]  # nothing can be asked of the others
        _look_at(con, whole)
        if not whole:
            return outcomes
        asserted = assertions()
        for a in asserted:
            for d, rows, details, remedy in breaking(con, a, whole, _SHOWN, report):
                (outcomes[d].warnings if a.warns else outcomes[d].failures).append(
                    Failure(a.name, rows, details, a.words, remedy)
                )
        for d, differences in audit_days(con, held.home, whole).items():
            if differences:
                audited = Failure(AUDIT, len(differences), differences[:_SHOWN], AUDIT_WORDS, AUDIT_REMEDY)
                outcomes[d].failures.append(audited)
        _record(con, [*asserted, _AUDIT, _STORED], outcomes)
    return outcomes


def _damaged(con: duckdb.DuckDBPyConnection, home: Home, days: list[date]) -> dict[date, _Outcome]:
    """What becomes of each day as far as its stored files tell it."""
    outcomes = {d: _Outcome() for d in days}
    details: dict[date, list[str]] = {}
    for damage in stored.damaged(con, home.root, days[0], days[-1]) if days else ():
        if damage.day in outcomes:
            details.setdefault(damage.day, []).append(f"{damage.path}: {damage.wrong}")
    for d, damages in details.items():
        outcomes[d].failures.append(Failure(STORED, len(damages), damages, STORED_WORDS, STORED_REMEDY))
    return outcomes


def _look_at(con: duckdb.DuckDBPyConnection, days: list[date]) -> None:
    """Have assertions, and what is recorded of them, speak of these days."""
    with transaction(con):
        con.execute("delete from run.check_days")
        con.execute("insert into run.check_days select unnest(?::DATE[])", [days])


def _refuse_early(day: date) -> None:
    if now().date() < due_at(day):
        raise Refused(f"{day} cannot be closed before {due_at(day)}T00:00:00 UTC, 24 hours after its end")


def _refuse_settled(con: duckdb.DuckDBPyConnection, day: date) -> None:
    row = con.execute("select max(closed_at) from ops.closings where day = ?", [day]).fetchone()
    if row and row[0]:
        raise AlreadySettled(f"{day} is closed already (at {row[0]:%Y-%m-%d %H:%M} UTC), and nothing has landed since")
    if day >= now().date():
        raise AlreadySettled(f"{day} has not ended yet; a day is checked once it has")
    raise AlreadySettled(f"{day} is before the first traffic; such days count as closed")


def _record(con: duckdb.DuckDBPyConnection, asserted: list[Assertion], outcomes: dict[date, _Outcome]) -> None:
    broken = {day: {f.check: f for f in (*of_day.failures, *of_day.warnings)} for day, of_day in outcomes.items()}
    failing = [
        (day, f.check, f.rows, "\n".join(f.details), f.remedy) for day, of in broken.items() for f in of.values()
    ]
    with transaction(con):
        weigh_again(con, outcomes)
        con.execute("delete from ops.day_checks where day in (select day from run.check_days)")
        con.execute(
            """
            with asserted as (select unnest($asserted::VARCHAR[][]) as a),
            failing as (select unnest($failing::VARCHAR[][]) as f)
            insert into ops.day_checks
                (day, check_name, failing, detail, severity, words, remedy, checked_at, build_no)
            select
                d.day, a[1], coalesce(f[3]::BIGINT, 0), f[4], a[2], a[3], coalesce(f[5], a[4]),
                (select now from run.clock), coalesce(b.build_no, 0)
            from run.check_days as d
            cross join asserted
            left join failing on f[1]::DATE = d.day and f[2] = a[1]
            left join ops.builds as b on d.day = b.day
            """,
            {
                "asserted": [[a.name, "warn" if a.warns else "error", a.words, a.remedy] for a in asserted],
                "failing": [[str(value) for value in row] for row in failing],
            },
        )


def _settle(con: duckdb.DuckDBPyConnection, held: Writer, day: date, outcome: _Outcome) -> Checked:
    if outcome.failures:
        return Checked(day, "failed", failures=outcome.failures, warnings=outcome.warnings)
    if now().date() < due_at(day):
        return Checked(day, "ready", warnings=outcome.warnings)
    return Checked(day, "closed", len(_close(con, held, day)), warnings=outcome.warnings)


def close_again(held: Writer, day: date) -> tuple[int, str]:
    """Close a day that is known to hold (it was closed before): how many entries were posted, and their digest."""
    with held.connect() as con:
        posted = _close(con, held, day)
    return len(posted), digest(posted)


def digest(entry_ids: list[str]) -> str:
    """One sha256 for the ids of postings, in order: the journal has it, and a rebuild must come to it again."""
    return hashlib.sha256("\n".join(entry_ids).encode()).hexdigest()


def _close(con: duckdb.DuckDBPyConnection, held: Writer, day: date) -> list[str]:
    """Post the day's difference and close it, in one transaction; the ids of what was posted, in order."""
    at = clock(con)  # of one instant with booked_on, or doing it again would book otherwise
    with transaction(con):
        posted = post_day(con, day)
        con.execute(
            """
            insert into ops.closings
                (day, ordinal, closed_at, operator, config, file_sequence, deck, rules)
            select
                $day,
                (select count(*) + 1 from ops.closings where day = $day),
                $now,
                $operator,
                (select version from ops.configuration),
                (select coalesce(max(file_sequence), 0) from ops.file_days
                    where day = $day and kind in ('cdrs', 'usage')),
                (select coalesce(max(deck), 0) from ops.decks),
                (select rules from run.clock)
            """,
            {"day": day, "now": at, "operator": operator()},
        )
        stored.seal(con, held.home.root, [model.name for model in daily() if model.sealed], day)
        held.journal(con, "close", at, day=str(day), posted=len(posted), entries=digest(posted))
    return posted
