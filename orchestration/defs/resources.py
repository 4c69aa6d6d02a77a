"""What every asset, sensor and schedule is told from outside: which deployment it works on."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from orchestration.warehouse import Home


class Deployment(dg.ConfigurableResource):
    """A deployment. Empty: `TOLLBOOK_HOME` and `TOLLBOOK_SEEDS` of the process say which."""

    root: str = ""
    seeds: str = ""

    @property
    def home(self) -> Home:
        told = Home.from_environment()
        return Home(
            Path(self.root).absolute() if self.root else told.root,
            Path(self.seeds).absolute() if self.seeds else told.seeds,
        )
