"""A deployment that is driven by the `tollbook` command, as a person would drive it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.cli import main
from orchestration.store.warehouse import environment
from tests.support.company import write_company

TOLLBOOK = str(Path(sys.executable).with_name("tollbook"))


class Deployment:
    """A deployment in a temporary directory, driven by the command line.

    A command is called in this process, which saves its start; in one of its own where the process is what is tested.
    """

    def __init__(self, root: Path, own_process: bool = False) -> None:
        self.home = root / "home"
        self.seeds = write_company(root / "seeds")
        self.now = "2026-05-06T09:00:00"
        self.call = _started if own_process else called

    def run(self, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        told = {
            "TOLLBOOK_HOME": str(self.home),
            "TOLLBOOK_SEEDS": str(self.seeds),
            "TOLLBOOK_NOW": self.now,
            "TOLLBOOK_OPERATOR": "tester",
        }
        done = self.call(arguments, told)
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


def _started(arguments: Sequence[str], told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOLLBOOK, *arguments], env={**os.environ, **told}, text=True, capture_output=True, check=False
    )


def called(arguments: Sequence[str], told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Call a command in this process, with environment variables; what came of it, as of a process of its own."""
    code: object = 0
    with (
        environment(**told),
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        try:
            main(arguments)
        except SystemExit as stop:
            code = stop.code or 0
            if not isinstance(code, int):  # what Python does with words
                print(code, file=err)
                code = 1
    return subprocess.CompletedProcess(arguments, int(code), out.getvalue(), err.getvalue())
