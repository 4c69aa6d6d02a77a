"""Receivables, accruals, statements and the general ledger, on books that can be worked out by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.cli import main
from orchestration.engine import dbt
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.store.warehouse import Home, writer
from tests.support.company import SEEDS, write_calls, write_company, write_text

D = Decimal
CHART = """kind,account_kind,service,sign,control_account,contra_account,text
calls,customer,,,1200,4000,
calls,carrier,,,2100,5000,
usage,,,,1200,4190,
usage,,message,,1200,4100,Messages
payment,,,,1200,1000,
payment,carrier,,,2100,1000,
tax,,,,1200,2200,
rounding,,,,1200,6950,
"""
RANGE = ["--from", "2026-05-01", "--to", "2026-06-30"]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One closed day, 2026-05-04: acme 0.12 for calls and 0.005 for a message, bolt 0.03 EUR, the carrier 0.0455.

    acme paid 1 and was invoiced 0.125 -> 0.13 + 0.02 tax on 2026-06-02; bolt paid 0.01 of its 0.03; the carrier got
    0.02. It is 2026-07-01.
    """
    root = tmp_path_factory.mktemp("books")
    patch = pytest.MonkeyPatch()
    patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    home = Home(root / "home", write_company(root / "seeds"))
    patch.setenv("TOLLBOOK_HOME", str(home.root))
    patch.setenv("TOLLBOOK_SEEDS", str(home.seeds))
    write_text(home.accounting / "chart.csv", *CHART.splitlines())
    calls = [("c1", "2026-05-04T10:00:00", "61", "in-a"), ("c3", "2026-05-04T11:00:00", "30", "in-b")]
    land(home, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
    messages = ["usage_id,occurred_at,account_id,service,quantity", "u1,2026-05-04T12:00:00,acme,message,0.5"]
    land(home, [write_text(root / "usage.csv", *messages)], kind="usage", source="smsc")
    payments = [
        "payment_id,paid_at,account_id,amount,currency,method",
        "p1,2026-05-05T08:00:00,acme,1,USD,card",
        "p2,2026-05-05T08:00:00,bolt,0.01,EUR,",
    ]
    land(home, [write_text(root / "payments.csv", *payments)], kind="payments", source="bank")
    ours = write_text(root / "ours.csv", payments[0], "p3,2026-05-06T08:00:00,carrier,-0.02,USD,")
    land(home, [ours], kind="payments", source="=us")
    assert [c.status for c in close(home)] == ["closed", "ready"]
    patch.setenv("TOLLBOOK_NOW", "2026-07-01T09:00:00")
    _invoice(home, "INV-2026-000001", "acme", ["0.125", "0.13", "0.02", "0.15"], "USD")
    _invoice(home, "INV-2026-000002", "bolt", ["0.03", "0.03", "0", "0.03"], "EUR")
    build(home)
    yield home
    patch.undo()


def _invoice(home: Home, number: str, account: str, amounts: list[str], currency: str) -> None:
    """An invoice as issuing leaves it: the document, its tax and rounding, which postings are on it."""
    exact, net, tax, total = amounts
    with writer(home, "test") as held, held.connect() as con:
        con.execute(
            """
            insert into ops.invoices (document_id, invoice_number, kind, account_id, period_start, period_end, status,
                exact, net, tax_pct, tax, total, currency, issued_at, issued_on, due_on, operator, checksum, csv_sha256,
                pdf_sha256)
            values ($n, $n, 'invoice', $a, '2026-05-01', '2026-05-31', 'issued', $exact, $net, 19, $tax, $total, $c,
                '2026-06-02 09:00', '2026-06-02', '2026-06-16', 'me', '', '', '')
            """,
            {"n": number, "a": account, "exact": exact, "net": net, "tax": tax, "total": total, "c": currency},
        )
        for kind, amount in [("rounding", D(exact) - D(net)), ("tax", -D(tax))]:
            if amount:
                con.execute(
                    """
                    insert into ops.ledger_entries (entry_id, account_id, day, period, booked_on, posted_at, kind,
                        amount, currency, reference)
                    values ($id, $a, '2026-06-02', '2026-05-01', '2026-06-02', '2026-06-02 09:00', $kind, $amount, $c,
                        $n)
                    """,
                    {
                        "id": f"{number} {kind}",
                        "a": account,
                        "kind": kind,
                        "amount": amount,
                        "c": currency,
                        "n": number,
                    },
                )
        con.execute(
            "insert into ops.invoice_entries (entry_id, invoice_number) "
            "select entry_id, ? from ops.ledger_entries where account_id = ? and kind <> 'payment'",
            [number, account],
        )


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_what_is_open_and_how_old(books: Home) -> None:
    rows = _query(
        books, "select account_id, total, paid, open, days_overdue, bucket from marts.receivables order by account_id"
    )
    assert rows == [
        ("acme", D("0.15"), D("0.15"), D(0), 0, "settled"),
        ("bolt", D("0.03"), D("0.01"), D("0.02"), 15, "1-30"),
    ]
    aging = "select account_id, days_1_30, open, unbilled, unallocated, net from marts.receivables_aging order by 1"
    assert _query(books, aging) == [
        ("acme", D(0), D(0), D(0), D("0.85"), D("-0.85")),
        ("bolt", D("0.02"), D("0.02"), D(0), D(0), D("0.02")),
    ]


def test_the_command_says_who_owes_us(books: Home, capsys: pytest.CaptureFixture[str]) -> None:
    owed = _json(capsys, "receivables")
    assert [(r["invoice_number"], r["open"], r["due_on"]) for r in owed] == [
        ("INV-2026-000002", "0.02000000", "2026-06-16")
    ]
    assert _json(capsys, "receivables", "--overdue") == owed == _json(capsys, "receivables", "bolt")
    assert [r["account_id"] for r in _json(capsys, "receivables", "--all")] == ["bolt", "acme"]
    assert [(r["account_id"], r["net"]) for r in _json(capsys, "receivables", "--aging")] == [
        ("bolt", "0.02000000"), ("acme", "-0.85000000"),
    ]  # fmt: skip
    assert _json(capsys, "receivables", "acme", "--aging")[0]["unallocated"] == "0.85000000"
    main(["receivables"])
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == [
        "invoice_number", "account_id", "issued_on", "due_on", "currency", "total", "paid", "open", "days_overdue",
        "bucket",
    ]  # fmt: skip
    assert row.split()[5:] == ["0.03", "0.01", "0.02", "15", "1-30"]
    main(["receivables", "acme"])
    assert capsys.readouterr().out == "nothing is open\n"
    assert _refusal(capsys, "receivables", "acne") == "there is no account acne; did you mean acme?"


def test_what_was_unbilled_and_accrued_on_a_day(books: Home) -> None:
    unbilled = "select earned, invoiced, unbilled, reporting_amount from marts.unbilled_revenue where account_id = "
    acme = unbilled + "'acme' and as_of in ('2026-05-04', '2026-06-01', '2026-06-02') order by as_of"
    assert _query(books, acme) == [
        (D("0.125"), D(0), D("0.125"), D("0.125")),
        (D("0.125"), D(0), D("0.125"), D("0.125")),
        (D("0.13"), D("0.13"), D(0), D(0)),
    ]
    # there is no rate of exchange from EUR
    assert _query(books, unbilled + "'bolt' and as_of = '2026-05-31'") == [(D("0.03"), D(0), D("0.03"), None)]
    accruals = "select as_of::VARCHAR, charged, paid, accrued from marts.carrier_accruals"
    owed = f"{accruals} where as_of <= '2026-05-06' order by 1"
    assert _query(books, owed) == [
        ("2026-05-04", D("0.0455"), D(0), D("0.0455")),
        ("2026-05-05", D("0.0455"), D(0), D("0.0455")),
        ("2026-05-06", D("0.0455"), D("0.02"), D("0.0255")),
    ]
    # every day from the first to today: 28 of May, 30 of June, 1 of July
    assert _query(books, "select count(*), max(as_of)::VARCHAR from marts.carrier_accruals") == [(59, "2026-07-01")]


def test_the_assertion_holds_and_notices_a_lost_posting(books: Home) -> None:
    def failing() -> int:
        (result,) = dbt.run(books, ["test", "--select", "receivables_agree_with_balances"])[-1:]
        return result.failures

    assert failing() == 0
    taken = "entry_id = 'INV-2026-000001 rounding'"
    with writer(books, "test") as held, held.connect() as con:
        con.execute(f"delete from ops.invoice_entries where {taken}")
    try:
        # the posting counts as unbilled, and what the account owes is no more its balance
        assert failing() == 2
    finally:
        with writer(books, "test") as held, held.connect() as con:
            con.execute("insert into ops.invoice_entries values ('INV-2026-000001 rounding', 'INV-2026-000001')")
    assert failing() == 0


def test_a_statement_adds_up(books: Home, capsys: pytest.CaptureFixture[str]) -> None:
    made = _json(capsys, "statement", "acme", *RANGE, "--csv")
    lines = [(e["booked_on"], e["text"], D(e["amount"]), D(e["balance"])) for e in made["entries"]]
    assert lines == [
        ("2026-05-04", "Calls of 2026-05-04", D("-0.12"), D("-0.12")),
        ("2026-05-04", "Usage of 2026-05-04: message", D("-0.005"), D("-0.125")),
        ("2026-05-05", "Payment received by card", D(1), D("0.875")),
        ("2026-06-02", "Rounding of INV-2026-000001", D("-0.005"), D("0.87")),
        ("2026-06-02", "Tax on INV-2026-000001", D("-0.02"), D("0.85")),
    ]
    sums = [D(made[name]) for name in ("opening", "debits", "credits", "closing", "accrued_unposted")]
    assert sums == [D(0), D("-0.15"), D(1), D("0.85"), D(0)]
    with Path(made["file"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["opening", "calls", "usage", "payment", "rounding", "tax", "closing"]
    assert rows[-1]["balance"] == "0.85000000"
    later = _json(capsys, "statement", "acme", "--from", "2026-05-05", "--to", "2026-06-01", "--by-day")
    assert (later["opening"], later["closing"], later["entries"]) == ("-0.12500000", "0.87500000", None)
    assert [day["booked_on"] for day in later["days"]] == ["2026-05-05"]
    quiet = _json(capsys, "statement", "acme", "--from", "2026-05-10", "--to", "2026-05-20")
    assert (quiet["opening"], quiet["closing"], quiet["entries"]) == ("0.87500000", "0.87500000", [])
    never = _json(capsys, "statement", "acme", "--from", "2026-01-01", "--to", "2026-01-20")
    assert (never["opening"], never["closing"]) == ("0.00000000", "0.00000000")


def test_what_is_used_and_not_posted_stands_apart(
    books: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On books of its own, open: the carrier's statement ends with what its calls of the day come to."""
    home = Home(tmp_path / "home", books.seeds)
    land(
        home,
        [write_calls(tmp_path / "a.csv", [("x1", "2026-06-30T10:00:00", "60", "in-a")])],
        kind="cdrs",
        source="sw1",
    )
    build(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_HOME", str(home.root))
        made = _json(capsys, "statement", "carrier", "--from", "2026-06-01", "--to", "2026-06-30")
        before = _json(capsys, "statement", "carrier", "--from", "2026-06-01", "--to", "2026-06-29")
    assert (made["closing"], made["accrued_unposted"], before["accrued_unposted"]) == (
        "0.00000000",
        "0.03000000",
        "0.00000000",
    )


def test_every_posting_is_a_debit_and_a_credit(books: Home, capsys: pytest.CaptureFixture[str]) -> None:
    made = _json(capsys, "gl", *RANGE)
    assert (made["postings"], made["final"]) == (9, False)
    balances = {(t["gl_account"], t["currency"]): D(t["balance"]) for t in made["trial_balance"]}
    assert balances == {
        ("1000", "EUR"): D("0.01"),
        ("1000", "USD"): D("0.98"),
        ("1200", "EUR"): D("0.02"),
        ("1200", "USD"): D("-0.85"),
        ("2100", "USD"): D("-0.0255"),
        ("2200", "USD"): D("-0.02"),
        ("4000", "EUR"): D("-0.03"),
        ("4000", "USD"): D("-0.12"),
        ("4100", "USD"): D("-0.005"),
        ("5000", "USD"): D("0.0455"),
        ("6950", "USD"): D("-0.005"),
    }
    # EUR 0.03 + 0.01; USD 0.12 + 0.005 + 1 + 0.005 + 0.02 of acme, 0.0455 + 0.02 of the carrier
    totals = [(t["currency"], D(t["debits"]), D(t["credits"])) for t in made["totals"]]
    assert totals == [("EUR", D("0.04"), D("0.04")), ("USD", D("1.2155"), D("1.2155"))]
    file = Path(made["file"])
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["side"] for row in rows] == ["debit", "credit"] * 9
    usage = [row for row in rows if row["kind"] == "usage"]
    assert [(r["gl_account"], r["amount"], r["text"]) for r in usage] == [
        ("1200", "0.00500000", "Messages: Usage of 2026-05-04: message"),
        ("4100", "0.00500000", "Messages: Usage of 2026-05-04: message"),
    ]
    once = file.read_bytes()
    assert _json(capsys, "gl", *RANGE)["sha256"] == made["sha256"]
    assert file.read_bytes() == once


def test_no_text_is_a_formula_to_a_spreadsheet(books: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """The carrier's payment is from =us; numbers stay numbers; --raw leaves it as it is."""
    for raw, reference in (([], "'=us:p3"), (["--raw"], "=us:p3")):
        for made in (
            _json(capsys, "statement", "carrier", *RANGE, "--csv", *raw),
            _json(capsys, "gl", *RANGE, *raw),
        ):
            with Path(made["file"]).open(newline="") as file:
                paid = [row for row in csv.DictReader(file) if row["kind"] == "payment" and "p3" in row["reference"]]
            assert {(row["reference"], row["amount"].removeprefix("-")) for row in paid} == {(reference, "0.02000000")}
        if "entries" in made:
            assert made["entries"][-1]["reference"] == "=us:p3"
    assert "goes with --csv" in _misused(capsys, "statement", "carrier", *RANGE, "--raw")


def _misused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    return capsys.readouterr().err


def _refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return str(stop.value.code)


def test_days_that_the_books_have_nothing_of_are_said(books: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """An earlier year, days after them; what is asked about days on either side of an end is answered."""
    for command in (["gl"], ["statement", "acme"], ["anomalies"]):
        for first, last, said in [
            (
                "2025-05-01",
                "2025-05-31",
                "the books begin on 2026-05-04: nothing is published of 2025-05-01 to 2025-05-31\n",
            ),
            ("2026-12-01", "2026-12-01", "the books go to 2026-07-01: nothing is published of 2026-12-01\n"),
            ("2025-05-01", "2026-05-05", ""),
            ("2026-07-01", "2026-12-01", ""),
        ]:
            main([*command, "--from", first, "--to", last])
            assert capsys.readouterr().err == said


def test_a_posting_without_accounts_is_refused(
    books: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = write_company(tmp_path / "seeds")
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(seeds))
    day = ["--from", "2026-05-04", "--to", "2026-05-04"]
    assert _refusal(capsys, "gl", *day).startswith("accounting/chart.csv is missing or empty;")
    chart = tmp_path / "accounting" / "chart.csv"
    write_text(chart, *[line for line in CHART.splitlines() if not line.startswith("usage")])
    assert _refusal(capsys, "gl", *day) == (
        "accounting/chart.csv has no row for kind usage, account_kind customer, service message, sign negative "
        "(1 postings, such as of acme); add one"
    )
    assert not list((books.root / "exports" / "gl").glob("*2026-05-04.csv"))
    assert "--to 2026-05-03 is before" in _refusal(capsys, "gl", "--from", "2026-05-04", "--to", "2026-05-03")
    assert "no account nobody" in _refusal(capsys, "statement", "nobody", *day)


def test_check_reports_bad_rows_of_the_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(write_company(tmp_path / "seeds")))
    write_text(
        tmp_path / "accounting" / "chart.csv",
        "kind,account_kind,service,sign,control_account,contra_account",
        "calls,customer,,,1200,4000",
        "call,customer,,,1200,4000",
        "calls,customer,,,1200,4001",
        "tax,,,minus,1200,1200",
        "usage,,,,,4000",
        "payment,,message,,1200,1000",
    )
    said = _refusal(capsys, "check").splitlines()
    assert [line.split(":")[0] for line in said] == [
        "accounting/chart.csv line 3, column kind",
        "accounting/chart.csv line 4, column kind",
        "accounting/chart.csv line 5, column sign",
        "accounting/chart.csv line 5, column contra_account",
        "accounting/chart.csv line 6, column control_account",
        "accounting/chart.csv line 7, column service",
    ]


def test_check_says_that_there_is_no_chart_and_is_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = write_company(tmp_path / "seeds")
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(seeds))
    none = "accounting/chart.csv is missing or empty: only tollbook gl needs it"
    main(["check"])
    assert capsys.readouterr().out == f"{seeds} is good\n{none}\n"
    write_text(tmp_path / "accounting" / "chart.csv", CHART.splitlines()[0])
    main(["check", "--json"])
    assert json.loads(capsys.readouterr().out) == {"problems": [], "warnings": [], "notes": [none]}
    write_text(tmp_path / "accounting" / "chart.csv", *CHART.splitlines())
    main(["check"])
    assert capsys.readouterr().out == f"{seeds} is good\n"


def test_check_warns_of_what_is_no_error_and_is_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twelve = "".join(f"retail,{prefix},,,2026-01-01,0.05\n" for prefix in range(50, 62))
    seeds = write_company(tmp_path / "seeds", rates=SEEDS["rates"] + twelve + twelve)
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(seeds))
    write_text(tmp_path / "accounting" / "chart.csv", *CHART.splitlines(), "")
    main(["check"])
    *said, last = capsys.readouterr().out.splitlines()
    assert last == f"{seeds} is good, but for the warnings"
    assert [line.partition(":")[0] for line in said] == ["warning"] * 12
    assert said[9].startswith("warning: seeds/rates.csv line 25, column prefix: retail has a price for 59 from 2026")
    assert said[10] == "warning: seeds/rates.csv: 2 more, --json has all of them"
    assert said[11].startswith("warning: accounting/chart.csv line 10: the line is blank;")
    main(["check", "--json"])
    assert len(json.loads(capsys.readouterr().out)["warnings"]) == 13
    with (seeds / "rates.csv").open("a") as rates:
        rates.write("retail,x,,,,1\n")
    assert _refusal(capsys, "check").count("\n") == 0
