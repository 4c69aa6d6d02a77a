"""What dbt says of the project: names, groups and words of the assets and checks made from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.operations.day.words import AUDIT, AUDIT_WORDS, STORED, STORED_WORDS, is_warning, words_of

Manifest = Mapping[str, Any]

# The staging views that are no assets, for dbt to leave out.
UNSHOWN = "path:models/staging/records path:models/staging/run"


def read(path: Path) -> Manifest:
    """The manifest that orchestration.prepare writes, at `make setup`. Raises when it is not there."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; run: .venv/bin/python -m orchestration.prepare")
    manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def group_of(node: Mapping[str, Any]) -> str:
    """The step of a call's way that a model or source belongs to."""
    if node["resource_type"] == "source":
        return str(node["meta"].get("group", node["source_name"]))
    layer = node["fqn"][1]
    return str(node["fqn"][2] if layer in ("books", "marts") else layer)


class Translator(DagsterDbtTranslator):
    """Names, groups and words of the dbt models. Their tests become checks of the closing, not of a build."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=False))
        self._hidden = _hidden(manifest)
        self._specs: dict[str, dg.AssetSpec] = {}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return group_of(dbt_resource_props)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return words_of(dbt_resource_props)

    def get_asset_spec(self, manifest: Manifest, unique_id: str, project: Any) -> dg.AssetSpec:
        if unique_id not in self._specs:  # asked for again by each model that reads it
            spec = super().get_asset_spec(manifest, unique_id, project)
            shown = {key for dep in spec.deps for key in self._hidden.get(dep.asset_key, [dep.asset_key])}
            self._specs[unique_id] = spec.replace_attributes(deps=sorted(shown))
        return self._specs[unique_id]


def _key(source: Mapping[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([source["source_name"], source["name"]])


def _model_key(model: Mapping[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([model["config"]["schema"], model["name"]])


def _is_unshown(model: Mapping[str, Any]) -> bool:
    return model["fqn"][1:-1] in (["staging", "records"], ["staging", "run"])


def _hidden(manifest: Manifest) -> dict[dg.AssetKey, list[dg.AssetKey]]:
    """What is no asset, and the assets that stand for it.

    Sources without a group are the machinery's (which days a build makes, what the clock said) and what a model stored
    before: arrows from them to nearly every model would hide the way of a call. The views of records and of a run's
    arguments (`UNSHOWN`) are shown as the sources that they are of, if those are.
    """
    sources = {key: [_key(node)] if "group" in node["meta"] else [] for key, node in manifest["sources"].items()}
    hidden = {_key(manifest["sources"][key]): shown for key, shown in sources.items() if not shown}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and _is_unshown(node):
            hidden[_model_key(node)] = [k for read in node["depends_on"]["nodes"] for k in sources[read]]
    return hidden


def landed_keys(manifest: Manifest) -> set[dg.AssetKey]:
    """The sources that a landing writes; the others are configuration or written by closing a day."""
    return {_key(node) for node in manifest["sources"].values() if node["meta"].get("written_by") == "land"}


def source_specs(manifest: Manifest) -> list[dg.AssetSpec]:
    """One asset for each shown source: landed rows, configuration files, records."""
    shown = [node for node in manifest["sources"].values() if "group" in node["meta"]]
    specs = [dg.AssetSpec(_key(node), group_name=group_of(node), description=words_of(node)) for node in shown]
    return sorted(specs, key=lambda spec: spec.key)


def check_specs(manifest: Manifest) -> list[dg.AssetCheckSpec]:
    """A check for each dbt data test, named like it, and two of rated_calls that are none; all but warnings block."""
    models = {node["name"]: _model_key(node) for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    specs = [
        dg.AssetCheckSpec(
            node["name"],
            asset=models[tested(node)],
            description=words_of(node),
            blocking=not is_warning(node),
        )
        for node in tests
    ]
    for name, words in ((AUDIT, AUDIT_WORDS), (STORED, STORED_WORDS)):
        specs.append(dg.AssetCheckSpec(name, asset=models["rated_calls"], description=words, blocking=True))
    return sorted(specs, key=lambda spec: spec.key)


def tested(node: Mapping[str, Any]) -> str:
    """The model that a test is shown on: the one it is written under, else the one its `meta` names."""
    if attached := node.get("attached_node"):
        return str(attached).rsplit(".", 1)[-1]
    named = node["config"].get("meta", {}).get("dagster", {}).get("ref", {}).get("name")
    if not named:
        raise ValueError(f"{node['name']} reads several models: say in meta.dagster.ref which one it is about")
    return str(named)


def model_keys(manifest: Manifest) -> Iterable[dg.AssetKey]:
    """The asset key of every model that is shown."""
    return sorted(
        _model_key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not _is_unshown(node)
    )
