"""The reference rater: consumption profiles, worked by hand, and what holds of random ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from orchestration.audit.charge import own_charge
from orchestration.audit.company import Company, ConfigurationError, Profile, RateRow, RateTable
from orchestration.audit.number import clean_number
from orchestration.audit.rater import Cdr, Cover, Leg, RatedAttempt, rate
from orchestration.audit.timetable import Timetable, Window
from tests.support.generators import START, random_company, random_deck, random_traffic, read_cdrs
from tests.support.reference import NOON, cdr, company_writer, says, unanswered

Loader = Callable[..., Company]

ZERO = Fraction(0)
TODAY = date(2026, 3, 2)
SECOND = timedelta(seconds=1)
PROFILES = "profile_id,account_id,rule,allowance,period,prefixes,priority,valid_from,valid_to\n"
# 0.6 a minute is 0.01 a second.
PER_SECOND = "rate_table_id,kind,currency,initial_s,increment_s\nsell,per_minute,USD,1,1\nbuy,per_minute,USD,60,60\n"


@pytest.fixture
def company(tmp_path: Path) -> Loader:
    """The base company, sold by the second, with profiles from the lines given."""
    write = company_writer(tmp_path)

    def load(*profiles: str, **files: str) -> Company:
        lines = "".join(line + "\n" for line in profiles)
        return write(**({"rate_tables": PER_SECOND, "consumption_profiles": PROFILES + lines} | files))

    return load


def calls(*durations: str, **changes: object) -> list[Cdr]:
    """Answered calls a minute apart, from noon."""
    return [
        cdr(call_id=f"c{i}", duration_s=Decimal(duration), answered_at=NOON + i * timedelta(minutes=1), **changes)
        for i, duration in enumerate(durations, 1)
    ]


def sells(company: Company, cdrs: Sequence[Cdr]) -> list[Leg]:
    return [attempt.sell for attempt in rate(company, cdrs)]


def covered(legs: Sequence[Leg]) -> list[Fraction | None]:
    return [leg.covered_s for leg in legs]


def amounts(legs: Sequence[Leg]) -> list[Fraction | None]:
    return [leg.amount for leg in legs]


def exact(*numbers: str) -> list[Fraction]:
    return [Fraction(number) for number in numbers]


# -- duration ------------------------------------------------------------------------------------


def test_a_straddling_call_is_shared_exactly(company: Loader) -> None:
    loaded = company("p,cust,duration,100.5,day,,,,", rate_tables=PER_SECOND.replace("1,1", "1,0"))
    rated = rate(loaded, calls("60", "60.25", "60"))
    sell = [attempt.sell for attempt in rated]
    assert covered(sell) == exact("60", "40.5", "0")
    # 19.75 s at 0.01: 0.1975, then the whole minute.
    assert amounts(sell) == exact("0", "0.1975", "0.6")
    assert [leg.account_amount for leg in sell] == [leg.reporting_amount for leg in sell] == amounts(sell)
    assert [leg.billed_s for leg in sell] == exact("60", "60.25", "60")
    assert {leg.covered_amount for leg in sell} == {ZERO}
    # The second call costs us two minutes.
    assert [attempt.margin for attempt in rated] == exact("-0.3", "-0.4025", "0.3")
    assert [attempt.covers for attempt in rated] == [
        (Cover("p", TODAY, Fraction(60), ZERO),),
        (Cover("p", TODAY, Fraction("40.5"), ZERO),),
        (),
    ]
    assert {(attempt.buy.covered_s, attempt.problem) for attempt in rated} == {(ZERO, None)}


def test_the_connect_charge_is_due_unless_wholly_covered(company: Loader) -> None:
    tables = "rate_table_id,kind,currency,initial_s,increment_s,connect_charge\nsell,per_minute,USD,1,1,0.05\n"
    loaded = company("p,cust,duration,100,day,,,,", rate_tables=tables)
    assert amounts(sells(loaded, calls("60", "60", "60"))) == exact("0", "0.25", "0.65")


def test_bounds_hold_what_remains_but_not_a_covered_call(company: Loader) -> None:
    tables = (
        "rate_table_id,kind,currency,initial_s,increment_s,min_charge,max_charge\nsell,per_minute,USD,1,1,0.5,0.55\n"
    )
    loaded = company("p,cust,duration,60,day,,,,", rate_tables=tables)
    assert amounts(sells(loaded, calls("60", "60"))) == exact("0", "0.55")
    # 0.01 s are left to pay: 0.0001, raised to the minimum.
    loaded = company("p,cust,duration,59.99,day,,,,", rate_tables=tables)
    assert amounts(sells(loaded, calls("60"))) == exact("0.5")


def test_the_rest_is_rounded_once(company: Loader) -> None:
    # 60 s less 58.5: 1.5 s at 0.01 is 0.015.
    tables = "rate_table_id,kind,currency,initial_s,increment_s,amount_decimals,amount_rounding\n"
    for rounding, amount in (("half_up", "0.02"), ("half_even", "0.02"), ("half_down", "0.01"), ("down", "0.01")):
        loaded = company("p,cust,duration,58.5,day,,,,", rate_tables=tables + f"sell,per_minute,USD,1,1,2,{rounding}\n")
        assert amounts(sells(loaded, calls("60"))) == exact(amount)


@pytest.mark.parametrize(
    ("allowance", "amount"),
    [
        # 30 s at 0.02 and 30 s at 0.01.
        ("0", "0.9"),
        ("10", "0.7"),
        ("10.5", "0.69"),
        ("30", "0.3"),
        ("45", "0.15"),
        ("59.999", "0.0000"),
        ("60", "0"),
    ],
)
def test_seconds_of_the_initial_rate_come_first(company: Loader, allowance: str, amount: str) -> None:
    loaded = company(
        f"p,cust,duration,{allowance},day,,,,",
        rate_tables="rate_table_id,kind,currency,initial_s,increment_s\nsell,per_minute,USD,30,6\n",
        rates="rate_table_id,prefix,initial_rate_per_minute,rate_per_minute\nsell,44,1.2,0.6\n",
    )
    assert amounts(sells(loaded, calls("60"))) == exact(amount)


def test_billed_and_not_spoken_seconds_are_covered(company: Loader) -> None:
    # 20 s are billed as 30 s at 0.02, of which 10 are covered; 31 s as 36 s, of which 33 are.
    files = {
        "rate_tables": "rate_table_id,kind,currency,initial_s,increment_s\nsell,per_minute,USD,30,6\n",
        "rates": "rate_table_id,prefix,initial_rate_per_minute,rate_per_minute\nsell,44,1.2,0.6\n",
    }
    loaded = company("p,cust,duration,10,day,,,,", **files)
    assert amounts(sells(loaded, calls("20"))) == exact("0.4")
    loaded = company("p,cust,duration,33,day,,,,", **files)
    (sell,) = sells(loaded, calls("31"))
    assert (sell.billed_s, sell.covered_s, sell.amount) == (36, 33, Fraction("0.03"))


@pytest.mark.parametrize(
    ("allowance", "amount"),
    [
        # 72 s: the initial block, and blocks that begin at 30, 36, 42, 48, 54, 60 and 66.
        ("0", "0.42"),
        ("0.001", "0.22"),
        ("10", "0.22"),
        ("30", "0.22"),
        ("30.001", "0.19"),
        ("36", "0.19"),
        ("40", "0.16"),
        ("65.999", "0.04"),
        ("66", "0.04"),
        ("67", "0.01"),
        ("71.999", "0.01"),
        ("72", "0"),
        ("500", "0"),
    ],
)
def test_blocks_that_begin_after_the_covered_seconds(company: Loader, allowance: str, amount: str) -> None:
    loaded = company(
        f"p,cust,duration,{allowance},day,,,,",
        rate_tables="rate_table_id,kind,currency,initial_s,increment_s,connect_charge\nsell,block,USD,30,6,0.01\n",
        rates="rate_table_id,prefix,initial_charge,increment_charge\nsell,44,0.2,0.03\n",
    )
    (sell,) = sells(loaded, calls("67"))
    assert (sell.billed_s, sell.amount) == (72, Fraction(amount))
    assert sell.covered_s == min(Fraction(allowance), 72)


@pytest.mark.parametrize(("allowance", "amount"), [("0", "0.26"), ("3", "0.03"), ("6", "0.03"), ("7", "0")])
def test_an_initial_block_of_no_length_begins_with_the_call(company: Loader, allowance: str, amount: str) -> None:
    # 12 s: the initial charge and a block at 0, a block at 6.
    loaded = company(
        f"p,cust,duration,{allowance},day,,,,",
        rate_tables="rate_table_id,kind,currency,initial_s,increment_s\nsell,block,USD,0,6\n",
        rates="rate_table_id,prefix,initial_charge,increment_charge\nsell,44,0.2,0.03\n",
    )
    assert amounts(sells(loaded, calls("10"))) == exact(amount)


def split_company(company: Loader, allowance: str, evening: str = "sell,44,eve,0.3,\n") -> Company:
    """0.01 a second until 18:00, from then on 0.005; 0.01 to connect."""
    return company(
        f"p,cust,duration,{allowance},day,,,,",
        rate_tables=(
            "rate_table_id,kind,currency,timetable_id,band_policy,initial_s,increment_s,connect_charge\n"
            "sell,per_minute,USD,tt,split,1,1,0.01\n"
        ),
        timetables=(
            "timetable_id,priority,band,days,starts_at,ends_at\ntt,1,day,all,06:00,18:00\ntt,2,eve,all,18:00,06:00\n"
        ),
        rates=f"rate_table_id,prefix,band,rate_per_minute,blocked\nsell,44,day,0.6,\n{evening}",
    )


@pytest.mark.parametrize(
    ("before", "allowance", "amount"),
    [
        # 30 s, of which 10 s of day.
        (10, "0", "0.21"),
        (10, "4", "0.17"),
        (10, "10", "0.11"),
        (10, "15.5", "0.0825"),
        (10, "29", "0.015"),
        (10, "30", "0"),
        # The tenth second begins in the day and ends in the evening: what is left of it is the day's.
        (9.5, "9.5", "0.115"),
        (9.5, "9.75", "0.1125"),
        # All in one band.
        (60, "10", "0.21"),
        (0, "10", "0.11"),
    ],
)
def test_seconds_keep_their_place_among_bands(company: Loader, before: float, allowance: str, amount: str) -> None:
    begin = datetime(2026, 3, 2, 18) - timedelta(seconds=before)
    call = cdr(answered_at=begin, duration_s=Decimal(30))
    (sell,) = sells(split_company(company, allowance), [call])
    assert (sell.amount, sell.covered_s) == (Fraction(amount), Fraction(allowance))


def test_a_covered_band_without_a_rate_is_still_without_one(company: Loader) -> None:
    late = cdr(answered_at=datetime(2026, 3, 2, 17, 59, 50), duration_s=Decimal(30))
    early = replace(late, call_id="c2", answered_at=NOON)
    attempts = rate(split_company(company, "50", evening=""), [late, early])
    assert says(attempts[0].sell) == ("unrated", "no_rate", None)
    assert attempts[0].sell.covered_s is None
    # And it has taken nothing.
    assert (attempts[0].covers, attempts[1].sell.covered_s) == ((), 30)


@pytest.mark.parametrize("place", ["0", "0.5", "17", "59.999", "3600.25"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Australia/Lord_Howe"])
def test_cut_after_agrees_with_a_look_at_every_second(place: str, zone: str) -> None:
    window = Window(1, "night", frozenset({5}), 22 * 3600, 9000)
    timetable, timezone = Timetable([window], {}), ZoneInfo(zone)
    t, covered_s, billed_s = datetime(2026, 3, 28, 21, 59, 30, 250_000), Fraction(place), Fraction("3700.5")
    expected: dict[str | None, Fraction] = defaultdict(Fraction)
    for second in range(ceil(billed_s)):
        band = timetable.band_at(t + second * SECOND, timezone)
        expected[band] += max(ZERO, min(Fraction(second + 1), billed_s) - max(Fraction(second), covered_s))
    assert timetable.cut_after(covered_s, t, billed_s, timezone) == expected


def test_charges_agree_with_a_look_at_every_half_second(company: Loader) -> None:
    random = Random(3)
    loaded = company()
    for _ in range(400):
        kind = random.choice(("per_minute", "block"))
        first, increment, blocks = random.randint(0, 60), random.randint(1, 60), random.randint(0, 20)
        table = replace(loaded.tables["sell"], kind=kind, initial_s=Fraction(first), increment_s=Fraction(increment))
        prices = [Fraction(random.randint(0, 99), 100) for _ in range(4)]
        row = rate_row(*prices)
        billed = Fraction(first + blocks * increment)
        place = Fraction(random.randint(0, 2 * int(billed)), 2)
        assert own_charge(table, row, billed, place) == slow_charge(table, row, billed, place) or billed == 0


def rate_row(*prices: Fraction) -> RateRow:
    """A rate per minute, an initial one, an initial charge and an increment charge; no connect charge."""
    per_minute, initial, first, increment = prices
    return RateRow(
        prefix="",
        destination=None,
        band=None,
        valid_from=None,
        valid_to=None,
        rate_per_minute=per_minute,
        initial_rate_per_minute=initial,
        initial_s=None,
        increment_s=None,
        initial_charge=first,
        increment_charge=increment,
        connect_charge=None,
        markup_pct=None,
        blocked=False,
        position=(0, 1),
    )


def slow_charge(table: RateTable, row: RateRow, billed: Fraction, place: Fraction) -> Fraction:
    """Half second by half second, or block by block."""
    assert row.rate_per_minute is not None
    assert row.initial_rate_per_minute is not None
    assert row.initial_charge is not None
    assert row.increment_charge is not None
    charge = ZERO
    if table.kind == "block":
        charge += row.initial_charge if place == 0 else 0
        begins = table.initial_s
        while begins < billed:
            charge += row.increment_charge if begins >= place else 0
            begins += table.increment_s
        return charge
    at = place
    while at < billed:
        per_minute = row.initial_rate_per_minute if at < table.initial_s else row.rate_per_minute
        charge += per_minute / 120
        at += Fraction(1, 2)
    return charge


# -- whose and when ------------------------------------------------------------------------------


def test_calls_consume_in_order_of_time_and_then_of_name(company: Loader) -> None:
    loaded = company("p,cust,duration,90,day,,,,")
    same = [
        cdr(source="sw1", call_id="c9"),
        cdr(source="sw1", call_id="c10"),
        cdr(source="sw0", call_id="c9"),
        cdr(source="sw2", call_id="a", answered_at=NOON - timedelta(microseconds=1)),
    ]
    # a is earliest; then sw0; c10 is before c9.
    assert covered(sells(loaded, same)) == exact("0", "0", "30", "60")
    assert covered(sells(loaded, same[::-1])) == exact("60", "30", "0", "0")
    assert covered(sells(loaded, same[:2])) == exact("30", "60")


def test_profiles_by_priority_and_then_by_line(company: Loader) -> None:
    lines = "b,cust,duration,50,day,,1,,", "a,cust,duration,30,day,,,,"
    rated = rate(company(*lines), calls("60", "60"))
    assert [(cover.profile_id, cover.seconds) for cover in rated[0].covers] == [("a", 30), ("b", 30)]
    assert [(cover.profile_id, cover.seconds) for cover in rated[1].covers] == [("b", 20)]
    assert amounts([attempt.sell for attempt in rated]) == exact("0", "0.4")
    lines = "b,cust,duration,50,day,,0,,", "a,cust,duration,30,day,,,,"
    rated = rate(company(*lines), calls("60"))
    assert [(cover.profile_id, cover.seconds) for cover in rated[0].covers] == [("b", 50), ("a", 10)]


def test_duration_comes_before_cost(company: Loader) -> None:
    lines = "money,cust,cost,0.25,day,,0,,", "time,cust,duration,20,day,,9,,"
    (attempt,) = rate(company(*lines), calls("60"))
    # 40 s are left, 0.4; then 0.15.
    assert attempt.covers == (
        Cover("time", TODAY, Fraction(20), ZERO),
        Cover("money", TODAY, ZERO, Fraction("0.25")),
    )
    sell = attempt.sell
    assert (sell.amount, sell.account_amount, sell.reporting_amount) == (
        Fraction("0.4"),
        Fraction("0.15"),
        Fraction("0.15"),
    )
    assert (sell.covered_s, sell.covered_amount) == (20, Fraction("0.25"))


def test_a_profile_is_its_account_s(company: Loader) -> None:
    loaded = company("p,both,duration,100,day,,,,")
    mine, other = calls("60", "60")
    assert covered(sells(loaded, [mine, replace(other, ingress_trunk="twoway")])) == exact("0", "60")


def test_a_profile_follows_the_sell_leg_of_an_inbound_call(company: Loader) -> None:
    loaded = company("p,cust,duration,100,day,,,,")
    (sell,) = sells(loaded, [cdr(ingress_trunk="did", egress_trunk="home")])
    assert (sell.account_id, sell.covered_s) == ("cust", 60)


@pytest.mark.parametrize(
    ("prefixes", "called", "seconds"),
    [
        ("", "447", "60"),
        ("447 4420", "447", "60"),
        ("447 4420", "+44 20 7946", "60"),
        ("447 4420", "0044 7", "60"),
        ("447 4420", "442", "0"),
        ("447 4420", "44", "0"),
        ("447", "0447", "0"),
    ],
)
def test_a_list_of_prefixes(company: Loader, prefixes: str, called: str, seconds: str) -> None:
    loaded = company(f"p,cust,duration,100,day,{prefixes},,,", rates="+sell,0,Local,0.6\n")
    assert covered(sells(loaded, [cdr(called_number=called)])) == exact(seconds)


@pytest.mark.parametrize(("basis", "prefixes", "seconds"), [("routing", "447", "60"), ("routing", "442", "0")])
def test_prefixes_are_of_the_rated_number(company: Loader, basis: str, prefixes: str, seconds: str) -> None:
    tables = f"rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,{basis}\n"
    loaded = company(f"p,cust,duration,100,day,{prefixes},,,", rate_tables=tables)
    assert covered(sells(loaded, [cdr(called_number="442", routing_number="+447")])) == exact(seconds)


def test_a_profile_is_in_force_at_t(company: Loader) -> None:
    loaded = company("p,cust,duration,500,day,,,2026-03-02T12:02:00Z,2026-03-02T14:03:00+01:00")
    assert covered(sells(loaded, calls("9", "9"))) == exact("0", "9")
    tick = timedelta(microseconds=1)
    edge = datetime(2026, 3, 2, 13, 3)
    around = [cdr(call_id=str(i), answered_at=t) for i, t in enumerate((edge - tick, edge))]
    assert covered(sells(loaded, around)) == exact("60", "0")


@pytest.mark.parametrize(
    ("period", "zone", "t", "first"),
    [
        ("day", "", "2026-03-02T23:59:59.999", "2026-03-02"),
        ("day", "", "2026-03-03", "2026-03-03"),
        ("day", "Europe/Paris", "2026-03-28T22:59:59.999", "2026-03-28"),
        ("day", "Europe/Paris", "2026-03-28T23:00:00", "2026-03-29"),
        # The 29th has 23 hours.
        ("day", "Europe/Paris", "2026-03-29T21:59:59.999", "2026-03-29"),
        ("day", "Europe/Paris", "2026-03-29T22:00:00", "2026-03-30"),
        ("week", "Europe/Paris", "2026-03-29T21:59:59.999", "2026-03-23"),
        ("week", "Europe/Paris", "2026-03-29T22:00:00", "2026-03-30"),
        ("month", "Europe/Paris", "2026-03-31T21:59:59.999", "2026-03-01"),
        ("month", "Europe/Paris", "2026-03-31T22:00:00", "2026-04-01"),
        ("day", "Asia/Kolkata", "2026-03-28T18:29:59.999", "2026-03-28"),
        ("day", "Asia/Kolkata", "2026-03-28T18:30:00", "2026-03-29"),
        # The first of November has 25 hours there.
        ("day", "America/New_York", "2026-11-01T03:59:59.999", "2026-10-31"),
        ("day", "America/New_York", "2026-11-01T04:00:00", "2026-11-01"),
        ("day", "America/New_York", "2026-11-02T04:59:59.999", "2026-11-01"),
        ("day", "America/New_York", "2026-11-02T05:00:00", "2026-11-02"),
        ("week", "America/New_York", "2026-11-02T04:59:59.999", "2026-10-26"),
        ("month", "America/New_York", "2026-11-01T03:59:59.999", "2026-10-01"),
        ("month", "America/New_York", "2026-11-01T04:00:00", "2026-11-01"),
        ("week", "UTC", "2027-01-01T12:00:00", "2026-12-28"),
    ],
)
def test_periods_are_local(company: Loader, period: str, zone: str, t: str, first: str) -> None:
    loaded = company(
        f"p,cust,duration,100,{period},,,,",
        accounts=f"account_id,name,kind,currency,timezone\ncust,Customer,customer,USD,{zone}\n",
    )
    (attempt,) = rate(loaded, [cdr(answered_at=datetime.fromisoformat(t))])
    assert attempt.covers == (Cover("p", date.fromisoformat(first), Fraction(60), ZERO),)


def test_each_period_has_its_own_allowance_over_a_dst_night(company: Loader) -> None:
    loaded = company(
        "p,cust,duration,100,day,,,,",
        accounts="account_id,name,kind,currency,timezone\ncust,Customer,customer,USD,Europe/Paris\n",
    )
    # Midnights in Paris: 23:00 UTC before the 29th, 22:00 UTC after it. Nothing is carried over.
    hours = ("28T22:58", "28T22:59", "28T23:00", "28T23:30", "29T12:00", "29T21:59", "29T22:00")
    night = [
        cdr(call_id=str(i), answered_at=datetime.fromisoformat(f"2026-03-{hour}:00")) for i, hour in enumerate(hours)
    ]
    assert covered(sells(loaded, night)) == exact("60", "40", "60", "40", "0", "0", "60")


def test_what_does_not_consume(company: Loader) -> None:
    tables = (
        "rate_table_id,kind,currency,initial_s,increment_s,grace_s,free_s,connect_charge\n"
        "sell,per_minute,USD,1,1,3,10,0.05\n"
    )
    loaded = company("p,cust,duration,100,day,,,,", "m,cust,cost,0.02,day,,,,", rate_tables=tables)
    rated = rate(
        loaded,
        [
            unanswered(call_id="a"),
            # Within grace; no rate; another attempt of a call that is sold already.
            cdr(call_id="b", duration_s=Decimal(3)),
            cdr(call_id="c", called_number="33"),
            cdr(call_id="d"),
            cdr(call_id="d", attempt=2),
            # Past grace, and nothing billed: connect is due, of which money may pay.
            cdr(call_id="e", duration_s=Decimal("3.001")),
        ],
    )
    assert [attempt.covers for attempt in rated] == [
        (),
        (),
        (),
        (Cover("p", TODAY, Fraction(50), ZERO),),
        (),
        (Cover("m", TODAY, ZERO, Fraction("0.02")),),
    ]
    assert [attempt.sell.covered_s for attempt in rated] == [0, 0, None, 50, None, 0]
    assert [attempt.sell.covered_amount for attempt in rated] == [0, 0, None, 0, None, Fraction("0.02")]
    assert says(rated[5].sell) == ("rated", None, Fraction("0.05"))
    assert rated[5].sell.account_amount == Fraction("0.03")


def test_no_fx_consumes_nothing(company: Loader) -> None:
    accounts = "account_id,name,kind,currency\ncust,Customer,customer,EUR\n"
    loaded = company("p,cust,duration,100,day,,,,", accounts=accounts)
    (attempt,) = rate(loaded, calls("60"))
    assert (says(attempt.sell), attempt.covers) == (("unrated", "no_fx", None), ())


def test_a_blocked_call_with_a_price_consumes(company: Loader) -> None:
    loaded = company(
        "p,cust,duration,100,day,,,,", rates="rate_table_id,prefix,rate_per_minute,blocked\nsell,44,1,true\n"
    )
    (sell,) = sells(loaded, calls("60"))
    assert (says(sell), sell.covered_s) == (("rated", "blocked", 0), 60)


# -- cost ----------------------------------------------------------------------------------------


def abroad(company: Loader, allowance: str, fx: str) -> Company:
    """Sold in pounds to an account in euros; reported in dollars."""
    return company(
        f"p,cust,cost,{allowance},day,,,,",
        rate_tables="rate_table_id,kind,currency\nsell,per_minute,GBP\nbuy,per_minute,USD\n",
        accounts="account_id,name,kind,currency\ncust,Customer,customer,EUR\ncarr,Carrier,carrier,USD\n",
        fx_rates="from_currency,to_currency,valid_from,rate\nGBP,EUR,2026-01-01,1.2\n" + fx,
    )


def test_cost_is_taken_in_the_account_s_currency(company: Loader) -> None:
    fx = "GBP,USD,2026-01-01,1.3\nEUR,USD,2026-01-01,1.1\nEUR,USD,2026-03-03,9\n"
    rated = rate(abroad(company, "1.22", fx), calls("60", "60", "60"))
    sell = [attempt.sell for attempt in rated]
    assert [leg.covered_amount for leg in sell] == exact("0.72", "0.5", "0")
    assert [leg.account_amount for leg in sell] == exact("0", "0.22", "0.72")
    # 0.22 EUR at 1.1; the last as ever, straight from pounds.
    assert [leg.reporting_amount for leg in sell] == exact("0", "0.242", "0.78")
    assert amounts(sell) == exact("0.6", "0.6", "0.6")
    assert covered(sell) == exact("0", "0", "0")
    assert [attempt.margin for attempt in rated] == exact("-0.3", "-0.058", "0.48")


def test_the_reporting_amount_is_rounded_half_even(company: Loader) -> None:
    # 0.2 * 1.000000025 = 0.200000005, half way between 0.20000000 and 0.20000001.
    (sell,) = sells(abroad(company, "0.52", "EUR,USD,2026-01-01,1.000000025\n"), calls("60"))
    assert (sell.account_amount, sell.reporting_amount) == (Fraction("0.2"), Fraction("0.2"))


def test_without_a_rate_to_the_reporting_currency(company: Loader) -> None:
    rated = rate(abroad(company, "0.5", "GBP,USD,2026-01-01,1.3\n"), calls("60", "60"))
    assert [attempt.sell.reporting_amount for attempt in rated] == [None, Fraction("0.78")]
    assert [attempt.margin for attempt in rated] == [None, Fraction("0.48")]
    rated = rate(abroad(company, "0.5", "EUR,USD,2026-01-01,1.1\n"), calls("60", "60"))
    assert [attempt.sell.reporting_amount for attempt in rated] == [Fraction("0.242"), None]


def test_cost_profiles_take_from_markup_and_given_and_duration_profiles_do_not(company: Loader) -> None:
    lines = "time,cust,duration,999,day,,,,", "money,cust,cost,1,day,,,,"
    tables = "rate_table_id,kind,currency,grace_s,markup_pct\nsell,{},USD,99,10\nbuy,per_minute,USD,,\n"
    loaded = company(*lines, rate_tables=tables.format("markup"))
    # Grace is not for markup: 0.33 of each.
    rated = rate(loaded, calls("60", "60"))
    assert [(a.sell.covered_s, a.sell.covered_amount, a.sell.account_amount) for a in rated] == [
        (0, Fraction("0.33"), 0)
    ] * 2
    loaded = company(*lines, rate_tables=tables.format("given"))
    rated = rate(loaded, calls("99", "99.001", carrier_amount=Decimal("0.4"), carrier_currency="USD"))
    assert [(a.sell.covered_s, a.sell.covered_amount, a.sell.account_amount) for a in rated] == [
        (0, 0, Fraction("0.4")),
        (0, Fraction("0.4"), 0),
    ]


# -- what has been consumed already --------------------------------------------------------------


def test_kept(company: Loader) -> None:
    loaded = company("p,cust,duration,100,day,,,,")
    call = calls("60")

    def first(kept: dict[tuple[str, date], Fraction]) -> Fraction | None:
        return rate(loaded, call, kept=kept)[0].sell.covered_s

    assert first({}) == 60
    assert first({("p", TODAY): Fraction("99.5")}) == Fraction("0.5")
    # More than the allowance is now.
    assert first({("p", TODAY): Fraction(200)}) == 0
    assert first({("p", TODAY - timedelta(days=1)): Fraction(100), ("q", TODAY): Fraction(100)}) == 60


LINES = "time,cust,duration,100,day,,,,", "mobile,cust,duration,50,day,447,,,", "money,cust,cost,0.5,day,,,,"


def audited(company: Company, cdrs: Sequence[Cdr], **covers: Sequence[tuple[str, str]]) -> list[RatedAttempt]:
    """Rated with covers listed by call."""
    listed = {
        ("sw1", call, 1): [(profile, Fraction(quantity)) for profile, quantity in taken]
        for call, taken in covers.items()
    }
    return rate(company, cdrs, covers=listed)


def test_listed_covers_are_taken_as_they_are(company: Loader) -> None:
    first, second, third = audited(
        company(*LINES), calls("60", "60", "60"), c1=[], c2=[("money", "0.1"), ("time", "45.5")], elsewhere=[("x", "1")]
    )
    assert (first.covers, third.covers, first.sell.amount) == ((), (), Fraction("0.6"))
    assert second.covers == (
        Cover("time", TODAY, Fraction("45.5"), ZERO),
        Cover("money", TODAY, ZERO, Fraction("0.1")),
    )
    # 14.5 s at 0.01, of which 0.1 is paid.
    assert (second.sell.amount, second.sell.account_amount) == (Fraction("0.145"), Fraction("0.045"))
    assert {attempt.problem for attempt in (first, second, third)} == {None}


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ([("nobody", "1")], "no profile nobody applies"),
        ([("mobile", "1")], "no profile mobile applies"),
        ([("time", "60.001")], "60001/1000 of time is more than there is: 60 to cover, 100 left"),
        ([("time", "-1")], "-1 of time is more than there is: 60 to cover, 100 left"),
        ([("money", "0.51")], "51/100 of money is more than there is: 3/5 to cover, 1/2 left"),
        ([("time", "60"), ("money", "0.01")], "1/100 of money is more than there is: 0 to cover, 1/2 left"),
    ],
)
def test_listed_covers_that_cannot_be(company: Loader, listed: list[tuple[str, str]], problem: str) -> None:
    (attempt,) = audited(company(*LINES), calls("60"), c1=listed)
    assert attempt.problem == problem
    # What cannot be is not taken; the rest is.
    assert {cover.profile_id for cover in attempt.covers} == {name for name, _ in listed[:-1]}


def test_listed_covers_of_all_legs_are_within_the_allowance(company: Loader) -> None:
    loaded = company(*LINES)
    taken = [("time", "40")]
    rated = audited(loaded, calls("60", "60", "60"), c1=taken, c2=taken, c3=taken)
    assert [attempt.problem for attempt in rated] == [
        None,
        None,
        "40 of time is more than there is: 60 to cover, 20 left",
    ]
    kept = {("time", TODAY): Fraction(70)}
    (attempt,) = rate(loaded, calls("60"), kept=kept, covers={("sw1", "c1", 1): [("time", Fraction(40))]})
    assert attempt.problem == "40 of time is more than there is: 60 to cover, 30 left"


@pytest.mark.parametrize(
    "call",
    [
        unanswered(),
        cdr(called_number="33"),
        cdr(ingress_trunk="nobody"),
        cdr(duration_s=Decimal(3)),
        cdr(ingress_trunk="twoway"),
    ],
)
def test_listed_covers_of_a_leg_that_has_no_profile(company: Loader, call: Cdr) -> None:
    loaded = company(*LINES, rate_tables="rate_table_id,kind,currency,grace_s\nsell,per_minute,USD,3\n")
    assert audited(loaded, [call], c1=[("time", "1")])[0].problem == "no profile time applies"


def test_listed_covers_of_an_attempt_without_a_sell_leg(company: Loader) -> None:
    rated = audited(company(*LINES), [cdr(attempt=1), cdr(attempt=0)], c1=[("time", "1")])
    assert [attempt.problem for attempt in rated] == ["no profile time applies", None]


def test_profiles_are_read_strictly(company: Loader) -> None:
    for line, column in (
        ("p,cust,,1,day,,,,", "rule"),
        ("p,cust,minutes,1,day,,,,", "rule"),
        ("p,cust,cost,,day,,,,", "allowance"),
        ("p,cust,cost,1,,,,,", "period"),
        ("p,cust,cost,1,year,,,,", "period"),
        (",cust,cost,1,day,,,,", "profile_id"),
    ):
        with pytest.raises(ConfigurationError, match=rf"consumption_profiles\.csv, line 2, {column}"):
            company(line)


# -- random profiles -----------------------------------------------------------------------------


@pytest.fixture(params=range(8))
def traffic(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Company, list[Cdr]]:
    seed: int = request.param
    directory = tmp_path / "seeds"
    random_company(seed, directory, split=seed % 2 == 1, origin=seed % 3 == 1, profiles=True)
    decks = [made.deck for made in random_deck(seed, directory, START)] if seed % 4 == 3 else []
    company = Company.load(directory, decks=decks)
    return company, read_cdrs(random_traffic(seed, 500, directory, START, decks=decks), company)


def test_random_consumption(traffic: tuple[Company, list[Cdr]]) -> None:
    company, cdrs = traffic
    attempts = rate(company, cdrs)
    without = rate(replace(company, profiles={}), cdrs)
    by_id = {profile.profile_id: profile for profiles in company.profiles.values() for profile in profiles}
    used: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
    for attempt, plain in zip(attempts, without, strict=True):
        for cover in attempt.covers:
            assert (cover.seconds > 0) != (cover.amount > 0)
            used[cover.profile_id, cover.period] += cover.seconds + cover.amount
        assert plain.covers == ()
        check_covered(attempt, plain)
    assert used
    assert all(quantity <= by_id[profile].allowance for (profile, _), quantity in used.items())
    assert any(quantity == by_id[profile].allowance for (profile, _), quantity in used.items())
    # Greedy: where something is left at the end nobody paid what it could have covered.
    for call, attempt in zip(cdrs, attempts, strict=True):
        for profile, period in eligible(company, call, attempt.sell):
            if used[profile.profile_id, period] < profile.allowance:
                rest = attempt.sell.billed_s if profile.rule == "duration" else attempt.sell.account_amount
                taken = attempt.sell.covered_s if profile.rule == "duration" else rest and 0
                assert max(rest or 0, 0) == taken


def check_covered(attempt: RatedAttempt, plain: RatedAttempt) -> None:
    """What covers do to a leg, and what they leave as it is."""
    sell, bare = attempt.sell, plain.sell
    assert attempt.buy == plain.buy
    if not attempt.covers:
        assert attempt == plain
        return
    assert sell.amount is not None
    assert bare.amount is not None
    assert sell.account_amount is not None
    assert (sell.status, sell.reason, sell.billed_s) == ("rated", bare.reason, bare.billed_s)
    assert sell.covered_s == sum(cover.seconds for cover in attempt.covers)
    assert sell.covered_amount == sum(cover.amount for cover in attempt.covers)
    assert 0 <= sell.amount <= bare.amount
    assert sell.account_amount >= 0
    if sell.covered_s and sell.covered_s == sell.billed_s:
        assert (sell.amount, sell.account_amount) == (0, 0)
    if not sell.covered_s:
        assert sell.amount == bare.amount
        assert sell.account_amount + sell.covered_amount == bare.account_amount


def eligible(company: Company, call: Cdr, sell: Leg) -> list[tuple[Profile, date]]:
    """The profiles that the leg may take from, and their periods."""
    if sell.status != "rated" or not call.answered or sell.account_id is None or sell.rate_table_id is None:
        return []
    table, account = company.tables[sell.rate_table_id], company.accounts[sell.account_id]
    if table.kind != "markup" and call.duration_s <= Decimal(table.grace_s.numerator) / table.grace_s.denominator:
        return []
    raw = {"calling": call.calling_number, "routing": call.routing_number or call.called_number}.get(
        table.number_basis, call.called_number
    )
    number = clean_number(raw, company.numbering[call.source])
    assert number is not None
    t = call.charged_at
    return [
        (profile, profile.period_of(t, account.timezone))
        for profile in company.profiles.get(account.account_id, ())
        if (profile.valid_from or t) <= t < (profile.valid_to or datetime.max)
        and (not profile.prefixes or any(number.startswith(prefix) for prefix in profile.prefixes))
        and (profile.rule == "cost" or table.kind in ("per_minute", "block"))
    ]


def test_the_order_given_does_not_matter_and_days_can_be_closed(traffic: tuple[Company, list[Cdr]]) -> None:
    company, cdrs = traffic
    attempts = rate(company, cdrs)
    shuffled = Random(1).sample(range(len(cdrs)), k=len(cdrs))
    assert rate(company, [cdrs[i] for i in shuffled]) == [attempts[i] for i in shuffled]
    # The first day is closed: what its calls took is kept, and the second day goes on from there.
    closed = [attempt for attempt in attempts if attempt.day == START]
    kept: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
    for attempt in closed:
        for cover in attempt.covers:
            kept[cover.profile_id, cover.period] += cover.seconds + cover.amount
    still_open = [call for call in cdrs if call.charged_at.date() > START]
    assert rate(company, still_open, kept=kept) == [attempt for attempt in attempts if attempt.day > START]


def test_a_sample_with_its_covers_is_rated_the_same(traffic: tuple[Company, list[Cdr]]) -> None:
    company, cdrs = traffic
    attempts = {(a.source, a.call_id, a.attempt): a for a in rate(company, cdrs)}
    covers = {
        key: [(cover.profile_id, cover.seconds + cover.amount) for cover in attempt.covers]
        for key, attempt in attempts.items()
    }
    chosen = {call.call_id for call in Random(2).sample(cdrs, k=100)}
    sample = [call for call in cdrs if call.call_id in chosen]
    for rated in rate(company, sample, covers=covers):
        assert rated == attempts[rated.source, rated.call_id, rated.attempt]
