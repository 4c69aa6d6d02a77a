"""What the YAML beside models and sources says of each table in `meta`.

`published`: analysts read it, in one file that each publication writes (`whole`), or in one for each day and build
(`by_day`). `measured`: the figures that Dagster shows of it. `group`: the step that a source is shown under in Dagster.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from orchestration.engine import dbt


def described() -> Mapping[str, Mapping[str, Any]]:
    """`meta` by schema.name of each model and source that has some. Raises `DbtFailed` when they cannot be read."""
    return _described(dbt.project_version())


@cache
def _described(version: str) -> Mapping[str, Mapping[str, Any]]:
    entries: Mapping[str, Mapping[str, Any]] = json.loads(dbt.kept(".meta.json", version, _read))
    return entries


def _read() -> str:
    manifest = dbt.manifest()
    models = [node for key, node in manifest.nodes.items() if key.startswith("model.")]
    tables: Iterable[Any] = [*models, *manifest.sources.values()]
    return json.dumps(
        {f"{t.schema}.{t.name}": t.config.meta for t in tables if t.config.meta}, indent=1, sort_keys=True
    )


def published(how: str) -> list[str]:
    """The tables that are published so, `whole` or `by_day`."""
    return [table for table, meta in described().items() if meta.get("published") == how]
