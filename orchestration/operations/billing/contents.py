"""What is on an invoice or credit note: its lines, and the calls and services behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from orchestration.documents.document import Document, DocumentLine, ListedCall, Party
from orchestration.engine import stored
from orchestration.operations.billing.billable import DocumentRequest, one_row
from orchestration.store import sql
from orchestration.store.files import whole
from orchestration.store.warehouse import Home

_LINE = (
    "line", "kind", "description", "currency", "amount", "destination", "service", "day", "for_period",
    "rate_per_minute", "quantity", "unit_price", "calls", "duration_s", "billed_s", "covered_s", "covered_amount",
    "beyond_rate",
)  # fmt: skip
# The calls and services behind an issued document, as they were when it was issued; evidence and analysts read it.
_ITEMS = """
    select
        i.document_id as invoice_number,
        l.line,
        i.* exclude (document_id, description),
    from books.invoice_items_due as i
    inner join ops.invoice_lines as l
        on
            i.document_id = l.document_id
            and i.kind = l.kind
            and i.description = l.description
            and i.currency = l.currency
            and i.rate_per_minute is not distinct from l.rate_per_minute
            and i.unit_price is not distinct from l.unit_price
            and i.service is not distinct from l.service
            and i.destination is not distinct from l.destination
    where i.document_id = $document
    order by l.line, i.charged_at, i.source, i.call_id, i.attempt
"""


def document_of(
    con: duckdb.DuckDBPyConnection, request: DocumentRequest, totals: Mapping[str, Any], logo: bytes | None, rules: int
) -> Document:
    company = one_row(con, "select * from staging.stg_company")
    account = one_row(con, "select * from staging.stg_accounts where account_id = $account", account=request.account)
    con.execute(
        f"select {', '.join(_LINE)} from ops.invoice_lines where document_id = ? order by line", [totals["document_id"]]
    )
    lines = [DocumentLine(**dict(zip(_LINE, row, strict=True))) for row in con.fetchall()]
    plain = ("kind", "account_id", "period_start", "period_end", "timezone", "issued_on", "due_on", "currency",
             "minor_unit", "exact", "net", "tax_pct", "tax", "total", "corrects")  # fmt: skip
    return Document(
        number=totals["invoice_number"],
        seller=_party(company),
        buyer=_party(account),
        lines=lines,
        reason=request.reason,
        calls=_calls(con, totals, rules) if request.calls else None,
        logo=logo,
        rules=rules,
        raw=request.raw,
        **{name: totals[name] for name in plain},
    )


def _calls(con: duckdb.DuckDBPyConnection, totals: Mapping[str, Any], rules: int) -> Sequence[ListedCall]:
    con.execute(
        f"""
        select
            line,
            timezone({sql.literal(totals["timezone"])}, timezone('UTC', charged_at)) as charged_at,
            coalesce(calling_number, '') as calling_number,
            called_number,
            coalesce(destination, '') as destination,
            duration_s,
            billed_s,
            account_amount,
            case when {rules} > 1 then coalesce(covered_s, 0) else 0 end,
            case when {rules} > 1 then coalesce(covered_amount, 0) else 0 end
        from ({_ITEMS.replace("$document", sql.literal(totals["document_id"]))})
        where kind in ('calls', 'termination')
        """
    )
    return [ListedCall(*row) for row in con.fetchall()]


def _party(row: Mapping[str, Any]) -> Party:
    return Party(*(row[name] or "" for name in ("name", "legal_name", "address", "tax_id")))


def store_items(con: duckdb.DuckDBPyConnection, home: Home, number: str, period: date) -> None:
    """Keep the calls and services behind an issued document as marts.invoice_calls, in the caller's transaction."""
    path = f"tables/marts.invoice_calls/{number}.parquet"
    with whole(home.root / path) as part:
        con.execute(f"copy ({_ITEMS.replace('$document', sql.literal(number))}) to {sql.path(part)} (format parquet)")
    stored.note(con, home.root, "marts.invoice_calls", period, path, sealed=True)
