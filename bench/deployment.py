"""A deployment in a temporary directory, and a day's round in it by the commands a person types."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.measuring import Measured, measure, python
from bench.workload import Calls

SOURCE = "bulk"
WARM_CALLS = 1_000


@dataclass(frozen=True)
class Deployment:
    """Where it is kept, and the configuration it goes by."""

    home: Path
    company: Path

    @property
    def served(self) -> Path:
        """The file that analysts open."""
        return self.home / "serving" / "tollbook.duckdb"

    def round(self, files: Sequence[Calls], close: bool = True) -> dict[str, Measured]:
        """Land, build and close `files`, two days after the last of their days; what each took.

        One file's day is closed by itself, as the schedule does it; of several all that are due.
        """
        last = max(file.day for file in files)
        which = ["--day", last.isoformat()] if len(files) == 1 else []
        paths = [str(file.path) for file in files]
        stages = {
            "land": self._run(last, "land", *paths, "--kind", "cdrs", "--source", SOURCE),
            "build": self._run(last, "build"),
        }
        if close:
            stages["close"] = self._run(last, "close", *which)
        return stages

    def remove(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, day: date, *arguments: str) -> Measured:
        return measure(python("orchestration.cli", *arguments), self._environment(day))

    def _environment(self, day: date) -> Mapping[str, str]:
        return {
            "TOLLBOOK_HOME": str(self.home),
            "TOLLBOOK_SEEDS": str(self.company),
            "TOLLBOOK_NOW": f"{day + timedelta(days=2)}T00:05:00",
            "DO_NOT_TRACK": "1",
        }
