"""Small deployments that earlier releases left: what every release has to open, and come to the same books with."""

from __future__ import annotations

import tarfile
from datetime import date
from pathlib import Path

from orchestration.store.warehouse import Home

HERE = Path(__file__).parent
# the month of which each has issued an invoice, or has one to issue
PERIOD = date(2026, 5, 1)


def kept() -> list[Path]:
    """The packed deployments, the oldest first."""
    return sorted(HERE.glob("*.tar.xz"))


def unpack(packed: Path, directory: Path) -> Home:
    """A packed deployment in a directory."""
    with tarfile.open(packed) as archive:
        archive.extractall(directory, filter="data")
    return Home(directory / "home", directory / "seeds")
