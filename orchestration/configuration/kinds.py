"""What a check warns of about cells and rows that nothing acts on, since the account is of its kind, or postpaid.

They were accepted from the first, and a company may have noted them for itself: no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestration.configuration.in_force import in_force
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import Sheet
from orchestration.typed import number

_NEVER_LOW = "its status is always ok"
_NO_INVOICE = "it is sent no invoice"
_OF_CARRIERS = {
    "payment_model": _NEVER_LOW,
    "low_balance_threshold": _NEVER_LOW,
    "payment_terms_days": _NO_INVOICE,
    "tax_pct": _NO_INVOICE,
}
"""Cells that nothing acts on, and why. Not the others: a carrier's credit_limit and buffer are in its `available`, its
plan_tier limits its resources, and its postings are by the billing cycle.
"""


def idle(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Cells and rows of a carrier, a postpaid account's threshold, allowances of whom nothing is sold to."""
    yield from _cells(sheets["accounts"])
    carriers = {account for account, kind in sheets["accounts"].columns("account_id", "kind") if kind == "carrier"}
    yield from _subscriptions(sheets["subscriptions"], carriers, now)
    sold = {
        account
        for _, (account, side) in in_force(sheets["rate_assignments"], now, "account_id", "side")
        if side == "sell"
    }
    yield from _allowances(sheets["consumption_profiles"], carriers, sold, now)


def _cells(sheet: Sheet) -> Iterator[Problem]:
    """Once a column, for what is written of one is mostly written of all."""
    for column, why in _OF_CARRIERS.items():
        default = FILES["accounts"].column(column).default
        carriers, others = [], []
        for row, (kind, model, cell) in enumerate(sheet.columns("kind", "payment_model", column)):
            if cell in ("", default) or number(cell) == 0:
                continue
            if kind == "carrier":
                carriers.append(row)
            elif column == "low_balance_threshold" and model != "prepaid":
                others.append(row)
        yield from _told(sheet, column, carriers, f"is a carrier, {why}")
        yield from _told(sheet, column, others, "is postpaid, no balance of it is low")


def _told(sheet: Sheet, column: str, rows: list[int], why: str) -> Iterator[Problem]:
    if rows:
        more = f" (and {len(rows) - 1:,} more)" if rows[1:] else ""
        wrong = f"{sheet['account_id'][rows[0]]} {why}: nothing is done with this{more}"
        yield sheet.at(rows[0], column, wrong, "write nothing")


def _subscriptions(sheet: Sheet, carriers: set[str], now: datetime) -> Iterator[Problem]:
    told = set()
    for held, (account,) in in_force(sheet, now, "account_id"):
        if account in carriers and account not in told:
            told.add(account)
            wrong = f"{account} is a carrier: it is charged, and sent no invoice"
            yield sheet.at(held.row, "account_id", wrong, "write a customer, or kind both in accounts.csv")


def _allowances(sheet: Sheet, carriers: set[str], sold: set[str], now: datetime) -> Iterator[Problem]:
    for held, (account,) in in_force(sheet, now, "account_id"):
        if account not in sold:
            what = "is a carrier, and no call is sold to it" if account in carriers else "has no sell table"
            right = "write a customer" if account in carriers else "give it one in rate_assignments.csv"
            wrong = f"{account} {what}: nothing is taken from the allowance"
            yield sheet.at(held.row, "account_id", wrong, f"{right}, or delete the row")
