"""Consumption profiles over days: who takes what when days close, calls come late, or earlier days are built again."""

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
from tests.support.company import write_calls, write_company

pytestmark = pytest.mark.usefixtures("unpublished")
FIRST, SECOND, THIRD = "2026-05-30", "2026-05-31", "2026-06-01"
# acme pays 0.06 a minute begun; 100 s a month are free
PROFILE = "profile_id,account_id,rule,allowance,period\nfree-100,acme,duration,100,month\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A call of 60 s on each of three days, the third in another month. Nothing is closed."""
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", consumption_profiles=PROFILE))
    monkeypatch.setenv("TOLLBOOK_NOW", f"{SECOND}T23:00:00")
    for name, day in (("a", FIRST), ("b", SECOND), ("c", THIRD)):
        _land(home, tmp_path, name, f"{day}T12:00:00")
    build(home)
    return home


def _land(home: Home, folder: Path, call_id: str, at: str, seconds: str = "60") -> None:
    calls = write_calls(folder / f"{call_id}.csv", [(call_id, at, seconds, "in-a")])
    assert land(home, [calls], kind="cdrs", source="sw1")[0].landed == 1


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def _covered(home: Home) -> dict[str, tuple[Decimal, Decimal]]:
    """Covered seconds and amount of each call."""
    rows = _query(home, "select call_id, sell_covered_s, sell_amount from marts.rated_calls order by call_id")
    return {call_id: (covered, amount) for call_id, covered, amount in rows}


def _legs(**calls: tuple[int, str]) -> dict[str, tuple[Decimal, Decimal]]:
    return {call_id: (Decimal(covered), Decimal(amount)) for call_id, (covered, amount) in calls.items()}


def test_calls_consume_in_their_order_and_each_month_anew(home: Home) -> None:
    # b: 20 s of 60 at 0.001 a second
    assert _covered(home) == _legs(a=(60, "0"), b=(40, "0.02"), c=(60, "0"))
    usage = _query(home, 'select period, allowance, used, "left", unit, calls from marts.profile_usage order by period')
    assert [(str(period), *map(int, numbers), unit, calls) for period, *numbers, unit, calls in usage] == [
        ("2026-05-01", 100, 100, 0, "s", 2),
        ("2026-06-01", 100, 60, 40, "s", 1),
    ]


def test_an_earlier_call_takes_from_later_open_days(home: Home, tmp_path: Path) -> None:
    _land(home, tmp_path, "early", f"{FIRST}T01:00:00", "30")
    built = build(home)
    # its own day, and all open ones after it
    assert [str(day) for day in built.days] == [FIRST, SECOND, THIRD]
    # 60 s of the allowance for a minute begun, 40 for a, none for b
    assert _covered(home) == _legs(a=(40, "0.02"), b=(0, "0.06"), c=(60, "0"), early=(60, "0"))


def test_a_later_call_leaves_earlier_days_alone(home: Home, tmp_path: Path) -> None:
    _land(home, tmp_path, "later", f"{SECOND}T13:00:00")
    assert [str(day) for day in build(home).days] == [SECOND, THIRD]
    assert _covered(home) == _legs(a=(60, "0"), b=(40, "0.02"), c=(60, "0"), later=(0, "0.06"))


def test_closed_calls_keep_what_they_took_and_a_late_one_takes_what_is_left(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-01T09:00:00")
    assert [(str(c.day), c.status) for c in close(home)] == [(FIRST, "closed"), (SECOND, "ready")]
    _land(home, tmp_path, "late", f"{FIRST}T01:00:00")
    build(home)
    # a is closed; of the 40 s left the late call comes before b
    assert _covered(home) == _legs(a=(60, "0"), b=(0, "0.06"), c=(60, "0"), late=(40, "0.02"))
    assert [(str(c.day), c.status) for c in close(home)] == [(FIRST, "closed"), (SECOND, "ready")]
    posted = "select account_id, kind, amount from marts.ledger_entries where day = '2026-05-30' order by all"
    # acme's free call is posted as nothing; the carrier is paid for each
    assert _query(home, posted) == [
        ("acme", "adjustment", Decimal("-0.02")),
        ("carrier", "adjustment", Decimal("0.03")),
        ("carrier", "calls", Decimal("0.03")),
    ]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-02T09:00:00")
    close(home)
    # now all of May is closed: nothing of it moves when the configuration changes
    write_company(tmp_path / "seeds", consumption_profiles=PROFILE.replace("100,month", "1000,month"))
    before = _covered(home)
    build(home)
    assert _covered(home) == before
    statuses = _query(home, "select day::VARCHAR, status from marts.days where status = 'outdated' order by day")
    assert [day for day, _ in statuses][:2] == [FIRST, SECOND]


def test_a_superseded_call_gives_back_what_it_took(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-01T09:00:00")
    close(home)
    right = write_calls(tmp_path / "right.csv", [("a", f"{FIRST}T12:00:00", "0", "in-a")])
    land(home, [right], kind="cdrs", source="sw1", supersede=True, reason="it was not answered")
    build(home)
    assert _covered(home) == _legs(a=(0, "0"), b=(60, "0"), c=(60, "0"))


def test_free_amounts_come_off_what_the_account_pays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", f"{SECOND}T23:00:00")
    # bolt pays in EUR at 0.5: a minute is 0.03 EUR; 0.04 EUR a day are free
    profile = "profile_id,account_id,rule,allowance,period\nfree,bolt,cost,0.04,day\n"
    fx = "from_currency,to_currency,valid_from,rate\nUSD,EUR,2026-01-01,0.5\nEUR,USD,2026-01-01,2.5\n"
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", consumption_profiles=profile, fx_rates=fx))
    # in Paris the day ends at 22:00 UTC
    calls = [(f"c{hour}", f"{FIRST}T{hour}:00:00", "60", "in-b") for hour in (10, 11, 22)]
    land(home, [write_calls(tmp_path / "calls.csv", calls)], kind="cdrs", source="sw1")
    build(home)
    rows = _query(
        home,
        "select call_id, sell_amount, sell_covered_amount, sell_account_amount, sell_reporting_amount "
        "from marts.rated_calls order by call_id",
    )
    d = Decimal
    assert rows == [
        ("c10", d("0.06"), d("0.03"), d(0), d(0)),
        ("c11", d("0.06"), d("0.01"), d("0.02"), d("0.05")),
        ("c22", d("0.06"), d("0.03"), d(0), d(0)),
    ]
