"""What every asset, sensor and schedule is told from outside: which deployment it works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from orchestration.store.warehouse import Home


class Deployment(dg.ConfigurableResource[Home]):
    """A deployment. Empty: `TOLLBOOK_HOME` and `TOLLBOOK_SEEDS` of the process say which."""

    root: str = ""
    seeds: str = ""

    @property
    def home(self) -> Home:
        default = Home.from_environment()
        return Home(
            Path(self.root).absolute() if self.root else default.root,
            Path(self.seeds).absolute() if self.seeds else default.seeds,
        )


def runs(
    context: dg.SensorEvaluationContext | dg.ScheduleEvaluationContext,
    of: dg.RunsFilter,
    limit: int | None = None,
) -> Sequence[dg.RunRecord]:
    """The instance's runs, the newest first; none where there is no instance, as when a tick is tried out."""
    try:
        instance = context.instance
    except dg.DagsterInvariantViolationError:
        return []
    return instance.get_run_records(of, limit=limit)
