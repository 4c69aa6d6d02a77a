"""Invoices of made-up lines and calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestration.documents.document import Document, DocumentLine, ListedCall, Party

D = Decimal
LINES = (
    DocumentLine(1, "calls", "Calls", "EUR", D("1.2345"), destination="Łódź", rate_per_minute=D("0.0125"), calls=3,
         duration_s=D("100.250"), billed_s=D("120")),
    DocumentLine(2, "usage", "Messages", "EUR", D("0.5"), service="message", quantity=D("50"), unit_price=D("0.01")),
    DocumentLine(3, "adjustment", "A late file", "EUR", D("-0.25"), day=date(2026, 2, 10), for_period=date(2026, 2, 1)),
)  # fmt: skip


def document(**said: Any) -> Document:
    """1.2345 + 0.5 - 0.25 = 1.4845, 1.48 net, 0.28 tax (19 % are 0.2812), 1.76 in all."""
    usual: dict[str, Any] = {
        "number": "INV-2026-000001", "kind": "invoice",
        "seller": Party("Northern Voice", "Northern Voice GmbH", "Brückner Straße 12 / 10115 Berlin", "DE1"),
        "buyer": Party("Lumière", "Société Lumière", "Ελλάδα / Россия"), "account_id": "lumiere",
        "period_start": date(2026, 3, 1), "period_end": date(2026, 3, 31), "timezone": "Europe/Paris",
        "issued_on": date(2026, 4, 3), "due_on": date(2026, 5, 3), "currency": "EUR", "minor_unit": 2, "lines": LINES,
        "exact": D("1.4845"), "net": D("1.48"), "tax_pct": D(19), "tax": D("0.28"), "total": D("1.76"),
    }  # fmt: skip
    return Document(**{**usual, **said})


def many_lines(count: int) -> list[DocumentLine]:
    return [
        replace(LINES[0], line=n, destination=f"Destination {n} " + "of many words " * (n % 4)) for n in range(count)
    ]


def many_calls(count: int) -> list[ListedCall]:
    at = datetime(2026, 3, 1)
    return [
        ListedCall(1, at + timedelta(seconds=n), "49301", "4477", "Łódź", D(61), D(120), D("0.0125"))
        for n in range(count)
    ]
