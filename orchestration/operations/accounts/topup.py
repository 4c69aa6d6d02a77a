"""Enter a payment by hand: it lands as a file of one row, is posted and published at once."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration import typed
from orchestration.configuration.nearest import respelled
from orchestration.configuration.roles import TOP_UP, TOP_UPS
from orchestration.landing.rows.canonical import PAYMENTS
from orchestration.landing.rows.checked import fault
from orchestration.landing.rows.plausible import source_limits
from orchestration.operations.accounts.balance import balance
from orchestration.operations.accounts.unknown import no_account
from orchestration.operations.day.land import land_files
from orchestration.operations.day.publish import publishing
from orchestration.operations.permitted import require
from orchestration.operations.upkeep.configure import configure
from orchestration.show import money
from orchestration.store.warehouse import Home, Refused, Writer, clock, operator

# methods that the ledger books as something else than a payment (payments_due)
_OTHER = ("refund", "write_off")


@dataclass(frozen=True)
class Payment:
    """A payment to be entered; `amount` in `currency`, which is the account's, `paid_at` naive UTC."""

    payment_id: str
    paid_at: datetime
    account_id: str
    amount: Decimal
    currency: str
    method: str
    entered_by: str


@dataclass(frozen=True)
class ToppedUp:
    """The payment as it was entered, the file it landed as, and the account as published with it."""

    payment: Payment
    file_id: str
    account: dict[str, Any]


def topup(
    home: Home,
    account: str,
    amount: Decimal,
    *,
    method: str | None = None,
    reference: str | None = None,
    at: datetime | None = None,
    currency: str | None = None,
) -> ToppedUp:
    """Enter, post and publish one payment of `amount`, paid `at` (naive UTC, default now), under the writer lock.

    The row lands as a file from the source `topups`, whole or not at all; the archive and the journal have it.
    Raises `Refused` when the operator may not, the account or the amount cannot be, or it was entered before.
    """
    with publishing(home, "topup") as held:
        configure(held)
        require(held, TOP_UP, account=account)
        with held.connect() as con:
            own = _currency(con, account)
            if currency and currency != own:
                raise Refused(f"{account} is kept in {own}, not {currency}; convert the amount and enter it in {own}")
            payment = _payment(account, amount, own, method, reference, at or clock(con))
            limits = source_limits(con, PAYMENTS.name, TOP_UPS, clock(con))
            if wrong := fault(con, PAYMENTS, _cells(payment), limits):
                raise Refused(wrong)
            _refuse_twice(con, payment, reference is not None)
        file_id = _land(held, payment)
    return ToppedUp(payment, file_id, balance(home, account)[0])


def _currency(con: duckdb.DuckDBPyConnection, account: str) -> str:
    row = con.execute("select kind, currency from config.accounts where account_id = ?", [account]).fetchone()
    if row is None:
        raise no_account(con, account, "config.accounts")
    if row[0] == "carrier":
        raise Refused(
            f"{account} is a carrier; what is paid to it is negative and lands in a payments file (docs/landing.md)"
        )
    return str(row[1])


def _payment(
    account: str, amount: Decimal, currency: str, method: str | None, reference: str | None, at: datetime
) -> Payment:
    if not amount.is_finite() or amount <= 0:
        raise Refused(f"{amount} is not an amount above 0")
    method = _text("--method", method or "")
    if method in _OTHER:
        raise Refused(f"a {method} is no top-up; it lands in a payments file (docs/landing.md)")
    plain = f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"
    named = f"{account}:{at:%Y-%m-%d}:{plain}:{currency}"
    if reference is not None:
        named = _text("--reference", reference)
        if not named:
            raise Refused("--reference is empty; write the bank's name for the payment, or leave it out")
    return Payment(named, at, account, Decimal(plain), currency, method, operator())


def _cells(payment: Payment) -> dict[str, str | None]:
    """The payment as the row of a file."""
    cells = {**vars(payment), "paid_at": payment.paid_at.isoformat() + "Z", "amount": f"{payment.amount:f}"}
    return {column: cells[column] or None for column in PAYMENTS.names}


def _text(option: str, text: str) -> str:
    text = text.strip()
    if len(text) > typed.LONGEST or not text.isprintable():
        raise Refused(f"{option} must be one line of at most {typed.LONGEST} printable characters")
    return text


def _refuse_twice(con: duckdb.DuckDBPyConnection, payment: Payment, referred: bool) -> None:
    """The same reference is the same payment; without one, the same amount on the same day is. One that is the same but
    for capitals, blanks and marks, of the same amount, has been typed again."""
    same = "p.payment_id = $payment_id and (p.source = $source or p.account_id = $account)"
    wanted: dict[str, object] = {
        "source": TOP_UPS, "account": payment.account_id, "payment_id": payment.payment_id,
    }  # fmt: skip
    if not referred:
        same += " or (p.source = $source and p.account_id = $account and p.day = $day and p.amount = $amount)"
        wanted |= {"day": payment.paid_at.date(), "amount": payment.amount}
    if known := _entered(con, same, wanted):
        hint = "" if referred else "; if this is another payment, say so with --reference NAME"
        raise Refused(f"{known} already{hint}")
    ids = "select payment_id from landed.payments where account_id = ? and amount = ?"
    near = [name for (name,) in con.execute(ids, [payment.account_id, payment.amount]).fetchall()]
    if referred and (meant := respelled(payment.payment_id, near)):
        theirs = "p.account_id = $account and p.payment_id = $payment_id"
        known = _entered(con, theirs, wanted | {"payment_id": meant})
        raise Refused(
            f"{known} already, and {payment.payment_id} is {meant} but for capitals, blanks and marks; if this is"
            " another payment, give it a reference that says so, such as its day besides"
        )


def _entered(con: duckdb.DuckDBPyConnection, same: str, wanted: Mapping[str, object]) -> str | None:
    """In words, the first payment that is the `same` (SQL), and how it came; None where there is none."""
    rows = con.execute(
        f"""
        select p.source, p.payment_id, p.account_id, p.amount, p.currency, p.entered_by, f.landed_at
        from landed.payments as p
        inner join ops.files as f
            on p.file_id = f.file_id and p.source = f.source and f.kind = 'payments'
        where {same}
        order by f.landed_at, p.payment_id
        limit 1
        """,
        {name: value for name, value in wanted.items() if f"${name}" in same},
    ).fetchall()
    for source, payment_id, account, amount, currency, who, when in rows:
        # a file of the source `topups` need not say who
        entered = f"entered by {who}" if source == TOP_UPS and who else f"landed from {source}"
        return f"{money(amount, currency)} of {account} ({payment_id}) was {entered} on {when:%Y-%m-%d %H:%M} UTC"
    return None


def _land(held: Writer, payment: Payment) -> str:
    """Land the payment as a file; its sha256. The file is copied to the archive before it counts."""
    name = hashlib.sha256(payment.payment_id.encode()).hexdigest()[:16]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"topup-{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, PAYMENTS.names, lineterminator="\n")
            rows.writeheader()
            rows.writerow(_cells(payment))
        landed = land_files(held, [path], entered=True, kind=PAYMENTS.name, source=TOP_UPS)[0]
    if landed.landed != 1:
        raise Refused(f"the payment is not entered: {landed.problem or landed.status}; then give it again")
    return landed.file_id
