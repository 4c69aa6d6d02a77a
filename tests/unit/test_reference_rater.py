"""The reference rater against the rules of rating, their worked examples by name."""

from __future__ import annotations

import csv
import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.audit.charge import billed_seconds, bounded, own_charge, rounded, within_grace
from orchestration.audit.company import Company, ConfigurationError, RateRow, RateTable
from orchestration.audit.money import round_amount, round_seconds, to_decimal
from orchestration.audit.number import NATIONAL_PREFIXES, Numbering, clean_number, prefixes_of
from orchestration.audit.rater import Cdr, Leg, rate
from orchestration.audit.times import parse_instant
from orchestration.audit.timetable import Timetable, Window, parse_days, parse_time
from orchestration.store.warehouse import PROJECT
from tests.support.generators import START, random_company, random_deck, random_traffic, read_cdrs
from tests.support.reference import NOON, cdr, company_writer, legs, says, unanswered

UTC = ZoneInfo("UTC")

TABLE = RateTable(
    rate_table_id="t",
    kind="per_minute",
    currency="USD",
    timezone=UTC,
    timetable_id=None,
    band_policy="start",
    number_basis="called",
    initial_s=Fraction(60),
    increment_s=Fraction(60),
    increment_from="initial",
    seconds_rounding="none",
    amount_decimals=4,
    amount_rounding="half_up",
    grace_s=Fraction(0),
    free_s=Fraction(0),
    connect_charge=Fraction(0),
    attempt_charge=Fraction(0),
    min_charge=None,
    max_charge=None,
    markup_pct=Fraction(0),
)
ROW = RateRow(
    prefix="",
    destination=None,
    band=None,
    valid_from=None,
    valid_to=None,
    rate_per_minute=None,
    initial_rate_per_minute=None,
    initial_s=None,
    increment_s=None,
    initial_charge=None,
    increment_charge=None,
    connect_charge=None,
    markup_pct=None,
    blocked=False,
    position=(0, 2),
)


def table_of(increments: str, **changes: object) -> RateTable:
    """A table with increments such as `60/6`."""
    initial, increment = increments.split("/")
    table = replace(TABLE, initial_s=Fraction(initial), increment_s=Fraction(increment))
    return replace(table, **changes)  # type: ignore[arg-type]


def billed(table: RateTable, duration: str, row: RateRow = ROW) -> Fraction:
    return billed_seconds(table, row, Fraction(duration))


def price(table: RateTable, duration: str, row: RateRow) -> Fraction:
    return rounded(table, own_charge(table, row, billed(table, duration, row)))


# -- billed seconds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("increments", "expected"),
    [
        ("60/60", (60, 60, 60, 120, 120, 240)),
        ("60/6", (60, 60, 60, 66, 72, 186)),
        ("30/6", (30, 30, 30, 66, 72, 186)),
        ("12/6", (12, 12, 30, 66, 72, 186)),
        ("6/6", (12, 12, 30, 66, 72, 186)),
        ("1/1", (7, 10, 26, 61, 67, 185)),
    ],
)
def test_table_of_increments(increments: str, expected: tuple[int, ...]) -> None:
    table = table_of(increments)
    assert tuple(billed(table, s) for s in ("7", "10", "26", "61", "67", "185")) == expected


@pytest.mark.parametrize(
    ("seconds", "down", "up", "half_up", "half_down"),
    [
        ("60.0", 60, 60, 60, 60),
        ("60.1", 60, 61, 60, 60),
        ("60.4", 60, 61, 60, 60),
        ("60.5", 60, 61, 61, 60),
        ("60.6", 60, 61, 61, 61),
    ],
)
def test_table_of_seconds_rounding(seconds: str, down: int, up: int, half_up: int, half_down: int) -> None:
    for rounding, expected in zip(
        ("down", "up", "half_up", "half_down", "none"),
        (down, up, half_up, half_down, Fraction(seconds)),
        strict=True,
    ):
        assert round_seconds(Fraction(seconds), rounding) == expected


def test_31_s_at_30_7_is_35_s_from_zero_and_37_s_from_initial() -> None:
    assert billed(table_of("30/7", increment_from="zero"), "31") == 35
    assert billed(table_of("30/7"), "31") == 37


@pytest.mark.parametrize(
    ("table", "duration", "expected"),
    [
        (table_of("1/0"), "9.1", "9.1"),
        (table_of("30/0"), "9.1", "30"),
        (table_of("30/0", increment_from="zero"), "30.001", "30.001"),
        (table_of("30/60", increment_from="zero"), "30", "30"),
        (table_of("0/6"), "6", "6"),
        (table_of("0/6"), "6.001", "12"),
        (table_of("60/60"), "60", "60"),
        (table_of("60/60"), "60.001", "120"),
        (table_of("60/60", seconds_rounding="down"), "60.999", "60"),
        (table_of("1/1", seconds_rounding="down"), "0.999", "0"),
        (table_of("1/1", seconds_rounding="half_down"), "0.5", "0"),
        (table_of("1/1", grace_s=Fraction(3)), "3", "0"),
        (table_of("1/1", grace_s=Fraction(3)), "3.001", "4"),
        # Grace looks at the duration as it is, not at the rounded one.
        (table_of("1/1", grace_s=Fraction(3), seconds_rounding="down"), "3.2", "3"),
        (table_of("1/1", free_s=Fraction(10)), "10", "0"),
        (table_of("1/1", free_s=Fraction(10)), "10.5", "1"),
        (table_of("60/60", free_s=Fraction(10)), "70.5", "120"),
        (table_of("6/6", free_s=Fraction(10), seconds_rounding="up"), "15.001", "6"),
    ],
)
def test_corners_of_billed_seconds(table: RateTable, duration: str, expected: str) -> None:
    assert billed(table, duration) == Fraction(expected)


def test_a_rate_row_overrides_increments() -> None:
    row = replace(ROW, initial_s=Fraction(1), increment_s=Fraction(6))
    assert billed(TABLE, "26", row) == 31


# -- the charge ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rounding", ["half_up", "up"])
def test_100_calls_of_9_1_s_at_0_005(rounding: str) -> None:
    table = table_of("1/0", amount_rounding=rounding)
    row = replace(ROW, rate_per_minute=Fraction("0.005"))
    amount = price(table, "9.1", row)
    assert amount == Fraction("0.0008")
    assert 100 * amount == Fraction("0.08")
    assert round_amount(100 * Fraction("9.1") / 60 * Fraction("0.005"), 4, rounding) in (
        Fraction("0.0758"),
        Fraction("0.0759"),
    )


@pytest.mark.parametrize(
    ("increments", "expected"),
    [("6/6", "0.0030"), ("12/6", "0.0030"), ("30/6", "0.0075"), ("60/60", "0.0150")],
)
def test_7_s_at_0_015(increments: str, expected: str) -> None:
    row = replace(ROW, rate_per_minute=Fraction("0.015"))
    assert price(table_of(increments), "7", row) == Fraction(expected)


def test_initial_rate_covers_the_first_interval_only() -> None:
    row = replace(ROW, rate_per_minute=Fraction("0.6"), initial_rate_per_minute=Fraction("1.2"))
    assert price(table_of("30/6"), "20", row) == Fraction("0.6")
    assert price(table_of("30/6"), "31", row) == Fraction("0.66")


def test_block_charges_per_interval() -> None:
    table = table_of("30/6", kind="block", connect_charge=Fraction("0.01"))
    row = replace(ROW, initial_charge=Fraction("0.2"), increment_charge=Fraction("0.03"))
    assert price(table, "1", row) == Fraction("0.21")
    assert price(table, "30.001", row) == Fraction("0.24")
    assert price(table, "67", row) == Fraction("0.42")


def test_nothing_left_after_free_seconds_owes_the_connect_charge_alone() -> None:
    table = table_of("30/6", free_s=Fraction(10), connect_charge=Fraction("0.01"))
    row = replace(ROW, rate_per_minute=Fraction(1), initial_charge=Fraction(1))
    assert price(table, "9", row) == Fraction("0.01")
    assert price(replace(table, kind="block"), "9", row) == Fraction("0.01")


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("up", ("0.02", "0.03", "0.02", "-0.02")),
        ("down", ("0.01", "0.02", "0.01", "-0.01")),
        ("half_up", ("0.02", "0.03", "0.01", "-0.02")),
        ("half_down", ("0.01", "0.02", "0.01", "-0.01")),
        ("half_even", ("0.02", "0.02", "0.01", "-0.02")),
    ],
)
def test_amount_roundings(rounding: str, expected: tuple[str, ...]) -> None:
    values = ("0.015", "0.025", "0.0149999999", "-0.015")
    assert tuple(round_amount(Fraction(value), 2, rounding) for value in values) == tuple(
        Fraction(value) for value in expected
    )


def test_exact_tenths_do_not_round_up() -> None:
    assert round_amount(Fraction("0.1") + Fraction("0.2"), 1, "up") == Fraction("0.3")


def test_bounds_hold_the_rounded_amount() -> None:
    table = replace(TABLE, min_charge=Fraction("0.05"), max_charge=Fraction("1.5"))
    amounts = [bounded(table, None, Fraction(amount)) for amount in ("0", "0.06", "2")]
    assert amounts == [Fraction("0.05"), Fraction("0.06"), Fraction("1.5")]


def test_bounds_grace_and_free_seconds_of_a_row_s_own() -> None:
    """An empty cell inherits, 0 is none: of a bound above, too."""
    table = table_of(
        "1/1", min_charge=Fraction("0.05"), max_charge=Fraction("0.2"), grace_s=Fraction(5), free_s=Fraction(10)
    )
    row = replace(ROW, rate_per_minute=Fraction("0.6"))
    none = replace(row, min_charge=Fraction(0), max_charge=Fraction(0), grace_s=Fraction(0), free_s=Fraction(0))
    own = replace(row, min_charge=Fraction("0.03"), max_charge=Fraction("0.1"), grace_s=Fraction(2), free_s=Fraction(1))

    def due(seconds: str, of: RateRow) -> Fraction:
        past = not within_grace(table, of, Fraction(seconds))
        return bounded(table, of, price(table, seconds, of)) if past else price(table, seconds, of)

    # 0.01 a second; of 4, 11 and 40 s the table frees the first, 1 s and 30 s of the others are billed
    assert [due(seconds, row) for seconds in ("4", "11", "40")] == [0, Fraction("0.05"), Fraction("0.2")]
    assert [due(seconds, none) for seconds in ("4", "11", "40")] == [
        Fraction("0.04"),
        Fraction("0.11"),
        Fraction("0.4"),
    ]
    assert [due(seconds, own) for seconds in ("2", "3", "40")] == [0, Fraction("0.03"), Fraction("0.1")]


def test_a_free_number_under_a_least_amount(company: Callable[..., Company]) -> None:
    """Of given and markup tables, too: a row that matches has its own bounds."""
    loaded = company(
        rate_tables=(
            "rate_table_id,kind,currency,min_charge,max_charge,markup_pct,grace_s\n"
            "sell,markup,USD,0.05,,100,\nbuy,given,USD,0.01,0.02,,\n"
        ),
        rates=(
            "rate_table_id,prefix,destination,min_charge,max_charge,grace_s\n"
            "sell,44800,Freephone,0,0.03,\nbuy,44800,Freephone,0,0,\nbuy,44801,Shared,,,70\n"
        ),
    )

    def amounts(number: str, carrier: str) -> tuple[Fraction | None, ...]:
        call = cdr(called_number=number, carrier_amount=Decimal(carrier), carrier_currency="USD")
        return tuple(leg.amount for leg in legs(loaded, call))

    assert amounts("44800", "0.001") == (Fraction("0.002"), Fraction("0.001"))
    assert amounts("44800", "0.5") == (Fraction("0.03"), Fraction("0.5"))
    assert amounts("4420", "0.001") == (Fraction("0.05"), Fraction("0.01"))
    # within the row's grace of 70 s no bound holds
    assert amounts("44801", "0.001") == (Fraction("0.05"), Fraction("0.001"))


def test_exact_decimals() -> None:
    assert str(to_decimal(Fraction("0.1"))) == "0.10000000"
    assert str(to_decimal(Fraction("-12.345"), 3)) == "-12.345"
    with pytest.raises(ValueError, match="more than 8"):
        to_decimal(Fraction(1, 3))


# -- numbers, times, bands -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+44 20 7946-0000", "442079460000"),
        ("(020) 79.46", "0207946"),
        ("0044 20", "4420"),
        ("+00 44", "44"),
        ("000044", "0044"),
        ("0011 61", "61"),
        ("00", None),
        ("+", None),
        ("", None),
        (None, None),
        ("anonymous", None),
        ("44a", None),
        ("44\t20", None),
        ("٤٤", None),
        ("123456789012345", "123456789012345"),
        ("1234567890123456", None),
        ("00123456789012345", "123456789012345"),
    ],
)
def test_numbers(raw: str | None, expected: str | None) -> None:
    assert clean_number(raw, Numbering(("00", "011", "0011"))) == expected


def test_without_international_prefixes_none_is_dropped() -> None:
    assert clean_number("0044 20") == "004420"


GERMANY = Numbering.of_country("49", "", ("00",))


@pytest.mark.parametrize(
    ("raw", "numbering", "expected"),
    [
        ("030 123", GERMANY, "4930123"),
        ("30 123", GERMANY, "4930123"),
        ("112", GERMANY, "49112"),
        ("(030) 12-3", GERMANY, "4930123"),
        ("+49 30", GERMANY, "4930"),
        ("(+49) 30", GERMANY, "4930"),
        # the trunk prefix that some write after +49 stays: what has a + is international as it is
        ("+49(0)30", GERMANY, "49030"),
        ("0049 30", GERMANY, "4930"),
        # without + or 00 it is national, whatever it begins with
        ("4930", GERMANY, "494930"),
        ("030+12", GERMANY, "493012"),
        ("00", GERMANY, None),
        ("0", GERMANY, None),
        ("-", GERMANY, None),
        ("", GERMANY, None),
        (None, GERMANY, None),
        ("anonymous", GERMANY, None),
        ("01234567890123", GERMANY, "491234567890123"),
        ("012345678901234", GERMANY, None),
        ("12125550100", Numbering.of_country("1", "", ("011",)), "12125550100"),
        ("2125550100", Numbering.of_country("1", "", ("011",)), "12125550100"),
        ("06 1 234", Numbering.of_country("36", "", ()), "361234"),
        ("8 495 123", Numbering.of_country("7", "", ()), "7495123"),
        ("800 123", Numbering.of_country("7", "none", ()), "7800123"),
        ("06 123", Numbering.of_country("39", "", ()), "3906123"),
        ("9 30", Numbering.of_country("49", "9", ()), "4930"),
        ("030", Numbering.of_country("", "", ("00",)), "030"),
    ],
)
def test_national_numbers(raw: str | None, numbering: Numbering, expected: str | None) -> None:
    assert clean_number(raw, numbering) == expected


def test_the_sql_knows_the_same_national_prefixes() -> None:
    query = (PROJECT / "models" / "rating" / "lookups" / "national_prefixes.sql").read_text()
    with duckdb.connect() as con:
        assert dict(con.sql(query).fetchall()) == NATIONAL_PREFIXES
    assert [NATIONAL_PREFIXES.get(code) for code in ("49", "1", "7", "36", "39")] == ["0", "1", "8", "06", None]


def test_prefixes_of_numbers_hold_under_any_convention() -> None:
    assert prefixes_of(["+0044"], [Numbering(("00",))]) == {"", "0", "00", "004", "0044", "4", "44"}
    assert prefixes_of(["03"], [GERMANY]) == {"", "0", "03", "4", "49", "493"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29", datetime(2026, 3, 29)),
        ("2026-03-29T01:00:00", datetime(2026, 3, 29, 1)),
        ("2026-03-29T01:00:00+02:00", datetime(2026, 3, 28, 23)),
        ("2026-03-29T01:00:00.000001Z", datetime(2026, 3, 29, 1, 0, 0, 1)),
    ],
)
def test_instants(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


def test_days() -> None:
    assert parse_days("all") == set(range(7))
    assert parse_days("mon-fri") == {0, 1, 2, 3, 4}
    assert parse_days("sat,sun") == {5, 6}
    assert parse_days("sun-mon, wed") == {6, 0, 2}
    with pytest.raises(ValueError, match="not in tuple"):
        parse_days("someday")


def window(band: str, days: str, starts_at: str, ends_at: str, priority: int = 1) -> Window:
    return Window(priority, band, parse_days(days), parse_time(starts_at), parse_time(ends_at))


def test_a_window_that_wraps_belongs_to_the_day_it_began_on() -> None:
    friday_night = Timetable([window("night", "fri", "22:00", "06:00")], {})
    friday = datetime(2026, 3, 6)

    def band(hours: float) -> str | None:
        return friday_night.band_at(friday + timedelta(hours=hours), UTC)

    assert band(5) is None
    assert band(22) == "night"
    assert band(24 + 5.99) == "night"
    assert band(24 + 6) is None
    assert band(48 - 1) is None


def test_equal_ends_are_a_whole_day() -> None:
    all_day = Timetable([window("flat", "mon", "08:00", "08:00")], {})
    assert all_day.band_at(datetime(2026, 3, 2, 7, 59, 59, 999999), UTC) is None
    assert all_day.band_at(datetime(2026, 3, 2, 8), UTC) == "flat"
    assert all_day.band_at(datetime(2026, 3, 3, 7, 59, 59, 999999), UTC) == "flat"
    assert all_day.band_at(datetime(2026, 3, 3, 8), UTC) is None


def test_the_lowest_priority_number_wins_and_a_holiday_wins_over_all() -> None:
    windows = [window("eve", "all", "18:00", "24:00", 1), window("day", "all", "00:00", "24:00", 2)]
    timetable = Timetable(windows, {date(2026, 3, 29): "night"})
    paris = ZoneInfo("Europe/Paris")
    assert timetable.band_at(datetime(2026, 3, 28, 16, 59), paris) == "day"
    assert timetable.band_at(datetime(2026, 3, 28, 17), paris) == "eve"
    # The holiday is a date in Paris: it begins an hour before the UTC day, and ends two before.
    assert timetable.band_at(datetime(2026, 3, 28, 23), paris) == "night"
    assert timetable.band_at(datetime(2026, 3, 29, 21, 59), paris) == "night"
    assert timetable.band_at(datetime(2026, 3, 29, 22), paris) == "day"


def test_bands_follow_the_clock_on_the_wall_over_dst() -> None:
    early = Timetable([window("early", "all", "00:00", "02:30"), window("late", "all", "02:30", "00:00", 2)], {})
    paris = ZoneInfo("Europe/Paris")
    # Spring: 01:59:59 is followed by 03:00.
    assert early.band_at(datetime(2026, 3, 29, 0, 59, 59), paris) == "early"
    assert early.band_at(datetime(2026, 3, 29, 1), paris) == "late"
    # Autumn: 02:30 comes twice, and between them it is early again.
    autumn = [datetime(2026, 10, 25, hour, minute) for hour in (0, 1) for minute in (29, 30)]
    assert [early.band_at(t, paris) for t in autumn] == ["early", "late", "early", "late"]


@pytest.mark.parametrize("billed_s", ["0", "0.5", "1", "59.999", "3600", "90061.25"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Australia/Lord_Howe"])
def test_cut_agrees_with_a_look_at_every_second(billed_s: str, zone: str) -> None:
    windows = [
        window("night", "sat", "22:00", "02:30", 1),
        window("eve", "all", "18:00", "22:00", 2),
        window("day", "mon-sat", "06:00", "18:00", 3),
    ]
    timetable = Timetable(windows, {date(2026, 3, 30): "holiday"})
    t, length = datetime(2026, 3, 28, 21, 59, 30, 250_000), Fraction(billed_s)
    expected: dict[str | None, Fraction] = defaultdict(Fraction)
    for second in range(math.ceil(length)):
        band = timetable.band_at(t + timedelta(seconds=second), ZoneInfo(zone))
        expected[band] += min(Fraction(1), length - second)
    assert timetable.cut(t, length, ZoneInfo(zone)) == expected


def test_cut_sees_edges_finer_than_a_minute() -> None:
    timetable = Timetable([window("a", "all", "12:00:10", "12:00:20")], {})
    assert timetable.cut(NOON, Fraction(60), UTC) == {"a": 10, None: 50}


# -- whole companies -----------------------------------------------------------------------------


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Company]:
    return company_writer(tmp_path)


def test_both_legs_and_the_margin(company: Callable[..., Company]) -> None:
    rated = rate(company(), [cdr()])[0]
    assert (rated.charged_at, rated.day) == (NOON, NOON.date())
    assert rated.sell == Leg(
        account_id="cust",
        rate_table_id="sell",
        prefix="44",
        destination="UK",
        rate_per_minute=Fraction("0.6"),
        billed_s=Fraction(60),
        amount=Fraction("0.6"),
        currency="USD",
        account_amount=Fraction("0.6"),
        reporting_amount=Fraction("0.6"),
        covered_s=Fraction(0),
        covered_amount=Fraction(0),
        status="rated",
    )
    assert rated.buy.amount == Fraction("0.3")
    assert rated.margin == Fraction("0.3")


def test_charged_at() -> None:
    assert cdr().charged_at == NOON
    late = NOON + timedelta(seconds=90, milliseconds=1)
    assert cdr(answered_at=None, ended_at=late).charged_at == NOON + timedelta(seconds=30, milliseconds=1)
    assert cdr(answered_at=None, ended_at=None).charged_at == NOON - timedelta(seconds=9)
    # An answer without a duration is no answer.
    assert unanswered(answered_at=NOON + timedelta(seconds=5)).charged_at == NOON


def test_a_carrier_to_a_customer_swaps_the_legs(company: Callable[..., Company]) -> None:
    sell, buy = legs(company(), cdr(ingress_trunk="did", egress_trunk="home"))
    assert (sell.account_id, buy.account_id) == ("cust", "carr")
    sell, buy = legs(company(), cdr(ingress_trunk="did", egress_trunk="out"))
    assert (sell.account_id, sell.reason) == ("carr", "no_rate_table")
    sell, buy = legs(company(), cdr(ingress_trunk="twoway", egress_trunk="home"))
    assert (sell.account_id, buy.account_id) == ("both", "cust")


def test_no_egress_trunk_has_no_buy_leg(company: Callable[..., Company]) -> None:
    rated = rate(company(), [cdr(egress_trunk="")])[0]
    assert rated.buy == Leg(status="none")
    assert rated.margin == Fraction("0.6")


def test_one_sell_leg_a_call(company: Callable[..., Company]) -> None:
    def sold(*calls: Cdr) -> list[int]:
        return [a.attempt for a in rate(company(), calls) if a.sell.status != "none"]

    assert sold(unanswered(attempt=1), cdr(attempt=2), cdr(attempt=3)) == [2]
    assert sold(cdr(attempt=3), cdr(attempt=2), unanswered(attempt=1)) == [2]
    assert sold(unanswered(attempt=2), unanswered(attempt=1)) == [2]
    assert sold(cdr(attempt=1), cdr(attempt=2, source="sw2")) == [1, 2]
    next_day = NOON + timedelta(days=1)
    assert sold(cdr(attempt=1), cdr(attempt=2, answered_at=next_day)) == [1, 2]


def test_an_attempt_without_sell_leg_still_costs(company: Callable[..., Company]) -> None:
    first, _ = rate(company(), [cdr(), cdr(attempt=2)])[::-1]
    assert first.sell == Leg(status="none")
    assert first.margin == Fraction("-0.3")


def test_an_account_that_has_ended_has_no_calls(company: Callable[..., Company]) -> None:
    """Half-open, on either side; a call of a carrier that has ended to a customer does not swap the sides."""
    header = "account_id,name,kind,currency,valid_to\n"
    ends = company(accounts=f"{header}cust,C,customer,USD,2026-03-02T12:00:00\ncarr,D,carrier,USD,\n")
    before = cdr(answered_at=NOON - timedelta(microseconds=1))
    assert [says(leg) for leg in legs(ends, before)] == [
        ("rated", None, Fraction("0.6")),
        ("rated", None, Fraction("0.3")),
    ]
    assert says(legs(ends, cdr())[0]) == ("unrated", "no_account", None)
    assert says(legs(ends, cdr())[1]) == ("rated", None, Fraction("0.3"))
    inbound = cdr(ingress_trunk="did", egress_trunk="home")
    carrier = company(accounts=f"{header}cust,C,customer,USD,\ncarr,D,carrier,USD,2026-03-02T11:00:00\n")
    sell, buy = legs(carrier, inbound)
    assert (sell.reason, buy.account_id, buy.reason) == ("no_account", "cust", "no_rate_table")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ingress_trunk": "nobody"}, "no_account"),
        ({"ingress_trunk": None}, "no_account"),
        ({"ingress_trunk": "did"}, "no_rate_table"),
        ({"called_number": "anonymous"}, "bad_number"),
        ({"called_number": "33"}, "no_rate"),
        ({"called_number": "4"}, "no_rate"),
    ],
)
def test_only_an_answered_leg_is_unrated(
    company: Callable[..., Company], changes: dict[str, object], reason: str
) -> None:
    sell, _ = legs(company(), cdr(**changes))
    assert says(sell) == ("unrated", reason, None)
    rated = rate(company(), [unanswered(**changes)])[0]
    assert says(rated.sell) == ("rated", reason, 0)
    assert {rated.sell.billed_s, rated.sell.account_amount, rated.margin} == {Fraction(0)}


def test_a_call_to_no_number_has_no_legs_where_its_source_ignores_it(company: Callable[..., Company]) -> None:
    """By the called number: a table that goes by the caller has a leg to price, or one that is unrated."""
    loaded = company(
        sources="source,kind,not_numbers\nsw1,cdrs,ignore\nsw1,usage,\nother,cdrs,reject\n",
        rate_tables="rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,\nbuy,per_minute,USD,calling\n",
    )
    for call in (cdr(called_number="*97", calling_number="x"), unanswered(called_number="", calling_number="x")):
        (rated,) = rate(loaded, [call])
        assert (says(rated.sell), says(rated.buy)) == (("none", "bad_number", None),) * 2
        assert (rated.sell.account_id, rated.sell.billed_s, rated.margin) == ("cust", None, 0)
    assert says(legs(loaded, cdr(called_number="s", calling_number="44"))[1]) == ("rated", None, Fraction(3, 10))
    assert says(legs(loaded, cdr(called_number="44", calling_number="x"))[1]) == ("unrated", "bad_number", None)
    assert says(legs(loaded, cdr(called_number="s", ingress_trunk="nobody"))[0]) == ("unrated", "no_account", None)
    assert says(legs(loaded, cdr(called_number="s", source="other"))[0]) == ("unrated", "bad_number", None)


def test_validity_is_half_open(company: Callable[..., Company]) -> None:
    loaded = company(
        trunks=(
            "trunk_id,direction,account_id,valid_from,valid_to\n"
            "in,ingress,both,,2026-03-02T13:00:00+01:00\n"
            "in,ingress,cust,2026-03-02T12:00:00Z,2026-03-03\n"
        )
    )
    tick = timedelta(microseconds=1)
    instants = (NOON - tick, NOON, datetime(2026, 3, 3) - tick, datetime(2026, 3, 3))
    owners = [legs(loaded, cdr(answered_at=t))[0].account_id for t in instants]
    assert owners == ["both", "cust", "cust", None]


RATES = "rate_table_id,prefix,destination,band,valid_from,valid_to,rate_per_minute,blocked\n"


@pytest.mark.parametrize(
    ("rows", "destination"),
    [
        (("44,a,,,,", ",b,,,,"), "a"),
        (("442,a,,2026-04-01,,", "44,b,,,,"), "b"),
        (("442,a,night,,,", "44,b,,,,"), "b"),
        (("44,a,day,2026-01-01,,", "44,b,,2026-02-01,,"), "a"),
        (("44,a,,2026-01-01,,", "44,b,,2026-02-01,,"), "b"),
        (("44,a,,2026-02-01,,", "44,b,,2026-01-01,,"), "a"),
        (("44,a,,,,", "44,b,,,,"), "b"),
        (("44,a,,2026-01-01,,", "44,b,,,,"), "a"),
        (("44,a,,,2026-03-02T12:00:00,", ",b,,,,"), "b"),
        (("442079460000,a,,,,", "44,b,,,,"), "a"),
        (("4420794600001,a,,,,", ",b,,,,"), "b"),
    ],
)
def test_which_rate(company: Callable[..., Company], rows: tuple[str, ...], destination: str) -> None:
    loaded = company(
        rate_tables="rate_table_id,kind,currency,timetable_id\nsell,per_minute,USD,tt\n",
        timetables=("timetable_id,priority,band,days,starts_at,ends_at\ntt,1,day,all,06:00,18:00\n"),
        rates=RATES + "".join(f"sell,{row}1,\n" for row in rows),
    )
    assert legs(loaded, cdr())[0].destination == destination


def test_seeds_then_decks_in_order(company: Callable[..., Company], tmp_path: Path) -> None:
    company()
    decks = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for deck in decks:
        deck.write_text(f"prefix,rate_table_id,destination\n44,sell,{deck.stem}\n")
    assert legs(Company.load(tmp_path, decks=decks), cdr())[0].destination == "second"
    assert legs(Company.load(tmp_path, decks=decks[::-1]), cdr())[0].destination == "first"


@pytest.mark.parametrize(
    ("basis", "routing", "prefix"),
    [
        ("", "447700", "44"),
        ("called", "447700", "44"),
        ("routing", "+44 7700", "447"),
        ("routing", "", "44"),
        ("routing", None, "44"),
        ("calling", "447700", "1555"),
    ],
)
def test_number_basis(company: Callable[..., Company], basis: str, routing: str | None, prefix: str) -> None:
    loaded = company(
        rate_tables=f"rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,{basis}\n",
        rates="+sell,1555,US,0.1\n",
    )
    assert legs(loaded, cdr(routing_number=routing))[0].prefix == prefix


def test_international_prefixes_are_the_source_s(company: Callable[..., Company]) -> None:
    loaded = company()
    assert legs(loaded, cdr(called_number="00 447"))[0].prefix == "447"
    assert legs(loaded, cdr(called_number="00 447", source="other"))[0].reason == "no_rate"


def test_the_country_is_the_source_s_of_calls(company: Callable[..., Company]) -> None:
    loaded = company(
        sources="source,kind,country_code,international_prefixes\nsw1,cdrs,44,00\nsw1,usage,,\nother,cdrs,,00\n",
        rate_tables="rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,calling\nbuy,per_minute,USD,\n",
    )
    sell, buy = legs(loaded, cdr(called_number="020 79", calling_number="07700"))
    assert (sell.prefix, buy.prefix) == ("447", "44")
    assert legs(loaded, cdr(called_number="020 79", source="other"))[1].reason == "no_rate"


def test_a_default_route_has_an_empty_prefix(company: Callable[..., Company]) -> None:
    sell, _ = legs(company(rates="+sell,,World,0.1\n"), cdr(called_number="9"))
    assert (sell.prefix, sell.destination) == ("", "World")


def blocked_company(company: Callable[..., Company], price: str) -> Company:
    return company(
        rate_tables=("rate_table_id,kind,currency,attempt_charge\nsell,per_minute,USD,0.02\nbuy,per_minute,USD,0\n"),
        rates=RATES + f"sell,44,UK,,,,{price},true\nbuy,44,UK,,,,0.3,\n",
    )


def test_blocked_with_a_price_charges_it(company: Callable[..., Company]) -> None:
    loaded = blocked_company(company, "0.6")
    assert says(legs(loaded, cdr())[0]) == ("rated", "blocked", Fraction("0.6"))
    assert says(legs(loaded, unanswered())[0]) == ("rated", "blocked", Fraction("0.02"))


def test_blocked_without_a_price(company: Callable[..., Company]) -> None:
    loaded = blocked_company(company, "")
    assert says(legs(loaded, cdr())[0]) == ("unrated", "blocked", None)
    assert says(legs(loaded, unanswered())[0]) == ("rated", "blocked", 0)


def test_unanswered_owes_the_attempt_charge_without_bounds(
    company: Callable[..., Company],
) -> None:
    loaded = company(
        rate_tables=(
            "rate_table_id,kind,currency,attempt_charge,amount_decimals,connect_charge,min_charge\n"
            "sell,per_minute,USD,0.0057,3,1,5\n"
        )
    )
    sell, _ = legs(loaded, unanswered())
    assert (sell.amount, sell.billed_s) == (Fraction("0.006"), Fraction(0))


def test_grace_owes_nothing_not_even_the_minimum(company: Callable[..., Company]) -> None:
    loaded = company(
        rate_tables=(
            "rate_table_id,kind,currency,grace_s,connect_charge,min_charge,free_s\nsell,per_minute,USD,3,1,5,10\n"
        )
    )
    assert says(legs(loaded, cdr(duration_s=Decimal(3)))[0]) == ("rated", None, 0)
    # Past grace the free seconds cover the call: connect charge, raised to the minimum.
    sell, _ = legs(loaded, cdr(duration_s=Decimal("3.001")))
    assert (sell.billed_s, sell.amount) == (Fraction(0), Fraction(5))


GIVEN = {
    "rate_tables": (
        "rate_table_id,kind,currency,amount_decimals,min_charge\nsell,per_minute,USD,,\nbuy,given,USD,2,0.5\n"
    ),
    "rates": RATES + "sell,44,UK,,,,0.6,\nbuy,4420,London,,,,,\nbuy,447,Mobile,,,,,true\n",
}


def test_given_is_what_the_carrier_says(company: Callable[..., Company]) -> None:
    loaded = company(**GIVEN)
    call = cdr(carrier_amount=Decimal("1.125"), carrier_currency="USD")
    _, buy = legs(loaded, call)
    assert (buy.prefix, buy.destination, buy.amount) == ("4420", "London", Fraction("1.13"))
    assert buy.billed_s == 60
    _, buy = legs(loaded, replace(call, carrier_billed_s=Decimal(66), called_number="449"))
    assert (buy.prefix, buy.destination, buy.billed_s) == (None, None, Fraction(66))
    _, buy = legs(loaded, replace(call, carrier_amount=Decimal("0.1")))
    assert buy.amount == Fraction("0.5")
    call = unanswered(carrier_amount=Decimal("0.1"), carrier_currency="USD")
    assert says(legs(loaded, call)[1]) == ("rated", None, Fraction("0.1"))


@pytest.mark.parametrize(("amount", "currency"), [(None, "USD"), ("1", "EUR"), ("1", None)])
def test_given_needs_an_amount_in_its_currency(
    company: Callable[..., Company], amount: str | None, currency: str | None
) -> None:
    loaded = company(**GIVEN)
    said = {
        "carrier_amount": None if amount is None else Decimal(amount),
        "carrier_currency": currency,
    }
    assert says(legs(loaded, cdr(**said))[1]) == ("unrated", "no_cost", None)
    assert says(legs(loaded, unanswered(**said))[1]) == ("rated", "no_cost", 0)
    assert legs(loaded, cdr(called_number="447", **said))[1].reason == "blocked"


def test_given_keeps_a_block_as_the_reason(company: Callable[..., Company]) -> None:
    call = cdr(called_number="447", carrier_amount=Decimal("0.75"), carrier_currency="USD")
    assert says(legs(company(**GIVEN), call)[1]) == ("rated", "blocked", Fraction("0.75"))


MARKUP = {
    "rate_tables": (
        "rate_table_id,kind,currency,amount_decimals,min_charge,markup_pct,attempt_charge,grace_s\n"
        "sell,markup,EUR,4,0.05,10,9,99\nbuy,per_minute,USD,2,,,0.01,30\n"
    ),
    "rates": (
        "rate_table_id,prefix,destination,rate_per_minute,markup_pct,blocked\n"
        "buy,4,Four,0.33,,\nsell,447,Mobile,,33.3,\nsell,448,,,,\nsell,449,Nine,,,true\n"
    ),
    "fx_rates": ("from_currency,to_currency,valid_from,rate\nUSD,EUR,2026-01-01,0.91234567\nEUR,USD,2026-01-01,1.1\n"),
}


def test_markup_on_the_converted_buy_amount(company: Callable[..., Company]) -> None:
    loaded = company(**MARKUP)
    sell, _ = legs(loaded, cdr())
    # 0.33 * 0.91234567 * 1.1 = 0.331181...: rounded once, here.
    assert (sell.prefix, sell.destination, sell.billed_s) == ("4", "Four", Fraction(60))
    assert (sell.amount, sell.currency) == (Fraction("0.3312"), "EUR")
    assert (sell.rate_per_minute, sell.account_amount) == (None, Fraction("0.36432"))


def test_a_markup_row_overrides_percentage_and_labels(company: Callable[..., Company]) -> None:
    loaded = company(**MARKUP)
    sell, _ = legs(loaded, cdr(called_number="447"))
    assert (sell.prefix, sell.destination, sell.amount) == ("447", "Mobile", Fraction("0.4013"))
    sell, _ = legs(loaded, cdr(called_number="448"))
    assert (sell.prefix, sell.destination, sell.amount) == ("448", "Four", Fraction("0.3312"))
    assert says(legs(loaded, cdr(called_number="449"))[0]) == ("unrated", "blocked", None)
    assert says(legs(loaded, unanswered(called_number="449"))[0]) == ("rated", "blocked", 0)


def test_markup_unanswered_and_its_minimum(company: Callable[..., Company]) -> None:
    loaded = company(**MARKUP)
    # 0.01 * 0.91234567 * 1.1, no attempt charge of its own and no minimum: it was not answered.
    assert says(legs(loaded, unanswered())[0]) == ("rated", None, Fraction("0.01"))
    # The buy leg is within its grace: nothing to mark up, and no minimum.
    assert says(legs(loaded, cdr(duration_s=Decimal(30)))[0]) == ("rated", None, 0)


def test_markup_without_a_buy_leg(company: Callable[..., Company]) -> None:
    loaded = company(**MARKUP)
    assert says(legs(loaded, cdr(egress_trunk=None))[0]) == ("unrated", "no_cost", None)
    assert says(legs(loaded, unanswered(egress_trunk=None))[0]) == ("rated", "no_cost", 0)
    assert says(legs(loaded, cdr(egress_trunk="x"))[0]) == ("unrated", "no_cost", None)
    assert says(legs(loaded, unanswered(egress_trunk="x"))[0]) == ("rated", None, 0)


def test_markup_needs_an_fx_rate_for_its_cost(company: Callable[..., Company]) -> None:
    loaded = company(**(MARKUP | {"fx_rates": "from_currency,to_currency,valid_from,rate\n"}))
    assert says(legs(loaded, cdr())[0]) == ("unrated", "no_fx", None)


# -- split ---------------------------------------------------------------------------------------


def split_company(company: Callable[..., Company], evening: str) -> Company:
    return company(
        rate_tables=(
            "rate_table_id,kind,currency,timetable_id,band_policy,initial_s,increment_s,"
            "connect_charge,timezone\n"
            "sell,per_minute,USD,tt,split,1,1,0.01,Europe/Paris\n"
        ),
        timetables=(
            "timetable_id,priority,band,days,starts_at,ends_at\ntt,1,day,all,06:00,18:00\ntt,2,eve,all,18:00,06:00\n"
        ),
        rates=(
            "rate_table_id,prefix,band,rate_per_minute,increment_s,connect_charge,blocked\n"
            f"sell,44,day,0.6,,,\n{evening}"
        ),
    )


def at_paris_evening(seconds_before: str, duration: str) -> Cdr:
    edge = datetime(2026, 3, 2, 17)
    begin = edge - timedelta(milliseconds=int(Decimal(seconds_before) * 1000))
    return cdr(answered_at=begin, duration_s=Decimal(duration))


@pytest.mark.parametrize(
    ("before", "duration", "expected"),
    [
        # 10 s of day, 20 s of evening at half the rate, one connect charge.
        ("10", "30", "0.21"),
        # The second that starts half a second before the edge is still the day's.
        ("9.5", "30", "0.21"),
        ("9.999", "10", "0.11"),
        ("0.001", "2", "0.025"),
        ("0", "30", "0.16"),
        ("30", "30", "0.31"),
    ],
)
def test_billed_seconds_take_the_rate_of_the_band_they_start_in(
    company: Callable[..., Company], before: str, duration: str, expected: str
) -> None:
    loaded = split_company(company, "sell,44,eve,0.3,,,\n")
    # A call that begins in the evening has the evening's row, and its connect charge.
    assert legs(loaded, at_paris_evening(before, duration))[0].amount == Fraction(expected)


def test_the_first_band_s_row_gives_increments_connect_charge_and_labels(
    company: Callable[..., Company],
) -> None:
    loaded = split_company(company, "sell,442,eve,0.3,60,9,\n")
    sell, _ = legs(loaded, at_paris_evening("10", "29.5"))
    assert (sell.prefix, sell.band, sell.billed_s) == ("44", "day", Fraction(30))
    assert sell.amount == Fraction("0.21")


def test_a_touched_band_without_a_row_or_price(company: Callable[..., Company]) -> None:
    without = split_company(company, "")
    assert says(legs(without, at_paris_evening("10", "11"))[0]) == ("unrated", "no_rate", None)
    assert legs(without, at_paris_evening("10", "10"))[0].status == "rated"
    blocked = split_company(company, "sell,44,eve,,,,true\n")
    assert says(legs(blocked, at_paris_evening("10", "11"))[0]) == ("unrated", "blocked", None)
    assert legs(blocked, at_paris_evening("10", "10"))[0].reason is None
    priced = split_company(company, "sell,44,eve,0.3,,,true\n")
    assert says(legs(priced, at_paris_evening("10", "30"))[0]) == (
        "rated",
        "blocked",
        Fraction("0.21"),
    )


# -- currencies ----------------------------------------------------------------------------------


def fx_company(company: Callable[..., Company], fx: str) -> Company:
    return company(
        rate_tables="rate_table_id,kind,currency\nsell,per_minute,GBP\nbuy,per_minute,USD\n",
        accounts=("account_id,name,kind,currency\ncust,Customer,customer,EUR\ncarr,Carrier,carrier,USD\n"),
        fx_rates="from_currency,to_currency,valid_from,rate\n" + fx,
    )


def test_conversion_is_direct_half_even_at_the_utc_date(company: Callable[..., Company]) -> None:
    fx = "GBP,EUR,2026-01-01,9\nGBP,EUR,2026-03-02,1.000000025\nGBP,EUR,2026-03-03,9\nGBP,USD,2026-03-02,1.3\n"
    rated = rate(fx_company(company, fx), [cdr()])[0]
    assert rated.sell.amount == Fraction("0.6")
    assert rated.sell.account_amount == Fraction("0.60000002")
    assert rated.sell.reporting_amount == Fraction("0.78")
    assert rated.margin == Fraction("0.48")


def test_no_rate_for_the_account_is_no_fx(company: Callable[..., Company]) -> None:
    loaded = fx_company(company, "GBP,EUR,2026-03-03,1\nEUR,GBP,2026-01-01,1\n")
    sell, _ = legs(loaded, cdr())
    assert (says(sell), sell.account_amount) == (("unrated", "no_fx", None), None)
    assert says(legs(loaded, unanswered())[0]) == ("rated", "no_fx", 0)


def test_no_rate_for_reporting_leaves_only_that_null(company: Callable[..., Company]) -> None:
    rated = rate(fx_company(company, "GBP,EUR,2026-01-01,1\n"), [cdr()])[0]
    assert says(rated.sell) == ("rated", None, Fraction("0.6"))
    assert (rated.sell.reporting_amount, rated.margin) == (None, None)


# -- reading the configuration -------------------------------------------------------------------


def test_defaults_of_empty_cells(company: Callable[..., Company]) -> None:
    assert company().tables["sell"] == replace(TABLE, rate_table_id="sell")


def test_a_cell_that_cannot_be_read_is_named(company: Callable[..., Company]) -> None:
    with pytest.raises(ConfigurationError, match=r"rates\.csv, line 5, rate_per_minute"):
        company(rates="+sell,1,US,dear\n")
    with pytest.raises(ConfigurationError, match="none of per_minute, block, given, markup"):
        company(rate_tables="rate_table_id,kind,currency\nsell,free,USD\n")


def test_a_company_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no company"):
        Company.load(tmp_path)


# -- random companies ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_invariants_of_random_companies(seed: int, tmp_path: Path) -> None:
    directory = tmp_path / "seeds"
    random_company(seed, directory, split=seed % 2 == 1)
    company = Company.load(directory)
    cdrs = read_cdrs(random_traffic(seed, 300, directory, START), company)
    assert len(cdrs) == 300
    attempts = rate(company, cdrs)
    sold: dict[tuple[str, date], int] = defaultdict(int)
    for call, attempt in zip(cdrs, attempts, strict=True):
        assert START <= attempt.day < START + timedelta(days=2)
        sold[attempt.call_id, attempt.day] += attempt.sell.status != "none"
        for leg in (attempt.sell, attempt.buy):
            check_leg(company, call, leg)
    assert set(sold.values()) == {1}
    # Only the rates of the traffic's numbers: nothing changes.
    numbers = {
        number for call in cdrs for number in (call.calling_number, call.called_number, call.routing_number) if number
    }
    assert rate(Company.load(directory, numbers), cdrs) == attempts


def check_leg(company: Company, call: Cdr, leg: Leg) -> None:
    """What holds of any leg of a valid company: nulls, signs, decimals."""
    assert (leg.amount is None) == (leg.status in ("unrated", "none"))
    assert leg.status != "unrated" or (call.answered and leg.reason is not None)
    if leg.amount is not None and leg.rate_table_id is not None:
        assert leg.amount >= 0
        to_decimal(leg.amount, company.tables[leg.rate_table_id].amount_decimals)
        assert leg.billed_s is not None
        to_decimal(leg.billed_s, 3)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for copy in ("a", "b"):
        directory = tmp_path / copy / "seeds"
        random_company(7, directory, split=True, origin=True, profiles=True)
        decks = [made.deck for made in random_deck(7, directory, START)]
        random_traffic(7, 200, directory, START, decks=decks)
        files = sorted((tmp_path / copy).rglob("*.csv"))
        written.append([(file.name, file.read_bytes()) for file in files])
    assert written[0] == written[1]


def test_what_a_company_has_besides_does_not_change_the_rest(tmp_path: Path) -> None:
    random_company(7, tmp_path / "plain")
    random_company(7, tmp_path / "more", origin=True, profiles=True)
    for name in ("rate_tables", "trunks", "rate_assignments", "fx_rates", "timetables"):
        assert (tmp_path / "plain" / f"{name}.csv").read_bytes() == (tmp_path / "more" / f"{name}.csv").read_bytes()
    plain, more = Company.load(tmp_path / "plain"), Company.load(tmp_path / "more")
    assert (plain.profiles, plain.regions) == ({}, {})
    profiles = [profile for held in more.profiles.values() for profile in held]
    assert {(profile.rule, profile.period) for profile in profiles} == {
        (rule, period) for rule in ("duration", "cost") for period in ("day", "week", "month")
    }
    rates = [row for table in more.rates.values() for rows in table.values() for row in rows]
    assert {row.jurisdiction for row in rates} == {None, "intrastate", "interstate", "indeterminate"}
    assert len({row.calling_prefix for row in rates}) > 5 < len(more.regions)


@pytest.mark.parametrize("seed", range(20))
def test_random_companies_are_valid(seed: int, tmp_path: Path) -> None:
    random_company(seed, tmp_path, split=True, profiles=True)
    company = Company.load(tmp_path)
    with (tmp_path / "rates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [
        (
            row["rate_table_id"],
            row["prefix"],
            row["band"],
            parse_instant(row["valid_from"] or "1970-01-01"),
        )
        for row in rows
    ]
    assert len(keys) == len(set(keys))
    assert {table.kind for table in company.tables.values()} == {*("per_minute", "block", "given", "markup")}
    for table in company.tables.values():
        for bound in (table.min_charge, table.max_charge):
            assert bound is None or to_decimal(bound, table.amount_decimals) > 0
        if table.kind == "block":
            assert (table.increment_s > 0, table.increment_from) == (True, "initial")
    for (_, side), held in company.assignments.items():
        kinds = {company.tables[holding.value].kind for holding in held}
        assert side == "sell" or "markup" not in kinds
    for held in (*company.trunks.values(), *company.assignments.values()):
        ordered = sorted(held, key=lambda holding: holding.valid_from or datetime.min)
        for earlier, later in itertools.pairwise(ordered):
            assert earlier.valid_to is not None
            assert later.valid_from is not None
            assert earlier.valid_to <= later.valid_from
