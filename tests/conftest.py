"""The longest modules first, so that the workers end together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ("tests.support.people", "tests.support.unpublished")

_LONG = (
    "tests/proof/",
    "tests/unit/test_dbt_units",
    "tests/unit/test_exact_types",
    "tests/integration/test_dagster",
    "tests/integration/test_deployments_of_earlier_releases",
    "tests/integration/test_outdated_days",
    "tests/integration/test_rebuilding",
    "tests/integration/test_withdrawing",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced and renamed, in order."""
    told: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        told.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        told.append(f"rename {Path(source).name} {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    return told
