"""A document as JSON, which vouches for its CSV and PDF too: the sha256 of these bytes is `invoices.checksum`."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.documents.document import SINCE_RULES_2, Document
from orchestration.documents.figures import fixed

FORMAT = "tollbook document 1"


def json_bytes(document: Document, csv_sha256: str, pdf_sha256: str) -> bytes:
    """All that the document says but its call list and logo, and the sha256 (hex) of the two other files.

    UTF-8, keys in the order of `Document`, amounts as strings of 8 decimals and seconds of 3.
    """
    files = {"csv_sha256": csv_sha256, "pdf_sha256": pdf_sha256}
    value = {"format": FORMAT, **_object(document, ("calls", "logo", "rules", "raw")), "files": files}
    if document.rules == 1:
        for line in value["lines"]:
            for name in SINCE_RULES_2:
                del line[name]
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _object(part: Any, less: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        field.name: _value(field.name, getattr(part, field.name)) for field in fields(part) if field.name not in less
    }


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return fixed(value, 3 if name.endswith("_s") else 8)
    if isinstance(value, date):
        return value.isoformat()
    if name in ("seller", "buyer"):
        return _object(value)
    if name == "lines":
        return [_object(line) for line in value]
    return value
