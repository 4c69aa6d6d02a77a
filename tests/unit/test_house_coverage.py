"""Nothing stands about: every model is tested and read, every macro described and tested; exceptions with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from orchestration.configuration.schema import FILES
from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.engine import dbt
from orchestration.prepare import write_new_warehouse
from orchestration.store.warehouse import PROJECT

Node = Mapping[str, Any]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(dbt.manifest_json().read_text())
    return read


@pytest.fixture(scope="module")
def models(manifest: Node) -> dict[str, Node]:
    """By name."""
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def _sql(node: Node) -> str:
    """Without its comments."""
    text = re.sub(r"\{#.*?#\}", "", str(node["raw_code"]), flags=re.DOTALL)
    return re.sub(r"--.*", "", text)


# Where the words of a step are compared as people read them, and what is a list of constants.
_TESTED_IN_PYTHON = {
    "deck_changes": "tests/integration/test_rate_decks.py",
    "deck_neighbours": "tests/integration/test_rate_decks.py",
    "deck_review": "tests/integration/test_rate_decks.py",
    "deck_review_in_words": "tests/integration/test_rate_decks.py",
    "deck_unrelated": "tests/integration/test_rate_decks.py",
    "explained_legs": "tests/integration/test_explained_legs.py",
    "leg_grounds": "tests/integration/test_explained_legs.py",
    "leg_seconds": "tests/integration/test_explained_legs.py",
    "leg_steps": "tests/integration/test_explained_legs.py",
    "national_prefixes": "tests/integration/test_national_numbers.py",
    "too_much": "tests/integration/test_serving_and_lock.py",
}


def _gives_names_and_types(node: Node) -> bool:
    """A staging view that decides nothing: which is tested by all that stands on it."""
    decides = r"\b(where|and|or|case|group by|join|over|distinct|union)\b"
    return node["fqn"][1] == "staging" and not re.search(decides, _sql(node))


def test_every_model_is_tested(manifest: Node, models: Mapping[str, Node]) -> None:
    """By a unit test, or by a data test of its own."""
    tested = {key for unit in manifest["unit_tests"].values() for key in unit["depends_on"]["nodes"][:1]}
    tested |= {node.get("attached_node") for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    bare = {
        name
        for name, node in models.items()
        if node["unique_id"] not in tested and not _gives_names_and_types(node) and name not in _TESTED_IN_PYTHON
    }
    assert bare == set()
    for name, place in _TESTED_IN_PYTHON.items():
        assert (PROJECT / place).exists(), name


def test_every_mart_has_a_test_of_its_grain(manifest: Node, models: Mapping[str, Node]) -> None:
    """By columns that it has."""
    grains = {
        node["attached_node"]: set(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "one_row_for_each"
    }
    for node in models.values():
        if node["fqn"][1] == "marts":
            assert grains.get(node["unique_id"]), node["name"]
            assert grains[node["unique_id"]] <= node["columns"].keys(), node["name"]


@pytest.mark.parametrize("page", ["ledger.md", "operations.md"])
def test_a_page_names_every_assertion(page: str) -> None:
    """What must hold, and what to do where it does not."""
    told = set(re.findall(r"`(\w+)`", (PROJECT / "docs" / page).read_text()))
    written = {path.stem for path in (PROJECT / "tests" / "assertions").glob("*.sql")}
    assert written - told == set()


# Where the columns of a rate are written out: tables of the warehouse, and texts.
_RATES_IN = {
    "config.rates", "landed.rates", "run.reviewed_rates", "staging.stg_rates", "staging.stg_deck_rates",
    "staging.stg_reviewed_rates", "rating.live_rates", "rating.deck_rate_ends", "marts.rate_history",
}  # fmt: skip
_RATES_IN_TEXTS = ("orchestration/audit/rates.py", "tests/support/generators.py", "docs/configuration.md")


def test_each_column_of_a_rate_is_wherever_rates_are_written_out() -> None:
    columns = {column.name for column in FILES["rates"].columns}
    assert set(CANONICAL_COLUMNS) == columns | {"ended"}
    with duckdb.connect(str(write_new_warehouse()), read_only=True) as con:
        listed = con.execute(
            "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() group by all"
        ).fetchall()
    found = {table: set(of_table) for table, of_table in listed if table in _RATES_IN}
    found |= {place: set(re.findall(r"\w+", (PROJECT / place).read_text())) for place in _RATES_IN_TEXTS}
    assert found.keys() == _RATES_IN | set(_RATES_IN_TEXTS)
    assert {place: missing for place, there in found.items() if (missing := columns - there)} == {}


# Read by Python alone, where it says so; what is found in no other model and is no mart.
_READ_IN_PYTHON = {
    "deck_ends_most": "orchestration/decks/review.py",
    "deck_notices_owed": "orchestration/decks/review.py",
    "deck_review_in_words": "orchestration/decks/review.py",
    "evidence_cells": "orchestration/operations/billing/evidence.py",
    "leg_steps": "orchestration/operations/questions/rated_again.py",
    "too_much": "orchestration/engine/excess.py",
    "invoice_totals_due": "orchestration/operations/billing/invoice.py",
    "invoice_lines_due": "orchestration/operations/billing/invoice.py",
}
# Lists of constants, which read nothing.
_CONSTANTS = {"national_prefixes"}


def test_every_model_is_read_and_reads(manifest: Node, models: Mapping[str, Node]) -> None:
    """By another one, or where it is said; marts are what people read."""
    readers = [*manifest["nodes"].values(), *manifest["exposures"].values()]
    read = {key for node in readers for key in node["depends_on"]["nodes"]}
    idle = {name for name, node in models.items() if node["unique_id"] not in read}
    assert {name for name in idle if models[name]["fqn"][1] != "marts"} == _READ_IN_PYTHON.keys() & idle
    for name in _READ_IN_PYTHON.keys() & models.keys():
        place = PROJECT / _READ_IN_PYTHON[name]
        assert f"{models[name]['schema']}.{name}" in place.read_text(), name
    assert {name for name, node in models.items() if not node["depends_on"]["nodes"]} == _CONSTANTS


def test_every_source_is_read(manifest: Node) -> None:
    """By a view of staging, or published as it is; what Python alone reads is the machinery's, and no source."""
    read = {key for node in manifest["nodes"].values() for key in node["depends_on"]["nodes"]}
    idle = {
        f"{source['source_name']}.{source['name']}"
        for key, source in manifest["sources"].items()
        if key not in read and "published" not in source["config"]["meta"]
    }
    # who may do what is asked by commands, before anything is built
    assert idle == {"config.operators"}


_REF = r"\{\{\s*ref\('(\w+)'\)\s*\}\}(?:\s+as\s+(\w+))?"


def _stars(node: Node) -> Iterator[str]:
    """The models that one reads all columns of."""
    for part in re.split(r"\n\s*\),?\n|union all", _sql(node)):
        named = {alias or name: name for name, alias in re.findall(_REF, part)}
        stars = set(re.findall(r"(\w+)\.\*", part))
        first = re.search(rf"from\s+{_REF}", part)
        if first and re.search(r"(select|,)\s+\*(\s|,)", part):
            stars.add(first[2] or first[1])
        yield from (named[alias] for alias in stars & named.keys())


def test_no_model_takes_all_columns_of_another_layer(models: Mapping[str, Node]) -> None:
    """A column that is new there would be new here. Books and marts are one layer in this: contracts hold both."""
    layer = {name: node["fqn"][1].replace("books", "marts") for name, node in models.items()}
    assert {
        (name, read) for name, node in models.items() for read in _stars(node) if layer[read] != layer[name]
    } == set()


def test_models_say_ref_and_source(manifest: Node) -> None:
    """And no schema, but where dbt does not read: what a build asks of the warehouse itself."""
    schemas = r"(?:from|join)\s+((?:landed|ops|run|config|staging|rating|books|marts)\.\w+)"
    found = {
        node["name"]: set(re.findall(schemas, re.sub(r'outdated_rows="[^"]*"', "", _sql(node))))
        for node in manifest["nodes"].values()
    }
    assert {name: tables for name, tables in found.items() if tables} == {}


# What no test of one macro could say.
_TESTED_BY_USE = {
    "checked_days": "every check of a day reads the days through it",
    "differs": "the words of a failing row, which people read",
    "generate_schema_name": "every build, which finds its schemas",
    "materialization_daily_duckdb": "every build, which makes the days",
}


def _test_names(manifest: Node) -> set[str]:
    names = {unit["name"] for unit in manifest["unit_tests"].values()}
    names |= {node["name"] for node in manifest["nodes"].values()}
    for path in (PROJECT / "tests").rglob("test_*.py"):
        names |= {path.stem, *re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}
    return names


def _arguments(macro: Node) -> list[str]:
    """Those it is written with; of a generic test the model is one."""
    signature = re.search(r"(?:macro|test)\s+\w+\s*\(([^)]*)\)", macro["macro_sql"])
    listed = signature[1].split(",") if signature else []
    return [argument.split("=")[0].strip() for argument in listed if argument.strip()]


def test_every_macro_is_described_with_its_arguments_and_names_its_tests(manifest: Node) -> None:
    known = _test_names(manifest)
    macros = [macro for macro in manifest["macros"].values() if macro["package_name"] == "tollbook"]
    assert macros
    for macro in macros:
        name = macro["name"]
        assert macro["description"].strip(), name
        assert [argument["name"] for argument in macro["arguments"]] == _arguments(macro), name
        assert all(argument["description"].strip() for argument in macro["arguments"]), name
        told = re.search(r"Tested\s+by\s+(.*)", macro["description"], re.DOTALL)
        tests = set(re.findall(r"\w+_\w+", told[1])) if told else set()
        assert tests <= known, f"{name}: {tests - known}"
        assert tests or name in _TESTED_BY_USE, f"{name}: its description says Tested by"


def test_variables_are_declared_and_used(manifest: Node) -> None:
    """Each var() has its value in dbt_project.yml, and each value there is asked for."""
    project = (PROJECT / "dbt_project.yml").read_text()
    vars_ = re.search(r"^vars:\n((?:    .*\n|\n)+)", project, re.MULTILINE)
    declared = set(re.findall(r"^    (\w+):", vars_[1], re.MULTILINE)) if vars_ else set()
    texts = [path.read_text() for folder in ("models", "macros", "tests/assertions") for path in _files(folder)]
    assert {name for text in texts for name in re.findall(r"\bvar\(\s*'(\w+)'", text)} == declared


def _files(folder: str) -> Iterator[Any]:
    yield from (PROJECT / folder).rglob("*.sql")
    yield from (PROJECT / folder).rglob("*.yml")
