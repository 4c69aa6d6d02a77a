"""A deployment that a module makes once, as it was made for each of its tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.store.warehouse import Home


def keep(root: Path) -> None:
    """Keep what lies in the folder of a deployment and its seeds, beside it."""
    shutil.copytree(root, _kept(root))


def put_back(root: Path) -> Home:
    """The deployment as it was when it was kept, in its own place: what it published names files by their paths."""
    shutil.rmtree(root)
    shutil.copytree(_kept(root), root)
    return Home(root / "home", root / "seeds")


def _kept(root: Path) -> Path:
    return root.with_name(f"{root.name}.kept")
