"""Invoices by the real operations: a month is closed, invoiced, disturbed, credited, invoiced again, and rebuilt."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.billing.billable import DocumentRequest, period_of
from orchestration.operations.billing.invoice import invoice, run
from orchestration.operations.billing.issued import Invoiced
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import PROJECT, Home, Refused, serving
from tests.support.company import write_calls, write_company, write_operators

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
# acme pays 0.06 USD a minute begun, 19 % tax; bolt the same at 0.5 EUR a dollar, and 3 numbers of 2 EUR a month
SEEDS = {
    "accounts": (
        "account_id,name,kind,currency,timezone,payment_model,tax_pct,payment_terms_days,legal_name,address\n"
        "acme,Acme,customer,USD,UTC,postpaid,19,14,Acme Ltd,1 Road / Town\n"
        "bolt,Bolt,customer,EUR,Europe/Paris,postpaid,,30,Bolt SA,2 Rue / Ville\n"
        "carrier,Carrier,carrier,USD,UTC,,,,,\n"
    ),
    "service_rates": (
        "service,account_id,unit_price,currency,amount_decimals,valid_from\n"
        "message,,0.01,USD,4,2026-01-01\n"
        "number,,2,EUR,2,2026-01-01\n"
    ),
    "subscriptions": (
        "subscription_id,account_id,service,quantity,charge,prorate,valid_from,valid_to\n"
        "n1,bolt,number,3,monthly,true,2026-03-10,\n"
    ),
}


class Company:
    """The deployment, and what it was at."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(root / "home", write_company(root / "seeds", **SEEDS))

    def at(self, moment: str) -> None:
        os.environ["TOLLBOOK_NOW"] = moment

    def land(self, name: str, calls: list[tuple[str, str, str, str]]) -> None:
        land(self.home, [write_calls(self.root / name, calls)], kind="cdrs", source="sw1")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with serving(self.home) as con:
            return con.execute(sql).fetchall()

    def refused(self, wanted: DocumentRequest) -> str:
        with pytest.raises(Refused) as refusal:
            invoice(self.home, wanted)
        return str(refusal.value)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Plays the story once; what was seen on the way is in `seen`."""
    before = os.environ.get("TOLLBOOK_NOW")
    company = Company(tmp_path_factory.mktemp("invoices"))
    seen: dict[str, Any] = {}
    yield _play(company, seen), seen
    if before is None:
        os.environ.pop("TOLLBOOK_NOW", None)
    else:
        os.environ["TOLLBOOK_NOW"] = before


def _play(company: Company, seen: dict[str, Any]) -> Company:
    company.at("2026-04-01T23:00:00")
    # acme: 61 s and 125 s are 2 and 3 minutes, 0.30; bolt: a minute in March of Paris, one in April already
    company.land(
        "march.csv",
        [
            ("a1", "2026-03-02T09:00:00", "61", "in-a"),
            ("a2", "2026-03-30T09:00:00", "125", "in-a"),
            ("a3", "2026-03-30T09:05:00", "0", "in-a"),
            ("b1", "2026-03-30T10:00:00", "30", "in-b"),
            ("b2", "2026-03-31T22:30:00", "30", "in-b"),
        ],
    )
    close(company.home)
    seen["early"] = company.refused(DocumentRequest("acme", MARCH))
    company.at("2026-04-02T00:30:00")
    seen["not closed"] = company.refused(DocumentRequest("acme", MARCH))
    seen["draft"] = invoice(company.home, DocumentRequest("acme", MARCH, draft=True))
    seen["draft rows"] = company.query("select invoice_number, status, total from marts.invoices")
    seen["entries with a draft"] = company.query("select count(*) from marts.ledger_entries where kind = 'tax'")
    close(company.home)
    seen["acme"] = invoice(company.home, DocumentRequest("acme", MARCH, calls=True))
    seen["bytes"] = {name: path.read_bytes() for name, path in seen["acme"].files.items()}
    seen["bolt"] = invoice(company.home, DocumentRequest("bolt", MARCH))
    company.at("2026-04-05T10:00:00")
    company.land("late.csv", [("a4", "2026-03-02T11:00:00", "60", "in-a"), ("a5", "2026-04-01T11:00:00", "60", "in-a")])
    seen["stale"] = company.refused(DocumentRequest("bolt", MARCH, credit_note=True, reason="nothing changed"))
    close(company.home)
    seen["unchanged"] = company.refused(DocumentRequest("bolt", MARCH, credit_note=True, reason="nothing changed"))
    seen["owes more"] = company.refused(DocumentRequest("acme", MARCH, credit_note=True, reason="late call"))
    seen["credit"] = invoice(
        company.home,
        DocumentRequest("bolt", MARCH, credit_note=True, reason="outage on 30 March", credit=Decimal("0.505")),
    )
    company.at("2026-05-03T10:00:00")
    close(company.home)
    seen["april"] = run(company.home)
    return company


def _lines(company: Company, number: str) -> list[tuple[Any, ...]]:
    return company.query(
        "select line, kind, coalesce(calls, 0), coalesce(billed_s, 0), amount from marts.invoice_lines "
        f"where invoice_number = '{number}' order by line"
    )


def test_it_waits_for_24_hours_and_for_every_day(played: Any) -> None:
    _, seen = played
    assert "cannot be invoiced before 2026-04-02T00:00:00 UTC, 24 hours after its end" in seen["early"]
    assert "these days are not closed: 2026-03-31 (ready)" in seen["not closed"]


def test_a_draft_has_no_number_and_touches_no_books(played: Any) -> None:
    _, seen = played
    draft: Invoiced = seen["draft"]
    assert (draft.invoice_number, draft.status, draft.total) == (None, "draft", Decimal("0.36"))
    assert seen["draft rows"] == [(None, "draft", Decimal("0.36"))]
    assert seen["entries with a draft"] == [(0,)]
    assert not draft.files["pdf"].exists()  # gone with the invoice


def test_the_invoice(played: Any) -> None:
    company, seen = played
    done: Invoiced = seen["acme"]
    # 5 minutes of 0.06, 19 % of 0.30 is 0.057
    assert (done.invoice_number, done.net, done.tax, done.total) == (
        "INV-2026-000001", Decimal("0.30"), Decimal("0.06"), Decimal("0.36"),
    )  # fmt: skip
    assert done.due_on == date(2026, 4, 16)
    assert _lines(company, "INV-2026-000001") == [(1, "calls", 2, Decimal(300), Decimal("0.30"))]


def test_a_subscription_and_the_accounts_own_calendar(played: Any) -> None:
    company, seen = played
    done: Invoiced = seen["bolt"]
    # a minute at 0.06 USD is 0.03 EUR; 22 of 31 days of 3 * 2 EUR are 4.2580... = 4.26; no tax
    assert (done.invoice_number, done.total) == ("INV-2026-000002", Decimal("4.29"))
    assert _lines(company, "INV-2026-000002") == [
        (1, "calls", 1, Decimal(60), Decimal("0.03")),
        (2, "subscription", 0, Decimal(0), Decimal("4.26")),
    ]


def test_the_postings_of_a_document_are_its_total(played: Any) -> None:
    company, _ = played
    wrong = company.query(
        """
        select i.invoice_number, i.total, sum(e.amount)
        from marts.invoices as i
        left join marts.invoice_entries as x on i.invoice_number = x.invoice_number
        left join marts.ledger_entries as e on x.entry_id = e.entry_id
        where i.status = 'issued'
        group by all
        having sum(e.amount) is distinct from -i.total
        """
    )
    assert wrong == []
    assert company.query("select count(*) from marts.invoices where status = 'issued'") == [(5,)]


def test_the_calls_behind_each_line_add_up(played: Any) -> None:
    company, _ = played
    wrong = company.query(
        """
        select l.invoice_number, l.line, l.amount, c.amount
        from marts.invoice_lines as l
        full outer join (
            select invoice_number, line, sum(account_amount) as amount from marts.invoice_calls group by all
        ) as c on l.invoice_number = c.invoice_number and l.line = c.line
        where l.kind not in ('adjustment', 'credit') and l.amount is distinct from c.amount
        """
    )
    assert wrong == []
    assert company.query("select call_id from marts.invoice_calls where invoice_number = 'INV-2026-000001'") == [
        ("a1",),
        ("a2",),
    ]


def test_files_and_their_checksums(played: Any) -> None:
    company, seen = played
    done: Invoiced = seen["acme"]
    rows = company.query(
        "select checksum, csv_sha256, pdf_sha256 from marts.invoices where invoice_number = 'INV-2026-000001'"
    )
    assert rows == [tuple(hashlib.sha256(seen["bytes"][name]).hexdigest() for name in ("json", "csv", "pdf"))]
    said = json.loads(seen["bytes"]["json"])
    assert Decimal(said["total"]) == done.total
    assert seen["bytes"]["pdf"].startswith(b"%PDF")


def test_issued_again_it_is_the_same_bytes(played: Any) -> None:
    company, seen = played
    files = seen["acme"].files
    files["pdf"].unlink()
    files["csv"].write_text("somebody edited it")
    again = invoice(company.home, DocumentRequest("acme", MARCH))
    assert again.issued_again
    assert {name: path.read_bytes() for name, path in again.files.items()} == seen["bytes"]
    assert "was issued as INV-2026-000001" in company.refused(DocumentRequest("acme", MARCH, draft=True))


def test_a_credit_note(played: Any) -> None:
    company, seen = played
    assert "bolt 2026-03-01 cannot be credited: these days have changed since" in seen["stale"]
    assert "2026-03-02 (stale); run tollbook close first" in seen["stale"]
    assert "nothing of 2026-03-01 changed" in seen["unchanged"]
    assert "acme owes 0.07 USD more for 2026-03-01" in seen["owes more"]
    # 0.505 is rounded away from 0
    assert (seen["credit"].invoice_number, seen["credit"].total) == ("CN-2026-000001", Decimal("-0.51"))
    assert json.loads(seen["credit"].files["json"].read_bytes())["corrects"] == "INV-2026-000002"
    posted = "select kind, amount from marts.ledger_entries where reference = 'CN-2026-000001' order by kind"
    assert company.query(posted) == [("credit_note", Decimal("0.505")), ("rounding", Decimal("0.005"))]


def test_what_came_late_is_on_the_next_invoice(played: Any) -> None:
    company, seen = played
    assert seen["april"].refused == []
    assert {(d.account_id, d.invoice_number, d.period_start) for d in seen["april"].done} == {
        ("acme", "INV-2026-000003", APRIL),
        ("bolt", "INV-2026-000004", APRIL),
    }
    assert _lines(company, "INV-2026-000003") == [
        (1, "calls", 1, Decimal(60), Decimal("0.06")),
        (2, "adjustment", 0, Decimal(0), Decimal("0.06")),
    ]
    # the last of March in UTC is April in Paris; April's numbers in full
    assert _lines(company, "INV-2026-000004") == [
        (1, "calls", 1, Decimal(60), Decimal("0.03")),
        (2, "subscription", 0, Decimal(0), Decimal(6)),
    ]
    assert _lines(company, "INV-2026-000001") == [(1, "calls", 2, Decimal(300), Decimal("0.30"))]


def test_a_paid_account_is_at_0(played: Any) -> None:
    company, _ = played
    # 0.36 and 0.14 (0.12 and 19 %) are owed, May is empty
    assert company.query("select balance from marts.account_balances where account_id = 'acme'") == [(Decimal("-0.5"),)]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (lambda: DocumentRequest("nobody", MARCH), "there is no account nobody"),
        (lambda: DocumentRequest("carrier", MARCH), "carrier is a carrier"),
        (
            lambda: DocumentRequest("acme", date(2026, 3, 16)),
            "no billing period of acme (monthly) begins on 2026-03-16",
        ),
        (lambda: DocumentRequest("acme", date(2026, 2, 1)), "nothing to be charged for in the period from 2026-02-01"),
        (lambda: DocumentRequest("acme", date(2026, 5, 1)), "cannot be invoiced before 2026-06-02"),
        (lambda: DocumentRequest("acme", APRIL, credit_note=True), "--credit-note needs --reason"),
        (
            lambda: DocumentRequest("bolt", date(2026, 2, 1), credit_note=True, reason="x"),
            "has no invoice for 2026-02-01",
        ),
        (lambda: DocumentRequest("acme", APRIL, credit=Decimal(1)), "it goes with --credit-note"),
        (lambda: DocumentRequest("acme", APRIL, reason="late"), "--reason is printed on a credit note"),
        (lambda: DocumentRequest("acme", MARCH, draft=True, as_posted=True), "a draft works any time"),
        (
            lambda: DocumentRequest("bolt", MARCH, credit_note=True, reason="x", as_posted=True),
            "is about an invoice that was issued",
        ),
        (lambda: DocumentRequest("bolt", MARCH, calls=True), "INV-2026-000002 was issued without a list of calls"),
        (
            lambda: DocumentRequest(
                "bolt", MARCH, credit_note=True, reason="outage on 30 March", credit=Decimal("0.505")
            ),
            "0.505 was credited for this reason already, by CN-2026-000001",
        ),
        # 0.03 for a call, 22 of 31 days of 3 numbers at 2.00, less 0.505 credited before: 3.785
        (
            lambda: DocumentRequest("bolt", MARCH, credit_note=True, reason="x", credit=Decimal("3.80")),
            "3.8 EUR is more than is left of what bolt was charged for 2026-03-01: 3.79, before tax",
        ),
        (lambda: DocumentRequest("acme", period_of("March"), draft=True), "'March' is not a period; write 2026-03"),
    ],
)
def test_refusals_change_nothing(played: Any, wanted: Callable[[], DocumentRequest], said: str) -> None:
    company, _ = played
    before = company.query("select count(*) from marts.invoices"), company.home.journal.read_text()
    with pytest.raises(Refused) as refusal:
        invoice(company.home, wanted())
    assert said in str(refusal.value)
    assert (company.query("select count(*) from marts.invoices"), company.home.journal.read_text()) == before


def test_a_list_of_calls_that_was_issued_may_be_asked_for_again(played: Any) -> None:
    company, seen = played
    again = invoice(company.home, DocumentRequest("acme", MARCH, calls=True))
    assert {name: path.read_bytes() for name, path in again.files.items()} == seen["bytes"]


def test_what_postings_were_made_by_cannot_change(played: Any) -> None:
    company, _ = played
    accounts = company.home.seeds / "accounts.csv"
    before = accounts.read_text()
    header, acme, *others = before.splitlines()
    by_week = [f"{header},billing_cycle", f"{acme},weekly", *(f"{line}," for line in others)]
    changed = [
        (
            "column currency: account acme has postings; its currency is USD there and cannot change to EUR",
            before.replace("USD,", "EUR,"),
        ),
        (
            "column timezone: account acme has postings; its time zone is UTC there and cannot",
            before.replace("USD,UTC", "USD,Asia/Tokyo"),
        ),
        (
            "column billing_cycle: account acme has postings; its billing cycle is monthly there and cannot",
            "\n".join(by_week) + "\n",
        ),
    ]
    try:
        for said, text in changed:
            accounts.write_text(text)
            with pytest.raises(Refused, match=f"accounts.csv line 2, {said}"):
                build(company.home)
    finally:
        accounts.write_text(before)


KILLED = """
import os, signal, sys
from pathlib import Path
from datetime import date
from orchestration.store import warehouse
from orchestration.operations.billing import billable, invoice
real = warehouse.Writer.journal
def die(self, con, action, *a, **k):
    if action == "credit note":
        if sys.argv[3] == "after":
            real(self, con, action, *a, **k)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, con, action, *a, **k)
warehouse.Writer.journal = die
from decimal import Decimal
invoice.invoice(
    warehouse.Home(Path(sys.argv[1]), Path(sys.argv[2])),
    billable.DocumentRequest("bolt", date(2026, 4, 1), credit_note=True, reason="killed", credit=Decimal("0.1")),
)
"""


def test_killed_on_the_way_leaves_no_gap_and_rebuilds_the_same(played: Any) -> None:
    company, _ = played
    for moment in ("before", "after"):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(company.home.root), str(company.home.seeds), moment],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            check=False,
        )
        assert done.returncode == -9
        # no file says a number that was not issued
        assert not list((company.home.root / "exports" / "invoices").glob("CN-2026-000002.*"))
    wanted = DocumentRequest("bolt", APRIL, credit_note=True, reason="killed", credit=Decimal("0.1"))
    assert invoice(company.home, wanted).invoice_number == "CN-2026-000002"
    # the line that was written and had no effect is void
    assert [line["voids"] for line in map(json.loads, company.home.journal.read_text().splitlines()) if "voids" in line]

    books = "select entry_id, amount, booked_on from ops.ledger_entries order by entry_id"
    with duckdb.connect(str(company.home.warehouse)) as con:
        before = con.execute(books).fetchall()
        bills = con.execute("select invoice_number, total, checksum from ops.invoices order by 1").fetchall()
    balances = company.query("select account_id, balance, status from marts.account_balances order by 1")
    company.home.warehouse.unlink()
    rebuilt = rebuild(company.home)
    assert (rebuilt.entries, rebuilt.invoices, rebuilt.compared) == (len(before), 6, False)
    with duckdb.connect(str(company.home.warehouse)) as con:
        assert con.execute(books).fetchall() == before
        assert con.execute("select invoice_number, total, checksum from ops.invoices order by 1").fetchall() == bills
    assert company.query("select account_id, balance, status from marts.account_balances order by 1") == balances
    # it goes on from there
    assert invoice(company.home, DocumentRequest("acme", MARCH)).issued_again


def test_a_rebuild_that_differs_changes_nothing(played: Any) -> None:
    company, _ = played
    kept = next(path for path in (company.home.archive / "cdrs" / "sw1").iterdir() if b"a4" in path.read_bytes())
    original = kept.read_bytes()
    before = company.home.warehouse.stat().st_ino
    kept.write_bytes(original.replace(b",60,", b",61,"))
    try:
        with pytest.raises(
            Refused, match=r"journal line \d+ \(land, 2026-04-05[^\n]*: \S+ is damaged, its bytes are not those of"
        ):
            rebuild(company.home)
    finally:
        kept.write_bytes(original)
    assert company.home.warehouse.stat().st_ino == before
    assert rebuild(company.home, check=True).replaced is False


def test_a_change_after_all_was_credited_is_not_credited_again(played: Any) -> None:
    company, _ = played
    invoice(company.home, DocumentRequest("bolt", MARCH, credit_note=True, reason="all", credit=Decimal("3.785")))
    never = write_calls(company.root / "never.csv", [("b1", "2026-03-30T10:00:00", "0", "in-b")])
    land(company.home, [never], kind="cdrs", source="sw1", supersede=True, reason="never answered")
    for credit in (None, Decimal("0.01")):
        wanted = DocumentRequest("bolt", MARCH, credit_note=True, reason="never answered", credit=credit)
        assert "2026-03-30 (stale); run tollbook close first" in company.refused(wanted)
    close(company.home)
    assert "0.03 EUR is more than is left of what bolt was charged for 2026-03-01: 0, before tax" in company.refused(
        DocumentRequest("bolt", MARCH, credit_note=True, reason="never answered")
    )
    assert rebuild(company.home, check=True).compared


def test_who_may_issue(played: Any) -> None:
    company, _ = played
    write_operators(company.home.seeds, "nora,finance,acme", "vic,viewer,")
    os.environ["TOLLBOOK_OPERATOR"] = "vic"
    try:
        assert "vic is viewer in seeds/operators.csv" in company.refused(
            DocumentRequest("bolt", MARCH, credit_note=True, reason="x", credit=Decimal(1))
        )
        os.environ["TOLLBOOK_OPERATOR"] = "nora"
        assert "nora acts for acme" in company.refused(
            DocumentRequest("bolt", MARCH, credit_note=True, reason="x", credit=Decimal(1))
        )
    finally:
        del os.environ["TOLLBOOK_OPERATOR"]
