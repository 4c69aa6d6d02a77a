"""Decks from the inbox to the prices of calls: reviewed, refused, accepted, rated by; crashes; closed days."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.decks import cells
from orchestration.decks.report import _traffic
from orchestration.decks.report import text as text_of
from orchestration.decks.traffic import Effect, Traffic
from orchestration.engine import dbt
from orchestration.landing import dropped
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.configure import published_warnings
from orchestration.operations.upkeep.rate_decks import DeckOptions
from orchestration.operations.upkeep.rates import accept
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.operations.upkeep.review_rates import review
from orchestration.store.warehouse import PROJECT, Home, Refused
from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.journals import forget_rules
from tests.support.put_back import keep, put_back
from tests.support.rules import go_by

pytestmark = pytest.mark.usefixtures("unpublished")
DAY = "2026-05-04"
D = Decimal
HEADER = "rate_table_id,prefix,destination,valid_from,rate_per_minute,increment_s,blocked,ended"
RATES = (
    "rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
    "retail,44,United Kingdom,,2026-01-01,0.06\n"
    "cost,44,United Kingdom,,2026-01-01,0.03\n"
    "cost,447,UK Mobile,,2026-01-01,0.03\n"
    "cost,33,France,,2026-01-01,0.02\n"
    "cost,49,Germany,,2026-01-01,0.01\n"
)
ASSIGNMENTS = (
    "account_id,side,rate_table_id,valid_from,notice_days\n"
    "acme,sell,retail,2026-01-01,\n"
    "bolt,sell,retail,2026-01-01,\n"
    "carrier,buy,cost,2026-01-01,7\n"
)


def _home(root: Path, patch: pytest.MonkeyPatch) -> Home:
    patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    patch.setenv("TOLLBOOK_OPERATOR", "tess")
    return Home(root / "home", write_company(root / "seeds", rates=RATES, rate_assignments=ASSIGNMENTS))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return _home(tmp_path, monkeypatch)


def drop(home: Home, name: str, *lines: str, source: str = "carrier") -> Path:
    return write_text(home.inbox / "rates" / source / name, HEADER, *lines)


def query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def state(home: Home) -> list[Any]:
    tables = ("landed.rates", "ops.decks", "ops.deck_tables", "ops.files")
    return [query(home, f"select * from {table} order by all") for table in tables]


def one_of_each(home: Home) -> Path:
    """A full deck from 20 May, with a row of each class against RATES."""
    return drop(
        home,
        "may.csv",
        "cost,44,United Kingdom,2026-05-20,0.033,,,",
        "cost,447,UK Mobile,2026-05-20,0.025,,,",
        "cost,33,France,2026-05-20,0.02,,,",
        "cost,339,France Special,2026-05-20,0.5,,,",
        "cost,1,United States,2026-05-20,0.01,,,",
        "cost,1,United States,2026-05-20,0.010,,,",
        "cost,7,Russia,2026-05-20,,,,true",
    )


def test_each_class_of_price(home: Home) -> None:
    one_of_each(home)
    (found,) = review(home, options=DeckOptions(replaces="full", first=None)).reviews
    assert (found.rows, found.duplicates, found.number, found.replaces) == (7, 1, 1, "full")
    seen = [(p.what, p.prefix, p.old, p.new, p.change_pct, p.other_prefix, p.other_rate) for p in found.prices]
    assert seen == [
        ("new", "339", None, "0.5 1/1", D("2400.00"), "33", D("0.02")),
        ("new", "1", None, "0.01 1/1", None, None, None),
        ("increased", "44", "0.03 1/1", "0.033 1/1", D("10.00"), None, None),
        ("decreased", "447", "0.03 1/1", "0.025 1/1", D("-16.67"), None, None),
        ("ended", "49", "0.01 1/1", None, None, None, None),
        ("unchanged", "33", "0.02 1/1", "0.02 1/1", D("0.00"), None, None),
        ("not_offered", "7", None, None, None, None, None),
    ]
    assert [(s.reason, s.prices) for s in found.suspicious] == [("ten_times", 1)]
    assert (found.first_change, found.closed_days) == (datetime(2026, 5, 20), 0)


def test_a_partial_deck_ends_only_what_it_says(home: Home) -> None:
    drop(home, "p.csv", "cost,33,France,2026-05-20,,,,true", "cost,44,United Kingdom,2026-05-20,0.03,60,,")
    (found,) = review(home, options=DeckOptions(first=None)).reviews
    seen = [(p.what, p.prefix, p.old, p.new) for p in found.prices]
    # a minute begun instead of a second is an increase, at the same rate
    assert seen == [("increased", "44", "0.03 1/1", "0.03 1/60"), ("ended", "33", "0.02 1/1", None)]


def test_bounds_grace_and_free_seconds_are_part_of_a_price(home: Home) -> None:
    """cost charges 0.01 at least: a row that takes that off is a decrease, one that raises it an increase."""
    write_company(
        home.seeds,
        rates=RATES,
        rate_assignments=ASSIGNMENTS,
        rate_tables=(
            "rate_table_id,kind,currency,initial_s,increment_s,min_charge\n"
            "retail,per_minute,USD,60,60,\ncost,per_minute,USD,1,1,0.01\n"
        ),
    )
    write_text(
        home.inbox / "rates" / "carrier" / "bounds.csv",
        "rate_table_id,prefix,rate_per_minute,min_charge,max_charge,grace_s,free_s",
        "cost,44,0.03,0,,,",
        "cost,447,0.03,0.02,5,,",
        "cost,33,0.02,0.01,0,0,0",
        "cost,49,0.01,,,3,1.5",
    )
    (found,) = review(home, options=DeckOptions(effective="2026-05-20", first=None)).reviews
    seen = {p.prefix: (p.what, p.old, p.new) for p in found.prices}
    assert seen == {
        "44": ("decreased", "0.03 1/1 min 0.01", "0.03 1/1"),
        # more at least, and at most 5 where nothing was: which way it goes hangs on the call
        "447": ("changed", "0.03 1/1 min 0.01", "0.03 1/1 min 0.02 max 5"),
        "33": ("unchanged", "0.02 1/1 min 0.01", "0.02 1/1 min 0.01"),
        "49": ("decreased", "0.01 1/1 min 0.01", "0.01 1/1 min 0.01 grace 3 free 1.5"),
    }


def test_what_is_suspicious(home: Home) -> None:
    drop(
        home,
        "s.csv",
        "cost,44,,2026-05-10,0.04,,,",
        "cost,447,,2026-05-01,0.02,,,",
        "cost,33,,2026-05-20,0.9,,,",
        "cost,33,,2026-05-20,0.8,,,",
        "cost,49,,2026-05-20,,,true,",
    )
    (found,) = review(home, options=DeckOptions(limit=D("0.5"), first=None)).reviews
    assert {(s.reason, s.prices) for s in found.suspicious} == {
        ("ten_times", 2), ("over_limit", 2), ("past", 1), ("notice", 1), ("conflict", 2)
    }  # fmt: skip
    texts = {s.reason: s.text for s in found.suspicious}
    assert texts["notice"] == "an increase with less notice than agreed: carrier (buy, 7 days)"
    assert texts["over_limit"] == "over the limit of 0.5"
    by_prefix = {(p.prefix, p.line): (p.what, p.reasons) for p in found.prices}
    assert by_prefix[("44", 2)] == ("increased", ["notice"])
    assert by_prefix[("447", 3)] == ("decreased", ["past"])
    assert by_prefix[("49", 6)] == ("blocked", [])
    with pytest.raises(Refused, match="suspicious, nothing changed: more than 10 times the old price"):
        accept(home, refuse_suspicious=True)
    assert state(home)[0] == []
    (done,) = accept(home, reason="agreed by telephone")
    assert (done.status, done.deck) == ("accepted", 1)
    line = json.loads(home.journal.read_text().splitlines()[-1])
    assert line["reason"] == "agreed by telephone"
    assert set(line["suspicious"]) == {"ten_times", "past", "notice", "conflict"}  # the limit is the review's


def test_a_full_deck_that_ends_most_of_a_table(home: Home) -> None:
    drop(home, "f.csv", "cost,44,,2026-05-20,0.03,,,")
    (found,) = review(home, options=DeckOptions(replaces="full")).reviews
    assert [s.text for s in found.suspicious] == ["ends 3 of the 4 prices of cost: is it a partial deck?"]


TARIFFS = (
    "rate_table_id,kind,currency,initial_s,increment_s,markup_pct,timetable_id\n"
    "retail,per_minute,USD,60,60,,\ncost,per_minute,USD,1,1,,hours\nblocks,block,USD,30,6,,\nplus,markup,USD,,,15,\n"
)
HOURS = (
    "timetable_id,priority,band,days,starts_at,ends_at\n"
    "hours,1,peak,all,08:00,18:00\nhours,2,offpeak,all,18:00,24:00\nhours,3,night,all,00:00,08:00\n"
)
COMPANY = {"rate_tables": TARIFFS, "timetables": HOURS, "rate_assignments": ASSIGNMENTS}
COLUMNS = (
    "rate_table_id,prefix,destination,band,jurisdiction,calling_prefix,valid_from,valid_to,rate_per_minute,"
    "initial_charge,increment_charge,connect_charge,min_charge,free_s,markup_pct,increment_s\n"
)
MANY = (
    "blocks,44,UK,,,,2026-01-01,,,0.03,0.027,,,,,\n"
    "cost,49,Germany,peak,,,2026-01-01,,0.025,,,,,,,\n"
    "cost,49,Germany,offpeak,,,2026-01-01,,0.012,,,,,,,\n"
    "cost,33,France,,,,2026-01-01,,0.02,,,,,,,\n"
    "cost,34,Spain,,,,2026-01-01,2026-05-20,0.02,,,,,,,\n"
    "cost,1,USA,,interstate,,2026-01-01,,0.01,,,,,,,\n"
    "cost,46,Sweden,,,46,2026-01-01,,0.01,,,,,,,\n"
    "cost,39,Italy,,,,2026-01-01,,0.9,,,,,,,\n"
    "cost,393,Italy Mobile,,,,2026-01-01,,0.02,,,,,,,\n"
    "plus,,Any,,,,2026-01-01,,,,,,,,1,\n"
)
# a row of the deck by the columns below, and whether it is more than ten times what its numbers cost
AGAINST = {
    "a block's further charge": ("blocks,443,,,,,,0.9,0.9,,,,,", True),
    "a block's first charge alone": ("blocks,444,,,,,,9,0.027,,,,,", True),
    "a block like the others": ("blocks,445,,,,,,0.03,0.03,,,,,", False),
    "any band, beside two": ("cost,4930,,,,,9.9,,,,,,,", True),
    "any band, ten times the cheaper one alone": ("cost,4931,,,,,0.13,,,,,,,", True),
    "any band, the same prefix": ("cost,49,,,,,9.9,,,,,,,", True),
    "any band, within bounds": ("cost,4932,,,,,0.05,,,,,,,", False),
    "a band, the same prefix": ("cost,33,peak,,,,9.9,,,,,,,", True),
    "a band that had no price": ("cost,4933,night,,,,9.9,,,,,,,", False),
    "any jurisdiction": ("cost,1212,,,,,9.9,,,,,,,", True),
    "any origin": ("cost,467,,,,,9.9,,,,,,,", True),
    "a narrower origin": ("cost,468,,,468,,9.9,,,,,,,", True),
    "below a price that ends that day": ("cost,347,,,,,9.9,,,,,,,", True),
    "a connect charge": ("cost,33,,,,,0.02,,,5,,,,", True),
    "a connect charge of a new prefix": ("cost,331,,,,,0.02,,,5,,,,", True),
    "a least amount": ("cost,332,,,,,0.02,,,,0.5,,,", True),
    "increments of an hour": ("cost,333,,,,,0.02,,,,,,,3600", True),
    "increments of a minute": ("cost,334,,,,,0.02,,,0.01,0.05,,,60", False),
    "a free minute": ("cost,335,,,,,0.05,,,,,60,,", False),
    "ended, and a dearer one is left": ("cost,393,,,,,-,,,,,,,", True),
    "a markup": ("plus,44,,,,,,,,,,,11,", True),
}


def test_a_later_price_that_a_full_deck_ends_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a prefix that the deck has itself; and prices of nothing, and of years from now."""
    accept(home, drop(home, "later.csv", "cost,44,,2027-01-01,0.05,,,", "cost,33,,2027-01-01,0.02,,,"))
    drop(
        home,
        "all.csv",
        "cost,44,,2026-12-15,0.025,,,",
        "cost,447,,2026-12-15,0,,,",
        "cost,33,,2026-12-15,0.02,,,",
        "cost,49,,2062-12-15,0.011,,,",
    )
    (found,) = review(home, options=DeckOptions(replaces="full", effective="2026-12-15", first=None)).reviews
    seen = [(p.what, p.prefix, f"{p.changes_at:%Y-%m-%d}", p.old, p.new, p.reasons) for p in found.prices]
    assert seen == [
        ("increased", "49", "2062-12-15", "0.01 1/1", "0.011 1/1", ["far_away"]),
        ("decreased", "447", "2026-12-15", "0.03 1/1", "0 1/1", ["tenth"]),
        ("decreased", "44", "2026-12-15", "0.03 1/1", "0.025 1/1", []),
        ("cancelled", "44", "2027-01-01", "0.05 1/1", None, ["cancels"]),
        # the same as was to be from January on
        ("unchanged", "33", "2026-12-15", "0.02 1/1", "0.02 1/1", []),
    ]
    assert [(s.reason, s.prices) for s in found.suspicious] == [("tenth", 1), ("far_away", 1), ("cancels", 1)]
    with pytest.raises(Refused, match=r"less than a tenth of .*ends a later price of a prefix it has"):
        accept(home, options=DeckOptions(replaces="full", effective="2026-12-15"), refuse_suspicious=True)


@pytest.mark.parametrize("what", AGAINST)
def test_a_price_is_held_against_what_its_numbers_cost_until_then(home: Home, what: str) -> None:
    line, is_suspicious = AGAINST[what]
    write_company(home.seeds, rates=COLUMNS + MANY, **COMPANY)
    ended = ",-," in line
    write_text(
        home.inbox / "rates" / "carrier" / "x.csv",
        "rate_table_id,prefix,band,jurisdiction,calling_prefix,valid_from,rate_per_minute,initial_charge,"
        "increment_charge,connect_charge,min_charge,free_s,markup_pct,increment_s,ended",
        line.replace(",-,", ",,") + (",true" if ended else ","),
    )
    (found,) = review(home, options=DeckOptions(effective="2026-05-20", first=None, traffic=False)).reviews
    (price,) = found.prices
    assert ("ten_times" in price.reasons) == is_suspicious, price


AREAS = "cost,1212,New York,,,,2026-01-01,,0.01,,,,,,,\ncost,1213555,Los Angeles,,,,2026-01-01,,0.01,,,,,,,\n"
REMEDY = (
    "no prefix is, or lies below or above, one that cost has a price for: were they written without the country code? "
    "constants.country_code"
)
# prices of before; the mapping's country code; full or partial; prefixes of the deck; what is suspicious
NUMBERINGS = {
    "full, without the country code": (AREAS, "", "full", "212 213555", ["unrelated", "ends_most"]),
    "partial, without the country code": (AREAS, "", "partial", "212 213555 415555", ["unrelated"]),
    "with it": (AREAS, "1", "full", "212555 213555", []),
    "with it twice": (AREAS, "1", "partial", "1212 213555", ["no_number"]),
    "twice, all digits of a number": (AREAS, "", "partial", "11213555 1212", ["no_number"]),
    "a few new countries": (AREAS, "", "partial", "33 44", []),
    "a new country in a list of several": (MANY, "", "partial", "7 212 30", []),
    "a full list of other countries": (AREAS, "", "full", "33 44", ["unrelated", "ends_most"]),
    "the first prices of a table": ("plus,,Any,,,,2026-01-01,,,,,,,,1,\n", "", "full", "212555 213555", []),
    "a price for all": ("cost,,Any,,,,2026-01-01,,0.01,,,,,,,\n", "", "partial", "212555 213555", []),
    "a country of which there was the whole": ("cost,1,USA,,,,2026-01-01,,0.01,,,,,,,\n", "", "partial", "33 44", []),
    "a short number": (AREAS, "", "partial", "116117 112", []),
}


@pytest.mark.parametrize("what", NUMBERINGS)
def test_prefixes_of_another_numbering_are_suspicious(home: Home, what: str) -> None:
    rates, code, replaces, deck, reasons = NUMBERINGS[what]
    write_company(home.seeds, rates=COLUMNS + rates, **COMPANY)
    write_text(
        home.decks / "carrier.toml",
        'rate_table_id = "cost"\n[columns]\nprefix = "NPANXX"\nrate_per_minute = "Rate"',
        f'[constants]\ncountry_code = "{code}"' if code else "",
    )
    path = write_text(home.inbox / "rates" / "carrier" / "us.csv", "NPANXX,Rate", *(f"{p},0.01" for p in deck.split()))
    options = DeckOptions(effective="2026-05-20", replaces=replaces, first=None, traffic=False)
    (found,) = review(home, options=options).reviews
    assert [s.reason for s in found.suspicious] == reasons
    texts = {s.reason: s.text for s in found.suspicious}
    if "unrelated" in texts:
        assert texts["unrelated"] == REMEDY
        assert texts.get("ends_most") in (None, "ends 2 of the 2 prices of cost")
        assert next(s.prices for s in found.suspicious) == len(deck.split())
    if reasons:
        with pytest.raises(Refused, match="suspicious, nothing changed: no "):
            accept(home, path, options, refuse_suspicious=True)
    else:
        accept(home, path, options, refuse_suspicious=True)


def test_review_changes_nothing(home: Home) -> None:
    path = one_of_each(home)
    review(home)
    before, journal = state(home), home.journal.read_text()
    review(home, options=DeckOptions(replaces="full"))
    assert (state(home), home.journal.read_text(), path.exists()) == (before, journal, True)


def test_acceptance_is_kept_and_happens_once(home: Home, tmp_path: Path) -> None:
    path = one_of_each(home)
    data = path.read_bytes()
    (done,) = accept(home, options=DeckOptions(replaces="full"))
    assert not path.exists()
    assert (home.archive / "rates" / "carrier" / f"{done.file_id}.csv").read_bytes() == data
    assert query(home, "select rows, landed, duplicates, rejected from ops.files") == [(7, 6, 1, 0)]
    assert query(home, "select deck, source, name, operator, mapping from ops.decks") == [
        (1, "carrier", "may.csv", "tess", None)
    ]
    assert query(home, "select * from ops.deck_tables") == [
        (1, "cost", True, datetime(2026, 5, 20), datetime(2026, 5, 20))
    ]
    line = json.loads(home.journal.read_text().splitlines()[-1])
    assert (line["action"], line["deck"], line["effective"], line["replaces"]) == (
        "rates accept", 1, "2026-05-20T00:00:00", "full",
    )  # fmt: skip
    before = state(home)
    mine = tmp_path / "again.csv"
    mine.write_bytes(data)
    with pytest.raises(Refused, match=r"accepted already, as deck 1 on 2026-05-06 09:00 UTC by tess; nothing changed"):
        accept(home, mine, DeckOptions(source="carrier"))
    assert mine.exists()
    # a copy left in the inbox is put away
    path.write_bytes(data)
    assert [a.status for a in accept(home)] == ["already_accepted"]
    assert not path.exists()
    assert state(home) == before


def test_a_file_that_was_accepted_counts_again_where_somebody_says_so(home: Home) -> None:
    """The carrier goes back to its first list, the mapping was wrong, the date was: never taken for done."""
    first, second = ("Code,Rate", "447,0.02"), ("Code,Rate", "447,0.05")
    mapping = ('rate_table_id = "cost"', "[columns]", 'prefix = "Code"', 'rate_per_minute = "Rate"')
    write_text(home.decks / "carrier.toml", *mapping)

    def waits(*lines: str) -> Path:
        return write_text(home.inbox / "rates" / "carrier" / "list.csv", *lines)

    waits(*first)
    accept(home, options=DeckOptions(effective="2026-05-10"))
    path = waits(*first)
    other_day = DeckOptions(effective="2026-05-20")
    with pytest.raises(
        Refused, match=r"list\.csv was accepted already, as deck 1 .*, and it was partial from 2026-05-10"
    ):
        accept(home, options=other_day)
    assert path.exists()
    assert [a.status for a in accept(home, options=DeckOptions(effective="2026-05-10"))] == ["already_accepted"]

    write_text(home.decks / "carrier.toml", *mapping, "# another")
    path = waits(*first)
    with pytest.raises(
        Refused, match=r"decks/carrier\.toml is not what it was: to have it count again, .* add --again"
    ):
        accept(home, options=DeckOptions(effective="2026-05-10"))
    write_text(home.decks / "carrier.toml", *mapping)
    path.unlink()

    waits(*second)
    accept(home, options=DeckOptions(effective="2026-05-15"))
    path = waits(*first)
    with pytest.raises(Refused, match=r"as deck 1 .*, and deck 2 \(list\.csv\) has come after it"):
        accept(home, options=other_day)
    assert [r.number for r in review(home, options=other_day).reviews] == [3]
    (done,) = accept(home, options=DeckOptions(effective="2026-05-20", again=True))
    assert (done.status, done.deck, path.exists()) == ("accepted", 3, False)
    assert query(home, "select deck, rate_per_minute, valid_from from landed.rates order by deck") == [
        (1, D("0.02"), datetime(2026, 5, 10)),
        (2, D("0.05"), datetime(2026, 5, 15)),
        (3, D("0.02"), datetime(2026, 5, 20)),
    ]
    assert rebuild(home, check=True).compared


def test_a_table_has_prices_once_a_deck_with_some_is_published(home: Home) -> None:
    """The check warns of a table that is assigned and has no price, whether seeds or a deck would have them."""
    write_company(home.seeds, rates="".join(RATES.splitlines(keepends=True)[:2]), rate_assignments=ASSIGNMENTS)
    assert [(w.line, w.wrong.partition(":")[0]) for w in published_warnings(home)] == [(4, "cost has no price at all")]
    drop(home, "june.csv", "cost,44,United Kingdom,2026-06-01,0.02,1,,")
    accept(home)
    build(home)
    assert published_warnings(home) == []
    # by another name it has none of the deck's
    for name in ("rate_tables", "rate_assignments"):
        path = home.seeds / f"{name}.csv"
        path.write_text(path.read_text().replace("cost", "costly"))
    assert [w.wrong.partition(":")[0] for w in published_warnings(home)] == [
        "costly has no price at all", "cost has prices of accepted decks, and no row any more",
    ]  # fmt: skip


def test_the_same_deck_from_another_source_is_accepted_only_where_it_is_meant(home: Home) -> None:
    price = "cost,44,United Kingdom,2026-06-01,0.02,1,,"
    drop(home, "june.csv", price)
    accept(home)
    path = drop(home, "june.csv", price, source="other")
    told = "the same file was accepted from carrier as june.csv, deck 1, on 2026-05-06 09:00 UTC"
    (found,) = review(home, options=DeckOptions(traffic=False)).reviews
    assert [(s.reason, s.prices, s.text) for s in found.suspicious] == [("elsewhere", 1, told)]
    with pytest.raises(Refused, match=f"june.csv was not accepted: {told}; .* add --again"):
        accept(home)
    assert path.exists()
    assert query(home, "select count(*) from ops.decks") == [(1,)]
    (meant,) = accept(home, options=DeckOptions(again=True))
    assert (meant.deck, meant.source) == (2, "other")
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    assert [line["again"] for line in lines if line["action"] == "rates accept"] == [False, True]


def test_a_deck_that_is_taken_away_meanwhile_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = drop(home, "a.csv", "cost,44,United Kingdom,2026-06-01,0.02,1,,")
    drop(home, "b.csv", "cost,44,United Kingdom,2026-06-02,0.03,1,,", source="other")
    archive = dropped.archive

    def taken(at: Home, deck: dropped.Dropped, file_id: str) -> None:
        gone.unlink(missing_ok=True)
        archive(at, deck, file_id)

    monkeypatch.setattr(dropped, "archive", taken)
    with pytest.raises(Refused, match=r"^a\.csv is gone since it was seen: it was not accepted here$"):
        accept(home)
    assert query(home, "select name from ops.decks") == [("b.csv",)]


def test_mapped_decks_of_the_inbox_in_order_of_effect(home: Home) -> None:
    write_text(
        home.decks / "carrier.toml",
        'rate_table_id = "cost"',
        "[columns]",
        'prefix = "Code"',
        'rate_per_minute = "Rate"',
        "[effective]",
        "file_name = '(\\d{4}-\\d\\d-\\d\\d)'",
    )
    write_text(home.inbox / "rates" / "carrier" / "a 2026-06-01.csv", "Code,Rate", "44,0.028")
    write_text(home.inbox / "rates" / "carrier" / "b 2026-05-20.csv", "Code,Rate", "44,0.029")
    done = accept(home)
    assert [(a.deck, a.name) for a in done] == [(1, "b 2026-05-20.csv"), (2, "a 2026-06-01.csv")]
    (mapping,) = query(home, "select distinct mapping from ops.decks")[0]
    kept = home.archive / "rates" / "carrier" / f"{mapping}.toml"
    assert kept.read_text() == (home.decks / "carrier.toml").read_text()
    (home.decks / "carrier.toml").write_text("rate_table_id = 'nix'\n")
    write_text(home.inbox / "rates" / "carrier" / "c 2026-06-02.csv", "Code,Rate", "44,0.03")
    assert review(home).problems == [
        'decks/carrier.toml, column columns.prefix: it is missing; write [columns] and prefix = "..."',
        'decks/carrier.toml, column rate_table_id: "nix" is not in rate_tables.csv; write one of cost, retail',
    ]


def test_decks_that_wait_together_and_contradict_each_other_are_accepted_by_name(home: Home, tmp_path: Path) -> None:
    """A deck and its correction begin alike: by their names the correction would come first, and the other count."""
    first = drop(home, "a.csv", "cost,44,UK,2026-06-01,0.02,,,", "cost,33,France,2026-06-01,0.02,,,")
    right = drop(home, "a-corrected.csv", "cost,44,Britain,2026-06-01,0.025,,,", "cost,33,France,2026-06-01,0.020,,,")
    # the same price again, one from later on, of other sources too, contradict nothing
    drop(home, "b.csv", "cost,33,France,2026-06-01,0.02,,,", "cost,44,UK,2026-06-02,0.03,,,")
    drop(home, "z.csv", "cost,44,UK,2026-06-03,0.04,,,", "cost,33,France,2026-06-01,0.02,,,", source="other")

    def says(other: str, prefix: str = "44") -> str:
        return (
            f"{other} waits, too, and from the same instant says otherwise ({prefix} of cost, 2026-06-01): which is "
            "accepted last would count; accept by its name the one that is right, and take the other away"
        )

    def together() -> dict[str, list[tuple[str, int]]]:
        found = {
            r.name: [(s.text, s.prices) for s in r.suspicious if s.reason == "together"] for r in review(home).reviews
        }
        return {name: of for name, of in found.items() if of}

    assert together() == {"a.csv": [(says("a-corrected.csv"), 1)], "a-corrected.csv": [(says("a.csv"), 1)]}
    with pytest.raises(Refused) as refusal:
        accept(home)
    assert f"a.csv was not accepted: {says('a-corrected.csv')} (1)" in str(refusal.value).splitlines()
    # the other source's was, and nothing of this one's
    assert query(home, "select source, name from ops.decks") == [("other", "z.csv")]
    assert [a.deck for a in accept(home, right)] == [2]
    first.unlink()
    assert [a.name for a in accept(home)] == ["b.csv"]
    # a full deck ends what only the other has
    whole = drop(home, "c.csv", "cost,44,UK,2026-06-01,0.025,,,")
    drop(home, "d.csv", "cost,44,UK,2026-06-01,0.025,,,", "cost,331,France,2026-06-01,0.05,,,")
    assert together() == {}
    full = DeckOptions(replaces="full")
    found = {r.name: [s.reason for s in r.suspicious].count("together") for r in review(home, options=full).reviews}
    assert found == {"c.csv": 1, "d.csv": 1}
    with pytest.raises(Refused, match="331 of cost"):
        accept(home, options=full)
    whole.unlink()
    assert [a.name for a in accept(home, options=full)] == ["d.csv"]
    # two senders of one carrier: which of two sources comes first is an accident, too
    drop(home, "e.csv", "cost,44,UK,2026-06-09,0.02,,,")
    drop(home, "e.csv", "cost,44,UK,2026-06-09,0.025,,,", source="other")
    said = says("e.csv of other").replace("06-01", "06-09"), says("e.csv of carrier").replace("06-01", "06-09")
    assert [s.text for r in review(home).reviews for s in r.suspicious if s.reason == "together"] == list(said)
    with pytest.raises(Refused) as refusal:
        accept(home)
    assert str(refusal.value).splitlines() == [f"e.csv was not accepted: {text} (1)" for text in said]


def test_a_word_of_a_deck_that_its_price_denies_is_suspicious(home: Home) -> None:
    write_text(
        home.decks / "carrier.toml",
        'rate_table_id = "cost"',
        '[columns]\nprefix = "Code"\nrate_per_minute = "Rate"\naction = "Status"',
        '[values.action]\n"Pending" = "price"',
    )
    # in force: 44 and 447 at 0.03, 33 at 0.02, 49 at 0.01
    rows = "44,0.05,{}", "447,0.03,{}", "33,0.02,Increase", "49,0.011,Pending", "1,0.01,No change"
    options = DeckOptions(effective="2026-06-01")

    def said(first: str, second: str) -> list[tuple[str, int]]:
        deck = [row.format(word) for row, word in zip(rows, (first, second, "", "", ""), strict=True)]
        path = write_text(home.root / "june.csv", "Code,Rate,Status", *deck)
        (reviewed,) = review(home, path, replace(options, source="carrier")).reviews
        return [(s.text, s.prices) for s in reviewed.suspicious if s.reason == "otherwise"]

    assert said("Increase", "No  Change") == []
    line = "the deck says otherwise: line 2 says {}, and is increased"
    assert said("no change", "same") == [(line.format("unchanged"), 1)]
    assert said("Decreased", "Decrease") == [(line.format("decreased"), 1)]


def test_a_column_that_a_carrier_adds_and_nothing_reads_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(
        home.decks / "carrier.toml", 'rate_table_id = "cost"\n[columns]', 'prefix = "Code"\nrate_per_minute = "Rate"'
    )
    rows = {"june": "Code,Rate,Note\n44,0.028,x", "july": "Code,Rate,Note,Connect Fee\n44,0.027,x,0.05"}
    effective = {"june": DeckOptions(effective="2026-06-01"), "july": DeckOptions(effective="2026-07-01")}
    for month, text in rows.items():
        write_text(home.inbox / "rates" / "carrier" / f"{month}.csv", *text.splitlines())
    june, july = home.inbox / "rates" / "carrier" / "june.csv", home.inbox / "rates" / "carrier" / "july.csv"
    june_again = write_text(home.root / "june-again.csv", *rows["june"].splitlines(), "33,0.021,y")
    (first,) = accept(home, june, effective["june"])
    assert first.review is not None
    assert (first.review.unread, first.review.suspicious) == (("Note",), ())
    (second,) = review(home, july, effective["july"]).reviews
    assert second.unread == ("Note", "Connect Fee")
    assert [(s.reason, s.text) for s in second.suspicious] == [
        (
            "not_read",
            "has columns that june.csv before it had not, and nothing reads: Connect Fee; see [columns] in the mapping",
        )
    ]
    assert "  not read: Note, Connect Fee" in text_of(second, 10).splitlines()
    with pytest.raises(Refused, match="Connect Fee"):
        accept(home, july, effective["july"], refuse_suspicious=True)
    # who accepts is told, too
    monkeypatch.setenv("TOLLBOOK_HOME", str(home.root))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(home.seeds))
    again = CliRunner().invoke(
        cli, ["rates", "accept", str(june_again), "--source", "carrier", "--effective", "2026-06-02"]
    )
    assert again.stderr.splitlines() == ["june-again.csv: not read: Note"]
    # a deck before that is not in the archive any more says nothing
    for kept in (home.archive / "rates" / "carrier").glob("*.csv"):
        kept.unlink()
    assert review(home, july, effective["july"]).reviews[0].suspicious == ()


def test_a_deck_that_cannot_be_read_keeps_back_its_own_source_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "rate_table_id,prefix,destination,valid_from,rate_per_minute"
    for source, name in (("aa", "a"), ("bb", "b"), ("bb", "c"), ("cc", "d")):
        write_text(home.inbox / "rates" / source / f"{name}.csv", header, "cost,44,UK,2026-06-01,0.028")
    read = cells.read

    def odd(path: Path, name: str, *rest: Any) -> cells.Grid:
        if name == "b.csv":
            raise ValueError("something odd\nmore of it")
        if name == "d.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, name, *rest)

    monkeypatch.setattr("orchestration.decks.cells.read", odd)
    reviewed = review(home, None, DeckOptions(traffic=False))
    assert [r.name for r in reviewed.reviews] == ["a.csv", "c.csv"]
    told = "b.csv: the file is damaged (something odd); ask for it again"
    assert reviewed.problems[0] == told
    assert reviewed.problems[1].startswith("d.csv: it cannot be read now (")
    with pytest.raises(Refused) as refused:
        accept(home)
    assert str(refused.value).splitlines()[:2] == [told, "c.csv waits for it: which deck is the later one counts"]
    assert query(home, "select name from ops.decks") == [("a.csv",)]


def test_a_deck_without_country_codes_prices_the_numbers_of_its_country(home: Home, tmp_path: Path) -> None:
    """Six digits of the United States, 201200, are those of an Egyptian mobile phone, too."""
    write_company(
        home.seeds,
        rates=f"{RATES}retail,,Any,,2026-01-01,0.5\ncost,20,Egypt,,2026-01-01,0.20\ncost,1,USA flat,,2026-01-01,0.05\n",
        rate_assignments=ASSIGNMENTS,
    )
    write_text(
        home.decks / "carrier.toml",
        'rate_table_id = "cost"\n[columns]\nprefix = "NPANXX"\nrate_per_minute = "Rate"',
        '[constants]\ncountry_code = "1"',
    )
    deck = write_text(home.inbox / "rates" / "carrier" / "us.csv", "NPANXX,Rate", "201200,0.004356")
    accept(home, deck, DeckOptions(effective="2026-05-01"))
    header = "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk"
    rows = [
        f"{name},{DAY}T10:00:00,{number},60,in-a,out" for name, number in (("us", 12012001234), ("eg", 201200123456))
    ]
    land(home, [write_text(tmp_path / "calls.csv", header, *rows)], kind="cdrs", source="sw1")
    build(home)
    assert served(home, "select call_id, buy_prefix, buy_amount from marts.rated_calls order by call_id") == [
        ("eg", "20", D("0.2")),
        # amounts of the table have 4 decimals
        ("us", "1201200", D("0.0044")),
    ]


def test_what_was_accepted_by_rules_of_before_is_accepted_again(rated: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first a mapping might say what nothing reads, and a deck what tables of its kind do not charge by."""
    write_text(rated.decks / "carrier.toml", 'rate_table_id = "cost"\n[columns]', *MAPPED_THEN)
    deck = write_text(rated.inbox / "rates" / "carrier" / "may.csv", "Code,Rate,Markup", "44,0.04,5")
    with pytest.raises(Refused, match=r"values\.band: no column has these words"):
        accept(rated, deck, DeckOptions(effective="2026-05-05"))
    with monkeypatch.context() as before:
        go_by(before, 1)
        accept(rated, deck, DeckOptions(effective="2026-05-05"))
    forget_rules(rated)
    assert query(rated, "select prefix, rate_per_minute, markup_pct from landed.rates") == [("44", D("0.04"), D("5"))]
    # by the fourth, the first format that a date fitted counted
    said = 'rate_table_id = "cost"\ndate_formats = ["%d/%m/%Y", "%m/%d/%Y"]\n[columns]\nvalid_from = "Date"'
    write_text(rated.decks / "carrier.toml", said, MAPPED_THEN[0].replace('markup_pct = "Markup"', ""))
    deck = write_text(rated.inbox / "rates" / "carrier" / "june.csv", "Code,Rate,Date", "45,0.04,06/05/2026")
    with pytest.raises(Refused, match="is 2026-05-06 written %d/%m/%Y, and 2026-06-05 written %m/%d/%Y"):
        accept(rated, deck)
    with monkeypatch.context() as before:
        go_by(before, 4)
        accept(rated, deck)
    assert rebuild(rated, check=True).compared


MAPPED_THEN = (
    'prefix = "Code"\nrate_per_minute = "Rate"\nmarkup_pct = "Markup"',
    '[values.band]\nP = "peak"',
)


def test_a_deck_with_a_bad_row_is_refused_whole(home: Home) -> None:
    path = drop(home, "bad.csv", "cost,44,,2026-05-20,0.03,,,", "cost,x,,2026-05-20,0.03,,,")
    with pytest.raises(Refused, match=r"bad.csv line 3, column prefix: \"x\" is not a prefix; write digits"):
        accept(home)
    assert path.exists()
    assert query(home, "select count(*) from landed.rates") == [(0,)]


def test_land_leaves_decks_alone(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    path = one_of_each(home)
    assert land(home) == []
    assert "1 rate deck(s) in inbox/rates: see tollbook rates review" in caplog.text
    with pytest.raises(Refused, match="tollbook rates review FILE"):
        land(home, [path])


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed day, 4 May, and an open one, 5 May: 61 s, 0.12 sold and 0.0305 bought each."""
    root = tmp_path_factory.mktemp("closed") / "deployment"
    calls = [("c1", f"{DAY}T10:00:00", "61", "in-a"), ("c2", "2026-05-05T10:00:00", "61", "in-a")]
    with pytest.MonkeyPatch.context() as patch:
        made = _home(root, patch)
        land(made, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
        assert [c.status for c in close(made)] == ["closed", "ready"]
    keep(root)
    return root


@pytest.fixture
def rated(closed: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    _home(closed, monkeypatch)
    return put_back(closed)


def served(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_what_the_last_days_would_have_cost(rated: Home) -> None:
    drop(rated, "may.csv", "cost,447,UK Mobile,2026-05-20,0.06,,,", "cost,49,Germany,2026-05-20,1,,,")
    (found,) = review(rated).reviews
    traffic = found.traffic
    assert traffic is not None
    assert [str(day) for day in traffic.days] == [DAY, "2026-05-05"]
    (carrier,) = traffic.carriers
    # 61 s at 0.03, at 0.06 a minute: 0.0305 and 0.061 a call
    assert (carrier.account_id, carrier.currency, carrier.calls) == ("carrier", "USD", 2)
    assert (carrier.without, carrier.with_deck, carrier.difference) == (D("0.061"), D("0.122"), D("0.061"))
    (customer,) = traffic.customers
    assert (customer.account_id, customer.without, customer.with_deck) == ("acme", D("0.179"), D("0.118"))
    assert served(rated, "select sum(buy_amount) from marts.rated_calls") == [(D("0.061"),)]


NINE_DAYS = [f"2026-04-{day}" for day in range(26, 31)] + [f"2026-05-0{day}" for day in range(1, 5)]
SELLS_AT_TWICE = "retail,447,UK Mobile,2026-05-20,0.12,,,"


@pytest.mark.parametrize(
    ("rule", "allowance", "sold", "sold_by_the_deck"),
    [
        # 150 s a month: 30 s of 28 April and of 3 May, and all calls after them, are charged
        ("duration", "150", "0.24", "0.48"),
        # 0.15 a month; by the deck 0.03 is left of April on the 28th (0.12 was taken at the old price), and of 1 and 2
        # May 0.12 and 0.03 are covered: 0.09 + 0.12 + 0.12, 0 + 0.09 + 0.12 + 0.12
        ("cost", "0.15", "0.24", "0.66"),
    ],
)
def test_allowances_are_as_the_books_leave_them(
    home: Home, tmp_path: Path, rule: str, allowance: str, sold: str, sold_by_the_deck: str
) -> None:
    """A minute on each of nine days, under three ids again and again, at 0.06 that cost 0.03; seven are rated again."""
    write_company(
        home.seeds,
        rates=RATES,
        rate_assignments=ASSIGNMENTS,
        consumption_profiles=f"profile_id,account_id,rule,allowance,period\np,acme,{rule},{allowance},month\n",
    )
    calls = [(f"c{n % 3}", f"{day}T10:00:00", "60", "in-a") for n, day in enumerate(NINE_DAYS)]
    land(home, [write_calls(tmp_path / "nine.csv", calls)], kind="cdrs", source="sw1")
    close(home)
    (books,) = served(
        home, f"select sum(sell_account_amount), count(*) from marts.rated_calls where day >= '{NINE_DAYS[2]}'"
    )
    assert books == (D(sold), 7)
    drop(home, "twice.csv", SELLS_AT_TWICE, source="sales")
    traffic = review(home).reviews[0].traffic
    assert traffic is not None
    (customer,) = traffic.customers
    assert (traffic.calls, customer.calls, customer.without) == (7, 7, D(sold) - D("0.21"))
    assert customer.with_deck == D(sold_by_the_deck) - D("0.21")
    (carrier,) = traffic.carriers
    assert (carrier.without, carrier.difference) == (D("0.21"), 0)


def test_calls_that_share_an_allowance_are_among_those_that_change(home: Home, tmp_path: Path) -> None:
    """A carrier's deck makes the first call dearer, at cost plus 100 %: more of the 0.1 is taken, the second pays."""
    write_company(
        home.seeds,
        accounts=SEEDS["accounts"] + "other,Other,carrier,USD,UTC,,,\n",
        trunks=SEEDS["trunks"] + "out-2,egress,other,2026-01-01,\n",
        rate_tables="rate_table_id,kind,currency,initial_s,increment_s,markup_pct\n"
        "cost,per_minute,USD,1,1,\ncost2,per_minute,USD,1,1,\nplus,markup,USD,,,100\n",
        rates="rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
        "cost,44,UK,,2026-01-01,0.03\ncost2,44,UK,,2026-01-01,0.03\n",
        rate_assignments="account_id,side,rate_table_id,valid_from\n"
        "acme,sell,plus,2026-01-01\ncarrier,buy,cost,2026-01-01\nother,buy,cost2,2026-01-01\n",
        consumption_profiles="profile_id,account_id,rule,allowance,period\np,acme,cost,0.1,month\n",
    )
    header = "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk"
    rows = [
        f"{name},{DAY}T{at}:00:00,447700900123,60,in-a,{out}"
        for name, at, out in (("a", 10, "out"), ("b", 11, "out-2"))
    ]
    land(home, [write_text(tmp_path / "calls.csv", header, *rows)], kind="cdrs", source="sw1")
    build(home)
    # 0.06 each, of which 0.1 is covered: a is free, b pays 0.02
    assert served(home, "select call_id, sell_account_amount from marts.rated_calls order by 1") == [
        ("a", D(0)),
        ("b", D("0.02")),
    ]
    drop(home, "dear.csv", "cost,447,UK Mobile,2026-05-20,0.04,,,")
    traffic = review(home).reviews[0].traffic
    assert traffic is not None
    # a costs 0.04 and is sold for 0.08, all of it covered; b has 0.02 of its 0.06 covered
    (customer,) = traffic.customers
    assert (traffic.calls, customer.calls) == (1, 2)
    assert (customer.without, customer.with_deck) == (D("0.02") - D("0.06"), D("0.04") - D("0.07"))


def test_blocked_and_ended_prices_leave_calls_unrated(rated: Home) -> None:
    drop(rated, "stop.csv", "cost,447,,2026-05-20,,,,true", "cost,44,,2026-05-20,,,true,")
    traffic = review(rated).reviews[0].traffic
    assert traffic is not None
    (carrier,) = traffic.carriers
    assert (carrier.with_deck, carrier.unrated_without, carrier.unrated_with_deck) == (D(0), 0, 2)


def test_open_days_take_the_new_price_and_closed_ones_are_outdated(rated: Home) -> None:
    drop(rated, "past.csv", "cost,447,UK Mobile,2026-05-04T09:00:00,0.06,,,")
    (found,) = review(rated).reviews
    assert (found.closed_days, [s.reason for s in found.suspicious]) == (1, ["past", "notice"])
    accept(rated)
    assert [str(day) for day in build(rated).days] == ["2026-05-05"]
    assert served(rated, "select call_id, buy_amount, buy_rate_per_minute from marts.rated_calls order by all") == [
        ("c1", D("0.0305"), D("0.03")),
        ("c2", D("0.061"), D("0.06")),
    ]
    assert served(rated, "select status, outdated_because from marts.days order by day limit 1") == [
        ("outdated", "decks 1 cost is new: file past.csv")
    ]
    assert build(rated).days == []
    history = served(
        rated,
        "select valid_from, valid_to, rate_per_minute, change_pct, deck, source, file_name, line, operator"
        " from marts.rate_history where prefix = '447' order by valid_from",
    )
    changed = datetime(2026, 5, 4, 9)
    assert history == [
        (datetime(2026, 1, 1), changed, D("0.03"), None, 0, None, "rates.csv", 4, None),
        (changed, None, D("0.06"), D("100"), 1, "carrier", "past.csv", 2, "tess"),
    ]


def test_the_history_has_one_price_at_a_time(rated: Home) -> None:
    first = ("cost,447,UK Mobile,2026-05-04T09:00:00,0.06,,,", "cost,33,,2026-05-10,0.02,,,")
    second = ("cost,447,UK Mobile,2026-05-04T09:00:00,0.05,,,", "cost,447,,2026-05-03,0.04,,,")
    for name, lines in (("first.csv", first), ("second.csv", second)):  # they contradict each other: one by one
        assert len(accept(rated, drop(rated, name, *lines))) == 1
    build(rated)
    results = dbt.run(rated, ["test", "--select", "rate_history,test_type:data"])
    assert [(r.status, r.failures) for r in results if r.name.startswith("one_row_for_each_rate_history")] == [
        ("pass", 0)
    ]


def test_a_deck_for_later_leaves_closed_days_closed(rated: Home) -> None:
    drop(rated, "later.csv", "cost,447,UK Mobile,2026-05-20,0.06,,,")
    accept(rated)
    build(rated)
    assert served(rated, "select status from marts.days order by day limit 1") == [("closed",)]


@pytest.mark.parametrize(
    ("moment", "accepted"),
    [
        ("orchestration.landing.dropped.archive", False),
        ("orchestration.store.warehouse.Writer.journal", False),
        ("orchestration.landing.dropped.forget", True),
    ],
)
def test_killed_on_the_way(home: Home, moment: str, accepted: bool) -> None:
    """Killed after the archive, after the journal, after the commit: before or after, and again is harmless."""
    path = drop(home, "may.csv", "cost,44,United Kingdom,2026-05-20,0.033,,,")
    module, _, name = moment.rpartition(".")
    script = f"""
import os, signal
from pathlib import Path
import orchestration.landing.dropped, orchestration.store.warehouse
from orchestration.operations.upkeep.rates import accept
real = {moment}
def killed(*given, **named):
    if {name != "forget"} and (given[2:3] != ("configure",)):
        real(*given, **named)
    if given[2:3] != ("configure",):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)
{module}.{name} = killed
accept(orchestration.store.warehouse.Home(Path({str(home.root)!r}), Path({str(home.seeds)!r})))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert query(home, "select count(*) from landed.rates") == [(int(accepted),)]
    assert query(home, "select count(*) from ops.decks") == [(int(accepted),)]
    assert path.exists()
    (again,) = accept(home)
    assert (again.status, again.deck) == ("already_accepted" if accepted else "accepted", 1)
    assert not path.exists()
    assert query(home, "select count(*) from landed.rates") == [(1,)]


def test_the_effect_on_accounts_that_it_leaves_alone_is_said_once_for_each_kind() -> None:
    one, two = Decimal("1.5"), Decimal("1.25")
    same = [Effect(name, "EUR", 3, one, one, Decimal(0), 0, 0) for name in ("a", "b", "c")]
    less = Effect("less", "EUR", 3, one, two, two - one, 0, 0)
    days = (date(2026, 5, 4), date(2026, 5, 5))
    first = "4 calls of 2026-05-04 to 2026-05-05 that its tables price, without it and as if it had been in force:"
    assert list(_traffic(Traffic(days, 4, (*same[:2], less), tuple(same)))) == [
        "",
        first,
        "  carrier's cost  currency  calls  without  with  difference  unrated",
        "  less            EUR           3      1.5  1.25       -0.25        0",
        "  no difference for 2 other carriers",
        "  customer's margin: no difference for 3 customers",
    ]
    assert list(_traffic(Traffic(days, 4, (same[0],), ())))[2:] == ["  carrier's cost: no difference for 1 carrier"]


def test_the_command_line(home: Home, tmp_path: Path) -> None:
    environment = {**os.environ, "TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds)}

    def tollbook(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "orchestration.cli", "rates", *arguments]
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    assert tollbook("review").stdout == "no deck waits in inbox/rates/\n"
    both = tollbook("review", "--json", "--first", "3")
    assert (both.returncode, "--json gives every price" in both.stderr) == (2, True)
    path = one_of_each(home)
    for command in ("review", "accept"):
        missed = tollbook(command, "--source", "carier")
        assert (missed.returncode, missed.stderr) == (
            1, "no deck of carier waits in inbox/rates/; 1 of carrier does: did you mean it?\n",
        )  # fmt: skip
        other = tollbook(command, "--source", "atlas")
        assert (other.returncode, other.stdout) == (0, "no deck of atlas waits in inbox/rates/\n")
    # of a source that is known, one may be still to come
    (home.inbox / "rates" / "zenith").mkdir()
    assert tollbook("review", "--source", "zenith").stdout == "no deck of zenith waits in inbox/rates/\n"
    missed = tollbook("review", "--source", "zenit")
    assert (missed.returncode, missed.stderr) == (1, "there is no source of decks zenit; did you mean zenith?\n")
    own = write_text(home.root / "own.csv", "Code,Rate", "44,0.01")
    write_text(
        home.decks / "carrier.toml",
        'rate_table_id = "cost"',
        "[columns]",
        'prefix = "Code"',
        'rate_per_minute = "Rate"',
    )
    assert tollbook("review", str(own), "--source", "Carrier").stderr.splitlines()[-1] == (
        "there is no decks/Carrier.toml; did you mean the source carrier, which has one?"
    )
    assert "did you mean the source" not in tollbook("review", str(own), "--source", "atlas").stderr
    (home.decks / "carrier.toml").unlink()
    shown = tollbook("review", str(path), "--full")
    assert shown.returncode == 0
    assert "44      United Kingdom  2026-05-20  0.03 1/1  0.033 1/1  +10.00 %     2" in shown.stdout
    (told,) = json.loads(tollbook("review", "--full", "--json").stdout)
    assert told["prices"][0]["other_rate"] == "0.02000000"
    refused = tollbook("accept", str(path), "--full", "--refuse-suspicious")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "suspicious, nothing changed" in refused.stderr
    done = tollbook("accept", str(path), "--full", "--reason", "right")
    assert "notice" in done.stderr or "10 times" in done.stderr or "ends" in done.stderr
    assert done.stdout == (
        "may.csv accepted as deck 1: 2 new, 1 increased, 1 decreased, 1 ended, 1 unchanged, 1 not offered;"
        " run tollbook build\n"
    )
    assert tollbook("review", "--limit", "-1").returncode == 2
    assert tollbook("review", str(tmp_path / "none.csv")).stderr == f"{tmp_path / 'none.csv'} is not a file\n"
