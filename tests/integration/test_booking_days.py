"""A booking day that is over never changes, whatever lands, is issued or is configured afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.general_ledger import general_ledger
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build, build_days
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import Home, writer
from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.journals import rewrite

_COMPANY = "name,reporting_currency,booking_grace_days\nHand Made,USD,{}\n"
# a payment is named by its amount in cents
_BOOKED = (
    "select (amount * 100)::INTEGER, booked_on::VARCHAR from ops.ledger_entries "
    "where kind in ('payment', 'refund') order by 1"
)


class Books:
    """A deployment, and every booking day that was over at some time as it was then."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.patch = monkeypatch
        accounts = SEEDS["accounts"].replace("kind,", "kind,tax_pct,").replace("customer,", "customer,20,")
        accounts = accounts.replace("carrier,USD", "carrier,,USD")
        self.home = Home(root / "home", write_company(root / "seeds", accounts=accounts))
        self.grace = 2
        self.over = date.min
        self.kept: dict[tuple[str, date], tuple[Any, ...]] = {}
        self.files = 0

    def at(self, now: str) -> None:
        """Let time go on, after all that was to be done before it is done."""
        self._build()
        self._compare()
        self.patch.setenv("TOLLBOOK_NOW", now)
        self.over = max(self.over, datetime.fromisoformat(now).date() - timedelta(days=self.grace + 1))
        self._build()
        self.kept |= {key: row for key, row in self._days().items() if key[1] <= self.over}

    def _build(self) -> None:
        """Build without publishing, which takes longer."""
        with writer(self.home, "build") as held:
            build_days(held)

    def _compare(self) -> None:
        assert {key: row for key, row in self._days().items() if key[1] <= self.over} == self.kept

    def _days(self) -> dict[tuple[str, date], tuple[Any, ...]]:
        sql = "select account_id, booked_on, opening, debits, credits, closing from marts.balance_ledger_daily"
        return {(row[0], row[1]): row[2:] for row in self.query(sql)}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.warehouse)) as con:
            return con.execute(sql).fetchall()

    def configure(self, grace: int) -> None:
        self.grace = grace
        (self.home.seeds / "company.csv").write_text(_COMPANY.format(grace))

    def land(self, kind: str, *lines: str, supersede: bool = False) -> None:
        self.files += 1
        path = write_text(self.root / f"{self.files}.csv", *lines)
        reason = "the switch counted again" if supersede else None
        (landed,) = land(self.home, [path], kind=kind, source="x", supersede=supersede, reason=reason)
        assert landed.landed == len(lines) - 1, landed

    def pay(self, *payments: tuple[str, str, int]) -> None:
        """(account, day paid on, cents)"""
        lines = [
            f"{a}-{c},{d}T08:00:00Z,{a},{Decimal(c) / 100},{'EUR' if a == 'bolt' else 'USD'}" for a, d, c in payments
        ]
        self.land("payments", "payment_id,paid_at,account_id,amount,currency", *lines)

    def call(self, name: str, at: str, seconds: str, supersede: bool = False) -> None:
        path = write_calls(self.root / "calls.csv", [(name, at, seconds, "in-a")])
        self.land("cdrs", *path.read_text().splitlines(), supersede=supersede)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
        books = Books(tmp_path_factory.mktemp("books"), patch)
        _play(books)
        yield books


def _play(books: Books) -> None:
    """May and June: late payments, calls and usage, a superseded call, an invoice, a grace raised and lowered."""
    books.call("c1", "2026-05-04T10:00:00", "61")
    books.pay(("acme", "2026-05-05", 101), ("carrier", "2026-05-03", -102))
    close(books.home)
    books.at("2026-05-08T10:00:00")
    books.pay(("acme", "2026-05-05", 103), ("bolt", "2026-05-06", 104))
    books.call("c2", "2026-05-04T11:00:00", "30")
    books.land("usage", "usage_id,occurred_at,account_id,service,quantity", "u1,2026-05-05T12:00:00,bolt,message,7")
    close(books.home)
    books.at("2026-05-12T10:00:00")
    books.call("c1", "2026-05-04T10:00:00", "20", supersede=True)
    close(books.home)
    books.at("2026-06-02T10:00:00")
    close(books.home)
    assert invoice(books.home, DocumentRequest("acme", date(2026, 5, 1))).total == Decimal("0.14")  # 0.12 and a fifth
    books.at("2026-06-10T10:00:00")
    books.configure(grace=30)
    # 8 June was not over under the 2 days there were, the 7th was
    books.pay(("acme", "2026-05-20", 105), ("acme", "2026-06-07", 106), ("acme", "2026-06-08", 107))
    books.at("2026-06-25T10:00:00")
    books.pay(("acme", "2026-06-07", 108), ("acme", "2026-06-08", 109))
    books.call("c3", "2026-06-20T10:00:00", "60")
    close(books.home)
    assert _general_ledger(books) == (False, date(2026, 6, 7))
    books.at("2026-06-26T10:00:00")
    books.configure(grace=0)
    books.pay(("acme", "2026-06-25", 110), ("acme", "2026-06-26", 111))
    books.at("2026-06-27T10:00:00")


def _general_ledger(books: Books) -> tuple[bool, date]:
    """Whether June is final, and what is."""
    chart = "kind,account_kind,service,sign,control_account,contra_account\n"
    kinds = ("calls", "usage", "payment", "adjustment", "tax", "rounding")
    write_text(books.home.accounting / "chart.csv", chart + "".join(f"{kind},,,,1200,4000\n" for kind in kinds))
    made = general_ledger(books.home, date(2026, 6, 1), date(2026, 6, 30))
    assert general_ledger(books.home, date(2026, 5, 1), date(2026, 6, 7)).final
    return made.final, made.booked_until


def test_a_booking_day_that_is_over_never_changes(played: Books) -> None:
    books = played
    assert books.query(_BOOKED) == [
        (-102, "2026-05-06"),  # three days late: on the day it landed
        (101, "2026-05-05"),
        (103, "2026-05-08"),
        (104, "2026-05-06"),
        (105, "2026-06-10"),
        (106, "2026-06-10"),
        (107, "2026-06-08"),
        (108, "2026-06-25"),
        (109, "2026-06-08"),
        (110, "2026-06-26"),
        (111, "2026-06-26"),
    ]
    calls = "select day::VARCHAR, kind, booked_on::VARCHAR from ops.ledger_entries where account_id = 'acme' "
    assert books.query(calls + "and kind not in ('payment') order by booked_on, kind, amount") == [
        ("2026-05-04", "calls", "2026-05-04"),
        ("2026-05-04", "adjustment", "2026-05-08"),
        ("2026-05-04", "adjustment", "2026-05-12"),
        ("2026-06-02", "tax", "2026-06-02"),
        ("2026-06-20", "calls", "2026-06-20"),
    ]
    assert rebuild(books.home, check=True).compared


def test_what_earlier_releases_booked_is_rebuilt_as_they_booked_it(played: Books) -> None:
    """The files of before 25 June landed by an earlier release, whose payments are on the days they were paid on."""
    books = played

    def earlier(line: dict[str, Any]) -> dict[str, Any]:
        is_old = line["action"] == "land" and line["at"] < "2026-06-25"
        return {key: value for key, value in line.items() if not (is_old and key == "rules")}

    rewrite(books.home, earlier)
    books.home.warehouse.unlink()
    rebuild(books.home)
    assert books.query(_BOOKED) == [
        (-102, "2026-05-03"),
        (101, "2026-05-05"),
        (103, "2026-05-05"),
        (104, "2026-05-06"),
        (105, "2026-05-20"),
        (106, "2026-06-07"),
        (107, "2026-06-08"),
        (108, "2026-06-25"),
        (109, "2026-06-08"),
        (110, "2026-06-26"),
        (111, "2026-06-26"),
    ]


def test_payments_of_a_deployment_that_was_upgraded_are_posted_by_the_models_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-08T09:00:00")
    books = Books(tmp_path, monkeypatch)
    build(books.home)
    with duckdb.connect(str(books.home.warehouse)) as con:
        con.execute("update ops.project set version = 'of an earlier release'")
        con.execute("create or replace view books.postings as select 1 as nothing")
    books.pay(("acme", "2026-05-05", 101))
    assert books.query(_BOOKED) == [(101, "2026-05-08")]
