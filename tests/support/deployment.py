"""A deployment that is driven by the `tollbook` command, as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from tests.support.company import write_company

TOLLBOOK = str(Path(sys.executable).with_name("tollbook"))


class Deployment:
    """A deployment in a temporary directory, driven by the command line."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.seeds = write_company(root / "seeds")
        self.now = "2026-05-06T09:00:00"

    def run(self, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "TOLLBOOK_HOME": str(self.home),
            "TOLLBOOK_SEEDS": str(self.seeds),
            "TOLLBOOK_NOW": self.now,
            "TOLLBOOK_OPERATOR": "tester",
        }
        done = subprocess.run([TOLLBOOK, *arguments], env=environment, text=True, capture_output=True, check=False)
        assert (done.returncode == 1) == fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "serving" / "tollbook.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def statuses(self) -> dict[str, str]:
        return {str(day): status for day, status in self.query("select day, status from marts.days")}
