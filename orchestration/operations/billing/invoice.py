"""Issue invoices and credit notes, or draft them. What is on them and what they come to the SQL of the models says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from orchestration.documents.csv_file import csv_bytes
from orchestration.documents.document import Call, Document, Line, Party
from orchestration.documents.issued import as_issued
from orchestration.documents.json_file import json_bytes
from orchestration.documents.pdf import pdf_bytes
from orchestration.operations.accounts.operators import require
from orchestration.operations.billing.billable import (
    NothingToCharge,
    Wanted,
    one_row,
    refuse_credit,
    refuse_empty,
    refuse_no_customer,
    refuse_odd,
    refuse_unknown,
    refuse_waiting,
)
from orchestration.operations.day.build import build_days
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.publish import publishing
from orchestration.store import sql
from orchestration.store.database import dict_rows, transaction
from orchestration.store.files import whole, write
from orchestration.store.warehouse import Home, Refused, Writer, clock, operator

SUFFIXES = ("csv", "json", "pdf")
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


def invoice(home: Home, wanted: Wanted) -> Invoiced:
    """Issue what is wanted, or draft it; once issued, the same files again.

    Raises `Refused` when the period cannot be invoiced (it says which days are missing), there is nothing to
    charge or to credit, the operator may not, or the account or period is not one.
    """
    refuse_odd(wanted)
    with publishing(home, "invoice") as held:
        build_days(held)
        if not wanted.draft:
            with held.connect() as con:
                require(con, "finance", account=wanted.account)
        done = issue(held, wanted, logo(home))
    return done


@dataclass(frozen=True)
class Run:
    """What became of every period that has ended: the documents made, and why others were not."""

    done: list[Invoiced]
    refused: list[str]


def run(home: Home, ended_by: date | None = None, accounts: Sequence[str] = ()) -> Run:
    """Draft every ended period that cannot be issued yet, and issue those that can: what the schedules do.

    Only those that ended by a day, and of some accounts, where that is said. One that cannot be issued does not keep
    the others. Raises `Refused` when the operator may not issue invoices for these accounts, or there is no such one.
    """
    with publishing(home, "invoice") as held:
        build_days(held)
        with held.connect() as con:
            if not accounts:
                require(con, "finance")
            for account in accounts:
                require(con, "finance", account=account)
                refuse_no_customer(con, account)
            found = con.execute(
                "select account_id, period_start, status from marts.billing_periods "
                "where status in ('ready', 'waiting') and period_end <= coalesce($ended_by, period_end) "
                "and ($everyone or account_id in (select unnest($accounts::VARCHAR[]))) "
                "order by period_start, account_id",
                {"ended_by": ended_by, "everyone": not accounts, "accounts": list(accounts)},
            ).fetchall()
        ran = Run([], [])
        for account, period, status in found:
            try:
                ran.done.append(issue(held, Wanted(account, period, draft=status == "waiting"), logo(home)))
            except NothingToCharge:
                continue
            except Refused as refusal:
                ran.refused.append(str(refusal))
    return ran


@dataclass(frozen=True)
class Before:
    """That the document was issued before: by this checksum, in this directory of the archive."""

    checksum: str
    directory: Path


def issue(held: Writer, wanted: Wanted, logo: bytes | None = None, before: Before | None = None) -> Invoiced:
    """`invoice` for a caller that holds the lock, has built, and publishes itself; of a rebuild, again."""
    with held.connect() as con:
        at = clock(con)  # of one instant with the day of issue
        refuse_unknown(con, wanted)
        if issued := _issued(con, held.home, wanted):
            return issued
        document_id = wanted.draft_id if wanted.draft else _number(con, wanted, at)
        with transaction(con):
            done, files = _make(con, held, wanted, document_id, at, logo, before)
    # after the commit: no file says a number that was not issued; one that a crash keeps back the archive has
    for suffix, path in done.files.items():
        write(path, files[suffix])
        if not wanted.draft:
            _exported(held.home, wanted.draft_id, suffix).unlink(missing_ok=True)
    return done


def logo(home: Home) -> bytes | None:
    """The company's logo: branding/logo.png or logo.jpg beside seeds/; None without one."""
    for name in ("logo.png", "logo.jpg", "logo.jpeg"):
        path = home.branding / name
        if path.is_file():
            return path.read_bytes()
    return None


def _issued(con: duckdb.DuckDBPyConnection, home: Home, wanted: Wanted) -> Invoiced | None:
    """The invoice there is for the period; None when one may be made."""
    row = con.execute(
        "select invoice_number from ops.invoices "
        "where status = 'issued' and kind = 'invoice' and account_id = ? and period_start = ?",
        [wanted.account, wanted.period],
    ).fetchone()
    if wanted.credit_note:
        if row is None:
            raise Refused(f"{wanted.account} has no invoice for {wanted.period} that a credit note could correct")
        return None
    if row is None:
        return None
    if wanted.draft:
        raise Refused(f"{wanted.period} of {wanted.account} was issued as {row[0]}; there is nothing left to draft")
    if wanted.calls and not _lists_calls(con, row[0]):
        raise Refused(f"{row[0]} was issued without a list of calls and stays as it is: leave out --calls")
    return issued_again(con, home, row[0])


def _lists_calls(con: duckdb.DuckDBPyConnection, number: str) -> bool:
    """Whether an invoice was issued with its calls in the PDF, as its line of the journal says."""
    found = con.execute(
        """
        select coalesce((arguments ->> 'calls')::BOOLEAN, false) from ops.journal
        where action = 'invoice' and arguments ->> 'invoice_number' = ?
        """,
        [number],
    ).fetchone()
    return found == (True,)


def issued_again(con: duckdb.DuckDBPyConnection, home: Home, number: str) -> Invoiced:
    """An issued document, its files put back from the archive where they are gone or were altered."""
    rows = dict_rows(con, "select * from ops.invoices where invoice_number = ?", [number])
    if not rows:
        raise Refused(f"there is no {number}; tollbook invoices lists them all")
    row = rows[0]
    sums = {"csv": row["csv_sha256"], "json": row["checksum"], "pdf": row["pdf_sha256"]}
    files = {}
    for suffix, checksum in sums.items():
        path = _exported(home, number, suffix)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            kept = home.archive / "invoices" / f"{checksum}.{suffix}"
            if not kept.exists():
                raise Refused(f"{path} is gone, and so is its copy in the archive, {kept}")
            write(path, kept.read_bytes())
        files[suffix] = path
    columns = ("kind", "status", "account_id", "period_start", "period_end", "net", "tax", "total", "currency",
               "due_on", "checksum")  # fmt: skip
    return Invoiced(number, **{c: row[c] for c in columns}, files=files, issued_again=True)


def _number(con: duckdb.DuckDBPyConnection, wanted: Wanted, at: datetime) -> str:
    """The next number of the year: the writer lock sees to it that nobody takes the same."""
    series = f"{'CN' if wanted.credit_note else 'INV'}-{at.year}-"
    row = con.execute(
        "select coalesce(max(substr(invoice_number, ?)::INTEGER), 0) + 1 from ops.invoices "
        "where starts_with(invoice_number, ?)",
        [len(series) + 1, series],
    ).fetchone()
    return f"{series}{row[0] if row else 1:06}"


def _make(
    con: duckdb.DuckDBPyConnection,
    held: Writer,
    wanted: Wanted,
    document_id: str,
    at: datetime,
    logo: bytes | None,
    before: Before | None,
) -> tuple[Invoiced, dict[str, bytes]]:
    """Everything about the document but its files in exports/, or nothing; in the caller's transaction."""
    home, number = held.home, None if wanted.draft else document_id
    for table in ("invoices", "invoice_lines"):  # the draft there was
        con.execute(f"delete from ops.{table} where document_id = ?", [wanted.draft_id])
    con.execute("delete from run.invoicing")
    con.execute(
        "insert into run.invoicing values (?, ?, ?, ?, ?)",
        [document_id, number, wanted.account, wanted.period, wanted.credit],
    )
    if number and not wanted.credit_note:
        refuse_waiting(con, wanted)
    con.execute("insert into ops.invoice_lines by name select * from books.invoice_lines_due")
    totals = one_row(con, "select * from books.invoice_totals_due")
    refuse_empty(con, wanted, totals)
    if wanted.credit is not None and before is None:  # what was issued once can be done again, come what may
        refuse_credit(con, wanted, totals)
    document = _document(con, wanted, totals, logo, held.rules)
    files = {"csv": csv_bytes(document), "pdf": pdf_bytes(document)}
    sums = {suffix: hashlib.sha256(content).hexdigest() for suffix, content in files.items()}
    files["json"] = json_bytes(document, sums["csv"], sums["pdf"])
    if before and (kept := as_issued(before.directory, before.checksum, files["json"])):
        files = kept
    sums = {suffix: hashlib.sha256(content).hexdigest() for suffix, content in files.items()}
    con.execute(
        "insert into ops.invoices values "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            document_id, number, totals["kind"], wanted.account, totals["period_start"], totals["period_end"],
            "issued" if number else "draft", totals["exact"], totals["net"], totals["tax_pct"], totals["tax"],
            totals["total"], totals["currency"], at, totals["issued_on"], totals["due_on"], operator(), wanted.reason,
            sums["json"], sums["csv"], sums["pdf"],
        ],
    )  # fmt: skip
    if number:
        _book(con, home, wanted, number, totals)
        for suffix, content in files.items():
            write(home.archive / "invoices" / f"{sums[suffix]}.{suffix}", content)
        held.journal(
            con,
            "credit note" if wanted.credit_note else "invoice",
            at,
            account=wanted.account,
            period=wanted.period,
            invoice_number=number,
            total=totals["total"],
            checksum=sums["json"],
            reason=wanted.reason,
            credit=wanted.credit,
            calls=wanted.calls,
            as_posted=wanted.as_posted,
            logo=_keep_logo(home, logo),
        )
    con.execute("delete from run.invoicing")
    paths = {suffix: _exported(home, document_id, suffix) for suffix in SUFFIXES}
    done = Invoiced(
        number, totals["kind"], "issued" if number else "draft", wanted.account, totals["period_start"],
        totals["period_end"], totals["net"], totals["tax"], totals["total"], totals["currency"], totals["due_on"],
        sums["json"], paths,
    )  # fmt: skip
    return done, files


def _book(con: duckdb.DuckDBPyConnection, home: Home, wanted: Wanted, number: str, totals: Mapping[str, Any]) -> None:
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
            f"the ledger says {-row[0] if row else 0} for {wanted.account} {wanted.period}, the lines say "
            f"{totals['total']}: nothing was issued; close the days again (tollbook close) and report it if it stays"
        )
    path = f"tables/marts.invoice_calls/{number}.parquet"
    with whole(home.root / path) as part:
        con.execute(f"copy ({_ITEMS.replace('$document', sql.literal(number))}) to {sql.path(part)} (format parquet)")
    con.execute("insert into ops.stored_files values ('marts.invoice_calls', ?, ?, true)", [wanted.period, path])


def _document(
    con: duckdb.DuckDBPyConnection, wanted: Wanted, totals: Mapping[str, Any], logo: bytes | None, rules: int
) -> Document:
    company = one_row(con, "select * from staging.stg_company")
    account = one_row(con, "select * from staging.stg_accounts where account_id = $account", account=wanted.account)
    con.execute(
        f"select {', '.join(_LINE)} from ops.invoice_lines where document_id = ? order by line", [totals["document_id"]]
    )
    lines = [Line(**dict(zip(_LINE, row, strict=True))) for row in con.fetchall()]
    plain = ("kind", "account_id", "period_start", "period_end", "timezone", "issued_on", "due_on", "currency",
             "minor_unit", "exact", "net", "tax_pct", "tax", "total", "corrects")  # fmt: skip
    return Document(
        number=totals["invoice_number"],
        seller=_party(company),
        buyer=_party(account),
        lines=lines,
        reason=wanted.reason,
        calls=_calls(con, totals, rules) if wanted.calls else None,
        logo=logo,
        rules=rules,
        **{name: totals[name] for name in plain},
    )


def _calls(con: duckdb.DuckDBPyConnection, totals: Mapping[str, Any], rules: int) -> Sequence[Call]:
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
    return [Call(*row) for row in con.fetchall()]


def _party(row: Mapping[str, Any]) -> Party:
    return Party(*(row[name] or "" for name in ("name", "legal_name", "address", "tax_id")))


def _exported(home: Home, document_id: str, suffix: str) -> Path:
    """The file of a document; a draft is named for its account, whatever is in its id."""
    return home.root / "exports" / "invoices" / f"{quote(document_id, safe=' ')}.{suffix}"


def _keep_logo(home: Home, logo: bytes | None) -> str | None:
    if logo is None:
        return None
    checksum = hashlib.sha256(logo).hexdigest()
    write(home.archive / "branding" / checksum, logo)
    return checksum
