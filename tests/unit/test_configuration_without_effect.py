"""What `check` warns of: cells that are accepted, and that nothing comes of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.company import SEEDS
from tests.support.warned import warned

_TERMS = ("rate_per_minute", "initial_rate_per_minute", "initial_s", "blocked", "calling_prefix", "jurisdiction",
          "band", "min_charge", "valid_from", "valid_to")  # fmt: skip
_RATES = f"rate_table_id,prefix,{','.join(_TERMS)}\n"
_REGIONS = "prefix,region\n1212,NY\n1646,NY\n1201,NJ\n55,BR\n"


def _rate(prefix: str, table: str = "retail", **cells: str) -> str:
    return ",".join([table, prefix, *({"rate_per_minute": "1", **cells}.get(name, "") for name in _TERMS)]) + "\n"


_ALL = _rate("") + _rate("", "cost")


def _said(column: str, wrong: str, line: int = 4) -> str:
    return f"seeds/rates.csv line {line}, column {column}: {wrong}"


@pytest.mark.parametrize(
    ("cells", "between"),
    [
        ({"prefix": "44", "jurisdiction": "interstate"}, "to 44 is interstate"),
        ({"prefix": "44", "jurisdiction": "intrastate"}, "to 44 is intrastate"),
        # a caller may be nobody knows where
        ({"prefix": "44", "jurisdiction": "indeterminate"}, None),
        ({"prefix": "1212555", "jurisdiction": "indeterminate"}, None),
        ({"prefix": "1212", "calling_prefix": "1201", "jurisdiction": "indeterminate"},
         "from 1201 to 1212 is indeterminate"),
        ({"prefix": "1212", "calling_prefix": "120", "jurisdiction": "indeterminate"}, None),
        ({"prefix": "1212", "calling_prefix": "1646", "jurisdiction": "interstate"}, "from 1646 to 1212 is interstate"),
        ({"prefix": "1212", "calling_prefix": "1201", "jurisdiction": "intrastate"}, "from 1201 to 1212 is intrastate"),
        ({"prefix": "1212", "calling_prefix": "1201", "jurisdiction": "interstate"}, None),
        ({"prefix": "1", "jurisdiction": "interstate"}, None),
        ({"prefix": "", "jurisdiction": "intrastate"}, None),
        # it is over
        ({"prefix": "44", "jurisdiction": "interstate", "valid_to": "2026-05-06"}, None),
    ],
)  # fmt: skip
def test_a_jurisdiction_that_no_call_can_have(tmp_path: Path, cells: dict[str, str], between: str | None) -> None:
    found = warned(tmp_path, rates=_RATES + _ALL + _rate(**cells), prefix_regions=_REGIONS)
    right = "the price never counts; give the prefix a region there, or write nothing"
    wrong = f"by prefix_regions.csv no call {between}: {right}"
    assert found == ([_said("jurisdiction", wrong)] if between else [])


def test_a_table_that_goes_by_the_caller(tmp_path: Path) -> None:
    """Its prefix and its calling prefix are of one number, the other one may be any."""
    tables = (
        SEEDS["rate_tables"].replace("increment_s\n", "increment_s,number_basis\n").replace("60,60", "60,60,calling")
    )
    tables = tables.replace("1,1\n", "1,1,\n")
    rates = _rate("44", calling_prefix="33") + _rate("44", calling_prefix="44207")
    rates += _rate("1", calling_prefix="1212", jurisdiction="interstate") + _rate("44", jurisdiction="intrastate")
    assert warned(tmp_path, rate_tables=tables, rates=_RATES + _ALL + rates, prefix_regions=_REGIONS) == [
        _said("calling_prefix", "no number begins with 44 and with 33, and the table goes by the caller alone: the "
              "price never counts; write nothing, or delete the row"),
        _said("jurisdiction", "by prefix_regions.csv no call to 44 is intrastate: the price never counts; give the "
              "prefix a region there, or write nothing", 7),
    ]  # fmt: skip


def test_a_price_of_first_seconds_that_there_are_none_of(tmp_path: Path) -> None:
    first = {"initial_rate_per_minute": "2"}
    tables = SEEDS["rate_tables"].replace("cost,per_minute,USD,1,1", "cost,per_minute,USD,0,1")
    rates = _rate("44", **first) + _rate("45", initial_s="0", **first) + _rate("46", initial_s="0.0", **first)
    rates += _rate("44", "cost", **first) + _rate("45", "cost", initial_s="6", **first) + _rate("47", initial_s="0")
    wrong = "initial_s is 0: there are no first seconds, so that nothing is charged by this (and 2 more); write "
    found = warned(tmp_path, rates=_RATES + _ALL + rates, rate_tables=tables)
    assert found == [_said("initial_rate_per_minute", wrong + "initial_s, or nothing here", 5)]


def test_terms_of_a_blocked_rate_without_a_price(tmp_path: Path) -> None:
    blocked = {"blocked": "true", "rate_per_minute": ""}
    rates = _rate("44", **blocked, initial_s="6") + _rate("45", **blocked, initial_s="6", min_charge="1")
    rates += _rate("46", blocked="true", initial_s="6") + _rate("47", **blocked) + _rate("48", initial_s="6")
    wrong = "the row is blocked and has no price: nothing is charged by this"
    right = "; write nothing, or a price if such calls are charged"
    assert warned(tmp_path, rates=_RATES + _ALL + rates) == [
        _said("initial_s", f"{wrong} (and 1 more){right}"),
        _said("min_charge", wrong + right, 5),
    ]


_TIMETABLES = "timetable_id,priority,band,days,starts_at,ends_at\n"
_HOLIDAYS = "timetable_id,date,band\n"


def _in_bands(tmp_path: Path, rates: str, hours: str, holidays: str = "", *priced: str) -> list[str]:
    tables = SEEDS["rate_tables"].replace("increment_s\n", "increment_s,timetable_id\n").replace("60,60", "60,60,a")
    return warned(
        tmp_path,
        *priced,
        rate_tables=tables.replace("1,1\n", "1,1,\n"),
        rates=_RATES + _rate("", "cost") + rates,
        timetables=_TIMETABLES + hours,
        holidays=_HOLIDAYS + holidays,
    )


@pytest.mark.parametrize(
    ("rates", "hours", "holidays", "lacking"),
    [
        (_rate("44", band="day"), "a,1,day,mon-fri,08:00,18:00\n", "", "44 outside the hours of a"),
        (_rate("44", band="day"), "a,1,day,all,00:00,24:00\n", "", None),
        # the second row is never asked
        (_rate("44", band="day"), "a,1,day,all,00:00,24:00\na,2,day,all,08:00,18:00\n", "", None),
        (_rate("44", band="day"), "a,1,day,all,00:00,24:00\n", "a,2026-05-05,off\n", None),
        (_rate("44", band="day"), "a,1,day,all,00:00,24:00\n", "a,2026-05-06,off\n",
         "44 on 2026-05-06 (the holiday band off)"),
        (_rate("44", band="off"), "a,1,day,all,00:00,24:00\n", "a,2026-12-25,off\n", "44 in the band day"),
        # a shorter prefix has it
        (_rate("44", band="off") + _rate("4"), "a,1,day,all,00:00,24:00\n", "a,2026-12-25,off\n", None),
        (_rate("44", band="off") + _rate("4", band="day"), "a,1,day,all,00:00,24:00\n", "a,2026-12-25,off\n",
         "4 on 2026-12-25 (the holiday band off)"),
        (_rate("44", band="day", valid_to="2026-05-06") + _rate("44"), "a,1,day,mon,08:00,18:00\n", "", None),
    ],
)  # fmt: skip
def test_a_prefix_with_prices_of_some_bands_alone(
    tmp_path: Path, rates: str, hours: str, holidays: str, lacking: str | None
) -> None:
    found = _in_bands(tmp_path, rates, hours, holidays)
    prefix, _, when = (lacking or "").partition(" ")
    line = 4 if prefix == "4" else 3
    wrong = (
        f"retail has a price for {prefix} in some bands alone, and none {when}: calls of acme then would be unrated "
    )
    right = "(no_rate); add a price without a band, or one for that band"
    assert found == ([_said("band", wrong + right, line)] if lacking else [])
    # what decks have is not known here
    assert _in_bands(tmp_path, rates, hours, holidays, "retail") == []


def test_a_band_of_holidays_that_are_over(tmp_path: Path) -> None:
    rates = _rate("44") + _rate("44", band="off") + _rate("45", band="off") + _rate("45")
    wrong = '"off" is the band of holidays of a that are over: no call to come has it (and 1 more); add the next ones'
    hours = "a,1,day,mon,08:00,18:00\n"
    assert _in_bands(tmp_path, rates, hours, "a,2026-05-05,off\n") == [_said("band", f"{wrong} to holidays.csv")]
    assert _in_bands(tmp_path, rates, hours, "a,2026-05-05,off\na,2026-05-06,off\n") == []


def test_nothing_of_something(tmp_path: Path) -> None:
    """An allowance, a quantity, and the end of what is charged once."""
    profiles = "profile_id,account_id,rule,allowance,period,valid_to\n"
    profiles += "p1,acme,cost,0.00,day,2026-05-06\np2,acme,cost,0.00,day,\np3,bolt,duration,1,day,\n"
    held = "subscription_id,account_id,service,quantity,charge,valid_from,valid_to\n"
    held += "s1,acme,message,,once,2026-05-07,\ns2,acme,message,0,monthly,2026-05-07,\n"
    held += "s3,acme,message,1,once,2026-05-07,2026-06-01\ns4,acme,message,1,monthly,2026-05-07,2026-06-01\n"
    held += "s5,acme,message,0,monthly,2026-04-07,2026-05-06\n"
    once = "it is charged once, on the day that it begins: its end changes nothing; write nothing, or charge it monthly"
    assert warned(tmp_path, consumption_profiles=profiles, subscriptions=held) == [
        "seeds/consumption_profiles.csv line 3, column allowance: nothing is free by it; write how much is, or delete "
        "the row",
        "seeds/subscriptions.csv line 3, column quantity: nothing is charged by it; write how many, or delete the row",
        f"seeds/subscriptions.csv line 4, column valid_to: {once}",
    ]
