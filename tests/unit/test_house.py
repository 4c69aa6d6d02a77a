"""The house's own rules, held against the tree and against dbt's manifest."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.engine import dbt
from orchestration.store.warehouse import PROJECT

# What each part may import beside itself: nothing imports upward.
_MAY = {
    "store": {"typed"},
    "reading": set(),
    "engine": {"store", "configuration"},
    "configuration": {"store", "reading", "typed"},
    "landing": {"store", "reading", "configuration", "typed"},
    "decks": {"store", "reading", "configuration", "engine", "typed"},
    "audit": set(),
    "documents": set(),
    "pages": {"documents"},
    "operations": {
        "store", "engine", "configuration", "landing", "decks", "audit", "documents", "pages", "typed", "show",
    },
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    text = path.read_text()
    parts = set(re.findall(r"^ *(?:from|import) orchestration\.(\w+)", text, re.MULTILINE))
    for listed in re.findall(r"^ *from orchestration import ([\w, ]+)", text, re.MULTILINE):
        parts |= {name.split(" as ")[0].strip() for name in listed.split(",")}
    return parts


@pytest.mark.parametrize("part", sorted(_MAY))
def test_nothing_imports_upward(part: str) -> None:
    found = {
        str(path.relative_to(PROJECT)): odd
        for path in (PROJECT / "orchestration" / part).rglob("*.py")
        if (odd := _imports(path) - _MAY[part] - {part})
    }
    assert not found


def test_who_writes_is_asked() -> None:
    """The writer's place is taken by `writing`, which asks; but for scratch deployments, which are nobody's."""
    taken = {
        str(path.relative_to(PROJECT / "orchestration"))
        for path in (PROJECT / "orchestration").rglob("*.py")
        if re.search(r"with .*\bwriter\(", path.read_text())
    }
    assert taken == {"operations/permitted.py", "operations/upkeep/rebuild.py", "prepare.py"}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    manifest = json.loads(dbt.manifest_json().read_text())
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


# Layers from the landed rows to what people read; each reads itself and those before it.
_LAYERS = ("staging", "rating", "books", "marts")


def _read(models: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for node in models.values():
        for key in node["depends_on"]["nodes"]:
            if key in models:
                yield node, models[key]


def test_layers(models: dict[str, Any]) -> None:
    """Staging and rating read no books and no marts; books and marts stand on each other's facts (one group)."""
    upward = {
        (node["name"], read["name"])
        for node, read in _read(models)
        if _LAYERS.index(node["fqn"][1]) < 2 <= _LAYERS.index(read["fqn"][1])
    }
    assert upward == set()


# What a day that is built again finds stored: a model looking back at itself, which no view can stand before.
_LOOKS_BACK = {("identified_calls", "stored"), ("profile_kept", "stored")}


def test_staging_is_the_only_door_to_sources() -> None:
    """Assertions, too, read what is staged."""
    manifest = json.loads(dbt.manifest_json().read_text())
    direct = {
        (node["name"], manifest["sources"][key]["source_name"])
        for node in manifest["nodes"].values()
        for key in node["depends_on"]["nodes"]
        if key in manifest["sources"] and node["fqn"][1] != "staging"
    }
    assert direct == _LOOKS_BACK


def test_a_staging_view_is_named_for_its_source_and_lies_beside_its_like(models: dict[str, Any]) -> None:
    folders = {"landed": "landed", "config": "configuration", "ops": "records", "run": "run"}
    for node in models.values():
        if node["fqn"][1] == "staging":
            (read,) = node["depends_on"]["nodes"]
            _, _, source, table = read.split(".")
            assert node["fqn"][2:] == [
                folders[source],
                f"stg_{_NAMED.get(table, table) if source == 'landed' else table}",
            ]


# where both a file and decks give rates
_NAMED = {"rates": "deck_rates"}


def test_books_are_private_and_marts_public_both_by_contract(models: dict[str, Any]) -> None:
    for node in models.values():
        layer, config = node["fqn"][1], node["config"]
        if layer in ("books", "marts"):
            assert (config["access"], config["group"]) == ("private" if layer == "books" else "public", "tollbook")
            assert config["contract"]["enforced"], node["name"]
            assert node["schema"] == layer


def test_a_model_fits_a_screen_or_two() -> None:
    """A model does one thing; more than about 120 lines is two things."""
    long = {p.name: n for p in (PROJECT / "models").rglob("*.sql") if (n := len(p.read_text().splitlines())) > 130}
    assert long == {}


def test_what_is_public_is_published(models: dict[str, Any]) -> None:
    for node in models.values():
        assert ("published" in node["config"]["meta"]) == (node["fqn"][1] == "marts"), node["name"]


def test_every_model_is_described_and_so_is_each_column_of_a_contract(models: dict[str, Any]) -> None:
    assert [node["name"] for node in models.values() if not node["description"].strip()] == []
    bare = [
        f"{node['name']}.{column['name']}"
        for node in models.values()
        if node["fqn"][1] in ("books", "marts")
        for column in node["columns"].values()
        if not column["description"].strip()
    ]
    assert bare == []


def test_the_readme_is_short_and_every_page_is_listed_and_linked_rightly() -> None:
    assert len((PROJECT / "README.md").read_bytes()) <= 8_000
    docs = PROJECT / "docs"
    listed = set(re.findall(r"\]\(([\w.-]+)\)", (docs / "README.md").read_text()))
    assert listed == {page.name for page in docs.glob("*.md")} - {"README.md"}
    for page in [*PROJECT.glob("*.md"), *docs.glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/layout.md", "docs/decisions.md", "docs/operations.md"]
)
def test_the_places_that_a_page_names_are_there(page: str) -> None:
    text = (PROJECT / page).read_text()
    named = re.findall(
        r"`((?:models|macros|orchestration|tests|docs|seeds|accounting|decks|bench|demo|\.ci)/[\w./-]*)`", text
    )
    assert named
    assert [place for place in named if not (PROJECT / place).exists()] == []


def test_the_page_of_settings_has_every_variable() -> None:
    """And the README none that is not there."""
    written = [*(PROJECT / "orchestration").rglob("*.py"), PROJECT / "profiles.yml"]
    read = {name for path in written for name in re.findall(r"""["'](TOLLBOOK_\w+)["']""", path.read_text())}
    listed = [
        set(re.findall(r"^\| `(TOLLBOOK_\w+)`", (PROJECT / page).read_text(), re.MULTILINE)) for page in _SETTINGS
    ]
    assert read == listed[0] > listed[1]


_SETTINGS = ("docs/operations.md", "README.md")


def test_a_decision_has_its_day_and_whether_it_is_in_force() -> None:
    """One that is not names the one that took its place, by the anchor that its heading has."""
    text = (PROJECT / "docs" / "decisions.md").read_text()
    parts = re.findall(r"^## (.*)\n\n(.*)\n", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading, _ in parts}
    for heading, status in parts:
        told = re.fullmatch(r"\*(\d{4}-\d\d-\d\d): (?:in force|superseded by \[.*\]\(#(.*)\))\.\*", status)
        assert told, f"{heading}: {status}"
        assert date.fromisoformat(told[1])
        assert told[2] is None or told[2] in anchors, f"{heading}: {told[2]}"


_SCREEN = 70


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file, each with its lines, decorators left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("part", ["orchestration", "demo", "bench", "tests"])
def test_a_function_fits_a_screen(part: str) -> None:
    functions = [
        (str(path.relative_to(PROJECT)), name, lines)
        for path in (PROJECT / part).rglob("*.py")
        for name, lines in _functions(path)
    ]
    assert functions
    assert [function for function in functions if function[2] >= _SCREEN] == []
