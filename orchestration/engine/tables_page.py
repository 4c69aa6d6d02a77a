"""docs/tables.md, made of what the YAML beside models and sources says of each published table: `make docs`.

The words, types, keys and doc blocks are dbt's; this only sets them in a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.engine import dbt
from orchestration.store.files import write
from orchestration.store.warehouse import PROJECT

PAGE = PROJECT / "docs" / "tables.md"
_OVERVIEW = "doc.tollbook.__overview__"
# the order in which a call gets there; what is not named comes after, by name
_SUBJECTS = ("calls", "usage", "breakout", "rates", "ledger", "invoicing", "finance", "trends", "operations")

Node = Mapping[str, Any]


def page(manifest: Mapping[str, Any]) -> str:
    """The page of a manifest.json: its published tables by subject, then the sources that are published."""
    tables = [node for node in _nodes(manifest) if "published" in node["config"]["meta"]]
    subjects = sorted({_subject(node) for node in tables}, key=_place)
    by_subject = {
        subject: sorted((node for node in tables if _subject(node) == subject), key=lambda node: str(node["name"]))
        for subject in subjects
    }
    keys = _keys(manifest)
    parts = [
        "# Tables analysts can read",
        "<!-- made of the YAML in models/: change it there, then run: make docs -->",
        _linked(str(manifest["docs"][_OVERVIEW]["block_contents"])),
        "\n".join(_contents(by_subject)),
    ]
    for subject, nodes in by_subject.items():
        parts.append(f"## {subject.capitalize()}")
        parts += sorted({_line(node["source_description"]) for node in nodes if node.get("source_name") == subject})
        parts += ["\n\n".join(_table(node, keys.get(node["unique_id"]))) for node in nodes]
    parts += ["## Who reads them", "\n".join(_readers(manifest, tables))]
    return "\n\n".join(parts) + "\n"


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Node]:
    yield from (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
    yield from manifest["sources"].values()


def _subject(node: Node) -> str:
    """A mart's folder; of a source what its YAML says, else its name."""
    if node["resource_type"] == "model":
        return str(node["fqn"][2])
    return str(node["config"]["meta"].get("subject", node["source_name"]))


def _place(subject: str) -> tuple[int, str]:
    return (_SUBJECTS.index(subject) if subject in _SUBJECTS else len(_SUBJECTS), subject)


def _keys(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """The columns that no two rows share, by unique id: of a model its grain test, of a source its `meta.grain`."""
    tests = (node for node in manifest["nodes"].values() if node["resource_type"] == "test")
    keys: dict[str, list[str]] = {
        str(test["attached_node"]): test["test_metadata"]["kwargs"]["columns"]
        for test in tests
        if (test.get("test_metadata") or {}).get("name") == "one_row_for_each"
    }
    for key, source in manifest["sources"].items():
        if "grain" in source["config"]["meta"]:
            keys[key] = source["config"]["meta"]["grain"]
    return keys


def _contents(by_subject: Mapping[str, list[Node]]) -> Iterator[str]:
    yield "| table | what |"
    yield "|---|---|"
    for nodes in by_subject.values():
        for node in nodes:
            name = f"{node['schema']}.{node['name']}"
            first = re.split(r"(?<=\.)\s|: docs/", _line(node["description"]))[0].rstrip(".")
            yield f"| [`{name}`](#{name.replace('.', '')}) | {_cell(first)} |"


def _table(node: Node, key: list[str] | None) -> Iterator[str]:
    yield f"### {node['schema']}.{node['name']}"
    yield _linked(_line(node["description"]))
    facts = []
    if key is not None:
        facts.append("Grain: " + (", ".join(f"`{column}`" for column in key) or "one row") + ".")
    if node["config"]["meta"]["published"] == "by_day":
        facts.append("Published by the day.")
    if facts:
        yield " ".join(facts)
    yield "\n".join(["| column | type | what |", "|---|---|---|", *_columns(list(node["columns"].values()))])


def _columns(columns: list[Node]) -> Iterator[str]:
    """A row each; what is said of both legs alike in one."""
    named = {column["name"]: column for column in columns}
    for name, column in named.items():
        side, _, rest = name.partition("_")
        twin = named.get(("buy_" if side == "sell" else "sell_") + rest) if side in ("sell", "buy") else None
        alike = twin is not None and _said(twin) == _said(column)
        if alike and side == "buy":
            continue
        names = f"`{name}` `buy_{rest}`" if alike else f"`{name}`"
        kind, words = _said(column)
        yield f"| {names} | {kind} | {_cell(words)} |"


def _said(column: Node) -> tuple[str, str]:
    return str(column["data_type"]), _line(column["description"])


def _readers(manifest: Mapping[str, Any], published: list[Node]) -> Iterator[str]:
    """What each exposure is, and what it is made of."""
    everything = {node["unique_id"] for node in published}
    yield "| who | what | from |"
    yield "|---|---|---|"
    nodes = {node["unique_id"]: f"`{node['schema']}.{node['name']}`" for node in _nodes(manifest)}
    for exposure in sorted(manifest["exposures"].values(), key=lambda node: str(node["label"])):
        keys = set(exposure["depends_on"]["nodes"])
        read = ["all of them"] if keys == everything else sorted(nodes[key] for key in keys)
        who = f"{exposure['owner']['name']}: {exposure['label']}"
        yield f"| {who} | {_cell(_line(exposure['description']))} | {' '.join(read)} |"


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _linked(text).replace("|", "\\|")


def _linked(text: str) -> str:
    """Pages of docs/ as links of a page that lies there."""
    return re.sub(r"docs/((?:[\w-]+)\.md)(#[\w-]+)?", r"[\1](\1\2)", text)


def current_page() -> str:
    """The page of the models as they are. Raises `DbtFailed` when they cannot be read."""
    return page(json.loads(dbt.manifest_json().read_text(encoding="utf-8")))


if __name__ == "__main__":
    write(PAGE, current_page().encode())
