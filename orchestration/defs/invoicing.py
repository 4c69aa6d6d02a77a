"""Invoices: the job that issues those of closed periods, and the schedules that start it.

A job of its own that asks for a day, and no asset: materialising what the lineage shows never issues a document.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from orchestration import typed
from orchestration.defs import landing
from orchestration.defs.closing_schedules import instant
from orchestration.defs.failing import in_words
from orchestration.defs.partitions import WRITERS
from orchestration.defs.resources import Deployment
from orchestration.operations.billing.invoice import Run, run
from orchestration.operations.billing.issued import Invoiced
from orchestration.store.warehouse import Refused

JOB = "invoice_periods"
_OP = "issue_invoices"
_WRITTEN = [dg.AssetKey(["ops", table]) for table in ("invoices", "invoice_lines", "invoice_entries")]


class Periods(dg.Config):
    """Which billing periods to issue invoices of."""

    ended_by: str = Field(description="Issue the periods whose last day is this day or an earlier one: 2026-03-31.")
    accounts: list[str] = Field(default=[], description="Of these accounts only; none named means all.")


def invoicing_job() -> dg.JobDefinition:
    """`tollbook invoice-run`, of the periods that ended by a day."""

    @dg.op(name=_OP, pool=WRITERS)
    def issue_invoices(
        context: dg.OpExecutionContext, config: Periods, deployment: Deployment
    ) -> Iterator[dg.AssetMaterialization | dg.Output[None]]:
        with in_words(deployment.home.root):
            landing.warn_unlanded(context, deployment.home)
            ran = run(deployment.home, day_of(config.ended_by), config.accounts)
        for done in ran.done:
            context.log.info(outcome(done))
        for key in _WRITTEN if ran.done else ():
            yield dg.AssetMaterialization(key, metadata=figures(ran))
        if ran.refused:
            raise dg.Failure(description="\n".join(ran.refused), allow_retries=False)
        yield dg.Output(None)

    @dg.job(
        name=JOB,
        description=(
            "Issue the invoices of the periods that ended by a day and of which every day is closed; draft those that "
            "have to wait. Needs the role finance or admin, where seeds/operators.csv names operators."
        ),
    )
    def job() -> None:
        issue_invoices()

    return job


def day_of(text: str) -> date:
    """The day that `ended_by` means. Raises `Refused` for anything but YYYY-MM-DD."""
    day = typed.timely(typed.day(text))
    if day is None:
        raise Refused(f'ended_by is "{text}", which is not a day; write 2026-03-31, of a year from 1990 to 2100')
    return day


def outcome(done: Invoiced) -> str:
    """A document in a line."""
    what = done.invoice_number or "draft"
    return f"{what} {done.account_id} {done.period_start} to {done.period_end}: {done.total:,f} {done.currency}"


def figures(ran: Run) -> dict[str, dg.MetadataValue | int]:
    """What a run did; amounts as text, since Dagster's numbers are binary floats."""
    issued = [outcome(done) for done in ran.done if done.invoice_number]
    drafted = [outcome(done) for done in ran.done if not done.invoice_number]
    return {
        "issued": len(issued),
        "drafted": len(drafted),
        "refused": len(ran.refused),
        "what": dg.MetadataValue.md("\n".join(f"* {line}" for line in [*issued, *drafted, *ran.refused])),
    }


def invoicing_schedules(job: dg.JobDefinition) -> list[dg.ScheduleDefinition]:
    """On the 3rd, when a month may have closed in every time zone; and daily, for shorter periods and late closings."""
    return [
        _schedule(
            job, "monthly_invoices", "0 6 3 * *", "Drafts all ended periods; issues those whose days are closed."
        ),
        _schedule(
            job, "remaining_invoices", "0 7 * * *", "The same for shorter periods, and for what had to wait for a day."
        ),
    ]


def _schedule(job: dg.JobDefinition, name: str, cron: str, words: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=words,
    )
    def asks(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        yesterday = instant(context).date() - timedelta(days=1)
        return dg.RunRequest(run_config={"ops": {_OP: {"config": {"ended_by": str(yesterday)}}}})

    return asks
