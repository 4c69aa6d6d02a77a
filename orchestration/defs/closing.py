"""Closing a day: one partition of `ops/closings`, the assertions as blocking checks, the hourly schedule."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from orchestration.defs import balances, landing
from orchestration.defs.failing import in_words
from orchestration.defs.partitions import BACKFILL, WRITERS, between, daily, days_of, known, spans
from orchestration.defs.resources import Deployment, runs
from orchestration.operations.day.close import AlreadySettled, Checked, Failure, check, close
from orchestration.operations.day.words import broken_by
from orchestration.store import warehouse
from orchestration.store.warehouse import Home

JOB = "close_day"
CHECK_JOB = "check_day"
CLOSINGS = dg.AssetKey(["ops", "closings"])
CHECKED = dg.AssetKey(["ops", "day_checks"])
# Nothing of these days changes by itself any more; an outdated one waits for somebody to recalculate it.
SETTLED = ("closed", "outdated")
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)
_SHOWN = 20


def closing_assets(checks: Sequence[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    """The closing of a day with all its checks. Materialising a partition of it is `tollbook close --day`.

    Checks, or `ops/day_checks`, without the closing try the assertions and close nothing.
    """
    spec = dg.AssetSpec(
        CLOSINGS,
        group_name="operations",
        deps=sorted({check.asset_key for check in checks}),
        kinds={"duckdb"},
        description=(
            "A closed day: every assertion held, and what the day comes to was posted to the ledger. A "
            "failed partition did not pass: its checks say why, and it is tried again every hour."
        ),
    )

    tried = dg.AssetSpec(
        CHECKED,
        group_name="operations",
        kinds={"duckdb"},
        description="A day whose assertions all held when it was checked; nothing is posted by it.",
    )

    @dg.multi_asset(
        name="close_day_and_check",
        specs=[spec, tried],
        check_specs=checks,
        allow_arbitrary_check_specs=True,
        can_subset=True,
        partitions_def=daily(),
        backfill_policy=BACKFILL,
        pool=WRITERS,
    )
    def close_day_and_check(
        context: dg.AssetExecutionContext, deployment: Deployment
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        told = context.has_partition_key or context.has_partition_key_range
        days = days_of(context.partition_keys) if told else []
        first, last = (days[0], days[-1]) if days else (None, None)
        # checks alone come along when models are materialised in the UI: that must never post anything
        closes = CLOSINGS in context.selected_asset_keys
        operation = close if closes else check
        with in_words():
            try:
                checked = operation(deployment.home, first, context.log.info, last)
            except AlreadySettled as settled:
                context.log.info(str(settled))
                for key in sorted(context.selected_asset_keys):
                    yield dg.MaterializeResult(asset_key=key, metadata={"status": str(settled)})
                return
        # before the first result: what is logged after the last one of a run that fails is lost
        for balance in balances.evaluations(deployment.home):
            context.log_event(balance)
        context.log_event(landing.evaluation(deployment.home))
        for check_spec in checks:
            result = check_result(check_spec, checked)
            if check_spec.key in context.selected_asset_check_keys:
                yield result
            elif closes:  # materialised in the UI, which selects no checks of other assets
                context.instance.report_runless_asset_event(evaluation(result, check_spec.blocking))
        failed = in_failing_words(checked)
        if failed or not told:
            for event in closed(checked):
                context.log_event(event)
        elif closes:
            for c in checked:
                context.add_asset_metadata(figures(c), CLOSINGS, partition_key=str(c.day))
            yield dg.MaterializeResult(asset_key=CLOSINGS)
        if CHECKED in context.selected_asset_keys and not failed:
            yield dg.MaterializeResult(asset_key=CHECKED)
        if failed:
            raise dg.Failure(description=failed, allow_retries=False)

    return close_day_and_check


def check_result(spec: dg.AssetCheckSpec, checked: Sequence[Checked]) -> dg.AssetCheckResult:
    """One check over the days that were looked at: exact, and failed when a single row breaks it.

    An error where it blocks, else a warning.
    """
    key = spec.key
    found: list[tuple[date, Failure]] = [
        (c.day, failure) for c in checked for failure in (*c.failures, *c.warnings) if failure.check == key.name
    ]
    failing = sum(failure.rows for _, failure in found)
    details = [f"{day}: {detail}" for day, failure in found for detail in failure.details]
    metadata: dict[str, dg.MetadataValue | int | str] = {
        "day": ", ".join(str(c.day) for c in checked) or "none was due",
        "failing rows": failing,
    }
    if details:
        metadata["detail"] = dg.MetadataValue.md("\n".join(f"* {d}" for d in details[:_SHOWN]))
        metadata["what to do"] = found[0][1].remedy
    return dg.AssetCheckResult(
        passed=failing == 0,
        asset_key=key.asset_key,
        check_name=key.name,
        severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
        description=details[0] if details else None,
        metadata=metadata,
    )


def evaluation(result: dg.AssetCheckResult, blocking: bool) -> dg.AssetCheckEvaluation:
    """A check's result as an event that is reported beside a run."""
    assert result.asset_key is not None
    assert result.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        blocking=blocking,
    )


def in_failing_words(checked: Sequence[Checked]) -> str:
    """What keeps days from closing: the first row of each assertion, its words, what to do; empty when nothing does."""
    lines = []
    for c in checked:
        for failure in c.failures:
            first = f": {failure.details[0]}" if failure.details else ""
            lines.append(f"{c.day} {failure.check.replace('_', ' ')}: {broken_by(failure.rows)}{first}")
            lines.append(f"    {failure.words} {failure.remedy}")
    return "\n".join(["this keeps a day from closing:", *lines]) if lines else ""


def figures(closed: Checked) -> dict[str, int | str]:
    """What closing a day did."""
    return {"status": closed.status, "entries posted": closed.posted}


def closed(checked: Sequence[Checked]) -> Iterator[dg.AssetMaterialization]:
    """Those days of a run that closed although others of it did not."""
    for c in checked:
        if c.status == "closed":
            yield dg.AssetMaterialization(CLOSINGS, partition=str(c.day), metadata=figures(c))


def closing_job(checks: Sequence[dg.AssetCheckSpec]) -> UnresolvedAssetJobDefinition:
    """`tollbook close --day`, for a partition."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(CLOSINGS) | dg.AssetSelection.checks(*(c.key for c in checks)),
        description="Check a day and close it: post what it comes to. A closed day is left alone.",
    )


def checking_job(checks: Sequence[dg.AssetCheckSpec]) -> UnresolvedAssetJobDefinition:
    """The assertions alone, for a partition: the day becomes `ready` or `failed`; nothing is posted."""
    return dg.define_asset_job(
        CHECK_JOB,
        selection=dg.AssetSelection.assets(CHECKED) | dg.AssetSelection.checks(*(c.key for c in checks)),
        description="Check a day that has ended and close nothing: it becomes ready, or says what it waits for.",
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
    """The status of each day as last published; empty when nothing is. Never opens the warehouse."""
    if not home.serving.exists():
        return {}
    with warehouse.serving(home) as con:
        return dict(con.execute("select day, status from marts.days order by day").fetchall())


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
