"""The unit tests of the SQL of books and marts."""

from __future__ import annotations

import pytest

from tests.support import dbt_units

PART = dbt_units.PARTS[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return dbt_units.results(tmp_path_factory.mktemp("units"), PART)


def test_every_unit_test_passes(results: dict[str, str]) -> None:
    assert {name: wrong for name, wrong in results.items() if wrong} == {}


def test_every_unit_test_ran(results: dict[str, str]) -> None:
    assert set(dbt_units.names(PART)) == results.keys()


def test_each_is_in_a_part_and_has_a_name_of_its_own() -> None:
    parted = [folder for part in dbt_units.PARTS for folder in part]
    assert sorted(parted) == sorted(dbt_units.written())
    written = [name for part in dbt_units.PARTS for name in dbt_units.names(part)]
    assert len(written) == len(set(written)) >= 60


def test_the_worked_example_is_there(results: dict[str, str]) -> None:
    assert "worked_100_calls_of_9_1_s" in results
