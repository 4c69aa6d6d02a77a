"""docs/tables.md says what the YAML beside models and sources says."""

from __future__ import annotations

from typing import Any

from orchestration.engine import tables_page


def test_the_page_is_what_the_yaml_says() -> None:
    assert tables_page.PAGE.read_text() == tables_page.current_page(), (
        "docs/tables.md is not what models/ says; run: make docs"
    )


def _column(name: str, words: str, kind: str = "VARCHAR") -> dict[str, Any]:
    return {"name": name, "data_type": kind, "description": words}


_PAGE = """\
# Tables analysts can read

<!-- made of the YAML in models/: change it there, then run: make docs -->

Read [ledger.md](ledger.md).

| table | what |
|---|---|
| [`marts.calls`](#martscalls) | Every call |
| [`ops.files`](#opsfiles) | Every file |

## Ledger

### marts.calls

Every call. Twice said: [rating.md](rating.md#4-the-charge).

Grain: `call_id`, `day`. Published by the day.

| column | type | what |
|---|---|---|
| `sell_amount` `buy_amount` | DECIMAL(20,8) | In `currency` \\| exact. |
| `sell_band` | VARCHAR | Of the sale. |
| `buy_band` | VARCHAR | Of the purchase. |

## Ops

What was done.

### ops.files

Every file.

Grain: one row.

| column | type | what |
|---|---|---|
| `file_id` | VARCHAR | sha256. |

## Who reads them

| who | what | from |
|---|---|---|
| Finance: The pack | For the customer. | `ops.files` |
"""


def test_a_page_of_two_tables() -> None:
    """A mart with its grain test and a pair of columns, a source with its grain, a page of docs/, one that reads."""
    calls = {
        "resource_type": "model",
        "unique_id": "model.t.calls",
        "schema": "marts",
        "name": "calls",
        "fqn": ["t", "marts", "ledger", "calls"],
        "description": "Every call. Twice\nsaid: docs/rating.md#4-the-charge.",
        "config": {"meta": {"published": "by_day"}},
        "columns": {
            column["name"]: column
            for column in (
                _column("sell_amount", "In `currency` | exact.", "DECIMAL(20,8)"),
                _column("sell_band", "Of the sale."),
                _column("buy_amount", "In `currency` | exact.", "DECIMAL(20,8)"),
                _column("buy_band", "Of the purchase."),
            )
        },
    }
    private = calls | {"unique_id": "model.t.due", "name": "due", "config": {"meta": {}}}
    grain = {
        "resource_type": "test",
        "attached_node": "model.t.calls",
        "test_metadata": {"name": "one_row_for_each", "kwargs": {"columns": ["call_id", "day"]}},
    }
    files = {
        "resource_type": "source",
        "unique_id": "source.t.ops.files",
        "schema": "ops",
        "source_name": "ops",
        "source_description": "What was done.",
        "name": "files",
        "description": "Every file.",
        "config": {"meta": {"published": "whole", "grain": []}},
        "columns": {"file_id": _column("file_id", "sha256.")},
    }
    exposure = {
        "label": "The pack",
        "owner": {"name": "Finance"},
        "description": "For the customer.",
        "depends_on": {"nodes": ["source.t.ops.files"]},
    }
    manifest = {
        "nodes": {"model.t.due": private, "model.t.calls": calls, "test.t.grain": grain},
        "sources": {"source.t.ops.files": files},
        "docs": {"doc.tollbook.__overview__": {"block_contents": "Read docs/ledger.md."}},
        "exposures": {"exposure.t.pack": exposure},
    }
    assert tables_page.page(manifest) == _PAGE
