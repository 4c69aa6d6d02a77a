"""Documents that were issued: found again, their files put back, the next number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.operations.billing.billable import DocumentRequest
from orchestration.store.database import dict_rows
from orchestration.store.files import inside, safe, write
from orchestration.store.warehouse import Home, Refused

SUFFIXES = ("csv", "json", "pdf")


@dataclass(frozen=True)
class Invoiced:
    """A document: `invoice_number` is None for a draft; amounts in `currency`; `files` by suffix (csv, json, pdf)."""

    invoice_number: str | None
    kind: str
    status: str
    account_id: str
    period_start: date
    period_end: date
    net: Decimal
    tax: Decimal
    total: Decimal
    currency: str
    due_on: date | None
    checksum: str
    files: Mapping[str, Path]
    issued_again: bool = False


def issued(con: duckdb.DuckDBPyConnection, home: Home, request: DocumentRequest) -> Invoiced | None:
    """The invoice there is for the period; None when one may be made."""
    row = con.execute(
        "select invoice_number from ops.invoices "
        "where status = 'issued' and kind = 'invoice' and account_id = ? and period_start = ?",
        [request.account, request.period],
    ).fetchone()
    if request.credit_note:
        if row is None:
            raise Refused(f"{request.account} has no invoice for {request.period} that a credit note could correct")
        return None
    if row is None:
        return None
    if request.draft:
        raise Refused(f"{request.period} of {request.account} was issued as {row[0]}; there is nothing left to draft")
    if request.calls and not _was_asked(con, row[0], "calls"):
        raise Refused(f"{row[0]} was issued without a list of calls and stays as it is: leave out --calls")
    if request.raw and not _was_asked(con, row[0], "raw"):
        raise Refused(f"{row[0]} was issued without --raw and stays as it is: leave out --raw; its JSON is raw")
    return issued_again(con, home, row[0])


def _was_asked(con: duckdb.DuckDBPyConnection, number: str, option: str) -> bool:
    """Whether an invoice was issued with an option (`calls`, `raw`), as its line of the journal says."""
    rows = con.execute(
        """
        select coalesce(json_extract_string(arguments, $option)::BOOLEAN, false)
        from ops.journal
        where action = 'invoice' and json_extract_string(arguments, 'invoice_number') = $number
        """,
        {"number": number, "option": option},
    ).fetchall()
    return rows == [(True,)]


def issued_again(con: duckdb.DuckDBPyConnection, home: Home, number: str) -> Invoiced:
    """An issued document, its files put back from the archive where they are gone or were altered."""
    rows = dict_rows(con, "select * from ops.invoices where invoice_number = ?", [number])
    if not rows:
        raise Refused(f"there is no {number}; tollbook invoices lists them all")
    row = rows[0]
    sums = {"csv": row["csv_sha256"], "json": row["checksum"], "pdf": row["pdf_sha256"]}
    files = {}
    for suffix, checksum in sums.items():
        path = exported(home, number, suffix)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            kept = inside(home.archive / "invoices", f"{checksum}.{suffix}")
            if not kept.exists():
                raise Refused(f"{path} is gone, and so is its copy in the archive, {kept}")
            write(path, kept.read_bytes())
        files[suffix] = path
    columns = ("kind", "status", "account_id", "period_start", "period_end", "net", "tax", "total", "currency",
               "due_on", "checksum")  # fmt: skip
    return Invoiced(number, **{c: row[c] for c in columns}, files=files, issued_again=True)


def next_number(con: duckdb.DuckDBPyConnection, request: DocumentRequest, at: datetime) -> str:
    """The next number of the year: the writer lock sees to it that nobody takes the same."""
    series = f"{'CN' if request.credit_note else 'INV'}-{at.year}-"
    row = con.execute(
        "select coalesce(max(substr(invoice_number, ?)::INTEGER), 0) + 1 from ops.invoices "
        "where starts_with(invoice_number, ?)",
        [len(series) + 1, series],
    ).fetchone()
    return f"{series}{row[0] if row else 1:06}"


def exported(home: Home, document_id: str, suffix: str) -> Path:
    """The file of a document; a draft is named for its account, whatever is in its id."""
    return inside(home.root / "exports" / "invoices", f"{safe(document_id)}.{suffix}")
