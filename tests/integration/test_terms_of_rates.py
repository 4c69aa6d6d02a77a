"""What a rate says for itself instead of its table: from rates.csv and from decks, to amounts, books and evidence."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.billing import billable
from orchestration.operations.billing.evidence import evidence
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.questions.explain import explain
from orchestration.operations.questions.quote import quote
from orchestration.operations.upkeep.rate_decks import DeckOptions
from orchestration.operations.upkeep.rates import accept
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import Home
from tests.support.company import write_company, write_text

D = Decimal


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A carrier bills 3 decimals up and 0.01 at least, but freephone nothing. Acme's table has 3 s of grace: its mobile
    numbers have none but 10 s free, Norway costs 0.1 at least and freephone 0.1 at most. A deck has the carrier's
    numbers of Oslo 5 s free and at 0.02 at most."""
    root = tmp_path_factory.mktemp("terms")
    with pytest.MonkeyPatch.context() as clock:
        clock.setenv("TOLLBOOK_NOW", "2026-05-18T09:00:00")
        seeds = write_company(
            root / "seeds",
            accounts=(
                "account_id,name,kind,currency,billing_cycle\nacme,Acme,customer,USD,weekly\ncarrier,C,carrier,USD,weekly\n"
            ),
            trunks=(
                "trunk_id,direction,account_id,valid_from\nin-a,ingress,acme,2026-01-01\nout,egress,carrier,2026-01-01\n"
            ),
            rate_assignments=(
                "account_id,side,rate_table_id,valid_from\nacme,sell,retail,2026-01-01\ncarrier,buy,cost,2026-01-01\n"
            ),
            rate_tables=(
                "rate_table_id,kind,currency,initial_s,increment_s,amount_decimals,amount_rounding,min_charge,grace_s,name\n"
                "retail,per_minute,USD,60,60,4,,,3,\ncost,per_minute,USD,1,1,3,up,0.01,,Carrier A-Z\n"
            ),
            rates=(
                "rate_table_id,prefix,destination,band,valid_from,rate_per_minute,min_charge,max_charge,grace_s,free_s\n"
                "retail,4,Europe,,,0.06,,,,\nretail,447,UK mobile,,,0.06,,,0,10\nretail,47,Norway,,,0.06,0.1,,,\n"
                "retail,44800,UK freephone,,,0.06,,0.1,,\n"
                "cost,44,UK,,,0.00729,,,,\ncost,44800,UK freephone,,,0,0,,,\ncost,47,Norway,,,0.3,,,,\n"
            ),
        )
        home = Home(root / "home", seeds)
        calls = [
            ("mobile76", "447700900123", "76"),
            ("mobile3", "447700900123", "3"),
            ("mobile287", "447700900123", "287"),
            ("free66", "448001234567", "66"),
            ("london3", "442079460000", "3"),
            ("norway9", "4721000000", "9"),
        ]
        rows = [f"{name},2026-05-05T10:00:00,{number},{seconds},in-a,out" for name, number, seconds in calls]
        header = "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk"
        land(home, [write_text(root / "calls.csv", header, *rows)], kind="cdrs", source="sw1")
        deck = write_text(
            root / "norway.csv",
            "rate_table_id,prefix,destination,rate_per_minute,max_charge,free_s",
            "cost,472,Oslo,0.3,0.02,5",
        )
        build(home)
        accept(home, deck, DeckOptions(source="carrier", effective="2026-05-05"))
        assert {done.day: done.status for done in close(home)}[date(2026, 5, 5)] == "closed"
        return home


def amounts(home: Home) -> dict[str, tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        rows = con.execute(
            "select call_id, sell_billed_s, sell_amount, buy_billed_s, buy_amount from marts.rated_calls"
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_amounts_by_hand_and_by_the_reference(home: Home) -> None:
    """The day closed: its calls were rated again by the reference, too."""
    assert amounts(home) == {
        # 66 s of 76 are billed as 2 minutes; 76 s at 0.00729 are 0.009234, 0.010 in 3 decimals
        "mobile76": (120, D("0.12"), 76, D("0.01")),
        # 277 s of 287 are 5 minutes; 287 s at 0.00729 are 0.0348705
        "mobile287": (300, D("0.3"), 287, D("0.035")),
        # no grace of its table's, and nothing is left of it after 10 s
        "mobile3": (0, D(0), 3, D("0.01")),
        "free66": (120, D("0.1"), 66, D(0)),
        "london3": (0, D(0), 3, D("0.01")),
        # 4 s at 0.3 are 0.02, as the highest
        "norway9": (60, D("0.1"), 4, D("0.02")),
    }


def test_they_are_explained_and_quoted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    free, mobile = explain(home, "free66"), explain(home, "mobile3")
    assert [step.text for step in free.buy.steps if step.what == "bound"] == []
    assert "rate table cost (Carrier A-Z) of carrier, per minute, in USD" in [step.text for step in free.buy.steps]
    assert "rate table retail of acme, per minute, in USD" in [step.text for step in free.sell.steps]
    assert "at least 0.0100" in [step.text for step in mobile.buy.steps]
    assert "3 s, less 10 s free: nothing is left to bill" in [step.text for step in mobile.sell.steps]
    assert "3 s is within the grace of 3 s: no charge" in [s.text for s in explain(home, "london3").sell.steps]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-18T10:00:00")
    assert quote(home, "acme", "442079460000", D(3)).cost == 0
    assert quote(home, "acme", "447700900123", D(70)).cost == D("0.06")


def test_the_history_and_the_evidence_have_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-18T11:00:00")
    with duckdb.connect(str(home.serving), read_only=True) as con:
        told = con.execute(
            "select prefix, min_charge, max_charge, grace_s, free_s from marts.rate_history"
            " where rate_table_id = 'cost' order by prefix"
        ).fetchall()
    assert told == [
        ("44", D("0.01"), None, 0, 0),
        ("44800", None, None, 0, 0),
        ("47", D("0.01"), None, 0, 0),
        ("472", D("0.01"), D("0.02"), 0, 5),
    ]
    made = evidence(home, str(invoice(home, billable.DocumentRequest("acme", date(2026, 5, 4))).invoice_number))
    assert (made.rows, made.rated_again) == (6, 6)
    with zipfile.ZipFile(made.path) as pack:
        rows = list(csv.DictReader(io.StringIO(pack.read("calls.csv").decode(), newline="")))
    names = ("min_charge", "max_charge", "grace_s", "free_s")
    assert {row["call_id"]: tuple(row[name] for name in names) for row in rows} == {
        "mobile76": ("", "", "0.000", "10.000"),
        "mobile287": ("", "", "0.000", "10.000"),
        "mobile3": ("", "", "0.000", "10.000"),
        "london3": ("", "", "3.000", "0.000"),
        "free66": ("", "0.10000000", "3.000", "0.000"),
        "norway9": ("0.10000000", "", "3.000", "0.000"),
    }


def test_a_rebuild_comes_to_the_same(home: Home) -> None:
    assert rebuild(home, check=True).compared


def test_a_late_call_closes_although_amounts_have_fewer_decimals_now(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the day was closed with has 3, and is not judged by the terms of today."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-18T12:00:00")
    tables = home.seeds / "rate_tables.csv"
    tables.write_text(tables.read_text().replace("cost,per_minute,USD,1,1,3,up", "cost,per_minute,USD,2,2,2,up"))
    header = "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk"
    late = write_text(tmp_path / "late.csv", header, "late,2026-05-05T11:00:00,442079460000,100,in-a,out")
    land(home, [late], kind="cdrs", source="sw1")
    assert {done.day: done.status for done in close(home)}[date(2026, 5, 5)] == "closed"
    assert amounts(home)["late"] == (120, D("0.12"), 100, D("0.02"))
    assert amounts(home)["mobile3"] == (0, D(0), 3, D("0.01"))
