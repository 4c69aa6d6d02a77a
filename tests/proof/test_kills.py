"""Killed at random moments and carried on, a week comes to the same ids, invoices and balances."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from orchestration.store.warehouse import PROJECT


def test_a_week_with_kills_comes_to_the_same(tmp_path: Path) -> None:
    """Each step in a process of its own: forking needs one without threads, so not this one."""
    asked = ["--size", "tiny", "--kills", "6", "--no-rebuild", "--directory", str(tmp_path / "proof")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof", *asked],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills" in done.stdout
    assert "no difference" in done.stdout
