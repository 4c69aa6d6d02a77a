"""Closing a day: one partition of `ops/closings`, the assertions as blocking checks, the hourly schedule."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration import warehouse
from orchestration.defs.failing import in_words
from orchestration.defs.partitions import WRITERS, daily
from orchestration.defs.resources import Deployment
from orchestration.operations.close import AlreadySettled, Checked, Failure, close
from orchestration.warehouse import Home

JOB = "close_day"
CLOSINGS = dg.AssetKey(["ops", "closings"])
# Nothing of these days changes by itself any more; an outdated one waits for somebody to recalculate it.
SETTLED = ("closed", "outdated")
_SHOWN = 20


def closing_assets(checks: Sequence[dg.AssetCheckSpec], models: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The closing of a day with all its checks. Materialising a partition is `tollbook close --day`."""
    spec = dg.AssetSpec(
        CLOSINGS,
        group_name="operations",
        deps=models,
        kinds={"duckdb"},
        description=(
            "A day is closed: every assertion held, and what the day comes to was posted to the ledger. A red "
            "partition did not pass; its checks say why, and it is tried again every hour."
        ),
    )

    @dg.multi_asset(
        name="close_day_and_check",
        specs=[spec],
        check_specs=checks,
        allow_arbitrary_check_specs=True,
        can_subset=True,
        partitions_def=daily(),
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
        pool=WRITERS,
    )
    def close_day_and_check(
        context: dg.AssetExecutionContext, deployment: Deployment
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        day = date.fromisoformat(context.partition_key) if context.has_partition_key else None
        with in_words():
            try:
                checked = close(deployment.home, day, context.log.info)
            except AlreadySettled as settled:
                context.log.info(str(settled))
                if CLOSINGS in context.selected_asset_keys:
                    yield dg.MaterializeResult(asset_key=CLOSINGS, metadata={"what": str(settled)})
                return
        chosen = [c for c in checks if c.key in context.selected_asset_check_keys]
        for check in chosen:
            yield check_result(check.key, checked)
        if failed := in_failing_words(checked):
            raise dg.Failure(description=failed, allow_retries=False)
        if CLOSINGS in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=CLOSINGS, metadata=closing_metadata(checked))

    return close_day_and_check


def check_result(key: dg.AssetCheckKey, checked: Sequence[Checked]) -> dg.AssetCheckResult:
    """One check over the days that were looked at: exact, and an error when a single row breaks it."""
    found: list[tuple[date, Failure]] = [
        (c.day, failure) for c in checked for failure in c.failures if failure.check == key.name
    ]
    failing = sum(failure.rows for _, failure in found)
    details = [f"{day}: {detail}" for day, failure in found for detail in failure.details]
    metadata: dict[str, dg.MetadataValue | int | str] = {
        "day": ", ".join(str(c.day) for c in checked) or "none was due",
        "failing rows": failing,
    }
    if details:
        metadata["detail"] = dg.MetadataValue.md("\n".join(f"* {d}" for d in details[:_SHOWN]))
    return dg.AssetCheckResult(
        passed=failing == 0,
        asset_key=key.asset_key,
        check_name=key.name,
        severity=dg.AssetCheckSeverity.ERROR,
        description=details[0] if details else None,
        metadata=metadata,
    )


def in_failing_words(checked: Sequence[Checked]) -> str:
    """What keeps days from closing, a line an assertion; empty when nothing does."""
    lines = []
    for c in checked:
        for failure in c.failures:
            first = f": {failure.details[0]}" if failure.details else ""
            lines.append(f"{c.day} {failure.check.replace('_', ' ')}: {failure.rows} rows break it{first}")
    return "\n".join(["not closed:", *lines]) if lines else ""


def closing_metadata(checked: Sequence[Checked]) -> dict[str, int | str]:
    """What closing did."""
    return {
        "status": ", ".join(f"{c.day} {c.status}" for c in checked) or "nothing was due",
        "entries posted": sum(c.posted for c in checked),
    }


def closing_job(checks: Sequence[dg.AssetCheckSpec]) -> UnresolvedAssetJobDefinition:
    """`tollbook close --day`, for a partition."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(CLOSINGS) | dg.AssetSelection.checks(*(c.key for c in checks)),
        description="Check a day and close it: post what it comes to. A day that is closed already is left alone.",
    )


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
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if published.get(day) not in SETTLED]


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
    def closing(
        context: dg.ScheduleEvaluationContext, deployment: Deployment
    ) -> list[dg.RunRequest] | dg.SkipReason:
        at = instant(context)
        busy = _under_way(context.instance)
        partitions = daily()
        days = [d for d in wanted(statuses(deployment.home), at) if partitions.has_partition_key(str(d))]
        requests = [
            dg.RunRequest(run_key=f"{day} at {at:%Y-%m-%dT%H}", partition_key=str(day))
            for day in days
            if str(day) not in busy
        ]
        return requests or dg.SkipReason("every day that is due is closed, or is being closed")

    return closing


def instant(context: dg.ScheduleEvaluationContext) -> datetime:
    """The instant the schedule goes by, naive UTC: that of its tick, where `TOLLBOOK_NOW` does not say."""
    import os

    if os.environ.get("TOLLBOOK_NOW"):
        return warehouse.now()
    return context.scheduled_execution_time.astimezone(UTC).replace(tzinfo=None)


def _under_way(instance: dg.DagsterInstance) -> set[str]:
    """The partitions for which a run waits or works."""
    unfinished = dg.RunsFilter(job_name=JOB, statuses=[*_UNFINISHED])
    return {run.tags.get("dagster/partition", "") for run in instance.get_runs(unfinished)}


_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)
