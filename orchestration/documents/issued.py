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
    if content != _apart(again)[1]:
        return None
    pdf, csv = directory / f"{files['pdf_sha256']}.pdf", directory / f"{files['csv_sha256']}.csv"
    if not pdf.exists() or not csv.exists():
        return None
    return {"json": kept, "pdf": pdf.read_bytes(), "csv": csv.read_bytes()}


def _apart(document: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """The sha256 of the other files, and all else that it says."""
    content: dict[str, Any] = json.loads(document)
    files: dict[str, str] = content.pop("files")
    return files, content
