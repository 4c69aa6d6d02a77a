"""Dagster's face of the operations: what it loads, when it asks for runs, and what a run does."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import prepare
from orchestration.defs import balances, landing, manifest, partitions
from orchestration.defs.resources import Deployment
from orchestration.landing.dropped import waiting
from orchestration.operations.day.close import close
from orchestration.store.warehouse import PROJECT, Home, serving
from tests.support.company import write_operators
from tests.support.put_back import keep, put_back

SEEDS = {
    "company": "name,reporting_currency\nTiny,USD\n",
    "accounts": "account_id,name,kind,currency\nacme,Acme,customer,USD\ncarry,Carry,carrier,USD\n",
    "trunks": "trunk_id,direction,account_id,valid_from\nin,ingress,acme,\nout,egress,carry,\n",
    "rate_tables": "rate_table_id,kind,currency\nsell,per_minute,USD\nbuy,per_minute,USD\n",
    "rates": "rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
    "sell,49,Germany,,,0.02\nbuy,49,Germany,,,0.01\nbuy,33,France,,,0.01\n",
    "rate_assignments": "account_id,side,rate_table_id,valid_from\nacme,sell,sell,\ncarry,buy,buy,\n",
}
CALLS = (
    "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk\n"
    "a,2026-03-26T10:00:00Z,4930123456,90,in,out\n"
    "b,2026-03-27T10:00:00Z,4930123456,60,in,out\n"
    "c,2026-03-27T11:00:00Z,33123456789,60,in,out\n"
)
GOOD, BAD = "2026-03-26", "2026-03-27"
APRIL = "2026-04-03T06:00:00"
PREPARED = "import sys; from orchestration.definitions import build_defs, Deployment; "


@pytest.fixture(scope="module")
def project() -> manifest.Manifest:
    return manifest.read(prepare.write_manifest())


def make(root: Path) -> Home:
    seeds = root / "seeds"
    seeds.mkdir(parents=True)
    for name, text in SEEDS.items():
        (seeds / f"{name}.csv").write_text(text)
    return Home(root / "home", seeds)


def drop(home: Home, name: str = "calls.csv", text: str = CALLS) -> Path:
    path = home.inbox / "cdrs" / "sw1" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-29T00:05:00")
    return make(tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def deployment(home: Home) -> Deployment:
    return Deployment(root=str(home.root), seeds=str(home.seeds))


@cache
def definitions(home: Home) -> dg.Definitions:
    from orchestration.definitions import build_defs

    return build_defs({"deployment": deployment(home)})


def _warned(instance: dg.DagsterInstance, run: str) -> list[str]:
    return [entry.user_message for entry in instance.all_logs(run) if entry.level == logging.WARNING]


# what Dagster loads


def test_everything_that_should_be_there_is(project: manifest.Manifest) -> None:
    from orchestration.definitions import defs

    repository = defs.get_repository_def()
    keys = {"/".join(key.path) for key in repository.asset_graph.get_all_asset_keys()}
    assert {
        "landed/cdrs",
        "marts/rated_calls",
        "marts/breakout_daily",
        "ops/closings",
        "config/rates",
    } <= keys
    assert {"build", "land_and_refresh", "close_day", "check_day"} <= {job.name for job in repository.get_all_jobs()}
    assert sorted(s.name for s in repository.schedule_defs) == [
        "checking",
        "closing",
        "monthly_invoices",
        "remaining_invoices",
    ]
    assert [s.name for s in repository.sensor_defs] == ["inbox"]
    checks = {key.name for key in repository.asset_graph.asset_check_keys}
    assertions = {path.stem for path in (PROJECT / "tests" / "assertions").glob("*.sql")}
    assert {*assertions, "audit", "files_are_readable", "no_account_is_exhausted", "no_account_is_low"} <= checks
    dg.Definitions.validate_loadable(defs)


def test_models_are_daily_and_their_checks_block(project: manifest.Manifest) -> None:
    from orchestration.definitions import defs

    graph = defs.get_repository_def().asset_graph
    for key in manifest.model_keys(project):
        assert isinstance(graph.get(key).partitions_def, dg.DailyPartitionsDefinition), key
    specs = manifest.check_specs(project)
    assert all(spec.description for spec in specs)
    assert [spec.name for spec in specs if not spec.blocking] == [
        "durations_agree_with_stamps",
        "no_busy_hour_is_silent",
        "numbers_begin_with_a_country_code",
        "what_was_waived_is_not_charged",
    ]
    assert all(spec.description and spec.group_name for spec in defs.resolve_all_asset_specs())


def test_whatever_writes_is_in_the_one_pool(project: manifest.Manifest) -> None:
    from orchestration.definitions import defs

    for job in defs.get_repository_def().get_all_jobs():
        pools = {node.definition.pool for node in job.nodes if isinstance(node.definition, dg.OpDefinition)}
        assert pools == {partitions.WRITERS}


def test_importing_the_definitions_reads_the_manifest_and_nothing_else(
    project: manifest.Manifest, tmp_path: Path
) -> None:
    script = f"""
import os, sys
import dagster, dagster_dbt, duckdb, pytz
def refuse(*a, **k): raise AssertionError("a database was opened")
duckdb.connect = refuse
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import orchestration.definitions
ours = [p for p in opened if p.startswith({str(PROJECT)!r}) and "/.venv/" not in p]
print([p for p in ours if not p.endswith((".py", ".pyc", "/target/manifest.json")) and ".pyc." not in p])
"""
    environment = {"TOLLBOOK_HOME": str(tmp_path / "absent"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
    assert not (tmp_path / "absent").exists()


# schedule and sensor


def ask_schedule(home: Home, at: datetime, instance: dg.DagsterInstance, name: str = "closing") -> Any:
    loaded = definitions(home)
    schedule = loaded.resolve_schedule_def(name)
    with dg.build_schedule_context(
        instance,
        scheduled_execution_time=at,
        resources={"deployment": deployment(home)},
        repository_def=loaded.get_repository_def(),
    ) as context:
        return schedule.evaluate_tick(context)


def test_the_schedule_asks_for_the_day_two_days_back(
    project: manifest.Manifest, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    home = make(tmp_path)
    tick = ask_schedule(home, datetime(2026, 3, 28, 0, 5, tzinfo=UTC), instance)
    assert [request.partition_key for request in tick.run_requests] == ["2026-03-26"]
    assert ask_schedule(home, datetime(2026, 3, 28, 1, 5, tzinfo=UTC), instance).skip_message
    assert not home.root.exists()


def test_the_sensor_asks_once_for_whole_files_and_not_for_an_empty_inbox(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance
) -> None:
    sensor = definitions(home).resolve_sensor_def("inbox")

    def tick() -> Any:
        context = dg.build_sensor_context(instance, resources={"deployment": deployment(home)})
        return sensor.evaluate_tick(context)

    assert tick().skip_message == "the inbox is empty"
    drop(home, "calls.csv.part")
    drop(home, ".calls.csv")
    assert tick().skip_message == "the inbox is empty"
    path = drop(home)
    first, second = tick().run_requests[0], tick().run_requests[0]
    assert first.run_key == second.run_key == landing.run_key(waiting(home))
    path.write_text(CALLS + CALLS)
    assert tick().run_requests[0].run_key != first.run_key


def test_a_build_runs_no_checks_and_closes_nothing(project: manifest.Manifest) -> None:
    from orchestration.definitions import defs

    nodes = {job.name: {node.name for node in job.nodes} for job in defs.get_repository_def().get_all_jobs()}
    assert nodes["build"] == {"build_days"}
    assert nodes["land_and_refresh"] == {"land_inbox"}
    assert nodes["close_day"] == nodes["check_day"] == {"close_day_and_check"}


# runs


def test_a_file_lands_a_day_is_built_and_closes_and_a_bad_one_says_why(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance
) -> None:
    loaded = definitions(home)
    drop(home)
    landed = loaded.resolve_job_def("land_and_refresh").execute_in_process(instance=instance)
    assert landed.success
    rated_calls = dg.AssetKey(["marts", "rated_calls"])
    assert instance.get_materialized_partitions(rated_calls) == {GOOD, BAD}

    built = loaded.resolve_job_def("build").execute_in_process(instance=instance, partition_key=GOOD)
    event = next(e for e in built.get_asset_materialization_events() if e.asset_key == rated_calls)
    figures = {name: value.value for name, value in event.materialization.metadata.items()}
    # 90 s are two minutes begun
    assert (figures["rows"], figures["revenue USD"], figures["cost USD"]) == (1, "0.04", "0.02")

    closed = loaded.resolve_job_def("close_day").execute_in_process(instance=instance, partition_key=GOOD)
    results = closed.get_asset_check_evaluations()
    expected = {spec.name for spec in manifest.check_specs(project)}
    assert {r.check_name for r in results} == {*expected, *balances.CHECKS.values(), landing.READABLE}
    assert all(r.passed for r in results)
    late = drop(home, "late.csv")
    again = loaded.resolve_job_def("close_day").execute_in_process(instance=instance, partition_key=GOOD)
    assert again.success
    waits = "1 file waits in the inbox (cdrs/sw1/late.csv): what it has is not in this; to take it in: tollbook land"
    assert _warned(instance, again.run_id) == [waits]
    config = {"ops": {"issue_invoices": {"config": {"ended_by": "2026-02-28"}}}}
    invoiced = loaded.resolve_job_def("invoice_periods").execute_in_process(instance=instance, run_config=config)
    assert _warned(instance, invoiced.run_id) == [waits]
    late.unlink()

    failed = loaded.resolve_job_def("close_day").execute_in_process(
        instance=instance, partition_key=BAD, raise_on_error=False
    )
    assert not failed.success
    broken = [r for r in failed.get_asset_check_evaluations() if not r.passed]
    assert [(r.check_name, r.severity) for r in broken] == [("nothing_is_left_unrated", dg.AssetCheckSeverity.ERROR)]
    assert "nothing_is_left_unrated: 1 row breaks it: sell leg of call c" in str(failed.all_events)
    with serving(home) as con:
        assert con.execute("select day::VARCHAR, status from marts.days order by day limit 2").fetchall() == [
            (GOOD, "closed"),
            (BAD, "failed"),
        ]


def test_a_day_that_has_ended_is_ready_a_day_before_it_closes(
    project: manifest.Manifest, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(tmp_path)
    at = datetime(2026, 3, 27, 0, 20, tzinfo=UTC)
    assert ask_schedule(home, at, instance, "checking").skip_message
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-27T00:20:00")
    drop(home)
    loaded = definitions(home)
    assert loaded.resolve_job_def("land_and_refresh").execute_in_process(instance=instance).success
    tick = ask_schedule(home, at, instance, "checking")
    assert [request.partition_key for request in tick.run_requests] == [GOOD]
    checked = loaded.resolve_job_def("check_day").execute_in_process(instance=instance, partition_key=GOOD)
    assert checked.success
    assert all(r.passed for r in checked.get_asset_check_evaluations())
    with serving(home) as con:
        assert con.execute("select status from marts.days where day = ?", [GOOD]).fetchone() == ("ready",)
        assert con.execute("select count(*) from marts.ledger_entries").fetchone() == (0,)
    assert ask_schedule(home, at, instance, "checking").skip_message == f"{GOOD} is ready"


def test_a_fresh_instance_lets_one_writer_in_from_the_first_run_on(tmp_path: Path) -> None:
    prepare.prepare_instance(tmp_path / "dagster")
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as fresh:
        pool = fresh.event_log_storage.get_concurrency_info(partitions.WRITERS)
        assert pool.slot_count == 1
        assert fresh.get_concurrency_config().pool_config.pool_granularity.value == "run"
        assert not fresh.run_retries_enabled
        assert not fresh.telemetry_enabled


def test_two_runs_at_once_take_turns(project: manifest.Manifest, home: Home) -> None:
    drop(home)
    script = PREPARED + (
        f"d = Deployment(root={str(home.root)!r}, seeds={str(home.seeds)!r}); "
        "done = build_defs({'deployment': d}).resolve_job_def('land_and_refresh').execute_in_process(); "
        "sys.exit(not done.success)"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT) for _ in range(2)]
    assert [run.wait(timeout=600) for run in runs] == [0, 0]
    with serving(home) as con:
        assert con.execute("select count(*) from marts.rated_calls").fetchone() == (3,)


def test_a_file_that_could_not_be_read_is_told_until_it_is_settled(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only until the next landing: also when nothing is wrong with what that one finds."""
    monkeypatch.setenv("TOLLBOOK_NOW", f"{GOOD}T12:00:00")
    loaded = definitions(home)

    def ran(job: str, **options: Any) -> list[str | None]:
        done = loaded.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **options)
        found = [e for e in done.get_asset_check_evaluations() if e.check_name == landing.READABLE]
        assert [e.severity for e in found] == [dg.AssetCheckSeverity.WARN]
        assert all(e.passed is (e.description is None) for e in found)
        return [e.description for e in found]

    drop(home, "bad.csv", "call_id;x\n")
    told = f"cdrs/sw1/bad.csv holds {GOOD}: the header is separated by semicolons; use commas"
    assert ran("land_and_refresh") == [told]
    drop(home)
    assert ran("land_and_refresh") == [told]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-29T00:05:00")
    assert ran("close_day", partition_key=GOOD) == [told]
    drop(home, "bad.csv", CALLS.splitlines()[0] + "\nd,2026-03-26T11:00:00Z,4930123456,60,in,out\n")
    assert ran("land_and_refresh") == [None]
    assert ran("close_day", partition_key=GOOD) == [None]


# invoices


def close_march(home: Home) -> None:
    """March has ended, its days are closed: acme owes 0.04 for a, 0.02 for b and 0.02 for c."""
    rates = SEEDS["rates"] + "sell,33,France,,,0.02\n"
    (home.seeds / "rates.csv").write_text(rates)
    drop(home)
    assert definitions(home).resolve_job_def("land_and_refresh").execute_in_process().success
    close(home)


@pytest.fixture(scope="module")
def closed_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("march") / "deployment"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", APRIL)
        close_march(make(root))
    keep(root)
    return root


@pytest.fixture
def march(closed_march: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", APRIL)
    return put_back(closed_march)


def issued(home: Home) -> list[tuple[Any, ...]]:
    with serving(home) as con:
        return con.execute(
            "select account_id, period_start::VARCHAR, invoice_number, total from marts.invoices order by all"
        ).fetchall()


def issue(home: Home, instance: dg.DagsterInstance, **config: Any) -> dg.ExecuteInProcessResult:
    return (
        definitions(home)
        .resolve_job_def("invoice_periods")
        .execute_in_process(
            instance=instance, run_config={"ops": {"issue_invoices": {"config": config}}}, raise_on_error=False
        )
    )


def test_materialising_everything_makes_no_document(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = definitions(home)
    everything = loaded.resolve_implicit_global_asset_job_def()
    everything.execute_in_process(instance=instance, partition_key=GOOD, raise_on_error=False)
    assert not (home.root / "exports").exists()
    monkeypatch.setenv("TOLLBOOK_NOW", APRIL)
    close_march(home)
    journal = home.journal.read_text()
    done = everything.execute_in_process(instance=instance, partition_key=GOOD)
    assert done.success
    assert issued(home) == []
    assert not (home.root / "exports").exists()
    assert home.journal.read_text() == journal, "a plain materialisation changed the books"


def test_no_job_of_assets_issues(project: manifest.Manifest) -> None:
    from orchestration.definitions import defs

    repository = defs.get_repository_def()
    ops = {node.name for job in repository.get_all_jobs() if job.asset_layer.selected_asset_keys for node in job.nodes}
    assert ops == {"land_inbox", "build_days", "close_day_and_check", "check_balances"}
    for table in ("invoices", "invoice_lines", "invoice_entries"):
        assert not repository.asset_graph.get(dg.AssetKey(["ops", table])).is_materializable


def test_invoices_are_issued_of_the_periods_that_are_asked_for(
    project: manifest.Manifest, march: Home, instance: dg.DagsterInstance
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match="ended_by"):
        definitions(march).resolve_job_def("invoice_periods").execute_in_process(instance=instance)
    for config, words in (
        ({"ended_by": "March"}, 'ended_by is "March", which is not a day; write 2026-03-31'),
        ({"ended_by": "2026-03-31", "accounts": ["acne"]}, "there is no account acne"),
        ({"ended_by": "2026-03-31", "accounts": ["carry"]}, "carry is a carrier"),
    ):
        refused = issue(march, instance, **config)
        assert not refused.success
        assert words in str(refused.all_events)
    assert issue(march, instance, ended_by="2026-03-30").success
    assert issued(march) == []
    done = issue(march, instance, ended_by="2026-03-31", accounts=["acme"])
    assert done.success
    # 0.08: each call is two minutes begun, or one
    assert issued(march) == [("acme", "2026-03-01", "INV-2026-000001", Decimal("0.08"))]
    told = [e.materialization.metadata["issued"].value for e in done.get_asset_materialization_events()]
    assert told == [1, 1, 1]
    assert issue(march, instance, ended_by="2026-03-31").success
    assert len(issued(march)) == 1


def test_a_period_with_open_days_is_drafted(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", APRIL)
    drop(home)
    loaded = definitions(home)
    assert loaded.resolve_job_def("land_and_refresh").execute_in_process(instance=instance).success
    assert issue(home, instance, ended_by="2026-03-31").success
    assert [row[2] for row in issued(home)] == [None]


def test_the_operator_that_dagster_runs_as_needs_the_role(
    project: manifest.Manifest, march: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_operators(march.seeds, "ron,rater,", "fay,finance,", "acy,finance,acme")
    for who, words in (
        ("ron", "ron is rater in seeds/operators.csv; this needs the role finance or admin"),
        ("eve", "eve is not in seeds/operators.csv"),
        ("acy", "this is about all accounts"),
    ):
        monkeypatch.setenv("TOLLBOOK_OPERATOR", who)
        refused = issue(march, instance, ended_by="2026-03-31")
        assert not refused.success
        assert words in str(refused.all_events)
    assert issued(march) == []
    assert issue(march, instance, ended_by="2026-03-31", accounts=["acme"]).success  # acy may
    assert [row[2] for row in issued(march)] == ["INV-2026-000001"]


def test_no_job_works_for_who_is_no_operator(
    project: manifest.Manifest, home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sensor and schedules ask as ever; the runs say whose row is missing. As a rater Dagster lands and closes."""
    write_operators(home.seeds, "ron,rater,", "vic,viewer,")
    drop(home)
    repository = definitions(home).get_repository_def()
    jobs = sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__"))
    assert jobs == ["build", "check_day", "close_day", "invoice_periods", "land_and_refresh"]
    for who, words in (("eve", "add a row for eve there"), ("vic", "vic is viewer in seeds/operators.csv; this needs")):
        monkeypatch.setenv("TOLLBOOK_OPERATOR", who)
        for job in jobs:
            config = {"ops": {"issue_invoices": {"config": {"ended_by": GOOD}}}} if job == "invoice_periods" else None
            day = GOOD if job in ("build", "check_day", "close_day") else None
            ran = (
                definitions(home)
                .resolve_job_def(job)
                .execute_in_process(run_config=config, instance=instance, partition_key=day, raise_on_error=False)
            )
            assert not ran.success
            assert words in str(ran.all_events), job
    assert not home.journal.exists()
    assert ask_schedule(home, datetime(2026, 3, 29, tzinfo=UTC), instance).run_requests
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "ron")
    landed = definitions(home).resolve_job_def("land_and_refresh")
    assert landed.execute_in_process(instance=instance).success
    assert ask_schedule(home, datetime(2026, 3, 29, tzinfo=UTC), instance).run_requests


def test_the_schedules_issue_what_ended_before_their_day(
    project: manifest.Manifest, march: Home, instance: dg.DagsterInstance
) -> None:
    for name in ("monthly_invoices", "remaining_invoices"):
        (request,) = ask_schedule(march, datetime(2026, 4, 3, 6, tzinfo=UTC), instance, name).run_requests
        assert request.run_config == {"ops": {"issue_invoices": {"config": {"ended_by": "2026-04-02"}}}}
    loaded = definitions(march)
    job = loaded.resolve_job_def("invoice_periods")
    assert job.execute_in_process(instance=instance, run_config=request.run_config).success
    assert [row[2] for row in issued(march)] == ["INV-2026-000001"]


# balances


def test_balances_are_checked_where_something_lands_or_closes(home: Home, instance: dg.DagsterInstance) -> None:
    """Prepaid acme has used 0.05 and paid nothing: a warning that names it, and the run succeeds."""
    (home.seeds / "accounts.csv").write_text(
        "account_id,name,kind,currency,payment_model\nacme,Acme,customer,USD,prepaid\ncarry,Carry,carrier,USD,\n"
    )
    drop(home)
    loaded = definitions(home)
    landed = loaded.resolve_job_def("land_and_refresh").execute_in_process(instance=instance)
    assert landed.success
    assert balances_in(landed) == {"no_account_is_exhausted": "exhausted: acme", "no_account_is_low": None}
    closed = loaded.resolve_job_def("close_day").execute_in_process(instance=instance, partition_key=GOOD)
    assert closed.success
    assert balances_in(closed) == {"no_account_is_exhausted": "exhausted: acme", "no_account_is_low": None}


def balances_in(ran: dg.ExecuteInProcessResult) -> dict[str, str | None]:
    """What the checks of balances said in a run; one that does not hold is a warning."""
    found = [e for e in ran.get_asset_check_evaluations() if e.asset_key == balances.BALANCES]
    found = [e for e in found if e.check_name in balances.CHECKS.values()]
    assert all(e.passed or e.severity == dg.AssetCheckSeverity.WARN for e in found)
    assert all(e.passed is (e.description is None) for e in found)
    return {e.check_name: e.description for e in found}
