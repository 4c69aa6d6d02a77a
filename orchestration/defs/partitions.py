"""Days as Dagster sees them: one partition a UTC day, today's open day included."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import dagster as dg

from orchestration import typed
from orchestration.store.warehouse import Refused

# Pool of everything that writes to the warehouse; its limit of 1 is set where the instance is made.
WRITERS = "warehouse"
# Dagster itself is slow with very long ranges: a backfill makes one run, and one dbt call, of so many days.
MONTH = 31
BACKFILL = dg.BackfillPolicy.multi_run(max_partitions_per_run=MONTH)


def first_day() -> str:
    """The first partition, YYYY-MM-DD: `TOLLBOOK_FIRST_DAY`, default 2024-01-01."""
    setting = os.environ.get("TOLLBOOK_FIRST_DAY") or "2024-01-01"
    if typed.timely(typed.day(setting)) is None:
        raise Refused(f'TOLLBOOK_FIRST_DAY is "{setting}", which is no day; write 2024-01-01')
    return setting


def daily() -> dg.DailyPartitionsDefinition:
    """Every UTC day since the first one. `end_offset` 1: today is a partition while it lasts."""
    return dg.DailyPartitionsDefinition(start_date=first_day(), timezone="UTC", end_offset=1)


def days_of(keys: Iterable[str]) -> list[date]:
    """The days that partition keys stand for, in order."""
    return sorted(date.fromisoformat(key) for key in keys)


def known(days: Sequence[date], partitions: dg.PartitionsDefinition[str]) -> list[date]:
    """Those days that are partitions: a switch with a wrong clock may send calls of years ago."""
    return [day for day in days if partitions.has_partition_key(str(day))]


def between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included; none when `last` is before `first`."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def spans(days: Sequence[date], longest: int = MONTH) -> list[tuple[date, date]]:
    """Days in order as first and last of those that follow each other, at most `longest` in one."""
    following: list[tuple[date, date]] = []
    for day in days:
        if following and day - following[-1][1] == timedelta(days=1) and (day - following[-1][0]).days < longest:
            following[-1] = (following[-1][0], day)
        else:
            following.append((day, day))
    return following
