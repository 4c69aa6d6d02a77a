"""The SQL's own unit tests (models/**/_*_unit_tests.yml), run by dbt on an empty deployment."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb
import pytest

from orchestration.engine import dbt
from orchestration.operations.day.build import build
from orchestration.store.warehouse import PROJECT, Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The build of nothing makes the relations that the tests take types from."""
    made = Home(tmp_path_factory.mktemp("units"), PROJECT / "seeds")
    build(made)
    return made


@pytest.fixture(scope="module")
def results(home: Home) -> list[dbt.NodeResult]:
    """What became of each unit test."""
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


def _floats(plan: Any) -> bool:
    """Whether a part of a plan has values of binary floating point; quantile_disc picks one that is there by such."""
    if isinstance(plan, list):
        return any(map(_floats, plan))
    if not isinstance(plan, dict) or plan.get("qname", {}).get("path", [""])[-1] == "quantile_disc":
        return False
    return plan.get("id") in ("DOUBLE", "FLOAT") or any(map(_floats, plan.values()))


def test_nothing_is_reckoned_in_binary_floating_point(home: Home) -> None:
    """The types of all that DuckDB makes of the queries: what looks exact may not be, such as decimal / decimal."""
    selected = (("path:models", "model"), ("test_type:data", "test"))
    nodes = [node for which, kind in selected for node in dbt.compiled_nodes((which,), kind).values()]
    plans = {}
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        for node in nodes:
            (said,) = con.execute("select json_serialize_plan(?::VARCHAR)", [dbt.query_of(node)]).fetchall()[0]
            plans[node.name] = json.loads(said)
    assert [plan["error_message"] for plan in plans.values() if plan["error"]] == []
    assert [name for name, plan in plans.items() if _floats(plan)] == []
