"""The inbox: an asset for each landed table, the job that lands and refreshes, the sensor that starts it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.defs import balances, results
from orchestration.defs.failing import in_words
from orchestration.defs.models import materializations
from orchestration.defs.partitions import WRITERS, daily, known
from orchestration.defs.resources import Deployment, runs
from orchestration.landing.dropped import Dropped, unlanded, waiting
from orchestration.operations.day.build import build_days
from orchestration.operations.day.land import land_files
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.publish import publish
from orchestration.operations.permitted import writing
from orchestration.store.warehouse import Home, Refused, serving

JOB = "land_and_refresh"
FILES = dg.AssetKey(["ops", "files"])
READABLE = "files_are_readable"
# A run that failed (a configuration with errors, a full disk) is tried again after this long.
RETRY = timedelta(minutes=5)


def landing_assets(written: Sequence[dg.AssetSpec], models: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The tables that landing writes. Materialising any of them is `tollbook land` and `tollbook build`."""
    specs = [spec.replace_attributes(kinds={"duckdb"}) for spec in written]
    readable = dg.AssetCheckSpec(
        READABLE,
        asset=FILES,
        description="Every file that came has landed, landed corrected, or was waived; the others hold their days.",
    )

    @dg.multi_asset(name="land_inbox", specs=specs, check_specs=[readable], can_subset=True, pool=WRITERS)
    def land_inbox(
        context: dg.AssetExecutionContext, deployment: Deployment
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home = deployment.home
        with in_words(home.root), writing(home, "land") as held:
            landed = land_files(held)
            for file in landed:
                context.log.info(outcome(file))
            for key in sorted(context.selected_asset_keys):
                yield dg.MaterializeResult(asset_key=key, metadata=landing_metadata(key, landed))
            built = build_days(held, report=context.log.info)
            publish(held)
            if context.selected_asset_check_keys:
                yield readable_result(unsettled(home), landed)
        context.log.info(f"built {', '.join(map(str, built.days)) or 'nothing: no day has new input'}")
        for event in materializations(home, known(built.days, daily()), models):
            context.log_event(event)
        for evaluation in balances.evaluations(home):
            context.log_event(evaluation)

    return land_inbox


def warn_unlanded(context: dg.OpExecutionContext | dg.AssetExecutionContext, home: Home) -> None:
    """Say that files wait which are not in what a run closes, or invoices."""
    if said := unlanded(home):
        context.log.warning(said)


def outcome(file: Landed) -> str:
    """What became of a file, in a line."""
    return (
        f"{file.kind}/{file.source}/{file.name}: {file.status.replace('_', ' ')}, {file.rows} rows = "
        f"{file.landed} landed + {file.duplicates} duplicates + {file.rejected} rejected"
        f"{f'; settles {file.settled} of earlier files' if file.settled else ''} {file.problem or ''}"
    )


def landing_metadata(key: dg.AssetKey, landed: Sequence[Landed]) -> dict[str, dg.MetadataValue | int]:
    """The figures of one landing on one of its tables."""
    if key == FILES:
        return {
            "files": len(landed),
            "rows": sum(f.rows for f in landed),
            "what": dg.MetadataValue.md("\n".join(f"* {outcome(f)}" for f in landed) or "nothing to land"),
        }
    if key.path[0] == "ops":
        return {"rows": sum(f.rejected for f in landed)}
    if key.path[-1] == "superseded_cdrs":
        return {"rows": sum(f.superseded for f in landed)}
    of_kind = [f for f in landed if f.kind == key.path[-1]]
    return {"files": len(of_kind), "rows": sum(f.landed for f in of_kind)}


def unsettled(home: Home) -> list[str]:
    """The files that hold their days, as last published: they could not be read, and nothing has settled them."""
    if not home.serving.exists():
        return []
    with serving(home) as con:
        rows = con.execute(
            """
            select kind, source, name, problem, string_agg(day::VARCHAR, ', ' order by day)
            from marts.unsettled_files
            group by file_id, kind, source, name, problem
            order by min(seen_at), kind, source, name
            """
        ).fetchall()
    return [f"{kind}/{source}/{name} holds {days}: {problem}" for kind, source, name, problem, days in rows]


def readable_result(held: Sequence[str], landed: Sequence[Landed] = ()) -> dg.AssetCheckResult:
    """Whether each file landed; a warning, since the others did. `held`: those that hold a day.

    Of what came with this landing also what holds none: copies of what landed from another source, for one.
    """
    others = [f"{f.kind}/{f.source}/{f.name}: {f.problem}" for f in landed if f.problem and not f.days]
    problems = [*held, *others]
    return dg.AssetCheckResult(
        passed=not problems,
        asset_key=FILES,
        check_name=READABLE,
        severity=dg.AssetCheckSeverity.WARN,
        description=problems[0] if problems else None,
        metadata={"files": len(landed), "detail": "\n".join(problems)},
    )


def evaluation(home: Home) -> dg.AssetCheckEvaluation:
    """What the check says of what was just published, as an event for a run that is not its own."""
    return results.evaluation(readable_result(unsettled(home)), blocking=False)


def run_key(files: Sequence[Dropped], failed_run: str = "") -> str:
    """The same for the same files (place, size, time of change), so that they are asked for once."""
    digest = hashlib.sha256()
    for file in files:
        status = file.path.stat()
        line = f"{file.kind}/{file.source}/{file.name} {status.st_size} {status.st_mtime_ns} {status.st_ino}\n"
        digest.update(line.encode())
    return f"{digest.hexdigest()[:24]}-{failed_run}".rstrip("-")


def landing_job(landed: dg.AssetsDefinition) -> UnresolvedAssetJobDefinition:
    """Lands the inbox, builds the days it touches and publishes."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*sorted(landed.keys)),
        description="Land the inbox, build the days it touches, publish. The sensor `inbox` starts it.",
    )


def inbox_sensor(job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Looks into the inbox every few seconds; asks for one run when something is there that it can land."""

    @dg.sensor(
        name="inbox",
        job=job,
        minimum_interval_seconds=4,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts land_and_refresh when whole files lie in the inbox; tries a failed one again.",
    )
    def inbox(context: dg.SensorEvaluationContext, deployment: Deployment) -> dg.RunRequest | dg.SkipReason:
        try:
            files = waiting(deployment.home)
        except Refused as refusal:
            return dg.SkipReason(str(refusal))
        before = runs(context, dg.RunsFilter(job_name=JOB), limit=1)
        if not before:
            return _request(files)
        last = before[0]
        if not last.dagster_run.is_finished:
            return dg.SkipReason(f"{JOB} is at it: run {last.dagster_run.run_id}")
        if last.dagster_run.is_failure:
            return _retry(files, last, datetime.now(UTC))
        return _request(files)

    return inbox


def _request(files: Sequence[Dropped], failed_run: str = "") -> dg.RunRequest | dg.SkipReason:
    if not files and not failed_run:
        return dg.SkipReason("the inbox is empty")
    return dg.RunRequest(run_key=_key(files, failed_run), tags=_tags(files))


def _key(files: Sequence[Dropped], failed_run: str) -> str:
    try:
        return run_key(files, failed_run)
    except FileNotFoundError:  # landed by a command just now
        return run_key([], failed_run or "gone")


def _tags(files: Sequence[Dropped]) -> Mapping[str, str]:
    # before backfills in the queue: somebody waits for these balances
    return {"dagster/priority": "10", "tollbook/files": str(len(files))}


def _retry(files: Sequence[Dropped], last: dg.RunRecord, at: datetime) -> dg.RunRequest | dg.SkipReason:
    """After a failure also without a file: what landed may be left unbuilt."""
    ended = datetime.fromtimestamp(last.end_time or 0, UTC)
    if at - ended < RETRY:
        again = (ended + RETRY).strftime("%H:%M:%S")
        return dg.SkipReason(f"{JOB} failed (run {last.dagster_run.run_id}); it is tried again at {again} UTC")
    return _request(files, last.dagster_run.run_id[:8])
