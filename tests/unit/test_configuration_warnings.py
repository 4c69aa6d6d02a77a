"""What `check` warns of: no error by the rules of rating, and yet calls without a price, or hardly meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.configuration.check import check
from orchestration.configuration.gone import rate_tables
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.configuration.warnings import warnings
from tests.support.company import SEEDS, write_company
from tests.support.warned import NOW, warned

_RATES = "rate_table_id,prefix,band,valid_from,valid_to,rate_per_minute\n"
_RETAIL, _COST = "retail,44,,2026-01-01,,0.06\n", "cost,44,,2026-01-01,,0.03\n"
_ASSIGNED = "account_id,side,rate_table_id,valid_from,valid_to\n"


def test_a_company_that_has_what_its_calls_need_is_not_warned(tmp_path: Path) -> None:
    assert warned(tmp_path) == []


def _no_price(which: str, account: str, table: str, line: int) -> str:
    return (
        f"seeds/rate_assignments.csv line {line}, column rate_table_id: {table} has no price {which}: answered calls "
        f"of {account} would be unrated (no_rate); add its prices to rates.csv, or accept a deck that has them "
        "(tollbook rates accept)"
    )


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        # once for all accounts that have it
        (_COST, [_no_price("at all", "acme", "retail", 2)]),
        (_RETAIL, [_no_price("at all", "carrier", "cost", 4)]),
        # over, by the clock
        (_COST + "retail,44,,2026-01-01,2026-05-06T09:00:00,0.06\n", [_no_price("in force", "acme", "retail", 2)]),
        (_COST + "retail,44,,2026-01-01,2026-05-06T09:00:01,0.06\n", []),
        # later, and another from the hour of the check: calls until then have no price
        (
            _COST + "retail,44,,2026-07-01,,0.06\n",
            [_no_price("in force before 2026-07-01 00:00:00", "acme", "retail", 2)],
        ),
        (_COST + "retail,44,,2026-05-06T09:00:00,,0.06\nretail,45,,2026-07-01,,0.06\n", []),
    ],
)
def test_a_table_that_is_assigned_and_has_no_rate(tmp_path: Path, rates: str, said: list[str]) -> None:
    assert warned(tmp_path, rates=_RATES + rates) == said


def test_a_table_whose_rates_only_block_has_no_price(tmp_path: Path) -> None:
    rates = SEEDS["rates"].replace("rate_per_minute\n", "rate_per_minute,blocked\n").replace("0.06\n", ",true\n")
    assert warned(tmp_path, rates=rates.replace("0.03\n", "0.03,\n")) == [_no_price("in force", "acme", "retail", 2)]


def test_tables_that_need_no_rate_or_have_them_by_a_deck_are_fine(tmp_path: Path) -> None:
    assert warned(tmp_path, "retail", rates=_RATES + _COST) == []
    tables = SEEDS["rate_tables"].replace("retail,per_minute", "retail,markup").replace("cost,per_minute", "cost,given")
    assert warned(tmp_path, rates=_RATES, rate_tables=tables) == []


def test_an_assignment_that_is_over_needs_nothing(tmp_path: Path) -> None:
    assigned = "acme,sell,retail,,\nbolt,sell,retail,,\ncarrier,buy,cost,,2026-05-06\ncarrier,buy,given,2026-05-06,\n"
    tables = SEEDS["rate_tables"] + "given,given,USD,,\n"
    assert warned(tmp_path, rates=_RATES + _RETAIL, rate_assignments=_ASSIGNED + assigned, rate_tables=tables) == []


def _no_table(line: int, who: str, direction: str, side: str, trunk: str, since: str = "", other: str = "") -> str:
    correct = f", or correct what is {other} there, the trunk's direction, or the kind in accounts.csv" if other else ""
    return (
        f"seeds/trunks.csv line {line}, column account_id: {who} has {direction} trunks and no {side} table{since}: "
        f"answered calls by {trunk} would be unrated (no_rate_table); give it one in rate_assignments.csv{correct}"
    )


def test_an_account_with_trunks_and_no_table(tmp_path: Path) -> None:
    assigned = "bolt,sell,retail,,\ncarrier,buy,cost,,\nacme,sell,retail,,2026-05-01\n"
    trunks = SEEDS["trunks"] + "in-a2,ingress,acme,2026-01-01,\n"
    said = _no_table(2, "acme (customer)", "ingress", "sell", "in-a")
    assert warned(tmp_path, rate_assignments=_ASSIGNED + assigned, trunks=trunks) == [said]
    # an account that has ended, or ends before its table does, needs none
    accounts = SEEDS["accounts"].replace("low_balance_threshold\n", "low_balance_threshold,valid_to\n")
    accounts = accounts.replace(",,1\n", ",,1,2026-05-01\n").replace(",,\n", ",,,\n")
    assert warned(tmp_path, rate_assignments=_ASSIGNED + assigned, trunks=trunks, accounts=accounts) == []


@pytest.mark.parametrize(
    ("assigned", "since"),
    [
        ("acme,sell,retail,2026-06-01,\n", " until 2026-06-01 00:00:00"),
        ("acme,sell,retail,,2026-06-01\n", " from 2026-06-01 00:00:00 on"),
        (
            # the second one, in August, is told when the first is mended
            "acme,sell,retail,,2026-06-01\nacme,sell,retail,2026-06-02,2026-08-01\nacme,sell,retail,2026-08-02,\n",
            " from 2026-06-01 00:00:00 on until 2026-06-02 00:00:00",
        ),
    ],
    ids=["not yet", "not any more", "a hole"],
)
def test_a_table_for_a_part_of_the_time(tmp_path: Path, assigned: str, since: str) -> None:
    assigned = _ASSIGNED + "bolt,sell,retail,,\ncarrier,buy,cost,,\n" + assigned
    said = _no_table(2, "acme (customer)", "ingress", "sell", "in-a", since)
    assert warned(tmp_path, rate_assignments=assigned) == [said]
    # the trunk is no longer theirs than the table
    trunks = SEEDS["trunks"].replace("acme,2026-01-01,", "acme,2026-01-01,2026-05-07")
    held = assigned.replace("2026-06-01,\n", "2026-05-06T09:00:00,\n")
    assert warned(tmp_path, rate_assignments=held, trunks=trunks) == []


def _gap(file: str, line: int, end: str, whose: str, since: str, begins: int, more: str = "") -> str:
    return (
        f'seeds/{file}.csv line {line}, column valid_to: "{end}" is not included, and {whose} begins again at {since} '
        f"on line {begins}: there is none between{more}; write {since}, where the one begins when the other ends"
    )


@pytest.mark.parametrize(
    ("file", "header", "rows", "said"),
    [
        (
            "trunks",
            "trunk_id,direction,account_id,valid_from,valid_to",
            # another account's from then on; the last second left out; a day of 25 hours
            "in-a,ingress,acme,,2026-06-30\nin-a,ingress,bolt,2026-07-01,2026-08-31T23:59:59\n"
            "in-a,ingress,acme,2026-09-01,2026-10-25T00:00:00+02:00\nin-a,ingress,acme,2026-10-26T00:00:00+01:00,\n"
            "out,egress,carrier,,\n",
            [
                (2, "2026-06-30", "in-a ingress", "2026-07-01", 3, ""),
                (3, "2026-08-31T23:59:59", "in-a ingress", "2026-09-01", 4, ""),
                (4, "2026-10-25T00:00:00+02:00", "in-a ingress", "2026-10-26T00:00:00+01:00", 5, ""),
            ],
        ),
        (
            "rates",
            "rate_table_id,prefix,valid_from,valid_to,rate_per_minute,band",
            # a longer prefix has its own; between the rows of 46 the first one holds
            "retail,4477,,2026-06-30,1,\ncost,4477,,2026-06-30,1,\ncost,4477,2026-07-01,,1,\nretail,4477,2026-07-01,,1,\n"
            "retail,44,,,1,\ncost,44,,,1,\nretail,46,,,1,\nretail,46,2026-06-01,2026-06-30,1,\n"
            "retail,46,2026-07-01,,1,\n",
            [(2, "2026-06-30", "retail 4477", "2026-07-01", 5, " (and 1 more)")],
        ),
        (
            "service_rates",
            "service,account_id,unit_price,currency,valid_from,valid_to",
            "message,acme,1,USD,2026-01-01,2026-06-30\nmessage,acme,1,USD,2026-07-01,\nmessage,,1,USD,,\n",
            [(2, "2026-06-30", "message acme", "2026-07-01", 3, "")],
        ),
        (
            "consumption_profiles",
            "profile_id,account_id,rule,allowance,period,prefixes,valid_from,valid_to",
            "p6,acme,duration,60,month,44 45,2026-01-01,2026-06-30\np7,acme,duration,90,month,44 45,2026-07-01,\n",
            [(2, "2026-06-30", "acme duration month 44 45", "2026-07-01", 3, "")],
        ),
        (
            "subscriptions",
            "subscription_id,account_id,service,charge,prorate,valid_from,valid_to",
            # what is charged in full is charged the same
            "s1,acme,message,monthly,true,2026-01-01,2026-06-30\ns2,acme,message,monthly,true,2026-07-01,\n"
            "s3,bolt,message,monthly,,2026-01-01,2026-06-30\ns4,bolt,message,monthly,,2026-07-01,\n",
            [(2, "2026-06-30", "acme message true", "2026-07-01", 3, "")],
        ),
    ],
    ids=lambda cell: cell if isinstance(cell, str) and "," not in cell else "",
)
def test_a_day_that_falls_between_two_rows(
    tmp_path: Path, file: str, header: str, rows: str, said: list[tuple[int, str, str, str, int, str]]
) -> None:
    assert warned(tmp_path, **{file: f"{header}\n{rows}"}) == [_gap(file, *gap) for gap in said]


def test_rows_between_which_nothing_is_missing_by_a_slip(tmp_path: Path) -> None:
    header = "trunk_id,direction,account_id,valid_from,valid_to\nin-b,ingress,bolt,,\nout,egress,carrier,,\n"
    # over by the clock, adjacent, and a break of two days
    rows = (
        "in-a,ingress,acme,,2026-05-05\nin-a,ingress,acme,2026-05-06,2026-06-30\n"
        "in-a,ingress,acme,2026-06-30,2026-07-01\nin-a,ingress,acme,2026-07-03,\n"
    )
    assert warned(tmp_path, trunks=header + rows) == []


def _ended(file: str, line: int, account: str, end: str, so: str = "the row never holds") -> str:
    where = f"seeds/{file}.csv line {line}, column valid_from: {account} ends at {end} in accounts.csv: {so}"
    return f"{where}; correct one of the two, or delete the row"


def test_rows_that_begin_when_their_account_has_ended(tmp_path: Path) -> None:
    accounts = SEEDS["accounts"].replace("threshold\n", "threshold,valid_to\n").replace(",,\n", ",,,\n")
    accounts = accounts.replace("Paris,postpaid,,,", "Paris,postpaid,,,2026-12-01").replace(",1\n", ",1,\n")
    trunks = (
        SEEDS["trunks"]
        + "in-2,ingress,bolt,2026-11-30,\nin-3,ingress,bolt,2026-12-01,\nin-4,ingress,bolt,2027-01-01,\n"
    )
    own = SEEDS["service_rates"] + "message,bolt,1,USD,2026-12-01\nmessage,bolt,2,USD,2026-11-30\n"
    # Paris has the 1st of December still when it ends, at one o'clock; nothing is told of what is over
    held = "s1,bolt,message,once,2026-12-01,\ns2,bolt,message,once,2026-12-02,\ns3,bolt,message,monthly,2026-12-15,\n"
    held += "s4,acme,message,once,2026-12-15,\n"
    assert warned(tmp_path, accounts=accounts, trunks=trunks, service_rates=own, subscriptions=_SUBSCRIBED + held) == [
        _ended("trunks", 6, "bolt", "2026-12-01"),
        _ended("service_rates", 3, "bolt", "2026-12-01"),
        _ended("subscriptions", 3, "bolt", "2026-12-01", "it is never charged"),
        _ended("subscriptions", 4, "bolt", "2026-12-01", "it is never charged"),
    ]


def test_what_begins_in_years(tmp_path: Path) -> None:
    held = "s1,acme,message,monthly,2062-05-06,\ns2,acme,message,once,2027-11-05,\n"
    profiles = "profile_id,account_id,rule,allowance,period,valid_from\np1,acme,cost,1,day,2027-11-06\n"
    far = {
        "consumption_profiles": (2, "2027-11-06", "nothing is free by it", ""),
        "fx_rates": (3, "2062-05-01", "it does not count", ""),
        "rate_assignments": (5, "2062-05-01", "it does not count", ""),
        # once for all that begin so
        "rates": (4, "2062-05-01", "it does not count", " (and 1 more)"),
        "service_rates": (3, "2062-05-01", "it does not count", ""),
        "subscriptions": (2, "2062-05-06", "nothing is charged by it", ""),
        "trunks": (5, "2062-05-01T00:00:00Z", "it does not count", ""),
    }
    found = warned(
        tmp_path,
        rates=_RATES + _RETAIL + _COST + "retail,44,,2062-05-01,,0.08\nretail,45,,2062-05-01,,0.08\n",
        service_rates=SEEDS["service_rates"] + "message,,2,USD,2062-05-01\n",
        fx_rates="from_currency,to_currency,valid_from,rate\nUSD,EUR,2026-01-01,0.8\nUSD,EUR,2062-05-01,0.9\n",
        trunks=SEEDS["trunks"] + "in-2,ingress,bolt,2062-05-01T00:00:00Z,\n",
        rate_assignments=(
            _ASSIGNED + "acme,sell,retail,2026-01-01,\nbolt,sell,retail,2026-01-01,2062-05-01\n"
            "carrier,buy,cost,2026-01-01,\nbolt,sell,cost,2062-05-01,\n"
        ),
        subscriptions=_SUBSCRIBED + held,
        consumption_profiles=profiles,
    )
    assert sorted(line for line in found if "far away" in line and "valid_from" in line) == [
        f"seeds/{name}.csv line {line}, column valid_from: {without} before {since}, which is far away{more}; "
        "correct the year, or leave it if that is meant"
        for name, (line, since, without, more) in far.items()
    ]


def test_what_ends_in_years_and_days_and_months_that_are_years_away(tmp_path: Path) -> None:
    """Where no end is meant, an empty cell says so; years before 2100 are believed."""
    budgets = "department,month,amount,currency\nsales,2031-05,1,USD\nsales,2031-06,1,USD\n"
    found = warned(
        tmp_path,
        trunks="trunk_id,direction,account_id,valid_from,valid_to\nin-a,ingress,acme,,2062-12-31\n"
        "in-b,ingress,bolt,,2099-12-31\nin-c,ingress,acme,,2062-12-31\nout,egress,carrier,,2031-05-05\n",
        accounts=SEEDS["accounts"]
        .replace("low_balance_threshold\n", "low_balance_threshold,valid_to,department\n")
        .replace(",,1\n", ",,1,2036-12-31,sales\n")
        .replace(",,\n", ",,,,\n"),
        timetables=_HOURS + "a,1,night,all,18:00,08:00\n",
        holidays="timetable_id,date,band\na,2031-05-01,night\na,2062-12-25,night\n",
        budgets=budgets,
    )
    is_far = "which is far away"
    no_end, meant = "correct the year, or write nothing for no end", "correct the year, or leave it if that is meant"
    assert found == [
        f"seeds/accounts.csv line 2, column valid_to: it does not end before 2036-12-31, {is_far}; {no_end}",
        f"seeds/trunks.csv line 2, column valid_to: it does not end before 2062-12-31, {is_far} (and 1 more); {no_end}",
        f"seeds/holidays.csv line 3, column date: the holiday is not before 2062-12-25, {is_far}; {meant}",
        f"seeds/budgets.csv line 3, column month: nothing is compared with it before 2031-06, {is_far}; {meant}",
    ]


_NEXT = ", or begin the next row at"
_HOURS = "timetable_id,priority,band,days,starts_at,ends_at\n"


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        ("o,2,night,all,18:00,08:00\no,1,day,all,00:00,24:00\n", "line 3 holds"),
        ("o,2,night,sun,22:00,08:00\no,1,day,\"sun,mon\",08:00,08:00\n", "line 3 holds"),
        (
            "o,5,night,mon-fri,18:00,08:00\no,1,late,mon-fri,18:00,00:00\no,3,early,tue-sat,00:00,08:00\n",
            "the rows of a lower priority hold",
        ),
        # asked on Sunday, on Monday of the new week, on one minute; of the same band; another timetable's
        ("o,2,night,all,18:00,08:00\no,1,day,mon-sat,00:00,24:00\n", ""),
        ("o,2,night,sun,22:00,08:00\no,1,day,sun,00:00,24:00\n", ""),
        ("o,2,night,all,07:59,18:00\no,1,day,all,08:00,00:00\n", ""),
        ("o,2,day,all,18:00,20:00\no,1,day,all,00:00,24:00\n", ""),
        ("o,2,night,all,18:00,08:00\np,1,day,all,00:00,24:00\n", ""),
    ],
)  # fmt: skip
def test_a_row_of_a_timetable_that_is_never_asked(tmp_path: Path, rows: str, holds: str) -> None:
    wrong = f"the row is never asked: {holds} all its hours, so that its band night does not come by it"
    right = "give it a lower priority than theirs, or correct the hours"
    said = f"seeds/timetables.csv line 2, column priority: {wrong}; {right}"
    assert warned(tmp_path, timetables=_HOURS + rows) == ([said] if holds else [])


@pytest.mark.parametrize(
    ("rows", "end", "until", "right"),
    [
        ("o,1,day,all,08:00,23:59\no,2,night,all,00:00,08:00\n", "23:59", "24:00", "write 24:00"),
        ("o,1,day,all,08:00,17:59\no,2,night,all,18:00,08:00\n", "17:59", "18:00", "write 18:00"),
        # the minute has a band, another one
        ("o,1,day,all,08:00,17:59\no,2,night,all,00:00,24:00\n", "17:59", "18:00", "write 18:00"),
        ("o,1,day,all,08:00,18:00\no,2,night,all,18:01,08:00\n", "18:00", "18:01", f"write 18:01{_NEXT} 18:00"),
        ("o,1,day,all,08:00,24:00\no,2,night,all,00:01,08:00\n", "24:00", "00:01", f"write 00:01{_NEXT} 00:00"),
        # nothing is left out, and who ends at 17:59 and begins then means it
        ("o,1,day,all,08:00,24:00\no,2,night,all,00:00,08:00\n", "", "", ""),
        ("o,1,day,all,08:00,17:59\no,2,night,all,17:59,08:00\n", "", "", ""),
        ("o,1,day,all,08:00,17:45\n", "", "", ""),
    ],
)  # fmt: skip
def test_a_minute_that_an_end_leaves_out(tmp_path: Path, rows: str, end: str, until: str, right: str) -> None:
    said = f'seeds/timetables.csv line 2, column ends_at: "{end}" is not included, so that the minute until {until} is '
    assert warned(tmp_path, timetables=_HOURS + rows) == ([f"{said}not day; {right}"] if end else [])


_SWAPPED = str.maketrans({"X": "Y", "Y": "X"})


def _swapped(text: str, one: str, other: str) -> str:
    return text.replace(one, "X").replace(other, "Y").translate(_SWAPPED).replace("X", one).replace("Y", other)


def test_sides_that_are_swapped(tmp_path: Path) -> None:
    assert warned(tmp_path, rate_assignments=_swapped(SEEDS["rate_assignments"], ",sell,", ",buy,")) == [
        _no_table(2, "acme (customer)", "ingress", "sell", "in-a", other="buy"),
        _no_table(3, "bolt (customer)", "ingress", "sell", "in-b", other="buy"),
        _no_table(4, "carrier (carrier)", "egress", "buy", "out", other="sell"),
    ]


def test_kinds_that_are_swapped(tmp_path: Path) -> None:
    accounts = SEEDS["accounts"].replace(",prepaid,,1\n", ",,,\n")
    assert warned(tmp_path, accounts=_swapped(accounts, ",customer,", ",carrier,")) == [
        _no_table(2, "acme (carrier)", "ingress", "buy", "in-a", other="sell"),
        _no_table(3, "bolt (carrier)", "ingress", "buy", "in-b", other="sell"),
        _no_table(4, "carrier (customer)", "egress", "sell", "out", other="buy"),
    ]
    # of one of them calls can all be rated
    assert warned(tmp_path, accounts=SEEDS["accounts"].replace("Bolt,customer", "Bolt,carrier")) == [
        "seeds/accounts.csv line 3, column kind: bolt is a carrier and has only a sell table: carriers are sent no "
        "invoice; write customer or both, or correct its side in rate_assignments.csv"
    ]


def test_directions_that_are_swapped(tmp_path: Path) -> None:
    assert warned(tmp_path, trunks=_swapped(SEEDS["trunks"], "ingress", "egress")) == [
        "seeds/trunks.csv, column direction: no customer has an ingress trunk and no carrier an egress trunk: only "
        "calls that carriers deliver to customers would be rated; if customers make calls too, write their trunks as "
        "ingress, and those that take them as egress"
    ]
    # of one trunk: nobody delivers a call to acme, so that it would be bought from
    said = _no_table(2, "acme (customer)", "egress", "buy", "in-a", other="sell")
    assert warned(tmp_path, trunks=SEEDS["trunks"].replace("in-a,ingress", "in-a,egress")) == [said]


@pytest.mark.parametrize(
    "trunks",
    [
        # a carrier delivers to a customer: the sides are swapped
        "in-c,ingress,carrier,,\nto-a,egress,acme,,\n",
        # an account of both kinds never swaps, and has both tables
        "in-c,ingress,carrier,,\nto-a,egress,acme,,\nin-2,ingress,two,,\nout-2,egress,two,,\n",
    ],
)
def test_sides_as_they_should_be(tmp_path: Path, trunks: str) -> None:
    accounts = SEEDS["accounts"] + "two,Two,both,USD,UTC,,,\n"
    assigned = SEEDS["rate_assignments"] + "two,sell,retail,\ntwo,buy,cost,\n"
    changed = {"accounts": accounts, "rate_assignments": assigned, "trunks": SEEDS["trunks"] + trunks}
    assert warned(tmp_path, **changed) == []
    # without a buy table the account of both kinds has none for what it takes
    changed["rate_assignments"] = assigned.removesuffix("two,buy,cost,\n")
    wanted = [_no_table(8, "two (both)", "egress", "buy", "out-2", other="sell")] if "out-2" in trunks else []
    assert warned(tmp_path, **changed) == wanted


@pytest.mark.parametrize(
    ("trunks", "since"),
    [("", ""), ("out,egress,carrier,,\n", ""), ("in-a,ingress,acme,2026-06-01,\n", " before 2026-06-01 00:00:00")],
    ids=["none", "none that calls come in by", "only later"],
)
def test_no_trunk_by_which_calls_come_in(tmp_path: Path, trunks: str, since: str) -> None:
    said = f"no trunk is an account's{since}: answered calls would be unrated (no_account)"
    assert warned(tmp_path, trunks="trunk_id,direction,account_id,valid_from,valid_to\n" + trunks) == [
        f"seeds/trunks.csv: {said}; write each ingress trunk with its account, as CDRs name it"
    ]


@pytest.mark.parametrize("account", ["acme", "acme,bolt"])
def test_trunks_of_accounts_that_have_ended_are_nobodys(tmp_path: Path, account: str) -> None:
    """As their own end in trunks.csv says; where another account has one, calls come in by that."""
    ended = account.split(",")
    accounts = SEEDS["accounts"].replace("threshold\n", "threshold,valid_to\n").replace(",,\n", ",,,\n")
    accounts = accounts.replace(",prepaid,,1\n", ",prepaid,,1,2026-05-06T09:00:00\n")
    if "bolt" in ended:
        accounts = accounts.replace("Paris,postpaid,,,", "Paris,postpaid,,,1995-01-01")
    said = (
        "seeds/trunks.csv: no trunk is an account's: answered calls would be unrated (no_account); write each ingress "
    )
    said += "trunk with its account, as CDRs name it, or correct when acme ends in accounts.csv"
    wanted = [said, _ended("trunks", 3, "bolt", "1995-01-01"), _ended("rate_assignments", 3, "bolt", "1995-01-01")]
    assert warned(tmp_path, accounts=accounts) == (wanted if "bolt" in ended else [])


_SUBSCRIBED = "subscription_id,account_id,service,charge,valid_from,valid_to\n"


@pytest.mark.parametrize(
    ("held", "price", "on"),
    [
        # checked on 2026-05-06: that month's charge, and the next one
        ("acme,number,monthly,2026-01-15,", ",2020-01-01,2020-02-01", "2026-05-01"),
        ("acme,number,monthly,2026-01-15,", ",2026-05-02,", "2026-05-01"),
        ("acme,number,monthly,2026-01-15,", ",,2026-06-01", "2026-06-01"),
        ("acme,number,monthly,2026-12-15,", ",2026-12-15,2027-01-01", "2027-01-01"),
        ("acme,number,monthly,2026-12-15,", ",2026-12-16,", "2026-12-15"),
        ("acme,number,once,2026-05-02,", ",2026-05-03,", "2026-05-02"),
        # another account's own price
        ("acme,number,monthly,2026-01-15,", "bolt,,", "2026-05-01"),
        ("bolt,number,monthly,2026-01-15,", "bolt,,2026-05-01", "2026-05-01"),
    ],
)
def test_a_subscription_without_a_price_when_it_charges(tmp_path: Path, held: str, price: str, on: str) -> None:
    account, until = price.split(",", 1)
    prices = SEEDS["service_rates"].replace("valid_from\n", "valid_from,valid_to\n").replace("01-01\n", "01-01,\n")
    prices += f"number,{account},1,USD,{until}\n"
    assert warned(tmp_path, subscriptions=f"{_SUBSCRIBED}s1,{held}\n", service_rates=prices) == [
        f"seeds/subscriptions.csv line 2, column service: number has no price for {held[:4]} on {on}: what it "
        "charges then would be unrated (no_rate); add a price to service_rates.csv that is in force then, or end the "
        "subscription"
    ]


@pytest.mark.parametrize(
    ("held", "price"),
    [
        ("acme,number,monthly,2026-01-15,", "acme,1,USD,2026-05-01,2026-06-02"),
        # what is over, and what ends with the service, needs none
        ("acme,number,monthly,2026-01-15,2026-05-01", ",1,USD,,2020-02-01"),
        ("acme,number,monthly,2026-01-15,2026-06-01", ",1,USD,,2026-05-02"),
        ("acme,number,once,2026-04-30,", ",1,USD,,2020-02-01"),
        ("gone,number,monthly,2026-01-15,", ",1,USD,,2026-05-02"),
    ],
)
def test_a_subscription_with_a_price_when_it_charges(tmp_path: Path, held: str, price: str) -> None:
    accounts = SEEDS["accounts"].replace("threshold\n", "threshold,valid_to\n").replace(",,\n", ",,,\n")
    accounts = accounts.replace(",prepaid,,1\n", ",prepaid,,1,\n") + "gone,Gone,customer,USD,UTC,,,,2026-06-01\n"
    prices = f"service,account_id,unit_price,currency,valid_from,valid_to\nnumber,{price}\n"
    changed = {"subscriptions": f"{_SUBSCRIBED}s1,{held}\n", "service_rates": prices, "accounts": accounts}
    assert warned(tmp_path, **changed) == []


def test_what_nothing_is_done_with_for_a_carrier(tmp_path: Path) -> None:
    columns = ("payment_terms_days", "tax_pct", "plan_tier", "buffer")
    accounts = SEEDS["accounts"].replace("threshold\n", f"threshold,{','.join(columns)}\n").replace("\n", ",\n")
    header, acme, bolt, _ = (line.removesuffix(",") for line in accounts.splitlines())
    acme, bolt = acme + ",14,19,pro,1", bolt + ",14,19,pro,1"
    # its limits, its resources and its periods count; a 0 and what an empty cell means say nothing
    fine = "carrier,Carrier,carrier,USD,UTC,postpaid,5,0,0,0.00,pro,1"
    assert warned(tmp_path, accounts="\n".join([header, acme, bolt, fine]) + "\n") == []
    idle = ["carrier,Carrier,carrier,USD,UTC,prepaid,,3,14,19,,", "two,Two,carrier,USD,UTC,,,,14,,,"]
    ok, none = "its status is always ok", "it is sent no invoice"

    def told(column: str, why: str, more: str = "") -> str:
        where = f"seeds/accounts.csv line 4, column {column}: carrier is a carrier, {why}"
        return f"{where}: nothing is done with this{more}; write nothing"

    assert warned(tmp_path, accounts="\n".join([header, acme, bolt, *idle]) + "\n") == [
        told("payment_model", ok),
        told("low_balance_threshold", ok),
        told("payment_terms_days", none, " (and 1 more)"),
        told("tax_pct", none),
    ]


def test_a_threshold_of_a_postpaid_account(tmp_path: Path) -> None:
    accounts = SEEDS["accounts"].replace("Paris,postpaid,,", "Paris,postpaid,,5") + "two,Two,both,USD,UTC,,,7\n"
    assert warned(tmp_path, accounts=accounts) == [
        "seeds/accounts.csv line 3, column low_balance_threshold: bolt is postpaid, no balance of it is low: nothing "
        "is done with this (and 1 more); write nothing"
    ]
    assert warned(tmp_path, accounts=accounts.replace(",5\n", ",0\n").replace(",,,7\n", ",prepaid,,7\n")) == []


def test_an_allowance_of_a_customer_that_nothing_is_sold_to(tmp_path: Path) -> None:
    accounts = SEEDS["accounts"] + "zed,Zed,customer,USD,UTC,,,\n"
    profiles = "profile_id,account_id,rule,allowance,period\np1,zed,duration,60,month\np2,acme,cost,1,day\n"
    assert warned(tmp_path, accounts=accounts, consumption_profiles=profiles) == [
        "seeds/consumption_profiles.csv line 2, column account_id: zed has no sell table: nothing is taken from the "
        "allowance; give it one in rate_assignments.csv, or delete the row"
    ]


def test_what_a_carrier_subscribes_to_and_may_take_for_nothing(tmp_path: Path) -> None:
    held = "s1,carrier,message,monthly,2026-01-01,\ns2,carrier,message,once,2026-05-01,\n"
    profiles = "profile_id,account_id,rule,allowance,period\np1,carrier,duration,60,month\np2,acme,cost,1,day\n"
    changed = {"subscriptions": _SUBSCRIBED + held, "consumption_profiles": profiles}
    is_charged = "carrier is a carrier: it is charged, and sent no invoice; write a customer, or "
    is_charged += "kind both in accounts.csv"
    assert warned(tmp_path, **changed) == [
        "seeds/consumption_profiles.csv line 2, column account_id: carrier is a carrier, and no call is sold to it: "
        "nothing is taken from the allowance; write a customer, or delete the row",
        f"seeds/subscriptions.csv line 2, column account_id: {is_charged}",
    ]
    # one that delivers to another is sold to; what is over is not told
    changed["rate_assignments"] = SEEDS["rate_assignments"] + "carrier,sell,retail,2026-01-01\n"
    changed["subscriptions"] = _SUBSCRIBED + "s1,carrier,message,monthly,2026-01-01,2026-05-01\n"
    assert warned(tmp_path, **changed) == []


@pytest.mark.parametrize(
    ("rows", "acts"),
    [
        ("", ""),
        ("ann,admin,\n", ""),
        ("ann,finance,\nbob,rater,\n", "rebuild and repair"),
        (
            "ann,viewer,\n",
            "land calls, usage and counts, land payments, build and publish, close days, accept rate decks, top up, "
            "issue invoices, waive, confirm waivers, confirm refunds and write-offs, withdraw files, bring in a "
            "changed configuration, rebuild and repair",
        ),
        (
            "ann,rater,\n",
            "land payments, top up, issue invoices, confirm waivers, confirm refunds and write-offs, withdraw files, "
            "rebuild and repair",
        ),
        # with a list of accounts nobody decides about all of them
        ("ann,admin,acme\nbob,rater,\n", "confirm waivers, withdraw files, rebuild and repair"),
        (
            "ann,finance,acme\n",
            "land calls, usage and counts, build and publish, close days, accept rate decks, waive, confirm waivers, "
            "withdraw files, rebuild and repair",
        ),
    ],
)
def test_what_no_operator_may_do(tmp_path: Path, rows: str, acts: str) -> None:
    said = f"seeds/operators.csv, column role: nobody may {acts}; give one of them the role admin, without a list of "
    assert warned(tmp_path, operators=f"operator,role,accounts\n{rows}") == ([said + "accounts"] if acts else [])


def test_a_limit_that_nobody_can_confirm_above(tmp_path: Path) -> None:
    """With one operator who may: his own wait for ever. Who has a list of accounts confirms refunds of theirs."""
    company = "name,reporting_currency,waiver_limit,refund_limit\nHand Made,USD,5,5\n"
    operators = "operator,role,accounts\nann,admin,\nbob,rater,\ncy,finance,acme\n"
    said = "seeds/company.csv, column waiver_limit: only ann may confirm waivers, and nobody what ann has entered"
    right = "; let another operator be finance or admin, or empty it"
    assert warned(tmp_path, company=company, operators=operators) == [said + right]
    refunds = said.replace("waiver_limit", "refund_limit").replace("waivers", "refunds and write-offs")
    alone = "operator,role,accounts\nann,admin,\nbob,rater,\n"
    assert warned(tmp_path, company=company, operators=alone) == [said + right, refunds + right]
    assert warned(tmp_path, operators=alone) == []


def _pair(line: int, wrong: str, pair: str, since: str = "2026-05-06") -> str:
    where = f"seeds/rate_assignments.csv line {line}, column rate_table_id"
    return f"{where}: {wrong}; add {pair} to fx_rates.csv, from {since} or before"


@pytest.mark.parametrize(
    "rates",
    ["", "USD,EUR,2026-05-07,0.5\n", "EUR,USD,2026-01-01,2\n"],
    ids=["none", "only later", "only the other way"],
)
def test_a_pair_of_currencies_that_calls_will_need(tmp_path: Path, rates: str) -> None:
    assert warned(tmp_path, fx_rates=f"from_currency,to_currency,valid_from,rate\n{rates}") == [
        _pair(3, "rate table retail is in USD and bolt in EUR: what it prices would be unrated (no_fx)", "USD,EUR")
    ]


def test_a_pair_that_only_reports_need_is_told_as_that(tmp_path: Path) -> None:
    wrong = "rate table retail is in USD, reports are in GBP: they would lack its amounts and margins"
    assert warned(tmp_path, company="name,reporting_currency\nHand Made,GBP\n") == [_pair(2, wrong, "USD,GBP")]


def test_a_pair_that_markups_and_services_need(tmp_path: Path) -> None:
    tables = SEEDS["rate_tables"] + "plus,markup,EUR,,\n"
    assigned = SEEDS["rate_assignments"].replace("bolt,sell,retail,2026-01-01", "bolt,sell,plus,2026-06-01")
    fx = "from_currency,to_currency,valid_from,rate\nEUR,USD,2026-01-01,2\n"
    markup = "plus adds to what calls cost, in EUR, and carrier charges in USD: they would be unrated (no_fx)"
    trunks = SEEDS["trunks"].replace("in-b,ingress,bolt,2026-01-01,\n", "")
    assert warned(tmp_path, rate_tables=tables, rate_assignments=assigned, fx_rates=fx, trunks=trunks) == [
        _pair(3, markup, "USD,EUR", "2026-06-01")
    ]
    held = "subscription_id,account_id,service,charge,valid_from\ns1,bolt,number,monthly,2026-02-01\n"
    prices = SEEDS["service_rates"] + "number,,1,GBP,2026-01-01\nnumber,acme,1,USD,2026-01-01\n"
    fx = SEEDS["fx_rates"] + "GBP,USD,2026-01-01,1.3\n"
    assert warned(tmp_path, subscriptions=held, service_rates=prices, fx_rates=fx) == [
        "seeds/subscriptions.csv line 2, column service: the price of number is in GBP and bolt in EUR: what it prices "
        "would be unrated (no_fx); add GBP,EUR to fx_rates.csv, from 2026-05-06 or before"
    ]


_TIERED = "plan_tier,resource,limit\nbasic,extensions,5\nbig_one,extensions,\n"


def _accounts_of(column: str, *cells: str) -> str:
    header, *rows = SEEDS["accounts"].splitlines()
    return "\n".join([f"{header},{column}", *(f"{row},{cell}" for row, cell in zip(rows, cells, strict=True))]) + "\n"


@pytest.mark.parametrize(
    ("cells", "tiers", "said"),
    [
        (("basik", "basic", ""), _TIERED, ['line 2, column plan_tier: "basik" is not', "did you mean basic?"]),
        (("Basic", "big_one", "Basic"), _TIERED, ['line 2, column plan_tier: "Basic" is not', "did you mean basic?"]),
        (
            ("gold", "basic", ""),
            _TIERED,
            ['line 2, column plan_tier: "gold" is not', "write one of basic, big_one, or give it a row there"],
        ),
        # what an empty cell means need not be limited; where there are no tiers nothing is
        (("", "basic", ""), _TIERED, []),
        (("basik", "", ""), "plan_tier,resource,limit\n", []),
        (
            ("basic", "", ""),
            _TIERED + "Free,extensions,1\n",
            ['line 3, column plan_tier: an empty cell is "free", which is not', "did you mean Free?"],
        ),
    ],
)
def test_a_plan_tier_without_limits_where_others_have_them(
    tmp_path: Path, cells: tuple[str, ...], tiers: str, said: list[str]
) -> None:
    wrong = [f"seeds/accounts.csv {said[0]} in plan_tiers.csv: nothing is limited by it; {said[1]}"] if said else []
    assert warned(tmp_path, accounts=_accounts_of("plan_tier", *cells), plan_tiers=tiers) == wrong


def test_names_that_are_written_two_ways(tmp_path: Path) -> None:
    def twice(where: str, name: str, other: str, line: int) -> str:
        return f'seeds/{where}: "{name}" is "{other}" on line {line}: they count as two; write it one way'

    changed = {
        "accounts": _accounts_of("department,customer_id", "Sales,x 1", "sales,X-1", "sales,x 2"),
        "prefix_regions": "prefix,region\n1212,NY\n1201,NJ\n1315,ny\n1202,N\u200bJ\n",
        "service_rates": SEEDS["service_rates"] + "Message,acme,0.02,USD,\n",
        "plan_tiers": "plan_tier,resource,limit\nfree,extensions,5\npro,Extensions,9\nPro,queues,1\npro+,queues,1\n",
        # another timetable's name is its own
        "timetables": "timetable_id,priority,band,days,starts_at,ends_at\n"
        "a,1,peak,mon-fri,08:00,18:00\na,2,Peak,sat,08:00,12:00\nb,1,Peak,all,00:00,24:00\n",
    }
    assert warned(tmp_path, **changed) == [
        twice("accounts.csv line 3, column department", "sales", "Sales", 2),
        twice("accounts.csv line 3, column customer_id", "X-1", "x 1", 2),
        twice("prefix_regions.csv line 4, column region", "ny", "NY", 2),
        twice("prefix_regions.csv line 5, column region", "N\u200bJ", "NJ", 3),
        twice("timetables.csv line 3, column band", "Peak", "peak", 2),
        twice("service_rates.csv line 3, column service", "Message", "message", 2),
        twice("plan_tiers.csv line 3, column resource", "Extensions", "extensions", 2),
        twice("plan_tiers.csv line 4, column plan_tier", "Pro", "pro", 3),
    ]


def test_a_holiday_that_nearly_has_a_band_of_its_timetable(tmp_path: Path) -> None:
    changed = {
        "timetables": "timetable_id,priority,band,days,starts_at,ends_at\na,1,night,all,18:00,08:00\n",
        "holidays": "timetable_id,date,band\na,2026-12-25,nihgt\na,2026-12-26,nihgt\na,2026-12-31,feast\n",
        "rate_tables": SEEDS["rate_tables"]
        .replace("increment_s\n", "increment_s,timetable_id\n")
        .replace("0\n", "0,a\n"),
    }
    changed["rate_tables"] = changed["rate_tables"].replace("1,1\n", "1,1,\n")
    said = 'line 2, column band: "nihgt" is no band of timetable a and no rate has it; did you mean night?'
    assert warned(tmp_path, **changed) == [f"seeds/holidays.csv {said}"]
    assert warned(tmp_path, **changed, rates=SEEDS["rates"] + "retail,44,United Kingdom,nihgt,2026-01-01,0.01\n") == []


_BUDGETS = "department,month,amount,currency\n"


def test_a_budget_that_nobody_spends(tmp_path: Path) -> None:
    accounts = _accounts_of("department", "Sales", "Sales", "Support")
    budgets = _BUDGETS + "Sale,2026-05,1,USD\nSale,2026-06,1,USD\nMarketing,2026-06,1,USD\nSale,2026-04,1,USD\n"
    said = "column department: no account is of department"
    assert warned(tmp_path, accounts=accounts, budgets=budgets + "Fleet,2026-04,1,USD\nSupport,2026-05,1,USD\n") == [
        f'seeds/budgets.csv line 2, {said} "Sale": nothing is spent; did you mean Sales?',
        f'seeds/budgets.csv line 4, {said} "Marketing": nothing is spent; give it to accounts in accounts.csv, or '
        "delete the row",
    ]


def test_a_budget_in_a_currency_that_nothing_is_converted_to(tmp_path: Path) -> None:
    accounts = _accounts_of("department", "Sales", "Sales", "Support")
    why = "has its budget in JPY: what is left of it would be unknown; add"
    budgets = _BUDGETS + "Sales,2026-04,1,JPY\nSales,2026-06,1,JPY\nSales,2026-07,1,JPY\nSales,2026-08,1,EUR\n"
    assert warned(tmp_path, accounts=accounts, budgets=budgets) == [
        f"seeds/budgets.csv line 3, column currency: Sales spends in EUR and {why} EUR,JPY to fx_rates.csv, "
        "from 2026-06-01 or before",
        f"seeds/budgets.csv line 3, column currency: Sales spends in USD and {why} USD,JPY to fx_rates.csv, "
        "from 2026-06-01 or before",
    ]
    fx = SEEDS["fx_rates"] + "USD,JPY,2026-06-01,150\nEUR,JPY,2026-01-01,160\n"
    assert warned(tmp_path, accounts=accounts, budgets=budgets, fx_rates=fx) == []
    # who has gone spends nothing
    gone = accounts.replace("department\n", "department,valid_to\n").replace("Sales\n", "Sales,2026-05-06T09:00:00\n")
    gone = gone.replace("Support\n", "Support,\n")
    assert [said.partition(":")[0] for said in warned(tmp_path, accounts=gone, budgets=budgets)] == ["seeds/trunks.csv"]


def test_prefixes_as_they_are_dialled(tmp_path: Path) -> None:
    rates = "rate_table_id,prefix,band,valid_from,rate_per_minute,calling_prefix\nretail,44,,,0.06,\ncost,44,,,0.03,\n"
    changed = {
        "rates": rates + "retail,0044,,,0.1,\nretail,45,,,0.1,0033\nretail,00,,,0.1,\nretail,100,,,0.1,\n",
        "prefix_regions": "prefix,region\n0212,NY\n1212,NY\n",
        "consumption_profiles": "profile_id,account_id,rule,allowance,period,prefixes\n"
        "p1,acme,duration,60,month,44 0049\n",
    }
    where = "what is dialled before it is in sources.csv (international_prefixes, country_code)"

    def odd(place: str, item: str, right: str, more: str = "") -> str:
        return f'seeds/{place}: "{item}" begins with 0, which no country code does{more}; write {right}; {where}'

    assert warned(tmp_path, **changed) == [
        odd("rates.csv line 4, column prefix", "0044", "44", " (and 1 more)"),
        odd("rates.csv line 5, column calling_prefix", "0033", "33"),
        odd("prefix_regions.csv line 2, column prefix", "0212", "it with its country code"),
        odd("consumption_profiles.csv line 2, column prefixes", "0049", "49"),
    ]


def test_what_is_dialled_before_a_country_code(tmp_path: Path) -> None:
    """No country code; what countries and carriers have is no error, and not warned of."""
    sources = (
        "source,kind,country_code,national_prefix,international_prefixes\n"
        "a,cdrs,,,+ 00 44\n"
        "b,cdrs,49,,00 1\n"
        "c,cdrs,1,,011 1011\n"
        "d,cdrs,7,,810\n"
        "e,cdrs,685,,0\n"
        "f,cdrs,61,,0011 001 0018\n"
        "g,cdrs,49,none,0 119 990 99\n"
        "h,cdrs,39,9,00 0\n"
    )

    def odd(line: int, code: str) -> str:
        wrong = f'"{code}" is a country code: it is dropped, and what is left is another country\'s number'
        right = "write what is dialled before it, like 00; leave it if it is a technical prefix of the source"
        return f"seeds/sources.csv line {line}, column international_prefixes: {wrong}; {right}"

    assert warned(tmp_path, sources=sources) == [odd(2, "44"), odd(3, "1")]


def test_two_prices_for_the_same_prefix_and_instant(tmp_path: Path) -> None:
    rates = (
        "rate_table_id,prefix,band,valid_from,valid_to,rate_per_minute,calling_prefix\n"
        "cost,44,,2026-01-01,,0.03,\n"
        "retail,44,,2026-01-01,,0.06,\n"
        "retail,44,,2025-12-31T23:00:00-01:00,2026-03-01,0.05,\n"  # the same instant
        "retail,44,,2026-01-02,,0.06,\n"  # another one
        "retail,44,,2026-01-01,,0.07,33\n"  # other callers
        "retail,447,,2026-01-01,,0.07,\n"
        "retail,,,,,0.9,\n"
        "retail,,,,,0.9,\n"
    )

    def twice(line: int, prefix: str, since: str, first: int) -> str:
        return (
            f"seeds/rates.csv line {line}, column prefix: retail has a price for {prefix} from {since} on line {first} "
            "too; delete the one that is not meant, or change its valid_from; of the two the later line counts"
        )

    assert warned(tmp_path, rates=rates) == [
        twice(4, "44", "2025-12-31T23:00:00-01:00", 3),
        twice(9, "every number", "always", 8),
    ]


def test_blank_lines_are_told_once_a_file(tmp_path: Path) -> None:
    blank = "the line is blank{}; nothing is read from it: delete it, or write the row"
    found = warned(
        tmp_path, accounts=SEEDS["accounts"] + "\n", rates="\n" + SEEDS["rates"].replace("\nc", "\r\n\r\nc") + "\n\n"
    )
    assert found == [
        f"seeds/accounts.csv line 5: {blank.format('')}",
        f"seeds/rates.csv line 1: {blank.format(' (and 3 more of the file)')}",
    ]


def test_what_a_torn_file_would_say_is_not_guessed_at(tmp_path: Path) -> None:
    seeds = write_company(tmp_path / "seeds", rates=SEEDS["rates"] + 'retail,"45\n', fx_rates="from_currency\n")
    assert check(seeds) != []
    assert warnings(seeds, NOW) == []


def test_a_table_that_decks_have_prices_for_and_that_has_another_name(tmp_path: Path) -> None:
    """No call is rated by these prices, where rates.csv has some under the new name."""
    tables = read(FILES["rate_tables"], write_company(tmp_path / "seeds"))
    assert list(rate_tables(tables, ["cost", "retail"])) == []
    wrong = "has prices of accepted decks, and no row any more: no call is rated by them"
    assert [(warning.wrong, warning.right) for warning in rate_tables(tables, ["costs", "gone"])] == [
        (f"costs {wrong}", "is it cost now? Name it costs"),
        (f"gone {wrong}", "put its row back"),
    ]
