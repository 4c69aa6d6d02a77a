"""Deployments that every earlier release made open, close, invoice and rebuild, and keep every cent that they had."""

from __future__ import annotations

import contextlib
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build_days
from orchestration.operations.day.close import close_days
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.operations.verify.verify import verify
from orchestration.prepare import write_new_warehouse
from orchestration.store.warehouse import Home, new_warehouse, writer
from tests.releases import PERIOD, kept, unpack
from tests.support.company import write_calls

CENT = Decimal("0.01")
# What is in the books: none of it may change. Tables and columns that all releases have had.
_POSTINGS = "select entry_id, account_id, day, kind, amount, currency from ops.ledger_entries"
_INVOICES = "select invoice_number, exact, net, tax, total, checksum, csv_sha256 from ops.invoices"
_BALANCES = "select account_id, balance, currency from marts.account_balances"

_SALES = "select day, kind, account_id, amount from books.sales_daily"
_MADE = (
    "select table_schema, table_name, table_type from information_schema.tables "
    "where table_schema in ('staging', 'rating', 'books', 'marts', 'run')"
)
_LEGS = "select call_id, sell_amount, buy_amount from marts.rated_calls where day < '2026-06-01'"


def _asked(warehouse: Path, query: str) -> set[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return set(con.execute(query).fetchall())


def _if_there(home: Home, *queries: str) -> set[tuple[Any, ...]]:
    """The answer to the first of the queries whose tables the release had."""
    for query in queries:
        with contextlib.suppress(duckdb.CatalogException, duckdb.BinderException):
            return _asked(home.warehouse, query)
    return set()


def test_there_are_some() -> None:
    assert len(kept()) >= 10


@pytest.mark.parametrize("packed", kept(), ids=lambda path: path.name.removesuffix(".tar.xz"))
def test_a_deployment_keeps_its_books(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_new_warehouse()
    home = unpack(packed, tmp_path)
    postings, balances = _asked(home.warehouse, _POSTINGS), _asked(home.warehouse, _BALANCES)
    invoices, sales = _if_there(home, _INVOICES), _if_there(home, _SALES, _SALES.replace("books", "marts"))
    assert len(postings) >= 8
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-03T12:00:00")
    # what comes first after an upgrade is mostly a landing: it makes no model, and asks none
    first = write_calls(tmp_path / "first.csv", [("busy", "2026-06-02T08:00:00", "0", "in-b")])
    assert land(home, [first], kind="cdrs", source="sw1")[0].landed == 1
    with writer(home, "build") as held:  # the invoice is what publishes
        build_days(held)
    assert _asked(home.warehouse, _BALANCES) == balances  # of the views of today, before anything new is in the books
    assert len(_asked(home.warehouse, _LEGS)) == 15
    assert _asked(home.warehouse, _SALES) >= sales  # of days that are closed, which a build does not make again
    assert _asked(home.warehouse, _MADE) == _asked(new_warehouse(), _MADE)

    calls = [("after", "2026-06-02T09:00:00", "60", "in-a"), ("later", "2026-05-31T21:00:00", "61", "in-a")]
    land(home, [write_calls(tmp_path / "after.csv", calls)], kind="cdrs", source="sw1")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-04T12:00:00")
    with writer(home, "close") as held:
        closed = {c.day: c.status for c in close_days(held)}
    assert closed[date(2026, 6, 2)] == closed[date(2026, 5, 31)] == "closed"
    before = _asked(home.warehouse, _POSTINGS)
    # the late call: 0.12 of acme, two minutes begun, less 0.0305 that the carrier has for 61 seconds
    assert {(account, amount) for _, account, day, _, amount, _ in before - postings if day == date(2026, 5, 31)} == {
        ("acme", -12 * CENT),
        ("carrier", 305 * CENT / 100),
    }
    invoice(home, DocumentRequest("acme", PERIOD))
    assert len(_if_there(home, _INVOICES) - invoices) == 1
    with duckdb.connect(str(home.serving), read_only=True) as con:
        listed = con.execute("select distinct invoice_number from marts.invoice_calls").fetchall()
    assert {number for number, *_ in _if_there(home, _INVOICES)} == {number for (number,) in listed}
    # earlier releases left files that others may read: that is told, and what is said to do mends it
    for fault in verify(home).faults:
        assert fault.what == "permissions"
        subprocess.run(["sh", "-c", fault.right.removeprefix("run ")], check=True)
    assert verify(home).faults == []
    rebuilt = rebuild(home)
    assert (rebuilt.compared, rebuilt.replaced) == (True, True)
    assert _asked(home.warehouse, _POSTINGS) >= before >= postings
    assert _if_there(home, _INVOICES) >= invoices
