"""The longest modules first, so that the workers end together."""

from __future__ import annotations

import pytest

pytest_plugins = ("tests.support.unpublished",)

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
