"""Quotes, explanations and estimates through the real commands, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.deployment import Deployment

D = Decimal
COMPANY = {
    "accounts": SEEDS["accounts"]
    + "capped,Capped,customer,USD,UTC,postpaid,5,\n"
    + "plus,Cost plus,customer,USD,UTC,prepaid,,\n"
    + "bare,No table,customer,USD,UTC,prepaid,,\n"
    + "free,Allowed,customer,USD,UTC,prepaid,,\n",
    "rate_tables": (
        "rate_table_id,kind,currency,initial_s,increment_s,seconds_rounding,connect_charge,attempt_charge,markup_pct\n"
        "retail,per_minute,USD,60,60,,,,\n"
        "cost,per_minute,USD,1,1,,,,\n"
        "wholesale,per_minute,USD,30,6,up,0.01,0.005,\n"
        "costplus,markup,USD,,,,,,10\n"
    ),
    "rates": (
        "rate_table_id,prefix,destination,band,valid_from,rate_per_minute,blocked\n"
        "retail,44,United Kingdom,,2026-01-01,0.06,\n"
        "cost,44,United Kingdom,,2026-01-01,0.03,\n"
        "wholesale,44,United Kingdom,,2026-01-01,0.05,\n"
        "retail,4490,Premium,,2026-01-01,,true\n"
    ),
    "rate_assignments": SEEDS["rate_assignments"]
    + "capped,sell,wholesale,2026-01-01\n"
    + "plus,sell,costplus,2026-01-01\n"
    + "free,sell,retail,2026-01-01\n",
    "consumption_profiles": "profile_id,account_id,rule,allowance,period\nminutes,free,duration,150,month\n",
    "trunks": SEEDS["trunks"] + "in-c,ingress,capped,2026-01-01,\nin-f,ingress,free,2026-01-01,\n",
}
NUMBER = "447700900123"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """4 May 2026 closed, then retail doubled; the 5th open; a late call of the 4th landed after that."""
    it = Deployment(tmp_path_factory.mktemp("questions"))
    write_company(it.seeds, **COMPANY)
    inbox = it.home / "inbox"
    write_calls(
        inbox / "cdrs" / "sw1" / "one.csv",
        [
            ("old", "2026-05-04T10:00:00", "61", "in-a"),  # sell 2 min 0.12, buy 61/60 * 0.03 = 0.0305
            ("twice", "2026-05-04T11:00:00", "60", "in-a"),  # sell 0.06
            ("new", "2026-05-05T11:00:00", "60", "in-b"),  # sell 0.06, later 0.12
            ("capped", "2026-05-05T12:00:00", "61.2", "in-c"),
            ("covered", "2026-05-05T13:00:00", "20", "in-f"),  # 60 s of 150 s a month
        ],
    )
    write_calls(inbox / "cdrs" / "sw2" / "two.csv", [("twice", "2026-05-05T11:00:00", "0", "in-a")])
    write_text(
        inbox / "payments" / "bank" / "paid.csv",
        "payment_id,paid_at,account_id,amount,currency,method",
        "p1,2026-05-04T08:00:00,acme,5,USD,card",
    )
    it.run("land")
    it.run("build")
    it.run("close")
    write_company(it.seeds, **{**COMPANY, "rates": COMPANY["rates"].replace("0.06", "0.12")})
    write_calls(inbox / "cdrs" / "sw1" / "late.csv", [("late", "2026-05-04T10:00:00", "61", "in-a")])
    it.run("land")
    it.run("build")
    return it


def added_up(leg: dict[str, Any]) -> Decimal:
    return sum((D(step["amount"]) for step in leg["steps"] if step["amount"] is not None), D(0))


def test_a_quote_says_what_a_call_costs_and_how_long_it_may_be(company: Deployment) -> None:
    quoted = company.json("quote", "acme", f"+{NUMBER[:2]} {NUMBER[2:]}", "--seconds", "61")
    # 5 paid, less 0.12 and 0.06 of the closed day and 0.24 of the late call
    assert (D(quoted["balance"]), D(quoted["available"])) == (D("4.58"), D("4.58"))
    assert (D(quoted["cost"]), quoted["currency"], D(quoted["billed_s"])) == (D("0.24"), "USD", D(120))
    assert (quoted["rate_table_id"], quoted["prefix"], quoted["destination"]) == ("retail", "44", "United Kingdom")
    assert (quoted["band"], quoted["decision"], quoted["rate"]["line"]) == ("", "proceed", 2)
    # 38 whole minutes at 0.12 are 4.56
    assert quoted["affordable_s"] == 38 * 60
    assert added_up(quoted) == D(quoted["cost"])
    assert "affordable: 2,280 s" in company.run("quote", "acme", NUMBER).stdout


def test_what_can_be_afforded_is_exact_to_the_second(company: Deployment) -> None:
    # 0.01 and 0.05 a minute in blocks of 6 s after 30 s; the limit of 5 less the 0.065 of the call that was made
    quoted = company.json("quote", "capped", NUMBER, "--seconds", "61.2")
    assert (D(quoted["cost"]), D(quoted["billed_s"]), D(quoted["available"])) == (D("0.065"), D(66), D("4.935"))
    assert quoted["affordable_s"] == 5910
    more, most = (company.json("quote", "capped", NUMBER, "--seconds", s) for s in ("5911", "5910"))
    assert (more["decision"], most["decision"]) == ("deny", "proceed")
    assert D(most["cost"]) == D("4.935")


def test_a_postpaid_account_without_limit_may_proceed(company: Deployment) -> None:
    quoted = company.json("quote", "bolt", NUMBER)
    assert (quoted["decision"], quoted["affordable_s"]) == ("proceed", None)
    assert (D(quoted["cost"]), D(quoted["account_cost"]), quoted["account_currency"]) == (D("0.12"), D("0.06"), "EUR")


def test_a_markup_is_quoted_on_a_carrier(company: Deployment) -> None:
    assert "--carrier" in company.run("quote", "plus", NUMBER, fails=True).stderr
    quoted = company.json("quote", "plus", NUMBER, "--carrier", "carrier", "--seconds", "61")
    # 61 s at 0.03 a minute are 0.0305, and 10 % more 0.03355, rounded to 4 decimals
    assert (D(quoted["cost"]), D(quoted["billed_s"]), quoted["decision"]) == (D("0.0336"), D(61), "deny")
    assert [D(step["amount"]) for step in quoted["steps"] if step["amount"]] == [
        D("0.0305"),
        D("0.00305"),
        D("0.00005"),
    ]


def test_what_is_left_of_an_allowance_counts(company: Deployment) -> None:
    quoted = company.json("quote", "free", NUMBER, "--seconds", "20")
    assert (D(quoted["cost"]), D(quoted["covered_s"]), D(quoted["available"])) == (0, 60, 0)
    # 90 s are left: a second block of 60 s would cost 30 s
    assert (quoted["decision"], quoted["affordable_s"]) == ("proceed", 60)
    dear = company.json("quote", "free", NUMBER, "--seconds", "61")
    # 30 s at 0.12 a minute
    assert (D(dear["cost"]), D(dear["covered_s"]), dear["decision"]) == (D("0.06"), 90, "deny")
    sell = company.json("explain", "covered")["sell"]
    assert D(sell["amount"]) == 0
    assert "covered are 60 s by minutes" in [step["text"] for step in sell["steps"]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", NUMBER), "there is no account nobody"),
        (("bare", NUMBER), "account bare has no sell rate table"),
        (("acme", "hello"), "hello is not a telephone number"),
        (("acme", "44.0"), "44.0 is a number that a program has made a decimal of; write 44"),
        (("acme", "3312345"), "rate table retail of acme has no rate for 3312345"),
        (("acme", "4490123"), "4490123 is blocked in rate table retail"),
        (("acme", NUMBER, "--carrier", "nobody"), "there is no account nobody"),
        (("acme", NUMBER, "--carrier", "bare"), "account bare takes no calls: it has no buy rate table at "),
        (("acme", NUMBER, "--calling", "abc"), "--calling abc is not a telephone number of 1 to 15 digits"),
        (("acme", NUMBER, "--calling", "4" * 16), f"--calling {'4' * 16} is not a telephone number"),
        (("acme", NUMBER, "--source", "sw9"), "there is no source sw9; sources are sw1"),
        (("acme", NUMBER, "--at", "2025-01-01"), "no sell rate table"),
    ],
)
def test_what_cannot_be_quoted_is_refused_in_one_line(
    company: Deployment, arguments: tuple[str, ...], says: str
) -> None:
    refused = company.run("quote", *arguments, fails=True)
    assert says in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert not refused.stdout


def test_a_closed_call_is_explained_with_the_price_it_had(company: Deployment) -> None:
    explained = company.json("explain", "old")
    assert (D(explained["sell"]["amount"]), D(explained["buy"]["amount"])) == (D("0.12"), D("0.0305"))
    for leg in (explained["sell"], explained["buy"]):
        assert added_up(leg) == D(leg["amount"])
        assert leg["rate"] == {"file": "rates.csv", "line": {"sell": 2, "buy": 3}[leg_side(explained, leg)], "deck": 0}
    texts = [step["text"] for step in explained["sell"]["steps"]]
    assert "120 s at 0.0600 a minute" in texts
    assert any("61 s; first 60 s, then blocks of 60 s: 120 s billed" in text for text in texts)
    assert explained["attempts"][0]["rated"] == "closed"


def leg_side(explained: dict[str, Any], leg: dict[str, Any]) -> str:
    return "sell" if leg is explained["sell"] else "buy"


def test_a_late_call_and_an_open_one_are_explained_with_todays_price(company: Deployment) -> None:
    late, new = company.json("explain", "late"), company.json("explain", "new")
    assert (D(late["sell"]["amount"]), late["attempts"][0]["rated"]) == (D("0.24"), "open")
    assert (D(new["sell"]["amount"]), D(new["sell"]["account_amount"])) == (D("0.12"), D("0.06"))
    assert "converted at 0.5 to 0.0600 EUR" in [step["text"] for step in new["sell"]["steps"]]


def test_every_part_of_a_charge_is_a_step(company: Deployment) -> None:
    sell = company.json("explain", "capped")["sell"]
    assert [(step["text"], D(step["amount"])) for step in sell["steps"] if step["amount"]] == [
        ("connect charge", D("0.01")),
        ("66 s at 0.0500 a minute", D("0.055")),
        ("rounded half up to 4 decimals: 0.0650", D(0)),
    ]
    assert "61.2 s, rounded up to 62 s; first 30 s, then blocks of 6 s: 66 s billed" in [
        s["text"] for s in sell["steps"]
    ]
    shown = company.run("explain", "capped").stdout
    assert "0.06500000 USD" in shown


def test_one_call_is_explained_at_a_time(company: Deployment) -> None:
    refused = company.run("explain", "twice", fails=True).stderr
    assert "--source sw1 --day 2026-05-04, --source sw2 --day 2026-05-05" in refused
    assert D(company.json("explain", "twice", "--source", "sw1")["sell"]["amount"]) == D("0.06")
    assert company.json("explain", "twice", "--day", "2026-05-05")["source"] == "sw2"
    assert "no call nix is published" in company.run("explain", "nix", fails=True).stderr
    refused = company.run("explain", "twice", "--source", "sw3", fails=True).stderr
    assert "there is no source sw3; sources are bank, sw1, sw2" in refused


def test_an_estimate_of_a_campaign(company: Deployment) -> None:
    told = company.json(
        "estimate", "capped", "--targets", "1000", "--answer-rate", "50%", "--seconds", "45", "--retries", "1",
        "--number", "44",
    )  # fmt: skip
    expected = {name: D(value) for name, value in told["expected"].items()}
    # half answer at once, half of the rest when tried again; 45 s are billed as 48 s: 0.04 + 0.01
    assert (expected["calls"], expected["answered"]) == (1500, 750)
    assert (expected["minutes"], expected["billed_minutes"]) == (D("562.5"), 600)
    assert (expected["call_charges"], expected["attempt_charges"], expected["cost"]) == (
        D("37.5"),
        D("3.75"),
        D("41.25"),
    )
    assert (D(told["required_balance"]), D(told["shortfall"])) == (D("41.25"), D("41.25") - D("4.935"))
    assert told["range"] is None


def test_an_estimate_of_a_mix(company: Deployment, tmp_path_factory: pytest.TempPathFactory) -> None:
    mix = tmp_path_factory.mktemp("mix") / "mix.csv"
    mix.write_text("number,share\n4420,3\n447,1\n")
    campaign = ("--targets", "10", "--answer-rate", "1", "--seconds", "30")
    told = company.json("estimate", "acme", *campaign, "--mix", str(mix))
    assert [(part["number"], D(part["share"])) for part in told["mix"]] == [("4420", D("0.75")), ("447", D("0.25"))]
    assert D(told["expected"]["cost"]) == D("1.2")
    own = company.json("estimate", "acme", *campaign)
    assert [part["number"] for part in own["mix"]] == ["44"]
    for refused, says in (
        (("estimate", "plus", *campaign), "no answered calls of late"),
        (("estimate", "nobody", *campaign), "there is no account nobody"),
        (("estimate", "acme", *campaign, "--number", "99"), "no rate for 99"),
    ):
        assert says in company.run(*refused, fails=True).stderr


def test_what_does_not_come_out_as_stored_is_not_explained(company: Deployment) -> None:
    # the last test of the file: the archive is not what it was after it
    for rates in (company.home / "archive" / "config").glob("*/rates.csv"):
        rates.write_text(rates.read_text().replace("0.06", "0.07"))
    refused = company.run("explain", "old", fails=True).stderr
    assert "cannot be explained" in refused
    assert "sell_rate_per_minute is 0.06000000, and would be 0.07000000" in refused
