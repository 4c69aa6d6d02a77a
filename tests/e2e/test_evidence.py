"""Evidence behind an invoice through the real commands: what the receiver gets, and that it holds."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.deployment import Deployment

COMPANY = {
    "accounts": (
        "account_id,name,kind,currency,timezone,payment_model,billing_cycle,tax_pct\n"
        "acme,Acme,customer,USD,UTC,postpaid,weekly,20\n"
        "bolt,Bolt,customer,EUR,UTC,postpaid,weekly,\n"
        "carrier,Carrier,carrier,USD,UTC,,,\n"
    ),
    "subscriptions": (
        "subscription_id,account_id,service,quantity,charge,valid_from\ns1,acme,number,2,once,2026-05-05\n"
    ),
    "service_rates": SEEDS["service_rates"] + "number,,1.5,USD,2026-01-01\n",
}


@pytest.fixture(scope="module")
def invoiced(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The week from 4 May 2026, closed and invoiced; then retail doubled."""
    it = Deployment(tmp_path_factory.mktemp("evidence"))
    write_company(it.seeds, **COMPANY)
    inbox = it.home / "inbox"
    write_calls(
        inbox / "cdrs" / "sw1" / "one.csv",
        [
            ("c1", "2026-05-04T10:00:00", "61", "in-a"),  # 2 min at 0.06: 0.12
            ("c2", "2026-05-04T10:01:00", "0", "in-a"),  # not answered, costs nothing: not on the invoice
            ("c3", "2026-05-05T11:00:00", "30.5", "in-a"),  # 0.06
            ("c4", "2026-05-06T11:00:00", "60", "in-b"),  # 0.06 USD, 0.03 EUR
        ],
    )
    write_text(
        inbox / "usage" / "smsc" / "messages.csv",
        "usage_id,occurred_at,account_id,service,quantity",
        "m1,2026-05-04T12:00:00,acme,message,3",  # 0.03
    )
    it.now = "2026-05-13T09:00:00"
    it.run("land")
    it.run("build")
    it.run("close")
    it.run("invoice", "acme", "2026-05-04")
    it.run("invoice", "bolt", "2026-05-04")
    write_company(it.seeds, **COMPANY, rates=SEEDS["rates"].replace("0.06", "0.12"))
    it.run("build")
    return it


def rows(path: Path | str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as pack:
        return list(csv.DictReader(io.StringIO(pack.read("calls.csv").decode(), newline="")))


def test_it_says_by_which_terms_each_row_was_charged(invoiced: Deployment) -> None:
    told = invoiced.json("evidence", "INV-2026-000001")
    assert (told["rows"], told["rated_again"]) == (4, 3)
    path = Path(told["path"])
    assert path == invoiced.home / "exports" / "evidence" / "INV-2026-000001.zip"
    first, second, message, number = rows(path)
    # as it was when the day was closed, not as prices are now; rates.csv line 2
    assert [first[name] for name in ("call_id", "rate_per_minute", "initial_s", "increment_s", "rate_origin")] == [
        "c1", "0.06000000", "60.000", "60.000", "rates.csv line 2",
    ]  # fmt: skip
    assert [first[name] for name in ("billed_s", "amount", "account_amount", "terms")] == [
        "120.000", "0.12000000", "0.12000000", "complete",
    ]  # fmt: skip
    assert (second["call_id"], second["account_amount"]) == ("c3", "0.06000000")
    assert (message["quantity"], message["account_amount"], message["rate_origin"]) == (
        "3.00000000", "0.03000000", "service_rates.csv line 2",
    )  # fmt: skip
    assert (number["kind"], number["account_amount"], number["terms"]) == (
        "subscription",
        "3.00000000",
        "a subscription",
    )


def test_the_receiver_can_check_it(invoiced: Deployment, tmp_path: Path) -> None:
    told = invoiced.json("evidence", "INV-2026-000002")
    assert rows(Path(told["path"]))[0]["fx_rate"] == "0.50000000"
    with zipfile.ZipFile(told["path"]) as pack:
        pack.extractall(tmp_path)
    arguments = [sys.executable, "-I", str(tmp_path / "verify.py"), "--checksum", told["checksum"]]
    ran = subprocess.run(arguments, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert "PASS totals: total 0.03000000 EUR" in ran.stdout
    assert "PASS rated again: 1 of 1 rows" in ran.stdout


def test_the_same_bytes_again(invoiced: Deployment) -> None:
    first = invoiced.json("evidence", "INV-2026-000001")
    assert invoiced.json("evidence", "INV-2026-000001") == first


def test_it_refuses_what_it_cannot_prove(invoiced: Deployment) -> None:
    assert "no invoice or credit note INV-2026-000009 is published" in invoiced.run(
        "evidence", "INV-2026-000009", fails=True
    ).stderr  # fmt: skip
    pdf = invoiced.home / "exports" / "invoices" / "INV-2026-000002.pdf"
    issued = pdf.read_bytes()
    pdf.write_bytes(issued + b" ")
    assert "is not what was issued" in invoiced.run("evidence", "INV-2026-000002", fails=True).stderr
    pdf.unlink()
    assert "is missing" in invoiced.run("evidence", "INV-2026-000002", fails=True).stderr
    pdf.write_bytes(issued)


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The same week, in which the euro and the price change and allowances cover some: closed and invoiced."""
    it = Deployment(tmp_path_factory.mktemp("changing"))
    write_company(
        it.seeds,
        **COMPANY,
        # from the 6th a dollar is 0.4 euros, from the 7th a minute costs 0.12
        fx_rates=SEEDS["fx_rates"] + "USD,EUR,2026-05-06,0.4\n",
        rates=SEEDS["rates"] + "retail,44,United Kingdom,,2026-05-07,0.12\n",
        rate_tables=(
            "rate_table_id,kind,currency,initial_s,increment_s,connect_charge\n"
            "retail,per_minute,USD,60,60,0.05\ncost,per_minute,USD,1,1,0\n"
        ),
        consumption_profiles=(
            "profile_id,account_id,rule,allowance,period\n"
            "b1,bolt,duration,90,month\n"  # seconds
            "b2,bolt,cost,0.05,month\n"  # euros
        ),
    )
    write_calls(
        it.home / "inbox" / "cdrs" / "sw1" / "one.csv",
        [
            # 0.05 to connect; 120 s billed, 90 covered: 30 s at 0.06 a minute are 0.03. 0.08 USD, 0.04 EUR, all let off
            ("c1", "2026-05-04T10:00:00", "61", "in-b"),
            ("c2", "2026-05-05T10:00:00", "60", "in-b"),  # 0.11 USD, 0.055 EUR, less the 0.01 left: 0.045
            ("c3", "2026-05-06T10:00:00", "60", "in-b"),  # 0.11 USD at 0.4: 0.044
            ("c4", "2026-05-07T10:00:00", "60", "in-b"),  # 0.17 USD at 0.4: 0.068
        ],
    )
    it.now = "2026-05-13T09:00:00"
    it.run("land")
    it.run("build")
    it.run("close")
    it.run("invoice", "bolt", "2026-05-04")
    return it


def test_calls_keep_their_own_day(changing: Deployment) -> None:
    told = changing.query(
        "select call_id, day::VARCHAR, covered_s, covered_amount, account_amount from marts.invoice_calls order by 1"
    )
    d = Decimal
    assert told == [
        ("c1", "2026-05-04", d(90), d("0.04"), d(0)),
        ("c2", "2026-05-05", d(0), d("0.01"), d("0.045")),
        ("c3", "2026-05-06", d(0), d(0), d("0.044")),
        ("c4", "2026-05-07", d(0), d(0), d("0.068")),
    ]


def test_each_line_says_what_its_amount_is_made_of(changing: Deployment) -> None:
    """240 s less 90 at 0.06 a minute are 0.15 USD, 0.30 with three connections; 0.05 EUR was let off."""
    with (changing.home / "exports" / "invoices" / "INV-2026-000001.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    names = ("rate_per_minute", "calls", "billed_s", "covered_s", "beyond_rate", "price_currency", "covered_amount")
    assert [[line[name] for name in (*names, "amount")] for line in lines] == [
        ["0.06000000", "3", "240.000", "90.000", "0.15000000", "USD", "0.05000000", "0.08900000"],
        ["0.12000000", "1", "60.000", "0.000", "0.05000000", "USD", "0.00000000", "0.06800000"],
    ]
    told = changing.query(
        "select line, covered_s, beyond_rate, covered_amount from marts.invoice_lines "
        "where invoice_number = 'INV-2026-000001' order by line"
    )
    d = Decimal
    assert told == [(1, d(90), d("0.15"), d("0.05")), (2, d(0), d("0.05"), d(0))]


def test_a_period_in_which_all_changes_can_be_checked(changing: Deployment, tmp_path: Path) -> None:
    told = changing.json("evidence", "INV-2026-000001")
    assert [(row["day"], row["fx_rate"], row["rate_per_minute"], row["rate_origin"]) for row in rows(told["path"])] == [
        ("2026-05-04", "0.50000000", "0.06000000", "rates.csv line 2"),
        ("2026-05-05", "0.50000000", "0.06000000", "rates.csv line 2"),
        ("2026-05-06", "0.40000000", "0.06000000", "rates.csv line 2"),
        ("2026-05-07", "0.40000000", "0.12000000", "rates.csv line 4"),
    ]
    with zipfile.ZipFile(told["path"]) as pack:
        pack.extractall(tmp_path)
    ran = subprocess.run([sys.executable, "-I", str(tmp_path / "verify.py")], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert "PASS totals: total 0.16000000 EUR" in ran.stdout  # 0.157 rounded
    assert "PASS currency: 4 of 4 rows converted again" in ran.stdout
    assert "PASS rated again: 3 of 4 rows" in ran.stdout


def test_a_call_that_no_edge_of_bands_cuts_can_be_rated_again(tmp_path: Path) -> None:
    """Peak, 0.06 a minute, is from 08:00 to 20:00 in Paris, until 18:00 UTC; off-peak a minute costs 0.03."""
    it = Deployment(tmp_path)
    write_company(
        it.seeds,
        **COMPANY,
        rate_tables=(
            "rate_table_id,kind,currency,timezone,timetable_id,band_policy,initial_s,increment_s\n"
            "retail,per_minute,USD,Europe/Paris,hours,split,60,60\ncost,per_minute,USD,,,,1,1\n"
        ),
        timetables=(
            "timetable_id,priority,band,days,starts_at,ends_at\n"
            "hours,1,peak,all,08:00,20:00\nhours,2,off,all,20:00,08:00\n"
        ),
        rates=(
            "rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
            "retail,44,United Kingdom,peak,2026-01-01,0.06\nretail,44,United Kingdom,off,2026-01-01,0.03\n"
            "cost,44,United Kingdom,,2026-01-01,0.03\n"
        ),
    )
    write_calls(
        it.home / "inbox" / "cdrs" / "sw1" / "one.csv",
        [
            ("a", "2026-05-04T17:59:00", "60", "in-b"),  # as long as it is peak: 0.06
            ("b", "2026-05-04T17:59:01", "60", "in-b"),  # 59 s of peak, a second off it: 0.059 + 0.0005
            ("c", "2026-05-04T23:59:30", "90", "in-b"),  # over midnight, 120 s: 0.06
            ("d", "2026-05-05T17:59:10", "45", "in-b"),  # 60 s are billed, 50 of them of peak: 0.05 + 0.005
            ("e", "2026-05-10T23:30:00", "23400", "in-b"),  # until it is peak again, of the last day: 390 * 0.03
            ("f", "2026-05-10T23:30:00", "23401", "in-b"),  # a minute of peak more
        ],
    )
    it.now = "2026-05-13T09:00:00"
    for command in (("land",), ("build",), ("close",), ("invoice", "bolt", "2026-05-04")):
        it.run(*command)
    told = it.json("evidence", "INV-2026-000001")
    whole, cut = "complete", "cut at the edges of bands"
    assert sorted((row["call_id"], Decimal(row["amount"]), row["terms"]) for row in rows(told["path"])) == [
        ("a", Decimal("0.06"), whole),
        ("b", Decimal("0.0595"), cut),
        ("c", Decimal("0.06"), whole),
        ("d", Decimal("0.055"), cut),
        ("e", Decimal("11.7"), whole),
        ("f", Decimal("11.76"), cut),
    ]
    assert told["rated_again"] == 3
