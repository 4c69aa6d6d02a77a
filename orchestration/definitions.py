"""What Dagster loads: puts the assets, checks, jobs, sensor and schedule together, and decides nothing.

Importing this opens no database and reads no file but the manifest that `make setup` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.defs import balances, closing, closing_schedules, invoicing, landing, manifest, models
from orchestration.defs.resources import Deployment
from orchestration.store.warehouse import PROJECT

MANIFEST = PROJECT / "target" / "manifest.json"


def build_defs(overrides: Mapping[str, Any] | None = None, manifest_path: Path = MANIFEST) -> dg.Definitions:
    """All definitions. `overrides` takes the place of resources: `{"deployment": Deployment(root=...)}`."""
    project = manifest.read(manifest_path)
    sources = manifest.source_specs(project)
    checks = manifest.check_specs(project)
    built = models.model_assets(project)
    written = manifest.landed_keys(project)
    landed = landing.landing_assets([spec for spec in sources if spec.key in written], sorted(built.keys))
    closed = closing.closing_assets(checks)
    invoice_job = invoicing.invoicing_job()
    land_job, close_job = landing.landing_job(landed), closing.closing_job(checks)
    check_job = closing.checking_job(checks)
    return dg.Definitions(
        assets=[built, landed, closed, *(spec for spec in sources if spec.key not in landed.keys)],
        asset_checks=[balances.balance_checks()],
        jobs=[land_job, models.build_job(built), close_job, check_job, invoice_job],
        sensors=[landing.inbox_sensor(land_job)],
        schedules=[
            closing_schedules.closing_schedule(close_job),
            closing_schedules.checking_schedule(check_job),
            *invoicing.invoicing_schedules(invoice_job),
        ],
        resources={"deployment": Deployment(), **(overrides or {})},
        # a step is a process otherwise, and starting one takes longer than a day's rating
        executor=dg.in_process_executor,
    )


defs = build_defs()
