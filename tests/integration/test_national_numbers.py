"""A source that writes numbers of its own country without the country code: calls, decks, quotes and estimates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.day.build import build
from orchestration.operations.day.land import land
from orchestration.operations.questions.estimate import Campaign, estimate
from orchestration.operations.questions.explain import explain
from orchestration.operations.questions.quote import quote
from orchestration.operations.upkeep.rate_decks import DeckOptions
from orchestration.operations.upkeep.rates import accept
from orchestration.store.warehouse import Home, Refused
from tests.support.company import SEEDS, write_company, write_text

pytestmark = pytest.mark.usefixtures("unpublished")
D = Decimal
HEADER = "call_id,started_at,calling_number,called_number,routing_number,duration_s,ingress_trunk,egress_trunk"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A PBX in Berlin that dials 00 abroad: acme pays by the called number, bolt by who calls, the carrier is paid by
    where a ported number is."""
    root = tmp_path_factory.mktemp("national")
    seeds = write_company(
        root / "seeds",
        sources="source,kind,country_code,international_prefixes\nsw1,cdrs,49,00\nsw1,usage,,\nsw2,cdrs,,00\n",
        rate_tables=(
            "rate_table_id,kind,currency,initial_s,increment_s,number_basis\n"
            "retail,per_minute,USD,60,60,\ncallers,per_minute,USD,60,60,calling\ncost,per_minute,USD,1,1,routing\n"
        ),
        rates=(
            "rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
            "retail,4930,Berlin,,,0.02\nretail,30,Greece,,,0.50\n"
            "retail,40,Romania,,,0.70\nretail,,World,,,0.09\n"
            "callers,4989,from Munich,,,0.04\n"
            "cost,49,Germany,,,0.01\ncost,0,nowhere,,,9\n"
        ),
        rate_assignments=SEEDS["rate_assignments"].replace("bolt,sell,retail", "bolt,sell,callers"),
    )
    home = Home(root / "home", seeds)
    calls = write_text(
        root / "calls.csv",
        HEADER,
        "national,2026-03-01T10:00:00,,0301234567,,60,in-a,out",
        "bare,2026-03-01T10:01:00,,301234567,,60,in-a,out",
        "abroad,2026-03-01T10:02:00,,0030 12345,,60,in-a,",
        "munich,2026-03-01T10:03:00,(089) 12-3,0401,030 99,60,in-b,out",
        "elsewhere,2026-03-01T10:04:00,,40 11,,60,in-a,out",
    )
    assert land(home, [calls], kind="cdrs", source="sw1")[0].landed == 5
    build(home)
    return home


def calls_of(home: Home) -> dict[str, tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        rows = con.execute(
            "select call_id, sell_prefix, sell_amount, buy_prefix, buy_amount, sell_reason from marts.rated_calls"
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_called_routing_and_calling_numbers_are_of_the_source_s_country(home: Home) -> None:
    assert calls_of(home) == {
        "national": ("4930", D("0.02"), "49", D("0.01"), None),
        "bare": ("4930", D("0.02"), "49", D("0.01"), None),
        "abroad": ("30", D("0.50"), None, None, None),
        "munich": ("4989", D("0.04"), "49", D("0.01"), None),
        "elsewhere": ("", D("0.09"), "49", D("0.01"), None),
    }


def test_an_explanation_says_that_a_number_is_national(home: Home) -> None:
    munich = explain(home, "munich")
    assert "calling number (089) 12-3, national in 49: 4989123" in [step.text for step in munich.sell.steps]
    assert "routing number 030 99, national in 49: 493099" in [step.text for step in munich.buy.steps]
    assert "called number 0030 12345, cleaned 3012345" in [s.text for s in explain(home, "abroad").sell.steps]


def test_a_quote_takes_international_numbers_unless_a_source_writes_it(home: Home) -> None:
    assert (quote(home, "acme", "301234567").prefix, quote(home, "acme", "49301234567").prefix) == ("30", "4930")
    at_home = quote(home, "acme", "030 1234567", source="sw1")
    assert (at_home.prefix, at_home.cost) == ("4930", D("0.02"))
    assert "called number 030 1234567, national in 49: 49301234567" in [step.text for step in at_home.steps]
    assert quote(home, "bolt", "1", calling="089 1", source="sw1").prefix == "4989"
    with pytest.raises(Refused, match="no rate for 0891"):
        quote(home, "bolt", "1", calling="0891")


def test_a_number_that_begins_with_0_is_none_of_the_default_route(home: Home) -> None:
    """Without a source nobody says what 0049 is: the world's price is no answer."""
    said = "begins with 0, which no country code does"
    for number, right in [("0049301234567", "write 49301234567"), ("01149 30", "begin it with its country code")]:
        with pytest.raises(Refused, match=f"^{number} {said}: {right}, or say whose way it is, --source$"):
            quote(home, "acme", number)
        with pytest.raises(Refused, match=said):
            estimate(home, "acme", Campaign(10, Fraction(1), D(60), number=number))
    assert quote(home, "acme", "0049301234567", source="sw1").prefix == "4930"
    assert quote(home, "acme", "81312345").prefix == ""


def test_an_estimate_from_history_reads_numbers_as_their_source_wrote_them(home: Home) -> None:
    """The default route has no prefix to ask for: one of its calls stands for it, of Hamburg and not to Romania."""
    found = estimate(home, "acme", Campaign(10, Fraction(1), D(60), at=datetime(2026, 3, 2)))
    assert [(part.number, part.prefix, part.call_cost) for part in found.mix] == [
        ("4930", "4930", D("0.02")),
        ("30", "30", D("0.50")),
        ("40 11", "", D("0.09")),
    ]


def test_a_deck_s_prefix_begins_national_numbers(home: Home, tmp_path: Path) -> None:
    header = "rate_table_id,prefix,destination,rate_per_minute"
    deck = write_text(tmp_path / "april.csv", header, "retail,493012,Mitte,0.07")
    accept(home, deck, DeckOptions(source="sales", effective="2026-03-01"))
    build(home)
    assert calls_of(home)["national"][:2] == ("493012", D("0.07"))
    assert explain(home, "national").sell.amount == D("0.07")
