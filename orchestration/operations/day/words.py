"""What models, sources and assertions are, in words: for the command line, the tables and Dagster alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AUDIT = "audit"
AUDIT_WORDS = (
    "A random 200 calls of the day, rated again by the reference rater, which shares nothing with the SQL, agree to "
    "the last digit."
)
AUDIT_REMEDY = "The rating and the reference rater disagree on these calls. Do not waive; report it."
STORED = "stored_files_are_whole"
STORED_WORDS = "The stored files of the day have the bytes that were written."
STORED_REMEDY = "A disk or a hand has changed them: tollbook repair makes them again from the archive."


def opening_words(sql: str) -> str:
    """The comment a SQL file opens with, as one line; empty when it opens with none."""
    words: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        words.append(line.removeprefix("--").strip())
    return " ".join(words)


def words_of(node: Mapping[str, Any]) -> str:
    """What a model, source or test is, in words: its description, else the comment its SQL opens with."""
    described = " ".join(str(node.get("description") or "").split())
    if described:
        return described
    test = node.get("test_metadata")
    if test and test["name"] == "one_row_for_each":
        columns = ", ".join(test["kwargs"].get("columns", []))
        return f"No two rows have the same {columns}."
    if node["resource_type"] == "source":
        return _source_words(node)
    return opening_words(node.get("raw_code") or "") or _staging_words(node)


def remedy_of(node: Mapping[str, Any]) -> str:
    """What to do where a test does not hold, as its `meta` says."""
    return " ".join(str(node["config"].get("meta", {}).get("remedy") or "").split())


def broken_by(rows: int) -> str:
    """How many rows break an assertion."""
    return "1 row breaks it" if rows == 1 else f"{rows} rows break it"


def is_warning(node: Mapping[str, Any]) -> bool:
    """Whether a test only warns: it holds no day back."""
    return str(node["config"].get("severity", "")).lower() == "warn"


def _staging_words(node: Mapping[str, Any]) -> str:
    return f"{node['name'].removeprefix('stg_')} as they are stored: names, types and what an empty cell means."


def _source_words(node: Mapping[str, Any]) -> str:
    if node["source_name"] == "config":
        return f"seeds/{node['name']}.csv, checked and typed."
    return f"{node['name'].replace('_', ' ')}: {' '.join(str(node.get('source_description')).split())}"
