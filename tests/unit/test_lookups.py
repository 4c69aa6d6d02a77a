"""Which lookups a build may leave as they are: those that only configuration, decks and the days decide."""

from __future__ import annotations

import json

from orchestration.engine import dbt

# all that `build._made_for` names
_DECIDED = {"landed.rates", "ops.decks", "ops.deck_tables", "run.build_days"}


def test_lookups_that_are_kept_read_nothing_that_landing_changes() -> None:
    manifest = json.loads(dbt.manifest_json().read_text())
    nodes = manifest["nodes"]

    def sources(key: str) -> set[str]:
        if key.startswith("source."):
            source = manifest["sources"][key]
            return {f"{source['source_name']}.{source['name']}"}
        return set().union(*(sources(read) for read in nodes[key]["depends_on"]["nodes"]))

    def below(key: str, name: str) -> bool:
        node = nodes.get(key)
        return node is not None and (
            node["name"] == name or any(below(read, name) for read in node["depends_on"]["nodes"])
        )

    lookups = [
        key
        for key, node in nodes.items()
        if node["resource_type"] == "model" and node["path"].startswith("rating/lookups")
    ]
    kept = [key for key in lookups if not below(key, "billing_reach")]
    assert len(kept) > 10
    for key in kept:
        others = {source for source in sources(key) if not source.startswith("config.")} - _DECIDED
        assert not others, f"{key} reads {others}: it has to be made by every build"
