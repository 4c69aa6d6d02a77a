"""When what a subscription charges gets into the books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice, run
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.withdraw import withdraw_file, withdraw_held
from orchestration.operations.upkeep.configure import published_warnings
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import RULES, Home, writer
from tests.support.company import SEEDS, write_calls, write_company

pytestmark = pytest.mark.usefixtures("unpublished")


def test_a_charge_that_falls_due_after_its_day_was_built_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Midnight in New York is 04:00 UTC: at 00:05 only acme's (UTC) is due, and nothing lands on that day any more."""
    accounts = SEEDS["accounts"] + "york,York,customer,USD,America/New_York,postpaid,,\n"
    subscriptions = (
        "subscription_id,account_id,service,charge,valid_from\n"
        "a1,acme,message,once,2026-05-05\ny1,york,message,once,2026-05-05\n"
    )
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", accounts=accounts, subscriptions=subscriptions))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-05T00:05:00")
    calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")
    build(home)
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-05T06:00:00")
    build(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        query = (
            "select account_id, accrued_unposted from marts.account_balances where accrued_unposted < 0 order by all"
        )
        assert con.execute(query).fetchall() == [("acme", Decimal("-0.07")), ("york", Decimal("-0.01"))]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-07T00:05:00")
    close(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        con.execute("select account_id, day::VARCHAR, amount from marts.ledger_entries where kind = 'subscription'")
        found = sorted(con.fetchall())
    assert found == [("acme", "2026-05-05", Decimal("-0.01")), ("york", "2026-05-05", Decimal("-0.01"))]


def test_what_is_charged_once_before_the_books_begin_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Midnight in Paris is 22:00 UTC of the day before, which is none of the books."""
    subscriptions = (
        "subscription_id,account_id,service,charge,valid_from\n"
        "b1,bolt,message,once,2026-05-04\na1,acme,message,once,2026-05-04\na0,acme,message,once,2025-05-04\n"
        "m0,bolt,message,monthly,2025-05-04\n"
    )
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", subscriptions=subscriptions))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    assert published_warnings(home) == []
    calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")
    close(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        con.execute("select account_id, amount from marts.ledger_entries where kind = 'subscription'")
        assert con.fetchall() == [("acme", Decimal("-0.01"))]
    assert [str(warning) for warning in published_warnings(home)] == [
        "seeds/subscriptions.csv line 2, column valid_from: the books begin on 2026-05-04, so that this is never "
        "charged (and 1 more); write a day of theirs, or delete the row"
    ]


def test_a_date_of_long_before_the_books_opens_no_months(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A switch's clock was set back: what is charged is said, and once a day has closed such a call does not land."""
    subscriptions = "subscription_id,account_id,service,charge,valid_from\nm0,acme,message,monthly,2025-05-04\n"
    seeds = write_company(tmp_path / "seeds", subscriptions=subscriptions)
    home = Home(tmp_path / "home", seeds)
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")

    def lands(name: str, day: str, *, dry_run: bool = False, rules: int = RULES) -> tuple[int, list[str]]:
        caplog.clear()
        calls = write_calls(tmp_path / f"{name}.csv", [(name, f"{day}T10:00:00", "60", "in-a")])
        with writer(home, "land") as held:
            held.rules = rules
            (landed,) = land_files(held, [calls], kind="cdrs", source="sw1", dry_run=dry_run)
        return landed.landed, caplog.messages

    assert lands("c1", "2026-05-04") == (1, [])
    build(home)
    months = (
        "there is traffic of 2026-01-05, 119 days before all other (2026-05-04): each day from then on is opened, "
        "closed and invoiced, and subscriptions charge 1 account 4 times on them"
    )
    # nothing is in the books yet: this may be the first landing of a year's calls
    assert lands("c2", "2026-01-05", dry_run=True) == (1, [months])
    close(home)
    assert lands("c3", "2026-04-02") == (0, [])
    with writer(home, "ask") as held, held.connect() as con:
        con.execute("select day::VARCHAR, reason, detail from ops.rejected_rows")
        ((day, reason, detail),) = con.fetchall()
    assert (day, reason) == ("2026-05-06", "implausible")
    assert "more than 31 days before the first traffic that there is (2026-05-04)" in detail
    assert "write max_age_days of the source" in detail
    # as by the rules of before, or where the source's own limit says so
    assert lands("c4", "2026-01-05", dry_run=True, rules=4) == (1, [months])
    (seeds / "sources.csv").write_text("source,kind,max_age_days\nsw1,cdrs,400\n")
    assert lands("c5", "2026-01-05", dry_run=True) == (1, [months])
    (seeds / "sources.csv").write_text("source,kind\nsw1,cdrs\n")
    near = "subscriptions charge 1 account 1 time on them"
    assert [(n, near in said) for n, (said,) in (lands("c6", "2026-04-30", dry_run=True),)] == [(1, True)]
    assert lands("c7", "2026-05-02") == (1, [])
    caplog.clear()
    (seeds / "sources.csv").write_text("source,kind,max_age_days\nsw1,cdrs,400\n")
    assert lands("c8", "2026-01-05")[0] == 1
    caplog.clear()
    build(home)
    assert [line for line in caplog.messages if line.startswith("there is traffic of 2026-01-05")] != []


def test_a_subscription_entered_late_makes_the_days_of_its_charges_outdated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entered on 1 June with effect from 20 April: 20 April, 1 May and 1 June are charged; the first two are closed."""
    header = "subscription_id,account_id,service,charge,valid_from\n"
    seeds = write_company(tmp_path / "seeds", subscriptions=header)
    home = Home(tmp_path / "home", seeds)
    calls = write_calls(
        tmp_path / "calls.csv",
        [(day, f"{day}T10:00:00", "60", "in-a") for day in ("2026-04-19", "2026-04-20", "2026-06-01")],
    )
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-30T06:00:00")
    land(home, [calls], kind="cdrs", source="sw1")
    assert {checked.status for checked in close(home)} == {"closed", "ready"}
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-01T12:00:00")
    (seeds / "subscriptions.csv").write_text(header + "late,acme,message,monthly,2026-04-20\n")
    build(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        states = con.execute("select day::VARCHAR, status from marts.days where status <> 'closed'").fetchall()
        accrued = con.execute("select day::VARCHAR, amount from marts.rated_usage where kind = 'subscription'")
        assert sorted(states) == [
            ("2026-04-20", "outdated"),
            ("2026-05-01", "outdated"),
            ("2026-05-29", "ready"),
            ("2026-05-30", "open"),
            ("2026-05-31", "open"),
            ("2026-06-01", "open"),
        ]
        assert accrued.fetchall() == [("2026-06-01", Decimal("0.01"))]


def test_what_a_clock_that_was_ahead_charged_is_gone_with_the_next_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charges of months to come keep no balance low; when their time has come, they are there."""
    subscriptions = "subscription_id,account_id,service,charge,valid_from\na1,acme,message,monthly,2026-05-04\n"
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", subscriptions=subscriptions))
    calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T12:00:00")
    land(home, [calls], kind="cdrs", source="sw1")

    def charges_at(now: str) -> tuple[list[str], list[str]]:
        """The days that a build makes then, and those of all charges."""
        monkeypatch.setenv("TOLLBOOK_NOW", now)
        built = [str(day) for day in build(home).days]
        with duckdb.connect(str(home.serving), read_only=True) as con:
            rows = con.execute("select day::VARCHAR from marts.rated_usage where kind = 'subscription' order by all")
            return built, [day for (day,) in rows.fetchall()]

    assert charges_at("2026-05-04T12:00:00") == (["2026-05-04"], ["2026-05-04"])
    ahead = ["2026-06-01", "2026-07-01", "2026-08-01"]
    assert charges_at("2026-08-01T00:00:00") == (ahead, ["2026-05-04", *ahead])
    assert charges_at("2026-05-04T13:00:00") == (ahead, ["2026-05-04"])
    assert charges_at("2026-05-04T13:00:00") == ([], ["2026-05-04"])
    assert charges_at("2026-06-01T00:00:00") == (["2026-06-01"], ["2026-05-04", "2026-06-01"])


def _published(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(query).fetchall()


def test_months_that_a_wrong_date_opened_are_not_invoiced_and_go_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriptions = "subscription_id,account_id,service,charge,valid_from\nm0,acme,message,monthly,2025-05-04\n"
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", subscriptions=subscriptions))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    good, old = (
        write_calls(tmp_path / f"{name}.csv", [(name, f"{day}T10:00:00", "60", "in-a")])
        for name, day in (("good", "2026-05-04"), ("old", "2026-01-05"))
    )
    land(home, [good], kind="cdrs", source="sw1")
    (landed,) = land(home, [old], kind="cdrs", source="sw1")
    build(home)
    accrued = "select accrued_unposted from marts.account_balances where account_id = 'acme'"
    assert _published(home, accrued) == [(Decimal("-0.16"),)]  # two calls of 0.06, four months of 0.01
    done = withdraw_file(home, landed.file_id, "a clock that was wrong")
    assert (done.begins, done.days) == (date(2026, 5, 4), ())
    for check in (lambda: None, lambda: build(home)):
        check()
        assert _published(home, "select min(day)::VARCHAR from marts.days") == [("2026-05-04",)]
        assert _published(home, accrued) == [(Decimal("-0.06"),)]
        assert _published(home, "select distinct day::VARCHAR from marts.rated_usage") == []
        assert _published(home, "select distinct day::VARCHAR from marts.breakout_daily") == [("2026-05-04",)]
    assert rebuild(home, check=True).compared
    # it lands again, and so does what it opened
    assert land(home, [old], kind="cdrs", source="sw1")[0].landed == 1
    assert len([each for each in close(home) if each.status == "closed"]) == 120
    ran = run(home)
    assert [(each.period_start.month, each.invoice_number) for each in ran.done] == [(n, None) for n in (1, 2, 3, 4)]
    assert ran.refused == [
        "acme 2026-01-01 (and 3 more) is drafted, not issued: there is traffic of 2026-01-05, 119 days before all "
        f"other (2026-05-04). If that date is wrong, take its file back: tollbook withdraw {landed.file_id[:12]} "
        "--reason TEXT. If it is right, issue one of them: tollbook invoice acme 2026-01-01; the next run issues the "
        "others"
    ]
    invoice(home, DocumentRequest("acme", date(2026, 3, 1)))
    ran = run(home)
    assert ([each.period_start.month for each in ran.done if each.invoice_number], ran.refused) == ([1, 2, 4], [])
    # what is in the books stays
    assert withdraw_file(home, landed.file_id, "a clock that was wrong").begins is None
    assert _published(home, "select min(day)::VARCHAR from marts.days") == [("2026-01-05",)]
    assert rebuild(home, check=True).compared


def test_days_stay_as_they_are_by_the_rules_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    for name, day in (("good", "2026-05-04"), ("old", "2026-05-01")):
        calls = write_calls(tmp_path / f"{name}.csv", [(name, f"{day}T10:00:00", "60", "in-a")])
        (landed,) = land(home, [calls], kind="cdrs", source="sw1")
    with writer(home, "withdraw") as held:
        held.rules = 5
        assert withdraw_held(held, landed.file_id, "a test").begins is None
    build(home)
    assert _published(home, "select min(day)::VARCHAR from marts.days") == [("2026-05-01",)]
    assert rebuild(home, check=True).compared
