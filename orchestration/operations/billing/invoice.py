"""Issue invoices and credit notes, or draft them. What is on them and what they come to the SQL of the models says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.configuration.roles import DRAFT, INVOICE
from orchestration.documents.csv_file import csv_bytes
from orchestration.documents.document import Document
from orchestration.documents.issued import as_issued
from orchestration.documents.json_file import json_bytes
from orchestration.documents.pdf import pdf_bytes
from orchestration.engine import stored
from orchestration.operations.billing.billable import (
    DocumentRequest,
    NothingToCharge,
    one_row,
    refuse_changing,
    refuse_credit,
    refuse_empty,
    refuse_no_customer,
    refuse_odd,
    refuse_unknown,
    refuse_waiting,
)
from orchestration.operations.billing.branding import logo
from orchestration.operations.billing.contents import document_of, store_items
from orchestration.operations.billing.issued import SUFFIXES, Invoiced, exported, issued, next_number
from orchestration.operations.day.build import build_days
from orchestration.operations.day.opened import Doubt, doubtful
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.publish import publishing
from orchestration.operations.permitted import require
from orchestration.store.database import insert, transaction
from orchestration.store.files import write
from orchestration.store.warehouse import Home, Refused, Writer, clock, operator


def invoice(home: Home, request: DocumentRequest) -> Invoiced:
    """Issue what is wanted, or draft it; once issued, the same files again.

    Raises `Refused` when the period cannot be invoiced (it says which days are missing), there is nothing to
    charge or to credit, the operator may not, or the account or period is not one.
    """
    refuse_odd(request)
    with publishing(home, "invoice --draft" if request.draft else "invoice") as held:
        build_days(held)
        require(held, DRAFT if request.draft else INVOICE, account=request.account)
        done = issue(held, request, logo(home))
    return done


@dataclass(frozen=True)
class Run:
    """What became of every period that has ended: the documents made, and why others were not."""

    done: list[Invoiced]
    refused: list[str]


def run(home: Home, ended_by: date | None = None, accounts: Sequence[str] = ()) -> Run:
    """Draft every ended period that cannot be issued yet, and issue those that can: what the schedules do.

    Only those that ended by a day, and of some accounts, where that is said. One that cannot be issued does not keep
    the others. What ended before a long silence with which the books begin is drafted, too, until a person has issued
    one of it: a wrong date may have opened it. Raises `Refused` when the operator may not issue invoices for these
    accounts, or there is no such one.
    """
    with publishing(home, "invoice-run") as held:
        build_days(held)
        for account in accounts or (None,):
            require(held, INVOICE, account=account)
        with held.connect() as con:
            for account in accounts:
                refuse_no_customer(con, account)
            periods = con.execute(
                "select account_id, period_start, status, last_day from marts.billing_periods "
                "where status in ('ready', 'waiting') and period_end <= coalesce($ended_by, period_end) "
                "and ($everyone or account_id in (select unnest($accounts::VARCHAR[]))) "
                "order by period_start, account_id",
                {"ended_by": ended_by, "everyone": not accounts, "accounts": list(accounts)},
            ).fetchall()
            doubt = doubtful(con)
        ran = Run([], [])
        doubted: list[DocumentRequest] = []
        for account, period, status, last_day in periods:
            is_doubtful = status == "ready" and doubt is not None and last_day < doubt.then
            try:
                request = DocumentRequest(account, period, draft=status == "waiting" or is_doubtful)
                ran.done.append(issue(held, request, logo(home)))
            except NothingToCharge:
                continue
            except Refused as refusal:
                ran.refused.append(str(refusal))
            else:
                doubted += [request] if is_doubtful else []
        if doubt and doubted:
            ran.refused.append(_why_drafted(doubted, doubt))
    return ran


def _why_drafted(drafted: Sequence[DocumentRequest], doubt: Doubt) -> str:
    """That these were not issued, and what helps: nobody may have looked at what was said when the file landed."""
    one_of, more = drafted[0], f" (and {len(drafted) - 1:,} more)" if drafted[1:] else ""
    return (
        f"{one_of.account} {one_of.period}{more} is drafted, not issued: there is traffic of {doubt.first},"
        f" {(doubt.then - doubt.first).days} days before all other ({doubt.then}). If that date is wrong, take its file"
        f" back: tollbook withdraw {doubt.file_id[:12]} --reason TEXT. If it is right, issue one of them: tollbook"
        f" invoice {one_of.account} {one_of.period}; the next run issues the others"
    )


@dataclass(frozen=True)
class Before:
    """That the document was issued before: by this checksum, in this directory of the archive."""

    checksum: str
    directory: Path


def issue(held: Writer, request: DocumentRequest, logo: bytes | None = None, before: Before | None = None) -> Invoiced:
    """`invoice` for a caller that holds the lock, has built, and publishes itself; of a rebuild, again."""
    with held.connect() as con:
        refuse_unknown(con, request)
        if already := issued(con, held.home, request):
            return already
        document_id = request.draft_id if request.draft else next_number(con, request, clock(con))
        with transaction(con):
            done, files = _make(con, held, request, document_id, logo, before)
    # after the commit: no file says a number that was not issued; one that a crash keeps back the archive has
    for suffix, path in done.files.items():
        write(path, files[suffix])
        if not request.draft:
            exported(held.home, request.draft_id, suffix).unlink(missing_ok=True)
    return done


def _make(
    con: duckdb.DuckDBPyConnection,
    held: Writer,
    request: DocumentRequest,
    document_id: str,
    logo: bytes | None,
    before: Before | None,
) -> tuple[Invoiced, dict[str, bytes]]:
    """Everything about the document but its files in exports/, or nothing; in the caller's transaction."""
    home, number = held.home, None if request.draft else document_id
    totals = _totals(con, request, document_id, is_again=before is not None)
    stored.refuse_damaged(con, home.root, totals["period_start"], totals["period_end"])
    files = _files(document_of(con, request, totals, logo, held.rules), before)
    sums = {suffix: hashlib.sha256(content).hexdigest() for suffix, content in files.items()}
    columns = ("kind", "account_id", "period_start", "period_end", "net", "tax", "total", "currency", "due_on")
    row = {name: totals[name] for name in columns} | {
        "status": "issued" if number else "draft",
        "checksum": sums["json"],
    }
    paths = {suffix: exported(home, document_id, suffix) for suffix in SUFFIXES}
    done = Invoiced(number, **row, files=paths)
    insert(
        con,
        "ops.invoices",
        row
        | {name: totals[name] for name in ("exact", "tax_pct", "issued_on")}
        | {
            "document_id": document_id,
            "invoice_number": number,
            "issued_at": clock(con),  # of one instant with the day of issue
            "operator": operator(),
            "reason": request.reason,
            "csv_sha256": sums["csv"],
            "pdf_sha256": sums["pdf"],
        },
    )
    if number:
        _book(con, home, request, number, totals)
        for suffix, content in files.items():
            write(home.archive / "invoices" / f"{sums[suffix]}.{suffix}", content)
        _journal(con, held, request, done, _keep_logo(home, logo))
    con.execute("delete from run.invoicing")
    return done, files


def _totals(
    con: duckdb.DuckDBPyConnection, request: DocumentRequest, document_id: str, is_again: bool
) -> dict[str, Any]:
    """The lines of the document, written in place of the draft there was, and what they come to.

    Raises `Refused` for a document that may not be; what was issued once can be done again (`is_again`), come what may.
    """
    for table in ("invoices", "invoice_lines"):
        con.execute(f"delete from ops.{table} where document_id = ?", [request.draft_id])
    con.execute("delete from run.invoicing")
    con.execute(
        "insert into run.invoicing values (?, ?, ?, ?, ?)",
        [document_id, None if request.draft else document_id, request.account, request.period, request.credit],
    )
    if not request.draft and not request.credit_note:
        refuse_waiting(con, request)
    if request.credit_note and not is_again:
        refuse_changing(con, request)
    con.execute("insert into ops.invoice_lines by name select * from books.invoice_lines_due")
    totals = one_row(con, "select * from books.invoice_totals_due")
    refuse_empty(con, request, totals)
    if request.credit_note and not is_again:
        refuse_credit(con, request, totals)
    return totals


def _files(document: Document, before: Before | None) -> dict[str, bytes]:
    """The document's files by suffix, as they were issued before."""
    files = {"csv": csv_bytes(document), "pdf": pdf_bytes(document)}
    csv, pdf = (hashlib.sha256(files[suffix]).hexdigest() for suffix in ("csv", "pdf"))
    files["json"] = json_bytes(document, csv, pdf)
    return (before and as_issued(before.directory, before.checksum, files["json"])) or files


def _journal(
    con: duckdb.DuckDBPyConnection, held: Writer, request: DocumentRequest, done: Invoiced, logo: str | None
) -> None:
    held.journal(
        con,
        "credit note" if request.credit_note else "invoice",
        clock(con),
        account=request.account,
        period=request.period,
        invoice_number=done.invoice_number,
        total=done.total,
        checksum=done.checksum,
        reason=request.reason,
        credit=request.credit,
        calls=request.calls,
        as_posted=request.as_posted,
        raw=request.raw,
        logo=logo,
    )


def _book(
    con: duckdb.DuckDBPyConnection, home: Home, request: DocumentRequest, number: str, totals: Mapping[str, Any]
) -> None:
    """Post tax and rounding, tie the postings to the document, keep the calls behind it; all of it must add up."""
    post_at_once(con)
    con.execute("insert into ops.invoice_entries select entry_id, invoice_number from books.invoice_entries_due")
    row = con.execute(
        "select coalesce(sum(amount), 0) from ops.ledger_entries "
        "where entry_id in (select entry_id from ops.invoice_entries where invoice_number = ?)",
        [number],
    ).fetchone()
    if row is None or -row[0] != totals["total"]:
        raise Refused(
            f"the ledger says {-row[0] if row else 0} for {request.account} {request.period}, the lines say "
            f"{totals['total']}: nothing was issued; close the days again (tollbook close) and report it if it stays"
        )
    store_items(con, home, number, request.period)


def _keep_logo(home: Home, logo: bytes | None) -> str | None:
    if logo is None:
        return None
    checksum = hashlib.sha256(logo).hexdigest()
    write(home.archive / "branding" / checksum, logo)
    return checksum
