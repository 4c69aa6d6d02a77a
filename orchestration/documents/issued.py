"""The documents that were issued, as the archive keeps them: by their sha256."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def as_issued(directory: Path, checksum: str, again: bytes) -> dict[str, bytes] | None:
    """The files of the document whose JSON has this sha256, by suffix, when `again` (JSON) says the same of it.

    The library that draws the PDF may draw other bytes after an upgrade; what was sent to the customer stays what
    it was. None where the archive has no such document, or it says anything else.
    """
    path = directory / f"{checksum}.json"
    if not path.exists():
        return None
    kept = path.read_bytes()
    files, content = _apart(kept)
    if content != _known_to(_apart(again)[1], content):
        return None
    pdf, csv = directory / f"{files['pdf_sha256']}.pdf", directory / f"{files['csv_sha256']}.csv"
    if not pdf.exists() or not csv.exists():
        return None
    return {"json": kept, "pdf": pdf.read_bytes(), "csv": csv.read_bytes()}


def _known_to(content: Any, before: Any) -> Any:
    """What a document says now without the fields that documents have gained since: it cannot contradict them."""
    if isinstance(content, dict) and isinstance(before, dict):
        return {name: _known_to(value, before[name]) for name, value in content.items() if name in before}
    if isinstance(content, list) and isinstance(before, list) and len(content) == len(before):
        return [_known_to(now, then) for now, then in zip(content, before, strict=True)]
    return content


def _apart(document: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """The sha256 of the other files, and all else that it says."""
    content: dict[str, Any] = json.loads(document)
    files: dict[str, str] = content.pop("files")
    return files, content
