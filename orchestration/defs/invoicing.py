"""Invoices: the job that drafts what has ended and issues what is ready, and the schedules that start it."""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.defs.failing import in_words
from orchestration.defs.partitions import WRITERS
from orchestration.defs.resources import Deployment
from orchestration.operations.invoice import Invoiced, Run, run

JOB = "invoice_periods"
_WRITTEN = [dg.AssetKey(["ops", table]) for table in ("invoices", "invoice_lines", "invoice_entries")]


def invoicing_assets(sources: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    """The tables of issued documents. Materialising any of them is `tollbook invoice-run`."""
    specs = [spec.replace_attributes(kinds={"duckdb"}) for spec in sources if spec.key in _WRITTEN]

    @dg.multi_asset(name="invoice_what_is_ready", specs=specs, can_subset=True, pool=WRITERS)
    def invoice_what_is_ready(
        context: dg.AssetExecutionContext, deployment: Deployment
    ) -> Iterator[dg.MaterializeResult[None]]:
        with in_words():
            ran = run(deployment.home, unattended=True)
        for done in ran.done:
            context.log.info(said(done))
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key, metadata=figures(ran))
        if ran.refused:
            raise dg.Failure(description="\n".join(ran.refused), allow_retries=False)

    return invoice_what_is_ready


def said(done: Invoiced) -> str:
    """A document in a line."""
    what = done.invoice_number or "draft"
    return f"{what} {done.account_id} {done.period_start} to {done.period_end}: {done.total:,f} {done.currency}"


def figures(ran: Run) -> dict[str, dg.MetadataValue | int]:
    """What a run did; amounts as text, since Dagster's numbers are binary floats."""
    issued = [said(done) for done in ran.done if done.invoice_number]
    drafted = [said(done) for done in ran.done if not done.invoice_number]
    return {
        "issued": len(issued),
        "drafted": len(drafted),
        "refused": len(ran.refused),
        "what": dg.MetadataValue.md("\n".join(f"* {line}" for line in [*issued, *drafted, *ran.refused])),
    }


def invoicing_job() -> UnresolvedAssetJobDefinition:
    """`tollbook invoice-run`."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*_WRITTEN),
        description="Draft every ended period that cannot be invoiced yet, and issue those that can.",
    )


def invoicing_schedules(job: UnresolvedAssetJobDefinition) -> list[dg.ScheduleDefinition]:
    """On the 3rd, when a month may have closed in every time zone; and daily, for shorter periods and late closings."""
    return [
        dg.ScheduleDefinition(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=words,
        )
        for name, cron, words in (
            (
                "monthly_invoices",
                "0 6 3 * *",
                "Drafts all ended periods; issues those whose days are closed.",
            ),
            ("remaining_invoices", "0 7 * * *", "The same for shorter periods, and for what had to wait for a day."),
        )
    ]
