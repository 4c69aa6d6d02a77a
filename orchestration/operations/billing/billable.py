"""What may be invoiced or credited, and in which words it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration import typed
from orchestration.operations.accounts.unknown import no_account
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused, now


@dataclass(frozen=True)
class DocumentRequest:
    """What is asked for: an account's billing period (by its first day), and how.

    `credit` is credited beside what changed since the invoice; `calls` puts the list of calls into the PDF;
    `as_posted` issues although days are outdated; `raw` leaves texts in the CSV as they are, also what is a formula to
    a spreadsheet.
    """

    account: str
    period: date
    draft: bool = False
    credit_note: bool = False
    reason: str | None = None
    credit: Decimal | None = None
    calls: bool = False
    as_posted: bool = False
    raw: bool = False

    @property
    def draft_id(self) -> str:
        """What stands for a number on a draft."""
        return f"draft-{self.account}-{self.period}"


def period_of(text: str) -> date:
    """The first day that PERIOD means: 2026-03 or 2026-03-16. Raises `Refused` for anything else."""
    first = typed.timely(typed.month(text) or typed.day(text))
    if first is None:
        right = "write 2026-03, or the first day of a shorter one, 2026-03-16, of a year from 1990 to 2100"
        raise Refused(f"{text!r} is not a period; {right}")
    return first


class NothingToCharge(Refused):
    """The period has no line."""


def refuse_odd(request: DocumentRequest) -> None:
    if request.credit_note and not (request.reason and request.reason.strip()):
        raise Refused("--credit-note needs --reason TEXT: why it is given")
    if request.reason is not None and not request.credit_note:
        raise Refused("--reason is printed on a credit note: it goes with --credit-note")
    if request.as_posted and (request.draft or request.credit_note):
        what = "a draft works any time" if request.draft else "a credit note is about an invoice that was issued"
        raise Refused(f"--as-posted issues an invoice although days are outdated: {what}")
    if request.credit is not None and not request.credit_note:
        raise Refused("--amount is credited: it goes with --credit-note")
    if request.credit is not None and typed.decimals(request.credit) > 8:
        raise Refused(f"--amount is {request.credit}; write 8 decimals or fewer")


def refuse_no_customer(con: duckdb.DuckDBPyConnection, account: str) -> str:
    """The billing cycle of an account that is sent invoices. Raises `Refused` for any other."""
    row = con.execute("select kind, billing_cycle from staging.stg_accounts where account_id = ?", [account]).fetchone()
    if row is None:
        raise no_account(con, account, "staging.stg_accounts")
    if row[0] == "carrier":
        raise Refused(f"{account} is a carrier: it sends us invoices, we send it none")
    return str(row[1])


def refuse_unknown(con: duckdb.DuckDBPyConnection, request: DocumentRequest) -> None:
    cycle = refuse_no_customer(con, request.account)
    day = request.period
    fits = {"weekly": day.weekday() == 0, "semimonthly": day.day in (1, 16)}.get(cycle, day.day == 1)
    if not fits:
        right = {"weekly": "a Monday", "semimonthly": "the 1st or 16th of a month"}.get(cycle, "a month, 2026-03")
        raise Refused(f"no billing period of {request.account} ({cycle}) begins on {day}: give {right}")


def refuse_changing(con: duckdb.DuckDBPyConnection, request: DocumentRequest) -> None:
    """Refuse a credit note while a day of its period has changes that are not posted: they would be credited again."""
    period = _period(con, request)
    if period["missing_days"] and not period["is_only_outdated"]:
        raise Refused(
            f"{request.account} {request.period} cannot be credited: these days have changed since they were closed:"
            f" {period['missing_days']}; run tollbook close first, so that what changed is counted"
        )


def _period(con: duckdb.DuckDBPyConnection, request: DocumentRequest) -> dict[str, Any]:
    return one_row(
        con,
        "select * from marts.billing_periods where account_id = $account and period_start = $period",
        account=request.account,
        period=request.period,
    )


def refuse_waiting(con: duckdb.DuckDBPyConnection, request: DocumentRequest) -> None:
    period = _period(con, request)
    what = f"{request.account} {period['period_start']} to {period['period_end']}"
    if now() < period["issuable_at"]:
        raise Refused(
            f"{what} cannot be invoiced before {period['issuable_at']:%Y-%m-%dT%H:%M:%S} UTC, 24 hours after its end; "
            "--draft works any time"
        )
    if period["missing_days"] and period["is_only_outdated"] and not request.as_posted:
        raise Refused(
            f"{what} cannot be invoiced: prices or other configuration of these days changed after they were closed: "
            f"{period['missing_days']}; issue what is posted with --as-posted (recalculating them is not there yet)"
        )
    if period["missing_days"] and not period["is_only_outdated"]:
        raise Refused(
            f"{what} cannot be invoiced: these days are not closed: {period['missing_days']}; see tollbook close"
        )


def refuse_empty(con: duckdb.DuckDBPyConnection, request: DocumentRequest, totals: Mapping[str, Any]) -> None:
    lines = con.execute(
        "select count(*) from ops.invoice_lines where document_id = ?", [totals["document_id"]]
    ).fetchone()
    if request.credit_note and totals["total"] >= 0:
        if totals["total"] > 0:
            raise Refused(
                f"{request.account} owes {totals['total'].normalize():f} {totals['currency']} more for "
                f"{request.period}: that is no credit; it comes on the next invoice"
            )
        if request.credit is not None:
            raise Refused(
                f"--amount is {request.credit}: with what changed since the invoice that is nothing to credit"
            )
        raise Refused(
            f"nothing of {request.period} changed in {request.account}'s favour since it was invoiced; "
            "--amount credits what is agreed on"
        )
    if lines == (0,):
        raise NothingToCharge(f"{request.account} has nothing to be charged for in the period from {request.period}")


def refuse_credit(con: duckdb.DuckDBPyConnection, request: DocumentRequest, totals: Mapping[str, Any]) -> None:
    """Refuse to credit the same again, and more than is left of the invoice."""
    if request.credit is not None:
        _refuse_twice(con, request)
    left = totals["charged_before"]
    if left + totals["net"] < 0:
        raise Refused(
            f"{-totals['net'].normalize():f} {totals['currency']} is more than is left of what {request.account} was "
            f"charged for {request.period}: {max(left, 0).normalize():f}, before tax; credit that or less"
        )


def _refuse_twice(con: duckdb.DuckDBPyConnection, request: DocumentRequest) -> None:
    twice = con.execute(
        """
        select n.invoice_number
        from ops.invoices as n
        inner join ops.invoice_lines as l on n.document_id = l.document_id and l.kind = 'credit'
        where n.status = 'issued' and n.account_id = ? and n.period_start = ? and n.reason = ? and l.amount = ?
        """,
        [request.account, request.period, request.reason, -(request.credit or 0)],
    ).fetchone()
    if twice:
        raise Refused(
            f"{request.credit} was credited for this reason already, by {twice[0]}; if it is meant once more, say so "
            "in --reason"
        )


def one_row(con: duckdb.DuckDBPyConnection, query: str, **values: object) -> dict[str, Any]:
    rows = dict_rows(con, query, values)
    if len(rows) != 1:
        raise Refused(f"one row was expected of: {' '.join(query.split())}; there are {len(rows)}")
    return rows[0]
