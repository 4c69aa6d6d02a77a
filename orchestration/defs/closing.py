"""Closing a day: one partition of `ops/closings`, the assertions as blocking checks."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.defs import balances, landing
from orchestration.defs.failing import in_words
from orchestration.defs.partitions import BACKFILL, WRITERS, daily, days_of
from orchestration.defs.resources import Deployment
from orchestration.defs.results import evaluation
from orchestration.operations.day.close import AlreadySettled, Checked, Failure, check, close
from orchestration.operations.day.words import broken_by
from orchestration.store.warehouse import Home

JOB = "close_day"
CHECK_JOB = "check_day"
CLOSINGS = dg.AssetKey(["ops", "closings"])
CHECKED = dg.AssetKey(["ops", "day_checks"])
_SHOWN = 20
Result = dg.AssetCheckResult | dg.MaterializeResult[None]


def closing_assets(checks: Sequence[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    """The closing of a day with all its checks. Materialising a partition of it is `tollbook close --day`.

    Checks, or `ops/day_checks`, without the closing try the assertions and close nothing.
    """
    closing = dg.AssetSpec(
        CLOSINGS,
        group_name="operations",
        deps=sorted({check.asset_key for check in checks}),
        kinds={"duckdb"},
        description=(
            "A closed day: every assertion held, and what the day comes to was posted to the ledger. A "
            "failed partition did not pass: its checks say why, and it is tried again every hour."
        ),
    )
    checking = dg.AssetSpec(
        CHECKED,
        group_name="operations",
        kinds={"duckdb"},
        description="A day whose assertions all held when it was checked; nothing is posted by it.",
    )

    @dg.multi_asset(
        name="close_day_and_check",
        specs=[closing, checking],
        check_specs=checks,
        allow_arbitrary_check_specs=True,
        can_subset=True,
        partitions_def=daily(),
        backfill_policy=BACKFILL,
        pool=WRITERS,
    )
    def close_day_and_check(context: dg.AssetExecutionContext, deployment: Deployment) -> Iterator[Result]:
        with in_words(deployment.home.root):
            landing.warn_unlanded(context, deployment.home)
            try:
                checked = _check(context, deployment.home)
            except AlreadySettled as settled:
                context.log.info(str(settled))
                for key in sorted(context.selected_asset_keys):
                    yield dg.MaterializeResult(asset_key=key, metadata={"status": str(settled)})
                return
        # before the first result: what is logged after the last one of a run that fails is lost
        for balance in balances.evaluations(deployment.home):
            context.log_event(balance)
        context.log_event(landing.evaluation(deployment.home))
        yield from _check_results(context, checks, checked)
        failed = in_failing_words(checked)
        yield from _materialised(context, checked, bool(failed))
        if failed:
            raise dg.Failure(description=failed, allow_retries=False)

    return close_day_and_check


def _closes(context: dg.AssetExecutionContext) -> bool:
    """Checks alone come along when models are materialised in the UI: that must never post anything."""
    return bool(CLOSINGS in context.selected_asset_keys)


def _has_days(context: dg.AssetExecutionContext) -> bool:
    return bool(context.has_partition_key or context.has_partition_key_range)


def _check(context: dg.AssetExecutionContext, home: Home) -> list[Checked]:
    """Check, or close, the days of the run; without any those that are due."""
    days = days_of(context.partition_keys) if _has_days(context) else []
    first, last = (days[0], days[-1]) if days else (None, None)
    return (close if _closes(context) else check)(home, first, context.log.info, last)


def _check_results(
    context: dg.AssetExecutionContext, checks: Sequence[dg.AssetCheckSpec], checked: Sequence[Checked]
) -> Iterator[dg.AssetCheckResult]:
    for spec in checks:
        result = check_result(spec, checked)
        if spec.key in context.selected_asset_check_keys:
            yield result
        elif _closes(context):  # materialised in the UI, which selects no checks of other assets
            context.instance.report_runless_asset_event(evaluation(result, spec.blocking))


def _materialised(
    context: dg.AssetExecutionContext, checked: Sequence[Checked], failed: bool
) -> Iterator[dg.MaterializeResult[None]]:
    """What a run did; of one that failed, or has no days of its own, the days that closed all the same."""
    if failed or not _has_days(context):
        for event in closed(checked):
            context.log_event(event)
    elif _closes(context):
        for day in checked:
            context.add_asset_metadata(figures(day), CLOSINGS, partition_key=str(day.day))
        yield dg.MaterializeResult(asset_key=CLOSINGS)
    if CHECKED in context.selected_asset_keys and not failed:
        yield dg.MaterializeResult(asset_key=CHECKED)


def check_result(spec: dg.AssetCheckSpec, checked: Sequence[Checked]) -> dg.AssetCheckResult:
    """One check over the days that were looked at: exact, and failed when a single row breaks it.

    An error where it blocks, else a warning.
    """
    key = spec.key
    failures: list[tuple[date, Failure]] = [
        (c.day, failure) for c in checked for failure in (*c.failures, *c.warnings) if failure.check == key.name
    ]
    failing = sum(failure.rows for _, failure in failures)
    details = [f"{day}: {detail}" for day, failure in failures for detail in failure.details]
    metadata: dict[str, dg.MetadataValue | int | str] = {
        "day": ", ".join(str(c.day) for c in checked) or "none was due",
        "failing rows": failing,
    }
    if details:
        metadata["detail"] = dg.MetadataValue.md("\n".join(f"* {d}" for d in details[:_SHOWN]))
        metadata["what to do"] = failures[0][1].remedy
    return dg.AssetCheckResult(
        passed=failing == 0,
        asset_key=key.asset_key,
        check_name=key.name,
        severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
        description=details[0] if details else None,
        metadata=metadata,
    )


def in_failing_words(checked: Sequence[Checked]) -> str:
    """What keeps days from closing: the first row of each assertion, its words, what to do; empty when nothing does."""
    lines = []
    for c in checked:
        for failure in c.failures:
            first = f": {failure.details[0]}" if failure.details else ""
            lines.append(f"{c.day} {failure.check}: {broken_by(failure.rows)}{first}")
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
