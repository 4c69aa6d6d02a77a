"""The trends page from hand-made rows: where bars stand, which figures are read, what is said when there is nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from orchestration.pages import svg
from orchestration.pages.html import page, percent
from orchestration.pages.month import (
    Anomaly,
    Balance,
    Budget,
    BudgetDay,
    Owed,
    PublishedMonth,
    Source,
    UnfinishedDay,
    Waterfall,
    WaterfallRow,
)

D = Decimal
MARCH = date(2026, 3, 1)
MONEY = (
    WaterfallRow("rated", D("1000.00000001")),
    WaterfallRow("netted", D("100.00000001"), True),
    WaterfallRow("charged", D(900), items=9),
    WaterfallRow("not posted", D(-50), True, -1, "the day is not closed"),
    WaterfallRow("posted", D(950), items=10),
)


def _rects(drawn: str, kind: str) -> list[tuple[float, float]]:
    """x and width of the bars of a class."""
    return [(float(r.get("x", 0)), float(r.get("width", 0))) for r in ET.fromstring(drawn) if r.get("class") == kind]


def _days(budget: Decimal, spent: Sequence[int | None]) -> list[BudgetDay]:
    """A day of March each; the forecast is a straight line of whole numbers."""
    days, total = [], 0
    for n, amount in enumerate(spent, 1):
        if amount is None:
            days.append(BudgetDay(MARCH + timedelta(n - 1), None, None, None, None, "unknown", "no rate <EUR>"))
            continue
        total += amount
        left = budget - total
        status = "over" if left < 0 else "within"
        days.append(BudgetDay(MARCH + timedelta(n - 1), D(amount), D(total), left, D(total * 31 // n), status, None))
    return days


FULL = PublishedMonth(
    month=MARCH,
    published_at=datetime(2026, 3, 10, 6),
    days=[("closed", 8), ("failed", 1)],
    unfinished=[UnfinishedDay(date(2026, 3, 9), "failed", "nothing_is_left_unrated")],
    cdrs=Waterfall(
        "CDRs",
        [
            WaterfallRow("counted by the switch", D(1_000_010)),
            WaterfallRow("not seen", D(10), True, why="never came"),
            WaterfallRow("came", D(1_000_000)),
        ],
    ),
    switch_count=Source("", 9, 5, 1_000_010, 10, 1_000_000, 0, 0, 1_000_000, 0, 0, 1_000_000),
    sources=[Source("sw1", 9, 0, None, None, 1_000_000, 0, 0, 1_000_000, 0, 0, 1_000_000)],
    money=[Waterfall("USD", MONEY)],
    budgets=[
        Budget("<sales>", D(100), "USD", _days(D(100), [20, 0, 30, 60])),
        Budget("support", D(3100), "EUR", _days(D(3100), [100, 40, 20, None])),
        Budget("carriers", D(9000), "USD", _days(D(9000), [100, 400, 200, 300, 150, 220, 90])),
    ],
    anomalies=[
        Anomaly(datetime(2026, 3, 9, 2), "high", "burst", "acme", "Acme & Sons", "12 calls to <b>Cuba</b> for 36 USD"),
        Anomaly(datetime(2026, 3, 8, 2), "medium", "asr", "bolt", None, "answer ratio from 02:00 UTC: 0.1 in 60 calls"),
    ],
    accounts=9,
    balances=[
        Balance("acme", "Acme & Sons", "exhausted", D("-3.5"), D("-13.5"), D(0), D(50), "USD"),
        Balance("bolt", None, "low", D("20.00000001"), D(20), D(0), D(150), "GBP"),
    ],
    receivables=[
        Owed("acme", "Acme & Sons", "USD", D(60), D(0), D(0), D(40), D(0), D(100), D("5.5"), D(10), D("95.5")),
        Owed("cara", "Cara", "USD", D(0), D(100), D(0), D(0), D(0), D(100), D(0), D(0), D(100)),
        Owed(None, None, "USD", D(60), D(100), D(0), D(40), D(0), D(200), D("5.5"), D(10), D("195.5")),
    ],
)
EMPTY = PublishedMonth(MARCH, datetime(2026, 3, 10, 6), [], [], None, None, [], [], [], [], 0, [], [])


def test_a_loss_hangs_from_the_step_before_it() -> None:
    # 1000 - 100 = 900, and what is below 0 comes on top: 950
    assert svg.spans(MONEY) == [
        (0, D("1000.00000001")),
        (D(900), D("1000.00000001")),
        (0, 900),
        (900, 950),
        (0, 950),
    ]


def test_bars_of_a_waterfall_share_a_scale() -> None:
    rows = [
        WaterfallRow("a", D(200)),
        WaterfallRow("lost", D(50), True),
        WaterfallRow("b", D(150)),
        WaterfallRow("more", D(-25), True),
        WaterfallRow("c", D(175)),
    ]
    drawn = svg.waterfall(rows)
    assert _rects(drawn[0], "step") == [(0, 100)]
    assert _rects(drawn[1], "loss") == [(75, 25)]
    assert _rects(drawn[2], "step") == [(0, 75)]
    assert _rects(drawn[3], "gain") == [(75, 12.5)]


def test_a_loss_of_one_in_a_million_is_seen_and_stays_inside() -> None:
    lost = svg.waterfall(
        [WaterfallRow("a", D(1_000_000)), WaterfallRow("lost", D(1), True), WaterfallRow("b", D(999_999))]
    )[1]
    [(x, width)] = _rects(lost, "loss")
    assert width >= 0.5
    assert x + width <= 100
    assert _rects(svg.waterfall([WaterfallRow("a", D(9)), WaterfallRow("lost", D(0), True)])[1], "loss") == [(100, 0)]


def test_nothing_has_no_bars_and_divides_by_nothing() -> None:
    assert _rects(svg.waterfall([WaterfallRow("a", D(0))])[0], "step") == [(0, 0)]
    assert _rects(svg.stacked([D(0), D(0)]), "part0") == []
    assert _rects(svg.level(D(0), None, "low"), "low") == []
    assert "points" in svg.burn_down(Budget("none", D(0), "USD", _days(D(0), [0])), date(2026, 3, 31), "b", "words")


def test_ages_stand_beside_each_other_by_their_share() -> None:
    drawn = svg.stacked([D(60), D(100), D(0), D(40), D(-7)])
    assert _rects(drawn, "part0") == [(0, 30)]
    assert _rects(drawn, "part1") == [(30, 50)]
    assert _rects(drawn, "part2") == []
    assert _rects(drawn, "part3") == [(80, 20)]
    assert _rects(drawn, "part4") == []


def test_a_balance_below_0_goes_to_the_left_of_it() -> None:
    drawn = svg.level(D(-50), D(50), "exhausted")
    # 98 wide from 1: 0 is in the middle
    assert _rects(drawn, "exhausted") == [(1, 49)]
    assert _rects(drawn, "zero") == [(49.7, 0.6)]
    assert _rects(drawn, "mark") == [(98.7, 0.6)]


def _chart(budget: Budget) -> ET.Element:
    return ET.fromstring(svg.burn_down(budget, date(2026, 3, 31), "b", "left 9 & more"))


def test_a_budget_burns_down_to_today_and_heads_on() -> None:
    chart = _chart(Budget("R&D", D(310), "USD", _days(D(310), [10, 10])))
    assert [child.text for child in chart[:2]] == ["R&D: what is left of the budget", "left 9 & more"]
    assert chart.get("aria-labelledby") == "b-t b-d"
    drawn = {part.get("class"): part for part in chart[2]}
    # 384 wide for 31 days, 138 high for 310, 6 of it kept free above and below: 290 left is 144 - 290 / 310 * 138
    assert drawn["left"].get("points") == "0.0,6.0 12.4,10.5 24.8,14.9"
    # 10 a day uses it up exactly
    forecast = drawn["forecast"]
    assert [forecast.get(end) for end in ("x1", "y1", "x2", "y2")] == ["24.8", "14.9", "384", "144.0"]


def test_a_month_that_is_over_and_a_missing_rate_have_no_forecast() -> None:
    over = _chart(Budget("a", D(310), "USD", _days(D(310), [1] * 31)))
    assert [part.get("class") for part in over[2]] == ["axis", "pace", "left", "now"]
    unknown = _chart(Budget("a", D(310), "USD", _days(D(310), [10, None])))
    assert [part.get("class") for part in unknown[2]] == ["axis", "pace", "left", "now"]
    assert unknown[2][2].get("points") == "0.0,6.0 12.4,10.5"


def test_a_wild_forecast_does_not_flatten_what_was_spent() -> None:
    chart = _chart(Budget("a", D(100), "USD", _days(D(100), [50])))
    drawn = {part.get("class"): part for part in chart[2]}
    # 50 a day leaves -1450; the picture ends at -100, twice the budget: 50 left is at 144 - 150 / 200 * 138
    assert drawn["left"].get("points") == "0.0,6.0 12.4,40.5"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        ("1", "3", "33.3 %"),
        ("1", "800", "0.1 %"),
        ("1", "2000", "0.1 %"),
        ("1", "2001", "under 0.1 %"),
        ("0", "5", "0.0 %"),
        ("999999", "1000000", "over 99.9 %"),
        ("1", "1", "100.0 %"),
        ("-0.00000005", "0.00000010", "\N{MINUS SIGN}50.0 %"),
        ("31.5", "1", "3,150.0 %"),
        ("1", "0", ""),
    ],
)
def test_shares_are_rounded_by_whole_numbers(part: str, whole: str, said: str) -> None:
    assert percent(D(part), D(whole)) == said


class _Seen(HTMLParser):
    """Checks that tags close in order, and keeps what is read and which elements and ids there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.read: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.read.append(data)


def test_the_page_says_everything_and_needs_nothing() -> None:
    text = page(FULL)
    seen = _Seen(text)
    assert seen.open == []
    assert len(seen.ids) == len(set(seen.ids))
    assert {address[1:] for address in seen.addresses} <= set(seen.ids)
    assert not {"script", "link", "img", "b"} & seen.tags
    assert "url(" not in text
    read = " ".join(seen.read)
    for said in (
        "1,000.00000001",
        "\N{MINUS SIGN}100.00000001",
        "950.00000000",
        "+50.00000000",
        "“posted” is 95.0 % of “rated”.",
        "“came” is over 99.9 % of “counted by the switch”.",
        "for 5 of 9 days of a source: 1,000,010 CDRs, 10 of which did not come",
        "2026-03-09 is failed: nothing_is_left_unrated",
        "<sales>",
        "✕ over the budget",
        "110.0 %",
        "no rate <EUR>",
        "12 calls to <b>Cuba</b> for 36 USD",
        "Acme & Sons",
        "2 found, 1 of them high",
        "2 of 9 accounts",
        "20.00000001",
        "195.50",
    ):
        assert said in read, said
    # the text of a picture says what the picture does
    assert "budget 100.00 USD; spent by 4 March 110.00 USD; left \N{MINUS SIGN}10.00 USD" in read


def test_no_figure_is_shown_as_a_binary_float() -> None:
    read = _Seen(page(FULL)).read
    assert not [text for text in read if re.search(r"\d[eE][+-]?\d|\.\d{9,}", text)]


def test_the_same_month_gives_the_same_bytes() -> None:
    assert page(FULL) == page(replace(FULL))


def test_an_empty_month_says_so() -> None:
    seen = _Seen(page(EMPTY))
    read = " ".join(seen.read)
    for said in (
        "No calls have come of this month",
        "No department has a budget for March 2026",
        "Nothing was out of the ordinary in March 2026",
        "There are no accounts yet",
        "Nobody owes anything",
    ):
        assert said in read, said
    assert "svg" not in seen.tags
    assert "Every balance is all right" in page(replace(EMPTY, accounts=3))


def test_a_long_list_of_anomalies_ends() -> None:
    text = page(replace(FULL, anomalies=[FULL.anomalies[1]] * 1203))
    assert text.count("answer ratio from") == 200
    assert "And 1,003 more" in text
