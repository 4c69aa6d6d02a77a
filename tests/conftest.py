"""The longest modules first, so that the workers end together."""

from __future__ import annotations

import pytest

pytest_plugins = ("tests.support.unpublished",)

_LONG = ("tests/proof/", "tests/unit/test_dbt_units", "tests/unit/test_exact_types")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))
