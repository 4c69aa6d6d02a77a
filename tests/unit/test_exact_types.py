"""No SQL reckons in binary floating point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engine import dbt
from tests.support.dbt_units import empty


def _floats(plan: Any) -> bool:
    """Whether a part of a plan has values of binary floating point; quantile_disc picks one that is there by such."""
    if isinstance(plan, list):
        return any(map(_floats, plan))
    if not isinstance(plan, dict) or plan.get("qname", {}).get("path", [""])[-1] == "quantile_disc":
        return False
    return plan.get("id") in ("DOUBLE", "FLOAT") or any(map(_floats, plan.values()))


def test_nothing_is_reckoned_in_binary_floating_point(tmp_path: Path) -> None:
    """The types of all that DuckDB makes of the queries: what looks exact may not be, such as decimal / decimal."""
    selected = (("path:models", "model"), ("test_type:data", "test"))
    nodes = [node for which, kind in selected for node in dbt.compiled_nodes((which,), kind).values()]
    failed, floats = [], []
    with duckdb.connect(str(empty(tmp_path).warehouse), read_only=True) as con:
        for node in nodes:
            (said,) = con.execute("select json_serialize_plan(?::VARCHAR)", [dbt.query_of(node)]).fetchall()[0]
            if '"error":true' in said:
                failed.append(said)
            # reading all of a plan takes longer than making it
            elif ('"DOUBLE"' in said or '"FLOAT"' in said) and _floats(json.loads(said)):
                floats.append(node.name)
    assert failed == []
    assert floats == []
