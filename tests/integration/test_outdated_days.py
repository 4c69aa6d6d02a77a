"""A closed day is outdated when what it was rated from is different now, and only then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.day.build import build, build_days
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.waive import waive
from orchestration.store.warehouse import Home, writer
from tests.support.company import CDR_HEADER, SEEDS, write_company, write_text

pytestmark = pytest.mark.usefixtures("unpublished")
THIRD, FOURTH = "2026-05-03", "2026-05-04"
BOTH = {THIRD, FOURTH}
TABLES = (
    "rate_table_id,name,kind,currency,initial_s,increment_s,timetable_id,markup_pct\n"
    "retail,Retail,per_minute,USD,60,60,office,\n"
    "cost,,per_minute,USD,1,1,,\n"
    "plus,,markup,USD,,,,10\n"
)
TIMETABLES = "timetable_id,priority,band,days,starts_at,ends_at\noffice,1,peak,all,08:00,18:00\n"
COMPANY = {
    **SEEDS,
    "accounts": SEEDS["accounts"] + "mark,Mark,customer,USD,UTC,postpaid,,\n",
    "trunks": SEEDS["trunks"] + "in-m,ingress,mark,2026-01-01,\n",
    "rate_tables": TABLES,
    "timetables": TIMETABLES,
    "rate_assignments": SEEDS["rate_assignments"] + "mark,sell,plus,2026-01-01\n",
    "holidays": "timetable_id,date,band\n",
    "consumption_profiles": "profile_id,account_id,rule,allowance,period,prefixes\n",
    "subscriptions": "subscription_id,account_id,service,charge,valid_from\n",
    "prefix_regions": "prefix,region\n",
}
# acme on both days, bolt (EUR) and mark on the 4th alone, a call on a trunk of nobody on the 3rd
CALLS = [
    f"c1,{THIRD}T10:00:00,{THIRD}T10:00:00,447700900123,60,in-a,out",
    f"c2,{THIRD}T20:00:00,{THIRD}T20:00:00,447700900123,60,in-a,out",
    f"x1,{THIRD}T11:00:00,{THIRD}T11:00:00,447700900123,60,in-x,",
    f"c3,{FOURTH}T10:00:00,{FOURTH}T10:00:00,447700900123,60,in-a,out",
    f"c4,{FOURTH}T19:00:00,{FOURTH}T19:00:00,447911123456,60,in-b,out",
    f"c5,{FOURTH}T12:00:00,{FOURTH}T12:00:00,447700900124,60,in-m,out",
]
PRICE = "rates retail 44: rate_per_minute was 0.06, is 0.07"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two closed days; the third day is open."""
    scratch = tmp_path_factory.mktemp("outdated")
    home = Home(scratch / "home", write_company(scratch / "seeds", **COMPANY))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
        land(home, [write_text(scratch / "calls.csv", CDR_HEADER, *CALLS)], kind="cdrs", source="sw1")
        usage = "usage_id,occurred_at,account_id,service,quantity"
        land(
            home,
            [write_text(scratch / "u.csv", usage, f"u1,{FOURTH}T12:00:00,bolt,message,7")],
            kind="usage",
            source="s",
        )
        build(home)
        waive(home, date(2026, 5, 3), "a test of the trunk", call="x1")
        assert [c.status for c in close(home)] == ["closed", "closed", "ready"]
    return home


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-20T09:00:00")


def outdated(home: Home) -> dict[str, str]:
    """The outdated days and why."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        rows = con.execute("select day::VARCHAR, status, outdated_because from marts.days order by day").fetchall()
    assert all((status == "outdated") == bool(because) for _, status, because in rows)
    return {day: because for day, status, because in rows if status == "outdated"}


def changed(home: Home, *files: dict[str, str]) -> dict[str, str]:
    """The outdated days after a build with the company's files, some of them changed."""
    write_company(home.seeds, **{name: text for each in (COMPANY, *files) for name, text in each.items()})
    with writer(home, "build") as held:  # and nothing is published, which takes longer than the rest
        build_days(held)
    return outdated(home)


def more(name: str, *lines: str) -> dict[str, str]:
    return {name: COMPANY[name] + "".join(f"{line}\n" for line in lines)}


UNUSED = {
    "a customer": more("accounts", "new,New,customer,USD,UTC,postpaid,,"),
    "a trunk": more("trunks", "in-new,ingress,acme,,"),
    "a rate table and its prices": {
        **more("rate_tables", "other,,per_minute,USD,1,1,,"),
        **more("rates", "other,44,United Kingdom,,,0.5"),
    },
    "a timetable and a holiday of it": {
        **more("timetables", "other,1,night,all,00:00,24:00"),
        **more("holidays", "other,2026-05-04,night"),
    },
    "the words of a table": {"rate_tables": TABLES.replace("Retail", "Retail 2026")},
    "the hours of a band, where nobody called": {"timetables": TIMETABLES.replace("08:00", "09:00")},
    "a price that ends later": {"rates": SEEDS["rates"].replace(",0.06", ",0.06").replace(
        "valid_from,rate_per_minute\nretail,44,United Kingdom,,2026-01-01,0.06",
        "valid_from,valid_to,rate_per_minute\nretail,44,United Kingdom,,2026-01-01,2026-06-01,0.06\n"
        "retail,44,United Kingdom,,2026-06-01,,0.09",
    ).replace("cost,44,United Kingdom,,2026-01-01,0.03", "cost,44,United Kingdom,,2026-01-01,,0.03")},
    "a price that began earlier": {"rates": SEEDS["rates"].replace("2026-01-01,0.06", "2025-01-01,0.06")},
    "a shorter prefix": more("rates", "retail,4,Europe,,2026-01-01,0.2", "retail,,any,,2026-01-01,0.9"),
    "a longer prefix that nobody called": more("rates", "retail,4471,Elsewhere,,2026-01-01,0.2"),
    "a price in a band of another hour": more("rates", "retail,4478,Elsewhere,peak,2026-01-01,0.2"),
    "a trunk that ends later": {"trunks": SEEDS["trunks"].replace("acme,2026-01-01,", "acme,2026-01-01,2026-06-01")
        + "in-m,ingress,mark,2026-01-01,\n"},
    "another pair of currencies": more("fx_rates", "GBP,EUR,2026-01-01,1.2"),
    "the same exchange rate again": more("fx_rates", f"USD,EUR,{FOURTH},0.5"),
    "the same price again": more("rates", f"retail,44,United Kingdom,,{FOURTH},0.06"),
    "an exchange rate after the days": more("fx_rates", "USD,EUR,2026-05-05,0.6"),
    "an allowance for other numbers": more("consumption_profiles", "p,acme,duration,60,month,49"),
    "a prefix that nobody dials": {"sources": "source,kind,format,international_prefixes\nsw1,cdrs,canonical,00\n"},
    "a price of a service that everyone else pays": more("service_rates", "message,acme,0.5,USD,2026-01-01"),
    "a subscription from today": more("subscriptions", "s1,acme,message,monthly,2026-05-20"),
    "a region": more("prefix_regions", "44,UK"),
}  # fmt: skip


def test_what_no_call_was_rated_from_marks_no_day(home: Home) -> None:
    together: dict[str, str] = {}
    for files in UNUSED.values():
        if together.keys() & files.keys():  # one build for as many as speak of different files
            assert changed(home, together) == {}
            together = {}
        together |= files
    assert changed(home, together) == {}


USED = {
    "a price": ({"rates": SEEDS["rates"].replace("0.06", "0.07")}, BOTH, PRICE),
    "a price from noon of the 4th": (
        more("rates", f"retail,44,United Kingdom,,{FOURTH}T15:00:00,0.07"),
        {FOURTH},
        "rates retail 44 is new: destination United Kingdom, rate_per_minute 0.07",
    ),
    "a destination's name": (
        {"rates": SEEDS["rates"].replace("retail,44,United Kingdom", "retail,44,UK")},
        BOTH,
        "rates retail 44: destination was United Kingdom, is UK",
    ),
    "what a price inherits, where it changes no amount": (
        {"rates": SEEDS["rates"].replace("rate_per_minute", "rate_per_minute,increment_s").replace("0.06", "0.06,1")
            .replace("0.03", "0.03,")},
        BOTH,
        "rates retail 44: increment_s was empty, is 1",
    ),
    "a longer prefix that was called": (
        more("rates", "retail,44791,UK mobile,,2026-01-01,0.2"),
        {FOURTH},
        "rates retail 44791 is new: destination UK mobile, rate_per_minute 0.2",
    ),
    "a price that went": (
        {"rates": SEEDS["rates"].replace("cost,44,United Kingdom,,2026-01-01,0.03\n", "cost,1,US,,2026-01-01,0.03\n")},
        BOTH,
        "rates cost 44 is gone: destination United Kingdom, rate_per_minute 0.03",
    ),
    "a band": (
        {"timetables": TIMETABLES.replace("18:00", "19:30")},
        {FOURTH},
        "timetables office 1: ends_at was 18:00:00, is 19:30:00",
    ),
    "a holiday": (
        more("holidays", f"office,{THIRD},night"),
        {THIRD},
        f"holidays office {THIRD} is new: band night",
    ),
    "a trunk that moved at noon of the 3rd": (
        {"trunks": COMPANY["trunks"].replace(
            "in-a,ingress,acme,2026-01-01,", f"in-a,ingress,acme,2026-01-01,{THIRD}T12:00:00\n"
            f"in-a,ingress,bolt,{THIRD}T12:00:00,{FOURTH}\nin-a,ingress,acme,{FOURTH},")},
        {THIRD},
        "trunks in-a ingress: account_id was acme, is bolt",
    ),
    "a trunk for the call that was waived": (more("trunks", "in-x,ingress,acme,2026-01-01,"), {THIRD},
        "trunks in-x ingress is new: account_id acme"),
    "an assignment": (
        {"rate_assignments": COMPANY["rate_assignments"].replace("bolt,sell,retail", "bolt,sell,plus")},
        {FOURTH},
        "rate_assignments bolt sell: rate_table_id was retail, is plus",
    ),
    "a table's terms": (
        {"rate_tables": TABLES.replace("cost,,per_minute,USD,1,1", "cost,,per_minute,USD,1,6")},
        BOTH,
        "rate_tables cost: increment_s was 1, is 6",
    ),
    "a markup": ({"rate_tables": TABLES.replace(",10\n", ",12\n")}, {FOURTH},
        "rate_tables plus: markup_pct was 10, is 12"),
    "an exchange rate": (more("fx_rates", f"USD,EUR,{FOURTH},0.6"), {FOURTH},
        "fx_rates USD EUR: rate was 0.5, is 0.6"),
    "an account's kind": (
        {"accounts": COMPANY["accounts"].replace("bolt,Bolt,customer", "bolt,Bolt,both")},
        {FOURTH},
        "accounts bolt: kind was customer, is both",
    ),
    "an allowance": (more("consumption_profiles", "p,mark,cost,1,month,44"), {FOURTH},
        "consumption_profiles p is new: account_id mark, rule cost, allowance 1, period month, prefixes 44"),
    "a service's price": ({"service_rates": SEEDS["service_rates"].replace("0.01", "0.02")}, {FOURTH},
        "service_rates message: unit_price was 0.01, is 0.02"),
    "a subscription": (more("subscriptions", f"s1,acme,message,once,{THIRD}"), {THIRD},
        "subscriptions s1"),
}  # fmt: skip


@pytest.mark.parametrize("what", USED)
def test_what_a_call_was_rated_from_marks_its_days(home: Home, what: str) -> None:
    files, days, because = USED[what]
    found = changed(home, files)
    assert {*found} == days
    assert all(because in text for text in found.values()), found


def test_a_change_that_is_taken_back_leaves_no_mark(home: Home) -> None:
    assert changed(home) == {}


def test_five_rows_are_named_and_the_others_counted(home: Home) -> None:
    files = {
        **{"rates": SEEDS["rates"].replace("0.06", "0.07").replace("0.03", "0.04")},
        "rate_tables": TABLES.replace("cost,,per_minute,USD,1,1", "cost,,per_minute,USD,1,6").replace(",10\n", ",12\n"),
        **more("fx_rates", f"USD,EUR,{FOURTH},0.6"),
        "accounts": COMPANY["accounts"].replace("bolt,Bolt,customer", "bolt,Bolt,both"),
    }
    lines = changed(home, files)[FOURTH].splitlines()
    assert (len(lines), lines[5]) == (6, "and 1 more")


def test_a_day_names_what_made_its_difference_and_no_more(home: Home) -> None:
    """The holiday's band is another on the 3rd alone; its neighbours are looked at because of time zones."""
    found = changed(home, more("holidays", f"office,{THIRD},night"), {"rates": SEEDS["rates"].replace("0.06", "0.07")})
    assert found == {THIRD: f"holidays office {THIRD} is new: band night\n{PRICE}", FOURTH: PRICE}


def test_a_day_names_each_row_that_makes_a_difference_alone(home: Home) -> None:
    """The exchange rate is that of bolt's call on the 4th; each new prefix would price acme's, on both days."""
    new = "rates retail {} is new: destination Mobile, rate_per_minute {}"
    rates = more("rates", "retail,4477,Mobile,,2026-01-01,0.05", "retail,447700,Mobile,,2026-01-01,0.04")
    found = changed(home, rates, {"fx_rates": COMPANY["fx_rates"].replace("0.5", "0.6")})
    prices = [new.format("4477", "0.05"), new.format("447700", "0.04")]
    assert found[THIRD].splitlines() == prices
    fx, *others = found[FOURTH].splitlines()
    assert fx == "fx_rates USD EUR: rate was 0.5, is 0.6"
    assert others == prices


def test_what_makes_no_difference_alone_is_not_named_beside_what_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call within New York; regions of numbers that nobody called are named by no day, whatever else changes."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    rates = (
        "rate_table_id,prefix,destination,band,jurisdiction,valid_from,rate_per_minute\n"
        "retail,1,USA,,interstate,2026-01-01,0.06\nretail,1,USA,,intrastate,2026-01-01,0.02\n"
        "cost,1,USA,,,2026-01-01,0.01\n"
    )
    regions = "prefix,region\n1212,NY\n1646,NY\n"
    company = {"rates": rates, "prefix_regions": regions}
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", **(COMPANY | company)))
    header = "call_id,started_at,answered_at,called_number,calling_number,duration_s,ingress_trunk,egress_trunk"
    call = f"c1,{THIRD}T10:00:00,{THIRD}T10:00:00,16465550123,12125550123,60,in-b,out"
    land(home, [write_text(tmp_path / "calls.csv", header, call)], kind="cdrs", source="sw1")
    build(home)
    assert [c.status for c in close(home)][:1] == ["closed"]
    unused = {"prefix_regions": regions + "1809,DR\n1671,GU\n"}
    assert changed(home, company, unused) == {}
    fx = {"fx_rates": COMPANY["fx_rates"].replace("0.5", "0.6")}
    (because,) = changed(home, company, unused, fx).values()
    assert because == "fx_rates USD EUR: rate was 0.5, is 0.6"
    moved = {"prefix_regions": unused["prefix_regions"].replace("1646,NY", "1646,CT")}
    assert changed(home, company, moved) == {THIRD: "prefix_regions 1646: region was NY, is CT"}
    # the same region again, by another name
    assert changed(home, company, {"prefix_regions": regions.replace("NY", "CT")}) == {}


def test_a_day_stays_outdated_when_it_closes_again_for_late_calls(home: Home, tmp_path: Path) -> None:
    """The late call is rated at the new price; the others still have the old one. The last of these tests."""
    write_company(home.seeds, **{**COMPANY, "rates": SEEDS["rates"].replace("0.06", "0.07")})
    late = write_text(
        tmp_path / "late.csv", CDR_HEADER, f"c9,{FOURTH}T13:00:00,{FOURTH}T13:00:00,447700900123,60,in-a,out"
    )
    land(home, [late], kind="cdrs", source="sw1")
    close(home)
    assert outdated(home) == {THIRD: PRICE, FOURTH: PRICE}
    # taken back, it is the late call that was rated from another price
    write_company(home.seeds, **COMPANY)
    build(home)
    assert outdated(home) == {FOURTH: "rates retail 44: rate_per_minute was 0.07, is 0.06"}


def test_numbers_with_spaces_and_national_ones_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer prefix, and an allowance for some numbers: +44 77009 00123 on the 3rd, and 07700 900124 on the 4th."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    uk = {"sources": "source,kind,country_code,international_prefixes\nuk,cdrs,44,00\n"}
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", **(COMPANY | uk)))
    for source, call in (
        ("sw1", f"c1,{THIRD}T10:00:00,{THIRD}T10:00:00,+44 77009 00123,60,in-a,out"),
        ("uk", f"c2,{FOURTH}T10:00:00,{FOURTH}T10:00:00,07700 900124,60,in-a,out"),
    ):
        land(home, [write_text(tmp_path / f"{source}.csv", CDR_HEADER, call)], kind="cdrs", source=source)
    assert [c.status for c in close(home)] == ["closed", "closed", "ready"]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-20T09:00:00")
    longer = more("rates", "retail,44770090,UK Mobile,,2026-01-01,0.2")
    assert changed(home, uk, longer).keys() == BOTH
    assert changed(home, uk) == {}
    assert changed(home, uk, more("consumption_profiles", "p,acme,duration,60,month,4477")).keys() == BOTH
    # these are in the numbers as they are written, but for the first, and begin neither as it is looked up
    for prefix in ("4930", "0077", "770"):
        assert changed(home, uk, more("consumption_profiles", f"p,acme,duration,60,month,{prefix}")) == {}


def waived(home: Home, *calls: str) -> None:
    """Close both days, some unrated calls of the 3rd waived."""
    build(home)
    for call in calls:
        waive(home, date(2026, 5, 3), "a test", call=call)
    assert [c.status for c in close(home)] == ["closed", "closed", "ready"]


def test_legs_that_were_not_rated_and_parts_of_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the 3rd a call of an account that had ended, one to a number without a price, and one across a band's edge.

    The latter's part after 18:00 has the price of 44, as 447 has one for the peak alone. On the 4th one of free
    seconds, whose connection is charged.
    """
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    accounts = COMPANY["accounts"].replace("low_balance_threshold", "low_balance_threshold,valid_to")
    accounts = accounts.replace(",1\n", ",1,\n").replace(",,\n", ",,,\n")
    names = ("accounts", "trunks", "rate_tables", "rates", "rate_assignments")
    company = {
        **{name: COMPANY[name] for name in names},
        "accounts": accounts + f"gone,Gone,customer,USD,UTC,postpaid,,,{THIRD}\n"
        "cut,Cut,customer,USD,UTC,postpaid,,,\nfree,Free,customer,USD,UTC,postpaid,,,\n",
        "trunks": COMPANY["trunks"] + "in-g,ingress,gone,2026-01-01,\nin-c,ingress,cut,2026-01-01,\n"
        "in-f,ingress,free,2026-01-01,\n",
        "rate_tables": TABLES.replace("markup_pct", "markup_pct,band_policy,free_s,connect_charge").replace(
            "\n", ",,,\n").replace("charge,,,", "charge")
        + "edge,,per_minute,USD,1,1,office,,split,,\nfirst,,per_minute,USD,1,1,,,,60,0.05\n",
        "rates": SEEDS["rates"] + "edge,447,UK mobile,peak,2026-01-01,0.06\nedge,44,UK,,2026-01-01,0.03\n"
        "first,44,UK,,2026-01-01,0.03\n",
        "rate_assignments": COMPANY["rate_assignments"] + "gone,sell,retail,2026-01-01\ncut,sell,edge,2026-01-01\n"
        "free,sell,first,2026-01-01\n",
    }  # fmt: skip
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", **(COMPANY | company)))
    calls = [
        f"g1,{THIRD}T10:00:00,{THIRD}T10:00:00,447700900123,60,in-g,",
        f"n1,{THIRD}T11:00:00,{THIRD}T11:00:00,12125550123,60,in-a,",
        f"s1,{THIRD}T17:59:30,{THIRD}T17:59:30,447700900123,60,in-c,",
        f"c1,{FOURTH}T10:00:00,{FOURTH}T10:00:00,447700900123,60,in-a,",
        f"f1,{FOURTH}T11:00:00,{FOURTH}T11:00:00,447700900123,30,in-f,",
    ]
    land(home, [write_text(tmp_path / "calls.csv", CDR_HEADER, *calls)], kind="cdrs", source="sw1")
    waived(home, "g1", "n1")
    assert changed(
        home, company | {"accounts": company["accounts"].replace("postpaid,,,2026-05-03", "postpaid,,,")}
    ) == {THIRD: "accounts gone is new: kind customer, currency USD, timezone UTC, billing_cycle monthly"}
    # an end that comes later, but before the call, changes nothing
    later = company["accounts"].replace(f",{THIRD}\n", f",{THIRD}T09:00:00\n")
    assert changed(home, company | {"accounts": later}) == {}
    priced = company["rates"] + "retail,1,US,,2026-01-01,0.1\n"
    assert changed(home, company | {"rates": priced}).keys() == {THIRD}
    cheaper = company["rates"].replace("edge,44,UK,,2026-01-01,0.03", "edge,44,UK,,2026-01-01,0.02")
    assert changed(home, company | {"rates": cheaper}) == {THIRD: "rates edge 44: rate_per_minute was 0.03, is 0.02"}
    allowance = more("consumption_profiles", "p,free,cost,1,month,")
    assert changed(home, company, allowance).keys() == {FOURTH}
    assert changed(home, company, more("consumption_profiles", "p,free,duration,1,month,")) == {}
    assert changed(home, company) == {}


def test_the_price_that_a_service_takes_is_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """bolt has an own price for messages (7 at noon of the 4th) and a number from the 4th in Paris, the 3rd in UTC."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    prices = COMPANY["service_rates"] + "message,bolt,0.02,USD,2026-01-01\nnumber,,3,USD,2026-01-01\n"
    company = {
        "service_rates": prices,
        "subscriptions": COMPANY["subscriptions"] + f"s1,bolt,number,once,{FOURTH}\n",
    }
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", **(COMPANY | company)))
    usage = write_text(
        tmp_path / "u.csv",
        "usage_id,occurred_at,account_id,service,quantity",
        f"u1,{FOURTH}T12:00:00,bolt,message,7",
    )
    land(home, [usage], kind="usage", source="s")
    land(home, [write_text(tmp_path / "calls.csv", CDR_HEADER, CALLS[0], CALLS[3])], kind="cdrs", source="sw1")
    waived(home)

    def because(text: str) -> dict[str, str]:
        return changed(home, company | {"service_rates": text})

    everyone = prices.replace("message,,0.01", "message,,0.05")
    own = f"message,bolt,0.03,USD,{FOURTH}T15:00:00\n"
    # everyone's price counts for nobody who had an own one, and has one: also where that changed
    assert because(everyone) == {}
    assert because(everyone + own) == {}
    dearer = everyone.replace("bolt,0.02", "bolt,0.025")
    assert because(dearer) == {FOURTH: "service_rates message bolt: unit_price was 0.02, is 0.025"}
    terms = "currency USD, amount_decimals 4, amount_rounding half_up"
    assert because(everyone.replace("bolt,0.02,USD,2026-01-01", f"bolt,0.02,USD,{FOURTH}T13:00:00")) == {
        FOURTH: f"service_rates message bolt is gone: unit_price 0.02, {terms}\n"
        f"service_rates message is new: unit_price 0.05, {terms}"
    }
    # one that a later one replaced before noon, and the same price once more
    assert because(prices + f"message,bolt,0.02,USD,{FOURTH}\n") == {}
    assert because(prices.replace("bolt,0.02", "bolt,0.9") + f"message,bolt,0.02,USD,{FOURTH}\n") == {}
    # the month of a subscription is that of its account
    assert because(prices + f"number,,4,USD,{FOURTH}\n").keys() == {THIRD}
    assert because(prices + f"number,,4,USD,{THIRD}T22:00:00\nnumber,,3,USD,{FOURTH}\n") == {}
    assert because(prices) == {}
