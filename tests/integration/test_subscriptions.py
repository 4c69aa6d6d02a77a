"""When what a subscription charges gets into the books."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.build import build
from orchestration.operations.close import close
from orchestration.operations.land import land
from orchestration.warehouse import Home
from tests.e2e.company import SEEDS, write_calls, write_company


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
