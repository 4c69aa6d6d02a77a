"""The SQL's own unit tests (models/**/_*_unit_tests.yml), run by dbt on an empty deployment.

Each part of them has a file of tests, so that two processes share the work.
"""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.engine import dbt
from orchestration.operations.day.build import build
from orchestration.store.warehouse import PROJECT, Home

PARTS = (("rating",), ("books", "marts"))


def empty(root: Path) -> Home:
    """The build of nothing makes the relations that the tests take types from."""
    made = Home(root, PROJECT / "seeds")
    build(made)
    return made


def files() -> list[Path]:
    return sorted((PROJECT / "models").rglob("_*_unit_tests.yml"))


def names(folders: tuple[str, ...]) -> list[str]:
    """The unit tests that are written in these folders of models/."""
    of_folders = [path for path in files() if path.relative_to(PROJECT / "models").parts[0] in folders]
    return [name for path in of_folders for name in re.findall(r"^    - name: (\w+)$", path.read_text(), re.MULTILINE)]


def results(root: Path, folders: tuple[str, ...]) -> dict[str, str]:
    """By name of each unit test of these folders what is wrong with it; nothing where it passed."""
    selected = [f"path:models/{folder},test_type:unit" for folder in folders]
    return {
        result.name: "" if result.status in {"pass", "success"} else f"{result.status}: {result.message}"
        for result in dbt.run(empty(root), ["test", "--select", *selected])
    }
