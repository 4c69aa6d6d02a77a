"""The reference rater: rates by caller and jurisdiction, and accepted rate decks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from orchestration.audit.company import AcceptedDeck, Company, ConfigurationError
from orchestration.audit.rater import rate
from tests.support.generators import DECK_COLUMNS, START, random_company, random_deck, random_traffic, read_cdrs
from tests.support.reference import NOON, cdr, company_writer, legs, says

Loader = Callable[..., Company]

RATES = "rate_table_id,prefix,destination,band,valid_from,calling_prefix,jurisdiction,rate_per_minute\n"
DAYTIME = {
    "rate_tables": "rate_table_id,kind,currency,timetable_id\nsell,per_minute,USD,tt\n",
    "timetables": "timetable_id,priority,band,days,starts_at,ends_at\ntt,1,day,all,06:00,18:00\n",
}
TICK = timedelta(microseconds=1)


@pytest.fixture
def company(tmp_path: Path) -> Loader:
    return company_writer(tmp_path)


# -- caller and jurisdiction ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "destination"),
    [
        # prefix, destination, band, valid_from, calling_prefix, jurisdiction: of a call in band day
        # from 15550001 to 442079460000, both in NY.
        (("442,a,,,,", "44,b,day,2026-02-01,15550001,intrastate"), "a"),
        (("44,a,,,1555,", "44,b,,,155,"), "a"),
        (("44,a,,,1,", "44,b,day,2026-02-01,,intrastate"), "a"),
        (("44,a,,,1,", "44,b,day,,,"), "a"),
        (("44,a,,,,intrastate", "44,b,day,2026-02-01,,"), "a"),
        (("44,a,,,1,intrastate", "44,b,day,,1,"), "a"),
        (("44,a,day,2026-01-01,1,intrastate", "44,b,,2026-02-01,1,intrastate"), "a"),
        (("44,a,,2026-02-01,1,", "44,b,,2026-01-01,1,"), "a"),
        (("44,a,,,1,intrastate", "44,b,,,1,intrastate"), "b"),
        (("44,a,,,15550001,", "44,b,,,,"), "a"),
        # Who or what a row is not for does not come into it, however long its prefix.
        (("44,a,,,155500012,", "44,b,,,,"), "b"),
        (("442,a,,,1556,", "44,b,,,,"), "b"),
        (("442,a,,,,interstate", "442,c,,,,indeterminate", "44,b,,,,"), "b"),
        (("442,a,,,1555,interstate", "442,c,,,1556,intrastate", ",b,,,1,intrastate"), "b"),
    ],
)
def test_which_rate(company: Loader, rows: tuple[str, ...], destination: str) -> None:
    loaded = company(
        **DAYTIME,
        rates=RATES + "".join(f"sell,{row},1\n" for row in rows),
        prefix_regions="prefix,region\n1555,NY\n442,NY\n44,UK\n",
    )
    assert legs(loaded, cdr())[0].destination == destination


@pytest.mark.parametrize(
    ("caller", "destination"),
    [
        ("+1 (555) 000-1", "US"),
        ("00 1555", "US"),
        ("011-1.555", "US"),
        ("1555", "US"),
        ("155", "any"),
        ("2", "any"),
        # The trunk prefix of the source is dropped once: this one begins with 00.
        ("0000 1555", "any"),
        ("anonymous", "any"),
        ("1555000011112222", "any"),
        ("", "any"),
        (None, "any"),
    ],
)
def test_the_caller_is_cleaned(company: Loader, caller: str | None, destination: str) -> None:
    loaded = company(rates=RATES + "sell,44,US,,,1555,,1\nsell,44,any,,,,,1\n")
    assert legs(loaded, cdr(calling_number=caller))[0].destination == destination


def test_a_number_for_callers_only_is_no_rate_to_others(company: Loader) -> None:
    loaded = company(rates=RATES + "sell,44,US,,,1555,,1\n")
    assert legs(loaded, cdr())[0].destination == "US"
    assert says(legs(loaded, cdr(calling_number="44"))[0]) == ("unrated", "no_rate", None)
    assert says(legs(loaded, cdr(calling_number=None))[0]) == ("unrated", "no_rate", None)


REGIONS = "prefix,region\n1,US\n1212,NY\n1716,NY\n1201,NJ\n"
JURISDICTIONS = RATES + "".join(
    f"sell,,{jurisdiction},,,,{jurisdiction},1\n" for jurisdiction in ("intrastate", "interstate", "indeterminate")
)


@pytest.mark.parametrize(
    ("calling", "called", "jurisdiction"),
    [
        ("17165550000", "12125550000", "intrastate"),
        ("+1 716 555 0000", "00 1 212 555 0000", "intrastate"),
        ("12015550000", "12125550000", "interstate"),
        # The longest prefix alone says where a number is: New York is not in "US".
        ("13035550000", "12125550000", "interstate"),
        ("13035550000", "14045550000", "intrastate"),
        ("12", "1", "intrastate"),
        ("33140000000", "12125550000", "indeterminate"),
        ("12125550000", "442079460000", "indeterminate"),
        ("33140000000", "442079460000", "indeterminate"),
        ("anonymous", "12125550000", "indeterminate"),
        ("1212555000011112", "12125550000", "indeterminate"),
        ("", "12125550000", "indeterminate"),
        (None, "12125550000", "indeterminate"),
    ],
)
def test_jurisdictions(company: Loader, calling: str | None, called: str, jurisdiction: str) -> None:
    loaded = company(rates=JURISDICTIONS, prefix_regions=REGIONS)
    sell, _ = legs(loaded, cdr(calling_number=calling, called_number=called))
    assert sell.destination == jurisdiction


@pytest.mark.parametrize(
    ("basis", "called", "routing", "jurisdiction"),
    [
        # From 1716 (NY). Ported from New York to New Jersey: the number looked up counts.
        ("routing", "1212", "1201", "interstate"),
        ("routing", "1212", "", "intrastate"),
        ("routing", "1212", None, "intrastate"),
        ("called", "1212", "1201", "intrastate"),
        # Looked up by the caller, the call still goes to the called number, ported or not.
        ("calling", "1212", "1201", "intrastate"),
        ("calling", "1201", "1212", "interstate"),
        ("calling", "anonymous", None, "indeterminate"),
    ],
)
def test_jurisdiction_by_number_basis(
    company: Loader, basis: str, called: str, routing: str | None, jurisdiction: str
) -> None:
    loaded = company(
        rate_tables=f"rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,{basis}\n",
        rates=JURISDICTIONS,
        prefix_regions=REGIONS,
    )
    call = cdr(calling_number="1716", called_number=called, routing_number=routing)
    assert legs(loaded, call)[0].destination == jurisdiction


def test_a_bad_routing_number_is_not_replaced_by_the_called_one(company: Loader) -> None:
    loaded = company(
        rate_tables="rate_table_id,kind,currency,number_basis\nsell,per_minute,USD,routing\n", rates=JURISDICTIONS
    )
    assert legs(loaded, cdr(routing_number="x"))[0].reason == "bad_number"


def test_without_regions_every_call_is_indeterminate(company: Loader) -> None:
    assert legs(company(rates=JURISDICTIONS), cdr(calling_number="44"))[0].destination == "indeterminate"


def test_tables_of_every_kind_look_at_the_caller(company: Loader) -> None:
    loaded = company(
        rate_tables=(
            "rate_table_id,kind,currency,initial_s,increment_s,markup_pct\n"
            "sell,markup,USD,,,10\nbuy,block,USD,60,60,\nsaid,given,USD,,,\n"
        ),
        rates=(
            "rate_table_id,prefix,destination,calling_prefix,initial_charge,increment_charge,markup_pct,blocked\n"
            "buy,44,any,,0.5,0.1,,\nbuy,44,US,1,0.2,0.1,,\n"
            "sell,44,any,,,,20,\nsell,44,US,1555,,,50,\n"
            "said,44,any,,,,,\nsaid,44,US,1555,,,,\n"
        ),
        rate_assignments="+both,buy,said,,\n",
        trunks="+said,egress,both,,\n",
    )
    sell, buy = legs(loaded, cdr())
    assert (buy.destination, buy.amount, sell.destination, sell.amount) == (
        "US",
        Fraction("0.2"),
        "US",
        Fraction("0.3"),
    )
    sell, buy = legs(loaded, cdr(calling_number="33"))
    assert (buy.amount, sell.amount) == (Fraction("0.5"), Fraction("0.6"))
    call = cdr(egress_trunk="said", carrier_amount=Decimal("0.1"), carrier_currency="USD")
    assert legs(loaded, call)[1].destination == "US"


def test_each_band_of_a_split_call_is_looked_up_for_the_caller(company: Loader) -> None:
    loaded = company(
        rate_tables=(
            "rate_table_id,kind,currency,timetable_id,band_policy,initial_s,increment_s\n"
            "sell,per_minute,USD,tt,split,1,1\n"
        ),
        timetables=(
            "timetable_id,priority,band,days,starts_at,ends_at\ntt,1,day,all,06:00,18:00\ntt,2,eve,all,18:00,06:00\n"
        ),
        rates=RATES + "sell,44,,day,,,,0.6\nsell,44,,eve,,,,0.9\nsell,44,,,,1555,,0.3\n",
    )
    # 10 s of day, 20 s of evening. For 1555 the row without band has the longer calling prefix.
    call = cdr(answered_at=datetime(2026, 3, 2, 17, 59, 50), duration_s=Decimal(30))
    assert legs(loaded, call)[0].amount == Fraction("0.15")
    assert legs(loaded, cdr(**(vars(call) | {"calling_number": "33"})))[0].amount == Fraction("0.4")


def test_a_jurisdiction_is_one_of_three(company: Loader) -> None:
    with pytest.raises(ConfigurationError, match=r"rates\.csv, line 2, jurisdiction: 'local' is none of intrastate"):
        company(rates=RATES + "sell,44,a,,,,local,1\n")
    with pytest.raises(ConfigurationError, match=r"prefix_regions\.csv, line 2, region: must not be empty"):
        company(prefix_regions="prefix,region\n44,\n")


# -- decks ---------------------------------------------------------------------------------------
#
# The seeds sell 44 (UK) and 447 (UK mobile); days are of March 2026.


def offered(prefix: str, on: int, table: str = "sell", **cells: str) -> dict[str, str]:
    """A row of a deck from that day on."""
    row = {"rate_table_id": table, "prefix": prefix, "destination": f"deck {prefix}", "rate_per_minute": "1"}
    return row | {"valid_from": f"2026-03-{on:02}"} | cells


def ended(prefix: str, on: int, **cells: str) -> dict[str, str]:
    """A row that says that a prefix is not offered from that day on."""
    row = {"rate_table_id": "sell", "prefix": prefix, "valid_from": f"2026-03-{on:02}", "ended": "true"}
    return row | cells


def full(on: int, *rows: dict[str, str]) -> AcceptedDeck:
    """A deck that replaces table sell."""
    return AcceptedDeck(rows, {"sell": datetime(2026, 3, on)})


def partial(*rows: dict[str, str]) -> AcceptedDeck:
    return AcceptedDeck(rows)


def sold(company: Company, number: str, at: datetime | int) -> str | None:
    """What a number is sold as at an instant or from the beginning of a day; else the reason."""
    instant = at if isinstance(at, datetime) else datetime(2026, 3, at)
    leg = legs(company, cdr(called_number=number, answered_at=instant))[0]
    return leg.reason or leg.destination


def test_a_full_deck_ends_what_it_does_not_have(company: Loader) -> None:
    loaded = company([full(5, offered("44", 5))])
    effective = datetime(2026, 3, 5)
    assert [sold(loaded, "447", at) for at in (NOON, effective - TICK, effective)] == [
        "UK mobile",
        "UK mobile",
        "deck 44",
    ]
    assert [sold(loaded, "442", at) for at in (NOON, effective - TICK, effective)] == ["UK", "UK", "deck 44"]
    # Another table is not touched.
    assert legs(loaded, cdr(answered_at=effective))[1].destination == "UK"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # What 447 is sold as on the 2nd, 4th, 7th, 9th, 11th, 13th: a full deck of the 5th ...
        # ... with a price from later on: the old one holds until then,
        ([offered("447", 10)], ["UK mobile"] * 4 + ["deck 447"] * 2),
        # ... or from earlier on,
        ([offered("447", 3)], ["UK mobile"] + ["deck 447"] * 5),
        # ... which ends later on,
        ([ended("447", 10)], ["UK mobile"] * 4 + ["deck 44"] * 2),
        # ... ends and comes again,
        ([offered("447", 12), ended("447", 8)], ["UK mobile"] * 3 + ["deck 44"] * 2 + ["deck 447"]),
        # ... with two prices, the first of which ends the old,
        ([offered("447", 12, destination="b"), offered("447", 8)], ["UK mobile"] * 3 + ["deck 447"] * 2 + ["b"]),
        # ... for some callers alone,
        ([offered("447", 8, calling_prefix="33")], ["UK mobile"] * 3 + ["deck 44"] * 3),
        # ... and of a longer prefix, which says nothing about 447.
        ([offered("4477", 8)], ["UK mobile"] * 2 + ["deck 44"] * 4),
    ],
)
def test_a_full_deck_ends_a_price_where_its_own_begins(
    company: Loader, rows: list[dict[str, str]], expected: list[str]
) -> None:
    loaded = company([full(5, offered("44", 5), *rows)])
    assert [sold(loaded, "447", day) for day in (2, 4, 7, 9, 11, 13)] == expected


def test_a_partial_deck_ends_only_what_it_calls_ended(company: Loader) -> None:
    loaded = company([partial(offered("44", 5), ended("447", 8))])
    assert [sold(loaded, "447", day) for day in (4, 7, 8, 9)] == ["UK mobile", "UK mobile", "deck 44", "deck 44"]
    loaded = company([partial(offered("44", 5))])
    assert [sold(loaded, "447", day) for day in (4, 9)] == ["UK mobile", "UK mobile"]
    # Ending the shorter prefix is not ending the longer.
    loaded = company([partial(ended("44", 5))])
    assert [sold(loaded, number, 5) for number in ("447", "442")] == ["UK mobile", "no_rate"]


def test_a_later_price_outlasts_a_partial_deck_and_not_a_full_one(company: Loader) -> None:
    seeds = "rate_table_id,prefix,destination,valid_from,valid_to,rate_per_minute\nsell,44,UK,2026-03-04,,1\n"
    assert sold(company([partial(offered("44", 1))], rates=seeds), "44", 6) == "UK"
    assert sold(company([full(1, offered("44", 1))], rates=seeds), "44", 6) == "deck 44"


def test_a_deck_does_not_prolong_what_ends_before(company: Loader) -> None:
    seeds = "rate_table_id,prefix,destination,valid_from,valid_to,rate_per_minute\nsell,44,UK,,2026-03-04,1\n"
    loaded = company([full(9, offered("44", 9))], rates=seeds)
    assert [sold(loaded, "44", day) for day in (3, 4, 9)] == ["UK", "no_rate", "deck 44"]


def test_decks_in_order_of_acceptance(company: Loader) -> None:
    first = full(5, offered("44", 5), offered("447", 5, destination="first"))
    again = partial(offered("447", 5, destination="second"))
    assert sold(company([first, again]), "447", 5) == "second"
    assert sold(company([again, first]), "447", 5) == "first"
    # A second full deck ends the first one's prices, too; seeds have ended already.
    loaded = company([first, full(8, offered("44", 8, destination="third"))])
    assert [sold(loaded, "447", day) for day in (4, 5, 8)] == ["UK mobile", "first", "third"]


def test_an_end_is_for_older_prices_only(company: Loader) -> None:
    # Accepted first, though it speaks of a later day: what is offered afterwards stays.
    loaded = company([partial(ended("447", 20)), partial(offered("447", 8))])
    assert [sold(loaded, "447", day) for day in (7, 8, 25)] == ["UK mobile", "deck 447", "deck 447"]
    loaded = company([partial(offered("447", 8)), partial(ended("447", 20))])
    assert [sold(loaded, "447", day) for day in (7, 8, 25)] == ["UK mobile", "deck 447", "UK"]
    # Nor for a price in the same deck.
    loaded = company([partial(offered("447", 8), ended("447", 20))])
    assert sold(loaded, "447", 25) == "deck 447"


def test_ended_rows_never_apply(company: Loader) -> None:
    loaded = company([partial(ended("4420", 1, rate_per_minute="9"))])
    assert sold(loaded, "4420", 2) == "UK"


def test_a_full_deck_without_a_row_ends_the_whole_table(company: Loader) -> None:
    loaded = company([full(5)])
    assert [sold(loaded, "447", day) for day in (4, 5)] == ["UK mobile", "no_rate"]


def test_a_deck_ends_prices_for_all_callers_and_bands(company: Loader) -> None:
    seeds = RATES + "sell,44,a,,,1555,,1\nsell,44,b,,,,indeterminate,1\nsell,44,c,,,,,1\nsell,,World,,,,,1\n"
    loaded = company([partial(ended("44", 5))], rates=seeds)
    assert [sold(loaded, "44", day) for day in (4, 5)] == ["a", "World"]


def test_lines_of_a_deck(company: Loader) -> None:
    loaded = company([partial(offered("44", 1, destination="a"), offered("44", 1, destination="b"))])
    assert sold(loaded, "44", 2) == "b"
    rows = offered("44", 1, destination="a", line="10"), offered("44", 1, destination="b", line="9")
    assert sold(company([partial(*rows)]), "44", 2) == "a"


def test_a_deck_from_a_file(company: Loader, tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("prefix,rate_table_id,valid_from,ended\n447,sell,2026-03-05,true\n44,sell,2026-03-05,\n")
    assert sold(company([path]), "447", 5) is None
    assert sold(company([AcceptedDeck(path, {"sell": datetime(2026, 3, 4)})]), "447", 4) == "UK mobile"


def test_a_cell_of_a_deck_that_cannot_be_read_is_named(company: Loader) -> None:
    with pytest.raises(ConfigurationError, match="deck 2, line 1, rate_per_minute"):
        company([partial(), partial(offered("44", 1, rate_per_minute="dear"))])


# -- random decks --------------------------------------------------------------------------------

KEY = ("rate_table_id", "prefix", "band", "valid_from", "calling_prefix", "jurisdiction")


@pytest.mark.parametrize("seed", range(6))
def test_random_decks(seed: int, tmp_path: Path) -> None:
    directory = tmp_path / "seeds"
    random_company(seed, directory, split=seed % 2 == 1, origin=True)
    made = random_deck(seed, directory, START)
    decks = [deck.deck for deck in made]
    company = Company.load(directory, decks=decks)
    cdrs = read_cdrs(random_traffic(seed, 300, directory, START, decks=decks), company)
    attempts = rate(company, cdrs)
    # The same from the files, and from the rates of the traffic's numbers alone.
    files = [AcceptedDeck(deck.path, deck.deck.replaces) for deck in made]
    numbers = {n for call in cdrs for n in (call.calling_number, call.called_number, call.routing_number) if n}
    assert rate(Company.load(directory, numbers, files), cdrs) == attempts
    for deck in made:
        keys = [tuple(row.get(column, "") for column in KEY) for row in deck.rows]
        assert len(keys) == len(set(keys)) > 0
        assert all(row["valid_from"] and set(row) <= set(DECK_COLUMNS) for row in deck.rows)
        check_replaced(company, deck.deck)


def check_replaced(company: Company, deck: AcceptedDeck) -> None:
    """From a full deck's last instant on, nothing older of the table is left."""
    assert not isinstance(deck.rows, Path)
    for table, effective in deck.replaces.items():
        begins = [datetime.fromisoformat(row["valid_from"]) for row in deck.rows if row["rate_table_id"] == table]
        assert min(begins) == effective
        for rows in company.rates[table].values():
            assert all(row.valid_to is not None and row.valid_to <= max(begins) for row in rows if row.position[0] == 0)
