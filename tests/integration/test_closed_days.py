"""What may still happen to a closed day: superseded rows, late attempts, late usage. Nothing else moves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.store.warehouse import Home
from tests.support.company import CDR_HEADER, write_calls, write_company, write_text
from tests.support.put_back import keep, put_back

pytestmark = pytest.mark.usefixtures("unpublished")
DAY = "2026-05-04"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One closed day: c1 (sell 0.12, buy 0.0305), c2 unanswered, c3 of bolt (0.06 USD, buy 0.015)."""
    root = tmp_path_factory.mktemp("closed") / "deployment"
    home = Home(root / "home", write_company(root / "seeds"))
    calls = [
        ("c1", f"{DAY}T10:00:00", "61", "in-a"),
        ("c2", f"{DAY}T10:01:00", "0", "in-a"),
        ("c3", f"{DAY}T11:00:00", "30", "in-b"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
        land(home, [write_calls(root / "first.csv", calls)], kind="cdrs", source="sw1")
        assert [c.status for c in close(home)] == ["closed", "ready"]
    keep(root)
    return root


@pytest.fixture
def home(closed: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-20T09:00:00")
    return put_back(closed)


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def _adjustments(home: Home) -> list[tuple[Any, ...]]:
    return _query(
        home, "select account_id, service, amount from marts.ledger_entries where kind = 'adjustment' order by all"
    )


def _statuses(home: Home) -> set[str]:
    return {status for (status,) in _query(home, f"select status from marts.days where day = '{DAY}'")}


def test_a_superseded_call_takes_its_legs_with_it(home: Home, tmp_path: Path) -> None:
    stored = _query(home, "select * from marts.rated_calls where call_id <> 'c1' order by all")
    right = write_calls(tmp_path / "right.csv", [("c1", f"{DAY}T10:00:00", "20", "in-a")])
    landed = land(home, [right], kind="cdrs", source="sw1", supersede=True, reason="switch counted ringing")[0]
    assert (landed.superseded, landed.landed) == (1, 1)
    close(home)
    assert _statuses(home) == {"closed"}
    legs = _query(home, "select duration_s, sell_amount, buy_amount from marts.rated_calls where call_id = 'c1'")
    assert legs == [(Decimal(20), Decimal("0.06"), Decimal("0.01"))]
    assert _query(home, "select * from marts.rated_calls where call_id <> 'c1' order by all") == stored
    # sell 0.12 -> 0.06, buy 0.0305 -> 0.01
    assert _adjustments(home) == [("acme", None, Decimal("0.06")), ("carrier", None, Decimal("-0.0205"))]


def test_a_late_answered_attempt_takes_the_sell_leg_of_an_unanswered_one(home: Home, tmp_path: Path) -> None:
    late = write_text(
        tmp_path / "late.csv",
        f"{CDR_HEADER},attempt",
        f"c2,{DAY}T10:01:09,{DAY}T10:01:10,447700900123,30,in-a,out,2",
        f"c1,{DAY}T10:03:09,{DAY}T10:03:10,447700900123,30,in-a,out,2",
    )
    land(home, [late], kind="cdrs", source="sw1")
    close(home)
    rows = _query(
        home,
        "select call_id, attempt, sell_status, sell_amount, buy_amount from marts.rated_calls "
        "where call_id <> 'c3' order by all",
    )
    d = Decimal
    assert rows == [
        ("c1", 1, "rated", d("0.12"), d("0.0305")),
        ("c1", 2, "none", None, d("0.015")),  # the first attempt was answered and sold
        ("c2", 1, "rated", d(0), d(0)),
        ("c2", 2, "rated", d("0.06"), d("0.015")),
    ]
    assert _adjustments(home) == [("acme", None, d("-0.06")), ("carrier", None, d("0.03"))]
    assert _statuses(home) == {"closed"}


def test_late_calls_and_usage_open_the_day_and_are_posted_as_adjustments_that_name_their_files(
    home: Home, tmp_path: Path
) -> None:
    late_usage = write_text(
        tmp_path / "usage.csv",
        "usage_id,occurred_at,account_id,service,quantity",
        f"u1,{DAY}T12:00:00,bolt,message,7",
    )
    late_call = write_calls(tmp_path / "late.csv", [("c4", f"{DAY}T12:00:00", "61", "in-a")])
    usage_file = land(home, [late_usage], kind="usage", source="smsc")[0].file_id
    call_file = land(home, [late_call], kind="cdrs", source="sw1")[0].file_id
    build(home)
    assert _statuses(home) == {"stale"}
    accrued = "select account_id, accrued_unposted from marts.account_balances where accrued_unposted <> 0 order by all"
    d = Decimal
    late = [("acme", d("-0.12")), ("bolt", d("-0.035")), ("carrier", d("0.0305"))]  # 0.07 USD at 0.5
    assert _query(home, accrued) == late
    close(home)
    assert _statuses(home) == {"closed"}
    assert _query(home, accrued) == []
    posted = _query(
        home,
        "select account_id, amount, reference, reason from marts.ledger_entries where kind = 'adjustment' order by all",
    )
    why = "landed after the day was closed"
    assert posted == [(*late[0], call_file, why), (*late[1], usage_file, why), (*late[2], call_file, why)]


def test_equal_adjustments_get_ids_of_their_own(home: Home, tmp_path: Path) -> None:
    for n in range(2):
        late = write_calls(tmp_path / f"late{n}.csv", [(f"n{n}", f"{DAY}T12:0{n}:00", "10", "in-a")])
        land(home, [late], kind="cdrs", source="sw1")
        close(home)
    entries = _query(home, "select count(*), count(distinct entry_id) from marts.ledger_entries")
    assert entries == [(7, 7)]  # 3 at the first closing, then acme and the carrier twice


def test_a_rejected_late_row_opens_the_day_until_it_is_settled(home: Home, tmp_path: Path) -> None:
    bad = write_calls(tmp_path / "bad.csv", [("b1", f"{DAY}T10:00:00", "-5", "in-a")])
    land(home, [bad], kind="cdrs", source="sw1")
    failed = {c.day.isoformat(): [f.check for f in c.failures] for c in close(home) if c.status == "failed"}
    assert failed[DAY] == ["rejected_rows_are_settled"]
    assert _statuses(home) == {"failed"}
    corrected = write_calls(tmp_path / "good.csv", [("b1", f"{DAY}T10:00:00", "5", "in-a")])
    land(home, [corrected], kind="cdrs", source="sw1")
    close(home)
    assert _statuses(home) == {"closed"}
    assert _adjustments(home) == [("acme", None, Decimal("-0.06")), ("carrier", None, Decimal("0.0025"))]
