"""What the YAML beside models, sources and macros has to say, held against dbt's manifest."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from orchestration.engine import dbt
from orchestration.engine.rating_sql import blank
from orchestration.store.warehouse import PROJECT

Node = Mapping[str, Any]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(dbt.manifest_json().read_text())
    return read


def _models(manifest: Node) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _tables(manifest: Node) -> list[Node]:
    return [*_models(manifest), *manifest["sources"].values()]


def _published(manifest: Node) -> list[Node]:
    return [node for node in _tables(manifest) if "published" in node["config"]["meta"]]


# what a description has to name, by the type of the column
_UNITS = {
    "TIMESTAMP": r"UTC",
    "DATE": r"UTC|time zone|billing period",
    "DECIMAL(20,8)": r"[Cc]urrency|[Pp]ercent|`unit`|[Hh]ow many|[Qq]uantity",
    "DECIMAL(20,2)": r"percent",
    "DECIMAL(9,6)": r"0 to 1",
}


def _says_its_unit(column: Node) -> bool:
    words, kind = column["description"], column["data_type"]
    if column["name"].endswith("_s"):
        return "econds" in words
    return bool(re.search(_UNITS.get(kind, ""), words))


def test_every_published_column_is_described_with_its_type_and_unit(manifest: Node) -> None:
    assert [
        f"{node['name']}.{name}: {column['description']}"
        for node in _published(manifest)
        for name, column in node["columns"].items()
        if not column["description"].strip() or not column["data_type"] or not _says_its_unit(column)
    ] == []


# The columns of what is stored are those of the model that stores it; nothing but issuing makes the calls of invoices.
_STORED = "stored"


def test_every_source_is_described_as_it_is_in_the_warehouse(manifest: Node) -> None:
    """The table, and each column with the type that it has."""
    with duckdb.connect() as con:
        blank(con)
        found = defaultdict(dict)
        for schema, table, column, kind in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        ).fetchall():
            found[schema, table][column] = kind
    for source in manifest["sources"].values():
        assert source["description"].strip(), source["name"]
        assert source["source_description"].strip(), source["source_name"]
        assert [c["name"] for c in source["columns"].values() if not c["description"].strip()] == [], source["name"]
        if source["source_name"] != _STORED:
            said = {name: column["data_type"] for name, column in source["columns"].items()}
            assert said == found[source["schema"], source["name"]], source["name"]


def test_the_calls_behind_invoices_are_described_as_they_are_written(manifest: Node) -> None:
    written = manifest["nodes"]["model.tollbook.invoice_items_due"]["columns"]
    said = manifest["sources"]["source.tollbook.stored.invoice_calls"]["columns"]
    of_items = {name: column["data_type"] for name, column in written.items()}
    del of_items["document_id"], of_items["description"]
    assert {name: column["data_type"] for name, column in said.items()} == {
        "invoice_number": "VARCHAR",
        "line": "INTEGER",
        **of_items,
    }


def test_a_published_source_says_its_grain(manifest: Node) -> None:
    """By columns it has. Marts have a test of theirs."""
    for source in manifest["sources"].values():
        meta = source["config"]["meta"]
        if "published" in meta and source["name"] not in ("superseded_cdrs", "invoice_calls"):
            assert set(meta["grain"]) <= source["columns"].keys(), source["name"]
        else:
            # a version of a call may be taken back more than once, and a document have the same record twice
            assert "grain" not in meta


def test_what_is_said_of_several_columns_is_said_once(manifest: Node) -> None:
    """In a doc block of models/_columns.md; sell_ and buy_ columns are told by what follows."""
    said = defaultdict(set)
    for node in _tables(manifest):
        for name, column in node["columns"].items():
            if not column["doc_blocks"]:
                said[re.sub("^(sell|buy)_", "", name), column["description"]].add(f"{node['name']}.{name}")
    twice = {words: tables for words, tables in said.items() if len(tables) > 1}
    assert twice == {}, "put the words into models/_columns.md, and its doc('...') where they are said"


def test_every_doc_block_is_used_by_several_columns(manifest: Node) -> None:
    used: dict[str, int] = defaultdict(int)
    for node in _tables(manifest):
        for column in node["columns"].values():
            for block in column["doc_blocks"]:
                used[block] += 1
    blocks = {key for key in manifest["docs"] if key.startswith("doc.tollbook.") and not key.endswith("__overview__")}
    assert {block for block in blocks if used[block] < 2} == set()


def test_everything_published_is_in_the_serving_file(manifest: Node) -> None:
    """The exposure names it all; the others read what is published."""
    published = {node["unique_id"] for node in _published(manifest)}
    for exposure in manifest["exposures"].values():
        read = set(exposure["depends_on"]["nodes"])
        assert read == published if exposure["name"] == "serving_file" else read < published, exposure["name"]
        assert exposure["owner"]["name"]
        assert exposure["description"].strip()


def test_an_exposure_names_what_its_files_read(manifest: Node) -> None:
    """Each mart that the Python and SQL behind it asks for."""
    tables = {node["unique_id"]: f"{node['schema']}.{node['name']}" for node in _tables(manifest)}
    for exposure in manifest["exposures"].values():
        if exposure["name"] != "serving_file":
            named = {tables[key] for key in exposure["depends_on"]["nodes"]}
            texts = [(PROJECT / place).read_text() for place in exposure["config"]["meta"]["made_in"]]
            read = {table for text in texts for table in re.findall(r"\bmarts\.[a-z_]+", text)} & set(tables.values())
            assert read, exposure["name"]
            assert read <= named, f"{exposure['name']}: {read - named}"


def _anchors(page: str) -> Iterator[str]:
    """Of the headings of a page of docs/, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.*)$", (PROJECT / "docs" / page).read_text(), re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        yield re.sub(r"[^\w -]", "", plain).replace(" ", "-")


def test_pages_that_descriptions_name_are_there(manifest: Node) -> None:
    words = [node["description"] for node in [*_tables(manifest), *manifest["exposures"].values()]]
    words += [column["description"] for node in _tables(manifest) for column in node["columns"].values()]
    words += [doc["block_contents"] for doc in manifest["docs"].values()]
    named = set(re.findall(r"docs/([\w-]+\.md)(?:#([\w-]+))?", " ".join(words)))
    assert named
    for page, anchor in named:
        assert (PROJECT / "docs" / page).exists()
        assert not anchor or anchor in set(_anchors(page)), f"{page}#{anchor}"
