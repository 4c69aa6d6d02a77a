"""The SQL's own unit tests (models/**/_*_unit_tests.yml), run by dbt on an empty deployment."""

from __future__ import annotations

import re

import pytest

from orchestration.operations import dbt
from orchestration.operations.build import build
from orchestration.warehouse import PROJECT, Home


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dbt.NodeResult]:
    """What became of each unit test; the build of nothing makes the relations that they take types from."""
    home = Home(tmp_path_factory.mktemp("units"), PROJECT / "seeds")
    build(home)
    return dbt.run(home, ["test", "--select", "test_type:unit"])


def test_every_unit_test_passes(results: list[dbt.NodeResult]) -> None:
    wrong = [f"{result.name}: {result.message}" for result in results if result.status not in {"pass", "success"}]
    assert not wrong, "\n".join(wrong)


def test_every_unit_test_ran(results: list[dbt.NodeResult]) -> None:
    files = (PROJECT / "models").rglob("_*_unit_tests.yml")
    written = [name for path in files for name in re.findall(r"^    - name: (\w+)$", path.read_text(), re.MULTILINE)]
    ran = {result.name for result in results}
    assert set(written) <= ran
    assert len(written) == len(set(written)) >= 60


def test_the_worked_examples_are_there(results: list[dbt.NodeResult]) -> None:
    assert {
        "increments_table",
        "seconds_rounding_table",
        "increment_from_zero",
        "worked_9_1_s_at_0_005_with_1_0",
        "worked_100_calls_of_9_1_s",
        "worked_7_s_at_0_015",
    } <= {result.name for result in results}
