"""Three weeks of steady traffic, then a night of calls to a dear prefix: it is seen with the refresh that brings it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.waive import waive
from orchestration.operations.questions.trends import anomalies
from orchestration.operations.questions.trends_page import trends_page
from orchestration.store.warehouse import Home, Refused
from tests.support.company import CDR_HEADER, SEEDS, write_company, write_text

FIRST = datetime(2026, 5, 4)
NIGHT = FIRST + timedelta(days=21)
CUBA, BRITAIN = "5371234567", "447700900123"


def _calls(path: Path, calls: Iterable[tuple[datetime, str, int, str]]) -> Path:
    """A CDR file of (answered at, number, seconds, ingress trunk)."""
    lines = [
        f"{path.stem}-{n},{at.isoformat()},{at.isoformat()},{number},{seconds},{trunk},out"
        for n, (at, number, seconds, trunk) in enumerate(calls)
    ]
    return write_text(path, CDR_HEADER, *lines)


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def _refresh(home: Home, file: Path) -> None:
    land(home, [file], kind="cdrs", source="sw1")
    build(home)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """acme calls Britain six times a day at 10 o'clock, three weeks long; bolt does not call yet."""
    folder = tmp_path_factory.mktemp("trends")
    seeds = write_company(
        folder / "seeds",
        rates=SEEDS["rates"] + "retail,53,Cuba,,2026-01-01,1.5\ncost,53,Cuba,,2026-01-01,0.9\n",
        accounts=SEEDS["accounts"]
        .replace("low_balance_threshold\n", "low_balance_threshold,department\n")
        .replace(",,1\n", ",,1,sales\n")
        .replace("postpaid,,\n", "postpaid,,,sales\n")
        .replace("carrier,USD,UTC,,,\n", "carrier,USD,UTC,,,,\n"),
        budgets="department,month,amount,currency\nsales,2026-05,20,USD\n",
        fx_rates=SEEDS["fx_rates"] + "EUR,USD,2026-01-01,2\n",
    )
    home = Home(folder / "home", seeds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-25T05:00:00")
        steady = [
            (FIRST + timedelta(days=day, hours=10, minutes=5 * n), BRITAIN, 60, "in-a")
            for day in range(21)
            for n in range(6)
        ]
        _refresh(home, _calls(folder / "steady.csv", steady))
    return home


@pytest.fixture(autouse=True)
def at_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-25T05:00:00")


def test_steady_traffic_is_quiet(home: Home) -> None:
    assert _query(home, "select * from marts.anomalies") == []


def test_the_month_as_a_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """21 days of 6 calls of 0.06: 7.56, of a budget of 20; 25 of the 31 days are begun."""
    monkeypatch.setenv("TOLLBOOK_HOME", str(home.root))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(home.seeds))
    done = CliRunner().invoke(cli, ["trends"])
    file = home.root / "exports" / "trends" / "2026-05.html"
    assert (done.exit_code, done.output) == (0, f"2026-05 written to {file}\n")
    text = file.read_text(encoding="utf-8")
    read = re.sub(r"<[^>]*>", "|", text)
    assert re.search(r"came\|+126\|", read)
    for said in ("Trends, May 2026", "|7.5600|", "within the budget", "|12.4400|", "|9.3744|", "37.8 %"):
        assert said in read, said
    assert "Nothing was out of the ordinary in May 2026" in read

    again = trends_page(home, date(2026, 5, 1), tmp_path / "new" / "may.HTML")
    assert again.file.read_text(encoding="utf-8") == text

    with pytest.raises(Refused, match=r"^nothing is published of 2026-04; there is something of 2026-05$"):
        trends_page(home, date(2026, 4, 1), tmp_path / "april.html")
    with pytest.raises(Refused, match=r"write a name that ends in \.html"):
        trends_page(home, None, home.warehouse)
    empty = Home(tmp_path / "empty", home.seeds)
    assert trends_page(empty).file.is_relative_to(empty.root)
    assert not (tmp_path / "april.html").exists()
    wrong = CliRunner().invoke(cli, ["trends", "--month", "May"])
    assert wrong.exit_code == 2
    assert "'May' is not a month; write 2026-03" in wrong.output


def test_a_night_of_dear_calls_is_seen_with_its_refresh(home: Home, tmp_path: Path) -> None:
    """12 calls of 3.00 from 02:40 to 03:13, of an account with a history and of one without."""
    night = [
        (NIGHT + timedelta(hours=2, minutes=40 + 3 * n), CUBA, 120, trunk)
        for trunk in ("in-a", "in-b")
        for n in range(12)
    ]
    _refresh(home, _calls(tmp_path / "night.csv", night))
    found = _query(
        home,
        "select rule, account_id, hour, destination, observed, calls, currency, weeks from marts.anomalies "
        "where rule = 'burst' order by all",
    )
    hours = [NIGHT + timedelta(hours=h) for h in (2, 3)]
    # the first ten are enough at 03:07; by 03:00 there were seven
    assert found == [
        ("burst", "acme", hours[1], "Cuba", Decimal(36), 12, "USD", 3),
        ("burst", "bolt", hours[1], "Cuba", Decimal(36), 12, "USD", 0),
    ]
    others = _query(
        home,
        "select rule, account_id, hour, observed, expected, threshold from marts.anomalies "
        "where rule <> 'burst' order by all",
    )
    # 02:40 to 02:58 are seven calls, 03:01 to 03:13 five
    assert others == [
        ("new_destination", "acme", hours[0], Decimal(36), Decimal(0), Decimal(5)),
        ("spend", "acme", hours[0], Decimal(21), Decimal(0), Decimal(10)),
        ("spend", "acme", hours[1], Decimal(15), Decimal(0), Decimal(10)),
    ]
    detail = _query(home, "select detail from marts.anomalies where rule = 'burst' and account_id = 'bolt'")
    assert detail == [
        (
            "12 high-cost calls (the dearest to Cuba) for 36 USD from 02:40:00 to 03:13:00 UTC; "
            "10 calls and 20 USD within 60 minutes are a burst",
        )
    ]

    listed = anomalies(home, NIGHT.date(), NIGHT.date(), "bolt")
    assert [(a["rule"], a["severity"], a["threshold"]) for a in listed] == [("burst", "high", Decimal(20))]
    with pytest.raises(Refused, match="there is no account nobody"):
        anomalies(home, account="nobody")
    with pytest.raises(Refused, match="is before"):
        anomalies(home, NIGHT.date(), FIRST.date())


def test_calls_before_midnight_that_land_last_complete_a_burst(home: Home, tmp_path: Path) -> None:
    after = [(FIRST + timedelta(days=20, minutes=3 * n), CUBA, 120, "in-b") for n in range(6)]
    _refresh(home, _calls(tmp_path / "after.csv", after))
    assert _query(home, f"select * from marts.anomalies where day < '{NIGHT.date()}'") == []
    before = [(FIRST + timedelta(days=20, minutes=3 * n - 18), CUBA, 120, "in-b") for n in range(6)]
    _refresh(home, _calls(tmp_path / "before.csv", before))
    found = _query(home, f"select rule, account_id, hour, calls from marts.anomalies where day < '{NIGHT.date()}'")
    assert found == [("burst", "bolt", FIRST + timedelta(days=19, hours=23), 12)]


def test_the_waterfall_and_the_budget_of_what_landed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = write_text(
        tmp_path / "resources.csv",
        "observed_at,account_id,resource,count",
        "2026-05-04T12:00:00,sw1,cdrs,5",
        "2026-05-04T23:59:00,sw1,cdrs,8",
    )
    land(home, [counted], kind="resources", source="monitor")
    bad = write_text(tmp_path / "bad.csv", CDR_HEADER, f"bad,2026-05-05T10:00:00,,{BRITAIN},-1,in-a,out")
    land(home, [bad], kind="cdrs", source="sw1")
    build(home)
    # the switch counted two more than landed: somebody has to say that it may be so
    waive(home, FIRST.date(), "two were test calls", count="sw1")
    assert {c.status for c in close(home) if c.day != FIRST.date() + timedelta(days=1)} <= {"closed", "ready"}
    cdrs = _query(
        home,
        "select day, switch_cdrs, not_seen_cdrs, seen_cdrs, not_landed_cdrs, landed_cdrs, not_rated_cdrs, rated_cdrs "
        "from marts.revenue_assurance_daily where source = 'sw1' and day <= '2026-05-05' order by day",
    )
    days = [FIRST.date(), FIRST.date() + timedelta(days=1)]
    assert cdrs == [(days[0], 8, 2, 6, 0, 6, 0, 6), (days[1], None, None, 7, 1, 6, 0, 6)]
    money = _query(
        home,
        "select day, rated, netted, charged, not_posted, posted, invoiced, posted_items "
        "from marts.revenue_assurance_daily where currency = 'USD' and day <= '2026-05-05' order by day",
    )
    d = Decimal
    # 6 calls of 0.06; the day with the rejected row is not posted
    assert money == [
        (days[0], d("0.36"), d(0), d("0.36"), d(0), d("0.36"), d(0), 6),
        (days[1], d("0.36"), d(0), d("0.36"), d("0.36"), d(0), d(0), 0),
    ]
    spent = _query(home, "select cumulative, forecast, status from marts.budget_burndown where day = '2026-05-10'")
    # 2.52 in the 7 of its first 10 days that had calls: 0.252 x 31
    assert spent == [(d("2.52"), d("7.812"), "within")]
    assert _query(home, "select month, account_id, calls from marts.spend_monthly where account_id = 'acme'")[0][2] > 7
