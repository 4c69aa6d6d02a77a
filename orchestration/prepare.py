"""Make ready what Dagster reads: its home directory, the limit of one writer, dbt's manifest.

`make setup` runs this once; `tollbook ui` again, for models may have changed since.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import duckdb

from orchestration.store.files import folder, guarded, place, write
from orchestration.store.warehouse import PROJECT, Home, new_warehouse, writer

_MANIFEST = PROJECT / "target" / "manifest.json"
_DAGSTER_YAML = """\
# Written by `make setup` where there is none; yours to change.
# One run at a time may write to the warehouse: every step that writes is in one pool, and the queue holds the
# next run back until the one before has ended.
concurrency:
  pools:
    granularity: run
    default_limit: 1
run_queue:
  dequeue_interval_seconds: 1
# a landing is tried again by its sensor, a closing by its schedule
run_retries:
  enabled: false
retention:
  sensor:
    purge_after_days: {skipped: 1, failure: 30, success: -1}
  schedule:
    purge_after_days: 30
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare(home: Home) -> dict[str, str]:
    """Make DAGSTER_HOME (default .dagster in the project) and the manifest; return Dagster's environment.

    The deployment need not exist yet and is not made; the warehouse is not opened.
    """
    environment = dict(os.environ)
    dagster_home = Path(environment.get("DAGSTER_HOME") or PROJECT / ".dagster").absolute()
    environment |= {
        "DAGSTER_HOME": str(dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        # absolute, since Dagster works in the project's directory
        "TOLLBOOK_HOME": str(home.root),
        "TOLLBOOK_SEEDS": str(home.seeds),
    }
    prepare_instance(dagster_home)
    write_manifest()
    write_new_warehouse()
    return environment


def prepare_instance(dagster_home: Path) -> None:
    """Make Dagster's home and set the pool's limit in its database.

    The default limit of dagster.yaml comes into force with the first run of a pool, too late for the run
    beside it; the limit written here holds from the first run on.
    """
    from dagster import DagsterInstance

    from orchestration.defs.partitions import WRITERS

    with guarded():
        folder(dagster_home)
    settings = dagster_home / "dagster.yaml"
    if not settings.exists():
        write(settings, _DAGSTER_YAML.encode())
    with DagsterInstance.from_config(str(dagster_home)) as instance:
        instance.event_log_storage.set_concurrency_slots(WRITERS, 1)


def write_new_warehouse() -> Path:
    """Write the warehouse that new deployments begin with, where there is none of these models. `DbtFailed`."""
    from orchestration.configuration.schema import FILES
    from orchestration.engine import dbt
    from orchestration.operations.day.build import build_days

    target = new_warehouse()
    with contextlib.suppress(duckdb.Error, FileNotFoundError), duckdb.connect(str(target), read_only=True) as con:
        if dbt.modelled(con):
            return target
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        home = Home(Path(scratch) / "home", Path(scratch) / "seeds")
        home.seeds.mkdir()
        for file in FILES.values():
            (home.seeds / file.csv).write_text(",".join(column.name for column in file.columns) + "\n")
        (home.seeds / "company.csv").write_text("name,reporting_currency\nNobody yet,USD\n")
        with writer(home, "setup") as held:
            build_days(held)
            with held.connect() as con:
                for table in ("ops.configuration", "ops.journal", "run.clock"):
                    con.execute(f"delete from {table}")
        place(home.warehouse, target, link=False)
    return target


def write_manifest() -> Path:
    """Write target/manifest.json, which Dagster reads, and the SQL of quotes, builds and closings. `DbtFailed`."""
    from orchestration.engine import dbt
    from orchestration.engine.daily import daily
    from orchestration.engine.described import described
    from orchestration.engine.rating_sql import rating
    from orchestration.operations.day.assertions import assertions

    dbt.relations()
    rating()
    daily()
    described()
    assertions()
    write(_MANIFEST, dbt.manifest_json().read_bytes())
    return _MANIFEST


if __name__ == "__main__":
    prepare(Home.from_environment())
