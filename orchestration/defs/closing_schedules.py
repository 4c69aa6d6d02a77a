"""When days are checked and closed: the hourly and the daily schedule, and the days that they ask for."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from orchestration.defs.closing import JOB
from orchestration.defs.partitions import between, daily, known, spans
from orchestration.defs.resources import Deployment, runs
from orchestration.engine import failed
from orchestration.store import warehouse
from orchestration.store.warehouse import Home

# Nothing of these days changes by itself any more; an outdated one waits for somebody to recalculate it.
SETTLED = ("closed", "outdated")
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)


def checking_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Asks for the checks of day D at D + 1 00:20 UTC, after the hour's closing."""

    @dg.schedule(
        name="checking",
        job=job,
        cron_schedule="20 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Checks day D at D + 1 00:20 UTC, so that a day is ready, or says what it waits for, a day early.",
    )
    def checking(context: dg.ScheduleEvaluationContext, deployment: Deployment) -> dg.RunRequest | dg.SkipReason:
        at = instant(context)
        yesterday = at.date() - timedelta(days=1)
        published = statuses(deployment.home)
        if not published or yesterday < min(published) or not known([yesterday], daily()):
            return dg.SkipReason(f"nothing is known of {yesterday}: no traffic has landed yet")
        if published.get(yesterday) in (*SETTLED, "ready"):
            return dg.SkipReason(f"{yesterday} is {published[yesterday]}")
        return request(yesterday, yesterday, at)

    return checking


def statuses(home: Home) -> dict[date, str]:
    """The status of each day as last published; empty when nothing is, by this release. Never opens the warehouse."""
    try:
        with warehouse.serving(home) as con:
            return dict(con.execute("select day, status from marts.days order by day").fetchall())
    except failed.SAID:  # closing builds, and publishes, or says what is in the way
        return {}


def wanted(published: Mapping[date, str], at: datetime) -> list[date]:
    """The days to ask for at `at` (UTC): ended 24 hours ago or longer, and not closed as far as is known.

    In the first hour of a day the newest of them is asked for also when nothing is known of it.
    """
    last = at.date() - timedelta(days=2)
    first = min(published, default=last if at.hour == 0 else last + timedelta(days=1))
    return [day for day in between(first, last) if published.get(day) not in SETTLED]


def closing_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Asks for day D first at D + 2 00:05 UTC, then every hour until it is closed."""

    @dg.schedule(
        name="closing",
        job=job,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Closes day D at D + 2 00:05 UTC and tries again every hour until it closes.",
    )
    def closing(context: dg.ScheduleEvaluationContext, deployment: Deployment) -> list[dg.RunRequest] | dg.SkipReason:
        at = instant(context)
        busy = under_way(runs(context, dg.RunsFilter(job_name=JOB, statuses=[*_UNFINISHED])))
        days = [d for d in known(wanted(statuses(deployment.home), at), daily()) if d not in busy]
        requests = [request(first, last, at) for first, last in spans(days)]
        return requests or dg.SkipReason("every day that is due is closed, or is being closed")

    return closing


def instant(context: dg.ScheduleEvaluationContext) -> datetime:
    """The instant the schedule goes by, naive UTC: that of its tick, where `TOLLBOOK_NOW` does not say."""
    if os.environ.get("TOLLBOOK_NOW"):
        return warehouse.now()
    return context.scheduled_execution_time.astimezone(UTC).replace(tzinfo=None)


def request(first: date, last: date, at: datetime) -> dg.RunRequest:
    """A run for a day, or one for several that follow each other, asked for once an hour."""
    run_key = f"{first} to {last} at {at:%Y-%m-%dT%H}"
    if first == last:
        return dg.RunRequest(run_key=run_key, partition_key=str(first))
    tags = {ASSET_PARTITION_RANGE_START_TAG: str(first), ASSET_PARTITION_RANGE_END_TAG: str(last)}
    return dg.RunRequest(run_key=run_key, tags=tags)


def under_way(unfinished: Sequence[dg.RunRecord]) -> set[date]:
    """The days for which a run waits or works."""
    days: set[date] = set()
    for record in unfinished:
        tags = record.dagster_run.tags
        day = tags.get(PARTITION_NAME_TAG)
        first = tags.get(ASSET_PARTITION_RANGE_START_TAG, day)
        last = tags.get(ASSET_PARTITION_RANGE_END_TAG, day)
        if first and last:
            days.update(between(date.fromisoformat(first), date.fromisoformat(last)))
    return days
