"""The SQL's own unit tests, run by dbt on an empty deployment.

Each part of them has a file of tests, so that two processes share the work.
"""

from __future__ import annotations

import json
from pathlib import Path

from orchestration.engine import dbt
from orchestration.operations.day.build import build
from orchestration.store.warehouse import PROJECT, Home

PARTS = (("staging", "rating"), ("books", "marts"))


def empty(root: Path) -> Home:
    """The build of nothing makes the relations that the tests take types from."""
    made = Home(root, PROJECT / "seeds")
    build(made)
    return made


def written() -> dict[str, list[str]]:
    """The unit tests that dbt knows, wherever they are written, by folder of models/."""
    by_folder: dict[str, list[str]] = {}
    for test in json.loads(dbt.manifest_json().read_text())["unit_tests"].values():
        by_folder.setdefault(Path(test["original_file_path"]).parts[1], []).append(test["name"])
    return by_folder


def names(folders: tuple[str, ...]) -> list[str]:
    """The unit tests of these folders of models/."""
    tests = written()
    return [name for folder in folders for name in tests[folder]]


def results(root: Path, folders: tuple[str, ...]) -> dict[str, str]:
    """By name of each unit test of these folders what is wrong with it; nothing where it passed."""
    selected = [f"path:models/{folder},test_type:unit" for folder in folders]
    return {
        result.name: "" if result.status in {"pass", "success"} else f"{result.status}: {result.message}"
        for result in dbt.run(empty(root), ["test", "--select", *selected])
    }
