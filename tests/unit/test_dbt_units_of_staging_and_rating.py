"""The unit tests of the SQL that stages and rates."""

from __future__ import annotations

import pytest

from tests.support import dbt_units

PART = dbt_units.PARTS[0]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return dbt_units.results(tmp_path_factory.mktemp("units"), PART)


def test_every_unit_test_passes(results: dict[str, str]) -> None:
    assert {name: wrong for name, wrong in results.items() if wrong} == {}


def test_every_unit_test_ran(results: dict[str, str]) -> None:
    assert set(dbt_units.names(PART)) == results.keys()


def test_the_worked_examples_are_there(results: dict[str, str]) -> None:
    assert {
        "increments_table",
        "seconds_rounding_table",
        "increment_from_zero",
        "worked_9_1_s_at_0_005_with_1_0",
        "worked_7_s_at_0_015",
    } <= results.keys()
