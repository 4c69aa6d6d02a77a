"""The lines of a document as CSV, for whoever imports it: a line of the invoice a row, and nothing else."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

from orchestration.documents.cells import plain
from orchestration.documents.document import SINCE_RULES_2, Document
from orchestration.documents.figures import fixed

# what of a line is told, with its decimals where it is a figure; price_currency is that of the rate or unit price
_LINE = {
    "line": None, "kind": None, "description": None, "destination": None, "service": None, "day": None,
    "for_period": None, "calls": None, "duration_s": 3, "billed_s": 3, "rate_per_minute": 8, "quantity": 8,
    "unit_price": 8,
}  # fmt: skip
COLUMNS = (
    "invoice_number", "document", "account_id", "period_start", "period_end", "issued_on", *_LINE, "price_currency",
    "amount", "currency", "corrects",
)  # fmt: skip
# behind them, so that those there were keep their places
_LATER = dict(zip(SINCE_RULES_2, (3, 8, 8), strict=True))


def csv_bytes(document: Document) -> bytes:
    """A header and a row a line, every row with the number, account and period; UTF-8, rows end in CR LF (RFC 4180).

    Amounts have 8 decimals, seconds 3; a draft's invoice_number is empty. No totals: the amounts add up to `exact`.
    No cell is a formula to a spreadsheet, but where it was asked for as it is (`raw`), or issued by rules before 6.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    is_raw = document.raw or document.rules < 6
    later = _LATER if document.rules > 1 else {}
    writer.writerow([*COLUMNS, *later])
    own = [
        document.number,
        document.kind,
        document.account_id,
        document.period_start,
        document.period_end,
        document.issued_on,
    ]
    for line in document.lines:
        cells = [_cell(getattr(line, name), decimals) for name, decimals in _LINE.items()]
        more = [_cell(getattr(line, name), decimals) for name, decimals in later.items()]
        row = [*(_cell(value) for value in own), *cells, line.currency, fixed(line.amount), document.currency,
               _cell(document.corrects), *more]  # fmt: skip
        writer.writerow(row if is_raw else map(plain, row))
    return text.getvalue().encode()


def _cell(value: str | int | date | Decimal | None, decimals: int | None = None) -> str:
    if isinstance(value, Decimal):
        return fixed(value, 8 if decimals is None else decimals)
    return "" if value is None else str(value)
