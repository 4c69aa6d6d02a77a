"""An account's statement: what it was owed before, every entry since, what it is owed now."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.documents.cells import plain
from orchestration.operations.accounts.unknown import no_account
from orchestration.operations.day.published import reading
from orchestration.store.files import inside, safe, write
from orchestration.store.warehouse import Home, Refused


@dataclass(frozen=True)
class Entry:
    """A posting; `balance` is that after it. Amounts in the account's favour, in its currency."""

    booked_on: date
    kind: str
    text: str
    reference: str | None
    amount: Decimal
    balance: Decimal
    entry_id: str


@dataclass(frozen=True)
class DaySum:
    """The entries of a booking day; debits are negative, `balance` is that at its end."""

    booked_on: date
    debits: Decimal
    credits: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Statement:
    """Amounts in `currency`; positive is what we owe the account. opening + debits + credits = closing, exactly.

    `accrued_unposted` is what the calls and usage of days up to `last` come to that are not posted yet: in no entry
    and not in `closing`. `entries` are None for a statement by day.
    """

    account_id: str
    name: str | None
    currency: str
    first: date
    last: date
    opening: Decimal
    debits: Decimal
    credits: Decimal
    closing: Decimal
    accrued_unposted: Decimal
    entries: list[Entry] | None
    days: list[DaySum]


def statement(home: Home, account: str, first: date, last: date, by_day: bool = False) -> Statement:
    """`tollbook statement`: the entries booked from `first` to `last`, from what was published.

    Raises `Refused` for an unknown account, for dates the wrong way round, and where a published file is damaged.
    """
    if last < first:
        raise Refused(f"--to {last} is before --from {first}")
    asked = {"account": account, "first": first, "last": last}
    with reading(home, "marts.balance_ledger_daily", "marts.statement_entries", "marts.ledger_due") as con:
        name, currency = _account(con, account)
        days = con.execute(
            """
            select booked_on, debits, credits, closing from marts.balance_ledger_daily
            where account_id = $account and booked_on between $first and $last order by booked_on
            """,
            asked,
        ).fetchall()
        entries = con.execute(
            """
            select booked_on, kind, text, reference, amount, balance, entry_id from marts.statement_entries
            where account_id = $account and booked_on between $first and $last order by position
            """,
            asked,
        ).fetchall()
        sums = con.execute(
            """
            select
                coalesce(max_by(closing, booked_on) filter (where booked_on < $first), 0)::DECIMAL(20, 8),
                coalesce(sum(debits) filter (where booked_on >= $first), 0)::DECIMAL(20, 8),
                coalesce(sum(credits) filter (where booked_on >= $first), 0)::DECIMAL(20, 8),
                coalesce(max_by(closing, booked_on), 0)::DECIMAL(20, 8),
                (
                    select coalesce(sum(amount), 0)::DECIMAL(20, 8) from marts.ledger_due
                    where account_id = $account and day <= $last
                )
            from marts.balance_ledger_daily
            where account_id = $account and booked_on <= $last
            """,
            asked,
        ).fetchone()
    assert sums is not None
    opening, debits, credits, closing, accrued = sums
    listed = None if by_day else [Entry(*row) for row in entries]
    summed = [DaySum(*row) for row in days]
    return Statement(account, name, currency, first, last, opening, debits, credits, closing, accrued, listed, summed)


def write_csv(home: Home, statement: Statement, *, raw: bool = False) -> Path:
    """Write exports/statements/<account>_<first>_<last>.csv, whole or not at all; a statement has one form.

    No text in it is a formula to a spreadsheet, but where it is asked for as it is (`raw`).
    """
    shown = str if raw else plain
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if statement.entries is None:
        writer.writerow(["booked_on", "debits", "credits", "balance", "currency"])
        writer.writerow([statement.first, "", "", f"{statement.opening:f}", statement.currency])
        for day in statement.days:
            row = [f"{day.debits:f}", f"{day.credits:f}", f"{day.balance:f}"]
            writer.writerow([day.booked_on, *row, statement.currency])
    else:
        writer.writerow(["booked_on", "kind", "text", "reference", "amount", "balance", "currency", "entry_id"])
        writer.writerow(
            [statement.first, "opening", "Opening balance", "", "", f"{statement.opening:f}", statement.currency, ""]
        )
        for e in statement.entries:
            amounts = [f"{e.amount:f}", f"{e.balance:f}"]
            texts = [shown(e.kind), shown(e.text), shown(e.reference or "")]
            writer.writerow([e.booked_on, *texts, *amounts, statement.currency, e.entry_id])
        writer.writerow(
            [statement.last, "closing", "Closing balance", "", "", f"{statement.closing:f}", statement.currency, ""]
        )
        if statement.accrued_unposted:
            accrued = [f"{statement.accrued_unposted:f}", ""]
            writer.writerow(
                [statement.last, "accrued", "Used and not posted yet", "", *accrued, statement.currency, ""]
            )
    file = inside(home.root / "exports" / "statements", _file_name(statement))
    write(file, text.getvalue().encode())
    return file


def _file_name(statement: Statement) -> str:
    days = "" if statement.entries is not None else "_by_day"
    return f"{safe(statement.account_id)}_{statement.first}_{statement.last}{days}.csv"


def _account(con: duckdb.DuckDBPyConnection, account: str) -> tuple[str | None, str]:
    row = con.execute(
        """
        select max(name), max(currency) from (
            select name, currency from config.accounts where account_id = $account
            union all
            select null, currency from marts.balance_ledger_daily where account_id = $account
        )
        """,
        {"account": account},
    ).fetchone()
    if row is None or row[1] is None:
        raise no_account(con, account, "config.accounts")
    return row[0], row[1]
