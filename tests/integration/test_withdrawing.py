"""A landed file is taken back: its rows leave, what they had kept out comes in, and the books follow by difference."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close, close_days
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.rejected import rejected
from orchestration.operations.day.waive import waive
from orchestration.operations.day.waivers import waivers
from orchestration.operations.day.withdraw import withdraw_file, withdraw_held
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import PROJECT, Home, Refused, writer
from tests.support.asterisk import master
from tests.support.company import CDR_HEADER, write_calls, write_company, write_operators, write_text
from tests.support.journals import rewrite
from tests.support.landing_home import adds_up

pytestmark = pytest.mark.usefixtures("unpublished")
DAY, NEXT = date(2026, 5, 4), date(2026, 5, 5)
D = Decimal


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    monkeypatch.setenv("TOLLBOOK_HOME", str(made.root))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(made.seeds))
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "anna")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    return made


def _calls(home: Home, name: str, *calls: tuple[str, str], reason: str | None = None) -> Landed:
    """Land calls (id, seconds) of acme at 10:00 on DAY from sw1; with a reason they supersede others."""
    rows = [(call, f"{DAY}T10:00:00", seconds, "in-a") for call, seconds in calls]
    path = write_calls(home.root.parent / name, rows)
    return land(home, [path], kind="cdrs", source="sw1", supersede=reason is not None, reason=reason)[0]


def _write(home: Home, name: str, kind: str, source: str, *lines: str) -> Landed:
    return land(home, [write_text(home.root.parent / name, *lines)], kind=kind, source=source)[0]


def _close(home: Home) -> None:
    """Close what is due: every assertion has to hold. Nothing is published, which takes longer than the rest."""
    with writer(home, "close") as held:
        assert [(c.day, c.failures) for c in close_days(held) if c.failures] == []


def _query(home: Home, sql: str, published: bool = False) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving if published else home.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def _adjustments(home: Home) -> list[tuple[Any, ...]]:
    return _query(
        home,
        "select account_id, amount, reference, reason from marts.ledger_entries where kind = 'adjustment' order by all",
    )


def _seconds(home: Home) -> dict[str, int]:
    """The calls that count: duration by id."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return dict(con.execute("select call_id, duration_s::INTEGER from landed.cdrs").fetchall())


def _posted(home: Home, account: str = "acme") -> Decimal:
    return _query(home, f"select coalesce(sum(amount), 0) from marts.ledger_entries where account_id = '{account}'")[0][
        0
    ]


def _counts(home: Home, *names: str) -> list[tuple[int, ...]]:
    """rows, landed, duplicates, rejected of files."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        found = con.execute("select name, rows, landed, duplicates, rejected from ops.files").fetchall()
    counts = {name: tuple(numbers) for name, *numbers in found}
    return [counts[name] for name in names]


@pytest.mark.published
def test_its_calls_leave_a_closed_day_and_the_difference_posts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _calls(home, "good.csv", ("c1", "60"))
    test = _calls(home, "test.csv", ("t1", "61"), ("t2", "60"))
    _close(home)
    # 0.06 a minute begun: 1 + 2 + 1
    assert _posted(home) == D("-0.24")
    kept = _query(home, "select * from marts.rated_calls where call_id = 'c1'")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-20T09:00:00")
    done = withdraw_file(home, test.file_id[:10], "a test of the switch")
    assert (done.file_id, done.rows, done.restored, done.again, done.days) == (test.file_id, 2, 0, [], (DAY,))
    assert _query(home, f"select status from marts.days where day = '{DAY}'", published=True) == [("stale",)]
    _close(home)
    told = "withdrawn after the day was closed: a test of the switch"
    # what the carrier charged for 121 s at 0.0005 goes too
    assert _adjustments(home) == [
        ("acme", D("0.18"), test.file_id, told),
        ("carrier", D("-0.0605"), test.file_id, told),
    ]
    assert _query(home, "select * from marts.rated_calls") == kept
    assert _query(home, f"select status, cdrs, rated from marts.days where day = '{DAY}'") == [("closed", 1, 1)]
    assert (home.archive / "cdrs/sw1" / f"{test.file_id}.csv").exists()
    said = "select name, rows, landed, operator, reason from ops.withdrawals"
    assert _query(home, said, published=True) == [("test.csv", 2, 2, "anna", "a test of the switch")]
    assert _query(home, "select withdrawn_at from ops.files where name = 'test.csv'", published=True)[0][0] is not None
    # once more, and it is there again
    again = _calls(home, "test.csv", ("t1", "61"), ("t2", "60"))
    assert (again.status, again.landed, again.file_id) == ("landed", 2, test.file_id)
    _close(home)
    assert _posted(home) == D("-0.24")
    assert rebuild(home, check=True).compared


def test_before_the_day_is_closed_it_is_as_if_it_had_never_landed(home: Home) -> None:
    _calls(home, "good.csv", ("c1", "60"))
    bad = _calls(home, "bad.csv", ("t1", "60"), ("t2", "-1"))
    build(home)
    assert len(rejected(home)) == 1
    assert withdraw_file(home, bad.file_id, "not ours").rows == 1
    _close(home)
    assert rejected(home) == []
    assert _posted(home) == D("-0.06")
    assert _adjustments(home) == []


def test_a_row_that_it_had_corrected_holds_its_day_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own day could not be read: it counts by the day that it came on, which is closed without anything of it."""
    _write(home, "bad.csv", "cdrs", "sw1", CDR_HEADER, "c1,04.05.2026 10:00,,447700900123,60,in-a,out")
    mended = _calls(home, "mended.csv", ("c1", "60"))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-08T09:00:00")
    _close(home)
    came = date(2026, 5, 6)
    assert withdraw_file(home, mended.file_id, "another call's seconds").days == (DAY, came)
    failing = {c.day: [f.check for f in c.failures] for c in close(home) if c.failures}
    assert failing == {came: ["rejected_rows_are_settled"]}
    _calls(home, "mended again.csv", ("c1", "61"))
    _close(home)
    assert _posted(home) == D("-0.12")


@pytest.mark.parametrize("by", ["file", "row"])
def test_a_waiver_ends_with_the_file_that_it_was_of(home: Home, by: str) -> None:
    """The same bytes that land again are judged again, also after a rebuild; the record stays."""
    bad = (CDR_HEADER, "c1,2026-05-04T10:00:00,,447700900123,-60,in-a,out")
    landed = _write(home, "bad.csv", "cdrs", "sw1", *bad)
    build(home)
    waived = {"file": landed.file_id} if by == "file" else {"row": f"{landed.file_id}:2"}
    waive(home, DAY, "a test call", **waived)
    assert rejected(home) == []
    withdraw_file(home, landed.file_id, "sent too early")
    _write(home, "bad.csv", "cdrs", "sw1", *bad)
    build(home)
    assert [row["line"] for row in rejected(home)] == [2]
    rebuild(home)
    assert [row["line"] for row in rejected(home)] == [2]
    waive(home, DAY, "a test call indeed", **waived)
    assert rejected(home) == []
    assert {(w["reason"], w["in_force"], w["ended_at"] is None) for w in waivers(home)} == {
        ("a test call indeed", True, True),
        ("a test call", False, False),
    }


def test_by_the_first_rules_a_waiver_outlives_a_withdrawal(home: Home) -> None:
    bad = (CDR_HEADER, "c1,2026-05-04T10:00:00,,447700900123,-60,in-a,out")
    landed = _write(home, "bad.csv", "cdrs", "sw1", *bad)
    build(home)
    waive(home, DAY, "a test call", file=landed.file_id)
    with writer(home, "withdraw") as held:
        held.rules = 1
        withdraw_held(held, landed.file_id, "sent too early")
    _write(home, "bad.csv", "cdrs", "sw1", *bad)
    build(home)
    assert rejected(home) == []


@pytest.mark.parametrize("built", [True, False])
def test_the_version_that_it_superseded_is_back(home: Home, built: bool) -> None:
    """Its leg is the stored one where that is still there, at yesterday's price; else it is rated as a late call is."""
    one = _calls(home, "one.csv", ("c1", "60"))
    _close(home)
    wrong = _calls(home, "wrong.csv", ("c1", "181"), ("c2", "60"), reason="the switch said so")
    if built:
        _close(home)
    rates = (home.seeds / "rates.csv").read_text().replace("0.06", "0.07")
    (home.seeds / "rates.csv").write_text(rates)
    done = withdraw_file(home, wrong.file_id, "it did not")
    assert (done.rows, done.restored, done.days) == (2, 1, (DAY,))
    assert _seconds(home) == {"c1": 60}
    for _ in range(2):  # each makes the day's late legs anew
        build(home, DAY, DAY)
    _close(home)
    assert _posted(home) == D("-0.07" if built else "-0.06")
    assert _query(home, f"select cdrs from marts.days where day = '{DAY}'") == [(1,)]
    assert adds_up(home)
    # and it can go too
    withdraw_file(home, one.file_id, "nor this")
    _close(home)
    assert (_posted(home), _posted(home, "carrier")) == (0, 0)
    assert rebuild(home, check=True).compared


def test_of_three_versions_the_last_one_stands_until_it_is_withdrawn_too(home: Home) -> None:
    _calls(home, "one.csv", ("c1", "10"))
    two = _calls(home, "two.csv", ("c1", "20"), reason="x")
    three = _calls(home, "three.csv", ("c1", "30"), reason="y")
    assert withdraw_file(home, two.file_id, "was never right").rows == 0
    assert _seconds(home) == {"c1": 30}
    # it is known as one that was replaced
    assert _calls(home, "two.csv", ("c1", "20")).duplicates == 1
    withdraw_file(home, two.file_id, "still not")
    assert withdraw_file(home, three.file_id, "nor this").restored == 1
    assert _seconds(home) == {"c1": 10}
    _close(home)
    # now it is in conflict with the one that is back
    assert _calls(home, "two.csv", ("c1", "20")).rejected == 1


def test_rows_of_other_files_that_it_had_kept_out_count(home: Home) -> None:
    """Equal ones had been duplicates, others of the same call in conflict; each lands in its place."""
    first = _calls(home, "first.csv", ("c1", "60"), ("c2", "60"), ("c3", "60"), ("c4", "60"))
    _calls(home, "more.csv", ("c1", "60"), ("c1", "60"), ("c2", "90"), ("c5", "60"), ("c9", "-1"))
    _calls(home, "last.csv", ("c1", "60"), ("c2", "91"), ("c3", "60"))
    assert _counts(home, "more.csv", "last.csv") == [(5, 1, 2, 2), (3, 0, 2, 1)]
    done = withdraw_file(home, first.file_id, "of another company")
    assert [(other.name, other.landed, other.rejected) for other in done.again] == [
        ("more.csv", 2, 0),
        # its c2 is in conflict with the one of more.csv now
        ("last.csv", 1, 1),
    ]
    assert _seconds(home) == {"c1": 60, "c2": 90, "c3": 60, "c5": 60}
    assert _counts(home, "more.csv", "last.csv") == [(5, 3, 1, 1), (3, 1, 1, 1)]
    assert adds_up(home)
    build(home)
    assert {(r["name"], r["line"], r["reason"]) for r in rejected(home)} == {
        ("more.csv", 6, "bad_duration"),
        ("last.csv", 3, "conflict"),
    }
    assert rebuild(home, check=True).compared


def test_another_file_is_read_as_it_was_when_it_landed(home: Home) -> None:
    """The clock of the switch was set to Paris after both files; by today's its call would be another one."""
    (home.seeds / "sources.csv").write_text("source,kind,format\npbx,cdrs,asterisk\n")
    one, two = (master(f"{DAY} 10:00:0{n}", f"{DAY} 10:00:0{n}", 60, uniqueid=f"{n}.0") for n in (1, 2))
    first = _write(home, "first.csv", "cdrs", "pbx", one.strip())
    _write(home, "more.csv", "cdrs", "pbx", one.strip(), two.strip())
    before = _seconds(home)
    (home.seeds / "sources.csv").write_text("source,kind,format,timezone\npbx,cdrs,asterisk,Europe/Paris\n")
    assert withdraw_file(home, first.file_id, "twice").again[0].landed == 1
    assert _seconds(home) == before
    assert rebuild(home, check=True).compared


def test_a_later_file_that_cannot_be_read_any_more_is_named_and_nothing_changes(home: Home) -> None:
    first = _calls(home, "first.csv", ("c1", "60"))
    later = _calls(home, "later.csv", ("c1", "60"), ("c2", "60"))
    (home.archive / "cdrs/sw1" / f"{later.file_id}.csv").unlink()
    journal = home.journal.read_text()
    with pytest.raises(Refused, match=rf"later.csv \({later.file_id[:12]}\) landed later .* Withdraw that one first"):
        withdraw_file(home, first.file_id, "x")
    assert _seconds(home) == {"c1": 60, "c2": 60}
    assert home.journal.read_text() == journal
    withdraw_file(home, later.file_id, "its archive is gone")
    withdraw_file(home, first.file_id, "x")
    assert _seconds(home) == {}


PAID = "payment_id,paid_at,account_id,amount,currency"


def test_a_payment_is_taken_back_with_a_posting_of_its_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _calls(home, "calls.csv", ("c1", "60"))
    _close(home)
    line = f"p1,{DAY}T08:00:00,acme,20,USD"
    first = _write(home, "bank.csv", "payments", "bank", PAID, line, f"p2,{DAY}T08:00:00,acme,5,USD")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-20T09:00:00")
    assert withdraw_file(home, first.file_id, "of another bank").rows == 2
    paid = "select kind, amount, reference, reason, booked_on from marts.ledger_entries where fact is null order by all"
    back = ("withdrawn: of another bank", date(2026, 5, 20))
    # 4 May is over on the 20th: it is booked then, and what was booked before stays as it was
    assert _query(home, paid) == [
        ("payment", D(-20), "bank:p1", *back),
        ("payment", D(-5), "bank:p2", *back),
        ("payment", D(5), "bank:p2", None, DAY),
        ("payment", D(20), "bank:p1", None, DAY),
    ]
    assert _query(home, "select balance from marts.account_balances where account_id = 'acme'") == [(D("-0.06"),)]
    assert _query(home, "select text from marts.statement_entries where amount = -5") == [
        ("Taken back: payment bank:p2, withdrawn: of another bank",)
    ]
    # the same payment again, from the right file: posted anew, under another id
    _write(home, "again.csv", "payments", "bank", PAID, line)
    build(home)
    assert _query(home, "select balance from marts.account_balances where account_id = 'acme'") == [(D("19.94"),)]
    # nor does it hold its day, where that is to be closed again
    _calls(home, "late.csv", ("c2", "60"))
    _close(home)
    assert _query(home, f"select status from marts.days where day = '{DAY}'") == [("closed",)]
    assert rebuild(home, check=True).compared


def test_a_payment_that_another_file_has_too_stays_posted(home: Home) -> None:
    first = _write(home, "one.csv", "payments", "bank", PAID, f"p1,{DAY}T08:00:00,acme,20,USD")
    _write(
        home, "two.csv", "payments", "bank", PAID, f"p1,{DAY}T08:00:00,acme,20.00,USD", f"p2,{DAY}T08:00:00,acme,1,USD"
    )
    assert [other.landed for other in withdraw_file(home, first.file_id, "twice").again] == [1]
    assert _query(home, "select amount from marts.ledger_entries order by all") == [(D(1),), (D(20),)]


def test_one_payment_from_two_sources_counts_once_unless_it_is_meant(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    first = _write(home, "desk.csv", "payments", "desk", f"{PAID},entered_by", f"tr-1,{DAY}T20:00:00,acme,20,USD,fay")
    twice = (f"tr-1,{NEXT}T00:00:00,acme,20.00,USD", f"tr-1,{NEXT}T00:00:00,acme,20,USD")
    bank = _write(home, "bank.csv", "payments", "bank", PAID, *twice, f"tr-2,{NEXT}T00:00:00,acme,20,USD")
    assert (bank.landed, bank.duplicates, bank.rejected, [r.reason for r in bank.reasons]) == (1, 0, 2, ["conflict"])
    told = f"20 USD of acme (tr-1, {DAY}) landed from desk already, entered by fay, on 2026-05-06 09:00 UTC: where"
    for said in (told, "land FILE --kind payments --source bank --again", f"tollbook withdraw {first.file_id[:12]} "):
        assert said in bank.rejected_rows[0].detail
    # of another amount, account or day it is another; the id is asked about where it may not be
    others = [f"tr-1,{DAY}T20:00:00,{row}" for row in ("acme,19,USD", "bolt,20,EUR")]
    for name, row in zip(("a", "b", "c"), (*others, "tr-1,2026-05-02T20:00:00,acme,20,USD"), strict=True):
        assert _write(home, f"{name}.csv", "payments", f"bank {name}", PAID, row).landed == 1
    asked = [record.getMessage() for record in caplog.records if "two payments?" in record.getMessage()]
    assert f"a.csv: tr-1, 19 USD of acme on {DAY}, counts beside 20 USD that desk has under the same id" in asked[0]
    # what the source has already is a duplicate of its own, the rest is rejected once more
    grown = (PAID, *twice, f"tr-2,{NEXT}T00:00:00,acme,20.0,USD", f"tr-3,{NEXT}T00:00:00,acme,1,USD")
    more = _write(home, "grown.csv", "payments", "bank", *grown)
    assert (more.landed, more.duplicates, more.rejected) == (1, 1, 2)
    (meant,) = land(home, [home.root.parent / "bank.csv"], kind="payments", source="bank", again=True)
    assert (meant.status, meant.landed, meant.duplicates, meant.rejected) == ("landed", 2, 1, 0)
    assert land(home, [home.root.parent / "bank.csv"], kind="payments", source="bank", again=True)[0].rejected == 0
    assert adds_up(home)
    # a file that is withdrawn frees what was in conflict with it: acme's 20, as the bank's own are gone as well
    assert [other.name for other in withdraw_file(home, bank.file_id, "test").again] == ["grown.csv"]
    (again,) = withdraw_file(home, first.file_id, "test").again
    assert (again.name, again.landed, again.rejected) == ("grown.csv", 1, 0)
    kept = (
        "select source, payment_id from landed.payments where account_id = 'acme' and day >= '2026-05-04' order by all"
    )
    assert _query(home, kept) == [("bank", "tr-1"), ("bank", "tr-2"), ("bank", "tr-3"), ("bank a", "tr-1")]
    assert adds_up(home)
    assert rebuild(home, check=True).compared


def test_by_the_rules_of_before_it_counted_twice(home: Home) -> None:
    with writer(home, "land") as held:
        held.rules = 4
        for source, amount in (("desk", "20"), ("bank", "20.0")):
            path = write_text(home.root.parent / f"{source}.csv", PAID, f"p1,{DAY}T08:00:00,acme,{amount},USD")
            assert [file.landed for file in land_files(held, [path], kind="payments", source=source)] == [1]
    assert '"rules": 4' in home.journal.read_text()
    assert rebuild(home, check=True).compared
    assert _query(home, "select sum(amount) from landed.payments") == [(D(40),)]


def test_payments_that_were_taken_by_the_first_rules_count_again_too(home: Home) -> None:
    """Which did not ask for their sign: what a customer paid was below 0 there."""
    with writer(home, "land") as held:
        held.rules = 1
        files = [
            write_text(home.root.parent / name, PAID, f"p1,{DAY}T08:00:00,acme,{amount},USD")
            for name, amount in (("one.csv", "-5"), ("two.csv", "-5.00"))
        ]
        first, second = land_files(held, files, kind="payments", source="bank")
    assert (first.landed, second.duplicates) == (1, 1)
    assert [other.landed for other in withdraw_file(home, first.file_id, "twice").again] == [1]


def test_usage_leaves_a_closed_day(home: Home) -> None:
    head = "usage_id,occurred_at,account_id,service,quantity"
    gone = _write(home, "a.csv", "usage", "smsc", head, f"u1,{DAY}T10:00:00,acme,message,3")
    _write(
        home, "b.csv", "usage", "smsc", head, f"u1,{DAY}T10:00:00,acme,message,3.0", f"u2,{DAY}T10:00:00,acme,message,1"
    )
    other = _write(home, "c.csv", "usage", "smsc", head, f"u3,{DAY}T10:00:00,acme,message,5")
    _close(home)
    withdraw_file(home, gone.file_id, "counted twice")
    withdraw_file(home, other.file_id, "not ours")
    _close(home)
    # 0.01 a message: u1 counts from the other file, u3 does not any more
    assert _query(home, "select usage_id, quantity from marts.rated_usage order by all") == [("u1", D(3)), ("u2", D(1))]
    assert [row[:2] for row in _adjustments(home)] == [("acme", D("0.05"))]
    assert rebuild(home, check=True).compared


def test_what_an_allowance_had_covered_is_free_for_others(home: Home) -> None:
    profile = "profile_id,account_id,rule,allowance,period\nfree-100,acme,duration,100,month\n"
    (home.seeds / "consumption_profiles.csv").write_text(profile)
    test = _calls(home, "test.csv", ("t1", "60"))
    _calls(home, "good.csv", ("c1", "60"))
    _close(home)
    # 100 s: c1 comes first by its id, t1 has 20 s to pay, at 0.001
    assert _posted(home) == D("-0.02")
    withdraw_file(home, test.file_id, "a test")
    _calls(home, "late.csv", ("c2", "60"))
    _close(home)
    # closed c1 keeps its 60, c2 takes the 40 that are left
    assert _posted(home) == D("-0.02")
    assert _query(home, "select call_id, sell_covered_s from marts.rated_calls order by all") == [
        ("c1", D(60)),
        ("c2", D(40)),
    ]


def test_calls_on_an_issued_invoice_are_taken_back_on_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    test = _calls(home, "test.csv", ("t1", "60"), ("c1", "60"))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-03T09:00:00")
    _close(home)
    issued = invoice(home, DocumentRequest("acme", date(2026, 5, 1)))
    assert issued.total == D("0.12")
    withdraw_file(home, test.file_id, "a test")
    _close(home)
    draft = invoice(home, DocumentRequest("acme", date(2026, 6, 1), draft=True))
    assert draft.total == D("-0.12")
    lines = _query(home, "select kind, amount from marts.invoice_lines where invoice_number is null and kind <> 'tax'")
    assert ("adjustment", D("-0.12")) in lines


def _refused(home: Home, said: str, file_id: str, **options: Any) -> None:
    with pytest.raises(Refused, match=said):
        withdraw_file(home, file_id, "x", **options)


def test_what_cannot_be_withdrawn(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    east = _calls(home, "a.csv", ("c1", "60"))
    land(home, [home.root.parent / "a.csv"], kind="cdrs", source="sw2", again=True)
    unreadable = _write(home, "cut.csv", "cdrs", "sw1", CDR_HEADER.replace(",", ";"))
    _refused(home, "no file has landed whose id begins with 000", "000")
    _refused(home, "it could not be read, and is settled with tollbook waive --file", unreadable.file_id)
    _refused(
        home, r"more than one file has landed .*; add --kind, --source: .*cdrs of sw1, a.csv.*cdrs of sw2", east.file_id
    )
    with pytest.raises(Refused, match="--reason must say why"):
        withdraw_file(home, east.file_id, " ", source="sw2")
    write_operators(home.seeds, "anna,rater,", "bert,finance,")
    _refused(home, "anna is rater in .*; this needs the role finance or admin", east.file_id, source="sw2")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    assert withdraw_file(home, east.file_id, "one of them is enough", source="sw2").source == "sw2"
    _refused(
        home, f"a.csv of sw2 .cdrs, {east.file_id[:12]}. was withdrawn on .* UTC by bert", east.file_id, source="sw2"
    )
    there = r"begins with \w+; there is a.csv of sw1 \(--kind cdrs --source sw1\)$"
    _refused(home, f"no file of source sw3 has landed whose id {there}", east.file_id, source="sw3")
    _refused(home, f"no file of kind payments of source sw1 .* {there}", east.file_id, kind="payments", source="sw1")


def test_a_rate_deck_cannot_be_withdrawn(home: Home) -> None:
    from orchestration.operations.upkeep.rates import accept

    deck = write_text(
        home.inbox / "rates/carrier/may.csv",
        "rate_table_id,prefix,destination,valid_from,rate_per_minute", "cost,49,Germany,2026-06-01,0.02",
    )  # fmt: skip
    accept(home)
    assert not deck.exists()
    with duckdb.connect(str(home.warehouse)) as con:
        (file_id,) = con.execute("select file_id from ops.decks").fetchone() or ("",)
    _refused(home, "may.csv is a rate deck.*: accept one with the right prices instead", file_id)


def test_killed_before_it_is_done_nothing_is(home: Home) -> None:
    gone = _calls(home, "a.csv", ("c1", "60"))
    build(home)
    killed = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from orchestration.store import warehouse\n"
        "from orchestration.operations.day.withdraw import withdraw_file\n"
        "real = warehouse.Writer.journal\n"
        "warehouse.Writer.journal = lambda *a, **k: (real(*a, **k), os._exit(9))\n"
        "withdraw_file(warehouse.Home(Path(sys.argv[1]), Path(sys.argv[2])), sys.argv[3], 'x')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", killed, str(home.root), str(home.seeds), gone.file_id],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert done.returncode == 9
    assert _seconds(home) == {"c1": 60}
    withdraw_file(home, gone.file_id, "now it is")
    assert _seconds(home) == {}
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    assert [line["action"] for line in lines][-3:] == ["withdraw", "void", "withdraw"]
    assert rebuild(home, check=True).compared


def test_files_of_the_first_rules_are_read_by_them_again(home: Home) -> None:
    """The journal of a deployment from before November 2026: its lines have no rules, only the withdrawal's has."""
    (home.seeds / "sources.csv").write_text("source,kind,format\npbx,cdrs,asterisk\n")
    one, two = (master(f"{DAY} 10:00:0{n}", f"{DAY} 10:00:0{n}", 60, uniqueid=f"{n}.0") for n in (1, 2))
    first = _write(home, "first.csv", "cdrs", "pbx", one.strip())
    _write(home, "more.csv", "cdrs", "pbx", one.strip(), two.strip())
    rewrite(home, lambda line: {key: value for key, value in line.items() if key not in ("rules", "again")})
    home.warehouse.unlink()
    rebuild(home)
    before = {"1.0/SIP/acme-0000000b": 60, "2.0/SIP/acme-0000000b": 60}
    assert _seconds(home) == before
    assert withdraw_file(home, first.file_id, "twice").again[0].landed == 1
    assert _seconds(home) == before
    assert rebuild(home, check=True).compared


def test_the_command(home: Home) -> None:
    first = _calls(home, "first.csv", ("c1", "60"))
    _calls(home, "more.csv", ("c1", "60"), ("c2", "60"))
    build(home)
    ran = CliRunner().invoke(cli, ["withdraw", first.file_id[:12].upper(), "--reason", "twice"])
    assert ran.output == (
        f"withdrawn: first.csv of sw1 (cdrs, {first.file_id[:12]}), 1 rows\n"
        f"  1 rows of more.csv ({_id(home, 'more.csv')[:12]}) count now\n"
        "changed: 2026-05-04; run tollbook build, then tollbook close\n"
    )
    told = json.loads(CliRunner().invoke(cli, ["withdraw", _id(home, "more.csv"), "--reason", "too", "--json"]).output)
    assert (told["rows"], told["days"], told["again"]) == (2, [str(DAY)], [])
    assert CliRunner().invoke(cli, ["withdraw", "abc"]).exit_code == 2


def _id(home: Home, name: str) -> str:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        row = con.execute("select file_id from ops.files where name = ?", [name]).fetchone()
    assert row is not None
    return str(row[0])
