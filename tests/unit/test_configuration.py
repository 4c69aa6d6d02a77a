"""The configuration module: what `check` refuses and says, and what `load` makes of the cells."""

import os
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.configuration.check import check, kept_all_the_same
from orchestration.configuration.column import Type
from orchestration.configuration.load import load, version
from orchestration.configuration.schema import FILES
from orchestration.configuration.weekdays import weekdays

FORMATS = {"asterisk": "cdrs"}

VALID = {
    "company": "name,reporting_currency\nExample Telecom,EUR\n",
    "accounts": (
        "account_id,name,kind,currency,timezone,credit_limit,payment_model\n"
        "acme,Acme,customer,EUR,Europe/Berlin,100.5,prepaid\n"
        "bell,Bell,carrier,USD,,,\n"
    ),
    "trunks": (
        "trunk_id,direction,account_id,valid_from,valid_to\n"
        "t1,ingress,acme,,2026-02-01\n"
        "t1,ingress,bell,2026-02-01,\n"
        "t1,egress,bell,,\n"
    ),
    "rate_tables": (
        "rate_table_id,kind,currency,timetable_id,min_charge,max_charge,increment_s\n"
        "retail,per_minute,EUR,office,0.0010,2,\n"
        "blocks,block,USD,,,,6\n"
        "plus,markup,EUR,,,,0\n"
    ),
    "rates": (
        "rate_table_id,prefix,destination,band,valid_from,rate_per_minute,"
        "initial_charge,increment_charge,blocked\n"
        "retail,,Everywhere,,,0.05,,,\n"
        "retail,49,Germany,peak,2026-01-01,0.02,,,\n"
        "retail,49,Germany,feast,2026-01-01,0.01,,,\n"
        "retail,49900,Premium,,,,,,true\n"
        "blocks,1,USA,,,,0.01,0.001,\n"
        "blocks,1,USA,,,,0.02,0.002,\n"
    ),
    "rate_assignments": (
        "account_id,side,rate_table_id,valid_from,valid_to\n"
        "acme,sell,retail,,2026-03-01T00:00:00+01:00\n"
        "acme,sell,plus,2026-02-28T23:00:00Z,\n"
        "bell,buy,blocks,,\n"
    ),
    "timetables": (
        "timetable_id,priority,band,days,starts_at,ends_at\n"
        "office,1,peak,mon-fri,08:00,18:00\n"
        "office,2,off,all,00:00,24:00\n"
    ),
    "holidays": "timetable_id,date,band\noffice,2026-12-25,feast\n",
    "service_rates": (
        "service,account_id,unit_price,currency,valid_from\n"
        "message,,0.05,EUR,\nmessage,acme,0.04,EUR,\nnumber,,1,EUR,2026-01-01\n"
    ),
    "subscriptions": (
        "subscription_id,account_id,service,quantity,charge,valid_from\ns1,acme,number,2,monthly,2026-01-01\n"
    ),
    "plan_tiers": "plan_tier,resource,limit\nfree,extensions,5\nfree,queues,\n",
    "budgets": "department,month,amount,currency\nSales,2026-01,1000,EUR\n",
    "fx_rates": "from_currency,to_currency,valid_from,rate\nUSD,EUR,2026-01-01,0.91234567\n",
    "sources": (
        "source,kind,format,timezone,country_code,national_prefix,international_prefixes,"
        "expected_every_minutes,trunk_pattern,max_age_days,max_duration_s,encoding,not_numbers,operator\n"
        "pbx,cdrs,asterisk,Europe/Berlin,,,00 011,30,SIP/([^-]+)-.*,90,86400,cp1252,ignore,\n"
        "shop,payments,,UTC,,,,,,,,,,\n"
    ),
    "operators": "operator,role,accounts\nann,admin,\nbob,rater,acme bell\n",
}


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A directory `seeds` with a small company that is all right."""
    directory = tmp_path / "seeds"
    directory.mkdir()
    for name, text in VALID.items():
        (directory / f"{name}.csv").write_text(text)
    return directory


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory, in a session far from UTC."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")
        yield connection


def problems(seeds: Path) -> list[str]:
    return [str(problem) for problem in check(seeds, FORMATS)]


def replace(seeds: Path, name: str, old: str, new: str) -> None:
    path = seeds / f"{name}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def append(seeds: Path, name: str, text: str) -> None:
    with (seeds / f"{name}.csv").open("a") as out:
        out.write(text)


# --- check: what is fine -----------------------------------------------------------------------


def test_a_valid_company_has_no_problems(seeds: Path) -> None:
    assert problems(seeds) == []


def test_company_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "company.csv").write_text(VALID["company"])
    assert check(tmp_path) == []


def test_a_file_may_hold_only_its_header(seeds: Path) -> None:
    for file in FILES.values():
        if file.name != "company":
            (seeds / file.csv).write_text(",".join(file.names) + "\n")
    (seeds / "channel_plans.csv").write_text("plan_id\n")
    assert problems(seeds) == []


def test_windows_line_ends_a_byte_order_mark_and_spaces_are_fine(seeds: Path) -> None:
    text = VALID["trunks"].replace("\n", "\r\n").replace("t1,egress", " t1 , egress")
    (seeds / "trunks.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert problems(seeds) == []


# --- check: one kind of error each --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "rates",
            ",,,0.05,",
            ',,,"0,05",',
            'rates.csv line 2, column rate_per_minute: "0,05" is not a decimal; write 0.05',
        ),
        (
            "timetables",
            "off,all",
            "\u200bo\u00adff,all",
            "timetables.csv line 3, column band: '\\u200bo\\xadff' has characters that cannot be seen: what is written "
            "without them does not meet it; write off",
        ),
        (
            "operators",
            "ann,",
            "ann\u00a0lee,",
            "operators.csv line 2, column operator: 'ann\\xa0lee' has characters that cannot be seen: what is written "
            "without them does not meet it; write ann lee",
        ),
        (
            "rates",
            ",,,0.05,",
            ",,,-0.05,",
            'rates.csv line 2, column rate_per_minute: "-0.05" is below what is allowed; write 0 to 999999999',
        ),
        (
            "rates",
            ",,,0.05,",
            ",,,0.123456789,",
            'rates.csv line 2, column rate_per_minute: "0.123456789" has 9 decimals; write at most 8',
        ),
        (
            "rates",
            ",,,0.05,",
            ',,,"1,000",',
            'rates.csv line 2, column rate_per_minute: "1,000" is not a decimal; write it like 0.05',
        ),
        (
            "rates",
            "retail,49,",
            "retail,+49,",
            'rates.csv line 3, column prefix: "+49" is not a prefix; write 49',
        ),
        (
            "rates",
            "retail,49,",
            "retail,49.0,",
            'rates.csv line 3, column prefix: "49.0" is not a prefix; write 49',
        ),
        (
            "rates",
            "retail,49,",
            "retail,49-51,",
            'rates.csv line 3, column prefix: "49-51" is not a prefix; '
            "write up to 15 digits, or nothing for every number",
        ),
        (
            "rates",
            "retail,49,",
            "retail,+49 (30),",
            'rates.csv line 3, column prefix: "+49 (30)" is not a prefix; write 4930',
        ),
        (
            "rates",
            "retail,49,",
            "retail,04-Jan,",
            'rates.csv line 3, column prefix: "04-Jan" is not a prefix; '
            "a spreadsheet has made a date of it: format the column as text",
        ),
        (
            "rates",
            "peak,2026-01-01",
            "peak,46357",
            'rates.csv line 3, column valid_from: "46357" is not a time; '
            "it is the number of a day in a spreadsheet: write 2026-12-01",
        ),
        (
            "rates",
            "peak,2026-01-01",
            "peak,1.2.2026",
            'rates.csv line 3, column valid_from: "1.2.2026" is not a time; write 2026-02-01',
        ),
        (
            "rates",
            "peak,2026-01-01",
            "peak,2026-02-30",
            'rates.csv line 3, column valid_from: "2026-02-30" is not a time; '
            "write it like 2026-01-31 or 2026-01-31T18:30:00+01:00",
        ),
        (
            "rates",
            ",true\n",
            ",yes\n",
            'rates.csv line 5, column blocked: "yes" is not true or false; write true',
        ),
        (
            "rate_tables",
            "0.0010,2,\n",
            "0.0010,2,0.0001\n",
            'rate_tables.csv line 2, column increment_s: "0.0001" has 4 decimals; write at most 3',
        ),
        (
            "accounts",
            ",customer,",
            ",Customer,",
            'accounts.csv line 2, column kind: "Customer" is not a kind; write customer',
        ),
        (
            "accounts",
            "Europe/Berlin",
            "Berlin",
            'accounts.csv line 2, column timezone: "Berlin" is not an IANA time zone; write Europe/Berlin',
        ),
        (
            "accounts",
            "carrier,USD",
            "carrier,usd",
            'accounts.csv line 3, column currency: "usd" is not a currency; write USD',
        ),
        (
            "accounts",
            "carrier,USD",
            "carrier,",
            "accounts.csv line 3, column currency: the cell is empty; write three capital letters like EUR",
        ),
        (
            "timetables",
            "mon-fri",
            "Mon-Fri",
            'timetables.csv line 2, column days: "Mon-Fri" is not a list of weekdays; write mon-fri',
        ),
        (
            "timetables",
            "08:00",
            "8.00",
            'timetables.csv line 2, column starts_at: "8.00" is not a time of day on a whole minute; write 08:00',
        ),
        (
            "timetables",
            "00:00,24:00",
            "24:00,24:00",
            'timetables.csv line 3, column starts_at: "24:00" is not a time of day on a whole minute; write 00:00',
        ),
        (
            "timetables",
            "18:00",
            "18:00:30",
            'timetables.csv line 2, column ends_at: "18:00:30" is not a time of day on a whole '
            "minute; write it like 08:00",
        ),
        (
            "holidays",
            "2026-12-25",
            "25.12.2026",
            'holidays.csv line 2, column date: "25.12.2026" is not a date; write 2026-12-25',
        ),
        (
            "budgets",
            "2026-01",
            "2026-13",
            'budgets.csv line 2, column month: "2026-13" is not a month; write it like 2026-01',
        ),
        (
            "fx_rates",
            "0.91234567",
            "0",
            'fx_rates.csv line 2, column rate: "0" is not above 0; write more than 0',
        ),
        (
            "fx_rates",
            "USD,EUR",
            "EUR,EUR",
            "fx_rates.csv line 2, column to_currency: EUR is from_currency too; delete the row: it converts nothing",
        ),
        (
            "plan_tiers",
            ",5\n",
            ",5.5\n",
            'plan_tiers.csv line 2, column limit: "5.5" is not a whole number; write it like 30',
        ),
        (
            "plan_tiers",
            "resource,limit",
            "resource,limit_ct",
            "plan_tiers.csv line 1, column limit_ct: there is no such column; "
            "did you mean limit? It is not in ct: convert it",
        ),
        (
            "sources",
            "pbx,cdrs",
            "../sw 3/..,cdrs",
            'sources.csv line 2, column source: "../sw 3/.." is not a source\'s name; write sw 3',
        ),
        (
            "sources",
            "00 011",
            '"00,011"',
            'sources.csv line 2, column international_prefixes: "00,011" is not a list; write 00 011',
        ),
        (
            "sources",
            ",30,",
            ",0,",
            'sources.csv line 2, column expected_every_minutes: "0" is below what is allowed; write 1 to 2147483647',
        ),
        (
            "sources",
            "SIP/([^-]+)-.*",
            "SIP/[^-]+-.*",
            'sources.csv line 2, column trunk_pattern: "SIP/[^-]+-.*" has 0 groups; '
            "put exactly one pair of parentheses around the trunk's name",
        ),
        (
            "sources",
            "Europe/Berlin,",
            "Europe/Berlin,+49",
            'sources.csv line 2, column country_code: "+49" is not a country code; write 49',
        ),
        (
            "sources",
            "Europe/Berlin,,",
            "Europe/Berlin,49,-",
            'sources.csv line 2, column national_prefix: "-" is not a national prefix; write none',
        ),
        (
            "sources",
            "Europe/Berlin,,",
            "Europe/Berlin,,0",
            "sources.csv line 2, column national_prefix: without a country_code no number is national; "
            "write the country code, or nothing",
        ),
        (
            "sources",
            "Europe/Berlin,,,00 011",
            "Europe/Berlin,49,,00 49",
            'sources.csv line 2, column international_prefixes: "49" is the country code itself: without it, its own '
            "numbers are other countries'; write what is dialled before a country code, like 00",
        ),
        (
            "sources",
            "Europe/Berlin,,,00 011",
            "Europe/Berlin,49,,00 0",
            'sources.csv line 2, column international_prefixes: "0" is dialled before national numbers: they would be '
            "other countries'; write what is dialled before a country code, like 00",
        ),
        (
            "sources",
            "Europe/Berlin,,,00 011",
            "Europe/Berlin,7,,810 8",
            'sources.csv line 2, column international_prefixes: "8" is dialled before national numbers: they would be '
            "other countries'; write what is dialled before a country code, like 00",
        ),
        (
            "sources",
            "shop,payments,,UTC,",
            "shop,payments,,UTC,49",
            "sources.csv line 3, column country_code: files of kind payments have no numbers to read by it; "
            "write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,",
            "shop,payments,,UTC,,,00",
            "sources.csv line 3, column international_prefixes: files of kind payments have no numbers to read by it; "
            "write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC",
            "shop,payments,,Europe/Berlin",
            "sources.csv line 3, column timezone: the times of canonical files are UTC, or have an offset; "
            "write UTC or nothing, and the offset with each time",
        ),
        (
            "sources",
            "cdrs,asterisk,Europe/Berlin",
            "cdrs,canonical,UTC",
            "sources.csv line 2, column trunk_pattern: canonical files have the trunk in a column of its own; "
            "write nothing",
        ),
        (
            "sources",
            "shop,payments,",
            "shop,payments,asterisk",
            'sources.csv line 3, column format: "asterisk" is a format of cdrs, not of payments; '
            "write canonical, or nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,",
            "shop,rates,,UTC,,,,60",
            "sources.csv line 3, column expected_every_minutes: nothing waits for files of kind rates; write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,",
            "shop,rates,,UTC,,,,,,5,",
            "sources.csv line 3, column max_age_days: nothing judges the times of files of kind rates; write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,",
            "shop,payments,,UTC,,,,,,5,60",
            "sources.csv line 3, column max_duration_s: there are no durations in files of kind payments; "
            "write nothing",
        ),
        (
            "sources",
            ",90,86400",
            ",0,86400",
            'sources.csv line 2, column max_age_days: "0" is below what is allowed; write 1 to 40000',
        ),
        *(
            (
                "sources",
                "cp1252",
                wrong,
                f'sources.csv line 2, column encoding: "{wrong}" is not an encoding; '
                "write one like utf-8, latin-1, cp1252 or utf-16",
            )
            for wrong in ("cp12522", "base64", "unicode_escape", "undefined")
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,",
            "shop,rates,,UTC,,,,,,,,utf-16",
            "sources.csv line 3, column encoding: nothing reads the text of files of kind rates; write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,,",
            "shop,payments,,UTC,,,,,,,,,reject",
            "sources.csv line 3, column not_numbers: there are no called numbers in files of kind payments; "
            "write nothing",
        ),
        (
            "sources",
            "cp1252,ignore",
            "cp1252,none",
            'sources.csv line 2, column not_numbers: "none" is not a not_numbers; write one of unrated, reject, ignore',
        ),
        (
            "sources",
            "cdrs,asterisk",
            "cdrs,asteriks",
            'sources.csv line 2, column format: "asteriks" is not a known format; did you mean asterisk?',
        ),
        (
            "trunks",
            "egress,bell",
            "egress,bel",
            'trunks.csv line 4, column account_id: "bel" is not in accounts.csv; did you mean bell?',
        ),
        (
            "rate_assignments",
            "buy,blocks",
            "buy,wholesale",
            'rate_assignments.csv line 4, column rate_table_id: "wholesale" is not in '
            "rate_tables.csv; add it there, or write one of blocks, plus, retail",
        ),
        (
            "operators",
            "acme bell",
            "acme zed",
            'operators.csv line 3, column accounts: "zed" is not in accounts.csv; '
            "add it there, or write one of acme, bell",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,,,",
            "shop,payments,,UTC,,,,,,,,,,anna",
            'sources.csv line 3, column operator: "anna" is not in operators.csv; did you mean ann?',
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,,,",
            "shop,payments,,UTC,,,,,,,,,,bob",
            "sources.csv line 3, column operator: bob is rater in operators.csv: who answers for payments may land "
            "payments; write an operator with the role finance or admin",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,,,",
            "topups,payments,,UTC,,,,,,,,,,ann",
            "sources.csv line 3, column operator: topups is the source of tollbook topup alone: whoever tops up "
            "answers for it; write nothing",
        ),
        (
            "sources",
            "shop,payments,,UTC,,,,,,,,,,",
            "shop,usage,,UTC,,,,,,,,,,ann",
            "sources.csv line 3, column operator: nobody answers for files of kind usage; write nothing",
        ),
        (
            "subscriptions",
            "number",
            "numbers",
            'subscriptions.csv line 2, column service: "numbers" is not in service_rates.csv; did you mean number?',
        ),
        (
            "subscriptions",
            "monthly,2026-01-01",
            "monthly,2026-01-01T05:00:00",
            'subscriptions.csv line 2, column valid_from: "2026-01-01T05:00:00" is not a date; write 2026-01-01',
        ),
        (
            "rate_tables",
            "EUR,office",
            "EUR,ofice",
            'rate_tables.csv line 2, column timetable_id: "ofice" is not in timetables.csv; did you mean office?',
        ),
        (
            "rates",
            "feast",
            "fest",
            'rates.csv line 4, column band: "fest" is no band of timetable office; '
            "write one of feast, off, peak, or nothing",
        ),
        (
            "rates",
            "blocks,1,USA,,",
            "blocks,1,USA,peak,",
            'rates.csv line 6, column band: "peak" never comes: blocks has no timetable; '
            "empty it, or give the table a timetable_id",
        ),
        (
            "trunks",
            "t1,ingress,bell,2026-02-01,",
            "t1,ingress,bell,2026-01-31,",
            "trunks.csv line 3, column valid_from: t1 ingress is in force twice: this row "
            "overlaps line 2 (always to 2026-02-01); "
            "end one (valid_to) when or before the other begins",
        ),
        (
            "rate_assignments",
            "2026-02-28T23:00:00Z",
            "2026-02-28T22:59:59Z",
            "rate_assignments.csv line 3, column valid_from: acme sell is in force twice: this "
            "row overlaps line 2 (always to 2026-03-01T00:00:00+01:00); "
            "end one (valid_to) when or before the other begins",
        ),
        (
            "trunks",
            "t1,egress,bell,,",
            "t1,egress,bell,2026-01-01,2026-01-01T00:00:00",
            'trunks.csv line 4, column valid_to: "2026-01-01T00:00:00" is not after valid_from '
            "(2026-01-01); write a later time, or nothing for no end",
        ),
        (
            "rate_tables",
            "0.0010",
            "0.00101",
            'rate_tables.csv line 2, column min_charge: "0.00101" has 5 decimals, amounts of '
            "this table 4; write fewer, or raise amount_decimals",
        ),
        (
            "rate_tables",
            "0.0010,2",
            "3,2",
            'rate_tables.csv line 2, column min_charge: "3" is more than max_charge (2); write at most 2',
        ),
        (
            "rate_tables",
            "USD,,,,6",
            "USD,,,,0",
            'rate_tables.csv line 3, column increment_s: "0" makes no blocks, and the table '
            "charges by them; write more than 0",
        ),
        (
            "rate_assignments",
            "buy,blocks",
            "buy,plus",
            "rate_assignments.csv line 4, column rate_table_id: plus is a markup table: it adds "
            "to the buy side and cannot be it; write side sell, or a table of another kind",
        ),
        (
            "rates",
            ",0.05,,,",
            ",,,,",
            "rates.csv line 2, column rate_per_minute: the cell is empty, and retail is a "
            "per_minute table; write a price, or true under blocked",
        ),
        (
            "rates",
            "0.01,0.001,",
            "0.01,,",
            "rates.csv line 6, column increment_charge: the cell is empty, and blocks is a "
            "block table; write a price, or true under blocked",
        ),
    ],
)
def test_an_error_says_where_and_what(seeds: Path, name: str, old: str, new: str, expected: str) -> None:
    replace(seeds, name, old, new)
    assert problems(seeds) == [f"seeds/{expected}"]


def test_an_id_that_is_not_all_to_be_seen_is_refused_in_every_file(seeds: Path) -> None:
    """But one that an earlier configuration held, which the books may need."""
    for path in seeds.glob("*.csv"):
        path.write_text(path.read_text().replace("bell", "bell\ufeff").replace("retail", "re\u200btail"))
    columns = {said.rpartition(": '")[0].partition(" line")[0] for said in problems(seeds)}
    assert columns == {
        f"seeds/{name}.csv" for name in ("accounts", "trunks", "rate_tables", "rates", "rate_assignments")
    }
    assert check(seeds, FORMATS, lambda csv, cell: True) == []
    assert {problem.file for problem in check(seeds, FORMATS, lambda csv, cell: csv == "rates.csv")} == (
        columns - {"seeds/rates.csv"}
    )


_RIGHT = "1 to 64 letters (a-z, A-Z), digits, ., _ and -, not beginning with . or -"


@pytest.mark.parametrize(
    ("odd", "near"),
    [
        ("../../x", "x"), ("o'brien", "o-brien"), (".x", "x"), ("-x", "x"), ("caf\u00e9", "cafe"), ("\u041a", ""),
        ("a b", "a-b"), ("a" * 65, "a" * 64), ("a/b", "a-b"), ("=1", "1"),
    ],
)  # fmt: skip
def test_an_id_is_letters_digits_and_marks(seeds: Path, odd: str, near: str) -> None:
    """Said where it is given, not at each row that refers to it; one that the books may have is warned of."""
    for name in ("accounts", "trunks", "rate_assignments"):
        path = seeds / f"{name}.csv"
        path.write_text(path.read_text().replace("bell", odd))
    (seeds / "operators.csv").unlink()
    right = f"write {near}, or another of" if near else "write"
    said = f'seeds/accounts.csv line 3, column account_id: "{odd}" is no id: folders and files are named by it; '
    assert problems(seeds) == [f"{said}{right} {_RIGHT}"]
    assert check(seeds, FORMATS, lambda csv, cell: True) == []
    assert list(map(str, kept_all_the_same(seeds))) == [
        f"{said}it may stay, for the books know it; of a new one: {right} {_RIGHT}"
    ]


def test_sources_are_ids_and_names_of_others_are_not(seeds: Path) -> None:
    (seeds / "sources.csv").write_text("source,kind,format\nsw 1,cdrs,\n")
    assert [said.partition(";")[0] for said in problems(seeds)] == [
        'seeds/sources.csv line 2, column source: "sw 1" is no id: folders and files are named by it'
    ]
    (seeds / "sources.csv").unlink()
    append(seeds, "trunks", "sip:+49@[::1]:5060;x=\u00fc,ingress,bell,,\n")
    append(seeds, "operators", "CORP\\j\u00fcrgen@corp.example,viewer,\n")
    assert problems(seeds) == []


@pytest.mark.parametrize(
    ("odd", "wrong"),
    [
        ("a\u202eb", "it has '\\u202e', which turns the direction of writing; write it without that"),
        ("a\u061cb", "it has '\\u061c', which turns the direction of writing; write it without that"),
        ("a\x1bb", "it has '\\x1b', which is a control character; write it without that"),
        ("a\tb", "it has '\\t', which is a control character; write it without that"),
        ("x" * 201, "it has 201 characters, 200 is the most; write a shorter one"),
    ],
)
def test_a_text_commands_nothing_and_has_an_end(seeds: Path, odd: str, wrong: str) -> None:
    replace(seeds, "accounts", ",Bell,", f",{odd},")
    (said,) = problems(seeds)
    assert said.startswith("seeds/accounts.csv line 3, column name: ")
    assert said.endswith(f"cannot be kept: {wrong}")
    assert check(seeds, FORMATS, lambda csv, cell: True) == []


def test_everything_is_reported_at_once_in_order(seeds: Path) -> None:
    replace(seeds, "rates", ",,,0.05,", ",,,free,")
    replace(seeds, "rates", "feast", "fest")
    replace(seeds, "accounts", ",customer,", ",client,")
    replace(seeds, "trunks", "egress,bell", "egress,zed")
    (seeds / "operators.csv").unlink()
    (seeds / "rats.csv").write_text("x\n")
    assert [problem.split(":")[0] for problem in problems(seeds)] == [
        "seeds/accounts.csv line 2, column kind",
        "seeds/trunks.csv line 4, column account_id",
        "seeds/rates.csv line 2, column rate_per_minute",
        "seeds/rates.csv line 4, column band",
        "seeds/rats.csv",
    ]


def test_duplicate_keys(seeds: Path) -> None:
    append(seeds, "accounts", "acme,Acme again,customer,EUR,,,\n")
    append(seeds, "timetables", "office,01,peak,sun,08:00,18:00\n")
    append(seeds, "service_rates", "number,,2,EUR,2026-01-01T00:00:00Z\n")
    right = "delete one of the two, or change its key"
    assert problems(seeds) == [
        f"seeds/accounts.csv line 4, column account_id: the same account_id as line 2; {right}",
        f"seeds/timetables.csv line 4, column timetable_id: the same timetable_id, priority as line 2; {right}",
        f"seeds/service_rates.csv line 5, column service: the same service, account_id, valid_from as line 4; {right}",
    ]


def test_a_longer_span_overlaps_all_within_it(seeds: Path) -> None:
    (seeds / "trunks.csv").write_text(
        "trunk_id,direction,account_id,valid_from,valid_to\n"
        "t1,egress,bell,2026-03-01,2026-04-01\n"
        "t1,egress,bell,2026-01-01,\n"
        "t1,egress,acme,2026-05-01,2026-06-01\n"
    )
    assert [(p.line, p.wrong.split("line ")[1]) for p in check(seeds, FORMATS)] == [
        (3, "2 (2026-03-01 to 2026-04-01)"),
        (4, "3 (2026-01-01 to no end)"),
    ]


def test_a_block_table_needs_its_own_increments(seeds: Path) -> None:
    (seeds / "rate_tables.csv").write_text(
        "rate_table_id,kind,currency,increment_from\nretail,per_minute,EUR,\nblocks,block,USD,zero\nplus,markup,EUR,\n"
    )
    (seeds / "rates.csv").write_text(
        "rate_table_id,prefix,band,valid_from,increment_s,initial_charge,increment_charge,blocked\n"
        "blocks,1,,,0,1,1,\n"
        "blocks,2,,,,,,true\n"
        "retail,3,,,0,,,true\n"
    )
    assert [(p.file, p.line, p.column) for p in check(seeds, FORMATS)] == [
        ("seeds/rate_tables.csv", 3, "increment_from"),
        ("seeds/rates.csv", 2, "increment_s"),
    ]


def test_split_needs_a_timetable_and_a_rate_per_minute(seeds: Path) -> None:
    (seeds / "rate_tables.csv").write_text(
        "rate_table_id,kind,currency,timetable_id,band_policy\n"
        "retail,per_minute,EUR,office,split\n"
        "blocks,block,USD,,split\n"
        "plus,markup,EUR,,start\n"
    )
    (seeds / "rates.csv").write_text(
        "rate_table_id,prefix,band,valid_from,rate_per_minute,initial_rate_per_minute\nretail,,,,0.05,0.06\n"
    )
    assert problems(seeds) == [
        "seeds/rate_tables.csv line 3, column band_policy: a block table cannot cut a call at "
        "band edges; write start, or make it per_minute",
        "seeds/rate_tables.csv line 3, column timetable_id: without a timetable there are no "
        "bands to cut a call at; name one, or write band_policy start",
        "seeds/rates.csv line 2, column initial_rate_per_minute: a table with band_policy split "
        "has no initial rate; empty it, or use start",
    ]


def test_free_seconds_have_three_decimals(seeds: Path) -> None:
    (seeds / "consumption_profiles.csv").write_text(
        "profile_id,account_id,rule,allowance,period\n"
        "p1,acme,duration,600.125,month\n"
        "p2,acme,duration,600.1255,month\n"
        "p3,acme,cost,0.12345678,day\n"
    )
    assert problems(seeds) == [
        'seeds/consumption_profiles.csv line 3, column allowance: "600.1255" has 4 decimals, seconds have 3; '
        "write at most 3"
    ]


def test_channel_billing_is_refused_not_ignored(seeds: Path) -> None:
    (seeds / "servers.csv").write_text("server\ns1\n")
    assert [(p.file, p.line, p.column) for p in check(seeds, FORMATS)] == [("seeds/servers.csv", 2, None)]


def test_jurisdictions_are_three(seeds: Path) -> None:
    (seeds / "rates.csv").write_text(
        "rate_table_id,prefix,band,valid_from,rate_per_minute,calling_prefix,jurisdiction\n"
        "retail,1,,,0.05,1212,interstate\n"
        "retail,1,,,0.05,+33,local\n"
    )
    assert problems(seeds) == [
        'seeds/rates.csv line 3, column calling_prefix: "+33" is not a prefix; write 33',
        'seeds/rates.csv line 3, column jurisdiction: "local" is not a jurisdiction; '
        "write one of interstate, intrastate, indeterminate",
    ]


def test_cells_that_nothing_reads(seeds: Path) -> None:
    (seeds / "accounts.csv").write_text(
        "account_id,name,kind,currency,billing_model\nacme,Acme,customer,EUR,per_minute\nbell,Bell,carrier,USD,per_channel\n"
    )
    (seeds / "rate_tables.csv").write_text(
        "rate_table_id,kind,currency,increment_s,markup_pct\n"
        "retail,per_minute,EUR,,5\nblocks,block,USD,6,\nplus,markup,EUR,,10\nown,given,EUR,60,\n"
    )
    (seeds / "rates.csv").write_text(
        "rate_table_id,prefix,band,valid_from,rate_per_minute,initial_rate_per_minute,initial_charge,increment_charge,"
        "markup_pct,initial_s,increment_s,connect_charge,grace_s,free_s,min_charge,max_charge\n"
        "retail,1,,,0.05,0.06,,,,1,1,0.1,3,1,0.01,5\n"
        "blocks,1,,,,,0.1,0.02,,1,1,0.1,3,1,0.01,5\n"
        "plus,1,,,,,,,12,,,,,,0.01,5\n"
        "own,1,,,,,,,,,,,3,,0.01,5\n"
        "retail,2,,,0.05,,0.1,,7,,,,,,,\n"
        "blocks,2,,,0.05,,0.1,0.02,,,,,,,,\n"
        "plus,2,,,0.05,,,,12,,,,3,,,\n"
        "own,2,,,0.05,,,,,6,,,,,,\n"
    )
    (seeds / "subscriptions.csv").write_text(
        "subscription_id,account_id,service,charge,prorate,valid_from\n"
        "s1,acme,number,once,true,2026-01-01\ns2,acme,number,once,false,2026-01-01\ns3,acme,number,monthly,true,2026-01-01\n"
    )
    by_kind = "table: no call of it is charged by this; write nothing"
    assert sorted(problems(seeds)) == [
        "seeds/accounts.csv line 3, column billing_model: channel billing comes later; write per_minute, or nothing",
        "seeds/rate_tables.csv line 2, column markup_pct: a per_minute table adds no markup; "
        "write nothing, or make it a markup table",
        f"seeds/rates.csv line 6, column initial_charge: retail is a per_minute {by_kind}",
        f"seeds/rates.csv line 6, column markup_pct: retail is a per_minute {by_kind}",
        f"seeds/rates.csv line 7, column rate_per_minute: blocks is a block {by_kind}",
        f"seeds/rates.csv line 8, column grace_s: plus is a markup {by_kind}",
        f"seeds/rates.csv line 8, column rate_per_minute: plus is a markup {by_kind}",
        f"seeds/rates.csv line 9, column initial_s: own is a given {by_kind}",
        f"seeds/rates.csv line 9, column rate_per_minute: own is a given {by_kind}",
        "seeds/subscriptions.csv line 2, column prorate: what is charged once is charged in full; "
        "write nothing, or charge it monthly",
    ]


def test_bounds_of_a_rate_beside_those_of_its_table(seeds: Path) -> None:
    """retail has amounts of 4 decimals, from 0.001 to 2; 0 is no bound, and what is empty is the table's."""
    (seeds / "rates.csv").write_text(
        "rate_table_id,prefix,band,valid_from,rate_per_minute,min_charge,max_charge,grace_s,free_s\n"
        "retail,1,,,0.05,0.0001,3,0,0.5\n"
        "retail,2,,,0.05,0.00001,,,\n"
        "retail,3,,,0.05,2.5,,,\n"
        "retail,4,,,0.05,2.5,0,,\n"
        "retail,5,,,0.05,,0.0005,,\n"
        "retail,6,,,0.05,0,0.0005,,\n"
        "retail,7,,,0.05,3,2.5,-1,0.0001\n"
    )
    what = "write another one, or 0 for none"
    assert problems(seeds) == [
        'seeds/rates.csv line 3, column min_charge: "0.00001" has 5 decimals, amounts of this table 4; '
        "write fewer, or raise amount_decimals",
        "seeds/rates.csv line 4, column min_charge: the least amount (2.5) is more than the highest (2, of retail); "
        f"{what}",
        "seeds/rates.csv line 6, column max_charge: the least amount (0.0010, of retail) is more than the highest "
        f"(0.0005); {what}",
        'seeds/rates.csv line 8, column grace_s: "-1" is below what is allowed; write 0 or more',
        'seeds/rates.csv line 8, column free_s: "0.0001" has 4 decimals; write at most 3',
        f"seeds/rates.csv line 8, column min_charge: the least amount (3) is more than the highest (2.5); {what}",
    ]


# --- check: the shape of a file -----------------------------------------------------------------


def test_no_company_two_companies_no_directory(seeds: Path) -> None:
    append(seeds, "company", "Another,USD\n")
    assert problems(seeds) == ["seeds/company.csv line 3: a second company; keep one row"]
    (seeds / "company.csv").unlink()
    assert problems(seeds)[0].startswith("seeds/company.csv: there is no company; write a header")
    assert "there is no such directory" in str(check(seeds / "nowhere")[0])


def test_header_errors(seeds: Path) -> None:
    (seeds / "trunks.csv").write_text("trunk_id,Direction,account_id,account_id,valid_to,,x,\n")
    assert problems(seeds) == [
        "seeds/trunks.csv line 1, column Direction: there is no such column; did you mean direction?",
        "seeds/trunks.csv line 1, column account_id: the column is there twice; delete one of the two",
        "seeds/trunks.csv line 1: column 6 has no name; name it, or delete it",
        "seeds/trunks.csv line 1, column x: there is no such column; the columns are "
        "trunk_id, direction, account_id, valid_from, valid_to",
        "seeds/trunks.csv line 1: column 8 has no name; name it, or delete it",
        "seeds/trunks.csv line 1, column direction: the column is missing; add it to the header",
        "seeds/trunks.csv line 1, column valid_from: the column is missing; add it to the header",
    ]


def test_a_file_without_any_header_or_with_semicolons(seeds: Path) -> None:
    (seeds / "budgets.csv").write_text("")
    (seeds / "fx_rates.csv").write_text("from_currency;to_currency;valid_from;rate\n")
    (seeds / "prefix_regions.csv").write_text("sep=,\nprefix,region\n")
    assert problems(seeds) == [
        'seeds/prefix_regions.csv line 1: "sep=," is no header; only Excel knows it; delete the line',
        "seeds/budgets.csv line 1: there is no header; begin with the line department,month,amount,currency",
        "seeds/fx_rates.csv line 1: the columns are separated by semicolons; save the file with commas",
    ]


def test_rows_of_the_wrong_length_are_reported_once(seeds: Path) -> None:
    replace(seeds, "accounts", "bell,Bell,carrier,USD,,,\n", "bell,Bell, Inc.,carrier,USD,,,\n")
    append(seeds, "operators", "cy,viewer\n,,\n")
    assert problems(seeds) == [
        "seeds/accounts.csv line 3: the row has 8 cells where the header has 7; "
        'put a cell that holds a comma in quotes, like "a, b", or delete the extra commas',
        "seeds/operators.csv line 4: the row has 2 cells where the header has 3; "
        "write a comma for each cell left empty",
        "seeds/operators.csv line 5: the row is empty; delete the line",
    ]


def test_lines_are_physical_and_count_where_the_record_begins(seeds: Path) -> None:
    (seeds / "accounts.csv").write_text(
        "account_id,name,kind,currency,address\n"
        'acme,Acme,customer,EUR,"1 Road\nTown"\n'
        "\n"
        'bell,Bell,carrier,US,"2 Road\nCity"\n'
    )
    assert [(p.line, p.column) for p in check(seeds, FORMATS)] == [(5, "currency")]


def test_files_that_are_no_csv(seeds: Path) -> None:
    (seeds / "budgets.csv").write_bytes(b"department,month,amount,currency\nB\xfcro,2026-01,1,EUR\n")
    (seeds / "accounts.csv").write_text(VALID["accounts"] + 'zed,"Zed,customer,EUR\n')
    found = problems(seeds)
    assert found[0].startswith("seeds/accounts.csv line 4: the record that begins here cannot")
    assert found[1:] == ["seeds/budgets.csv line 2: the file is not UTF-8; save it as CSV in UTF-8"]


# --- load ----------------------------------------------------------------------------------------


def test_every_table_has_every_column_typed(con: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    for directory in (seeds, seeds / "nothing here"):
        load(con, directory)
        for file in FILES.values():
            described = con.execute(f"describe config.{file.name}").fetchall()
            expected = [(column.name, column.type.sql) for column in file.columns]
            extra = [("weekdays", "INTEGER[]")] if file.name == "timetables" else []
            assert [row[:2] for row in described] == [*expected, ("line", "INTEGER"), *extra]
    assert con.execute("select count(*) from config.rates").fetchone() == (0,)


def test_cells_become_values(con: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    load(con, seeds)
    assert con.execute("select account_id, timezone, credit_limit, tax_pct, line from config.accounts").fetchall() == [
        ("acme", "Europe/Berlin", Decimal("100.5"), None, 2),
        ("bell", None, None, None, 3),
    ]
    assert con.execute("select prefix, band, valid_from, rate_per_minute, blocked, line from config.rates").fetchall()[
        :4
    ] == [
        ("", "", None, Decimal("0.05"), None, 2),
        ("49", "peak", datetime(2026, 1, 1), Decimal("0.02"), None, 3),
        ("49", "feast", datetime(2026, 1, 1), Decimal("0.01"), None, 4),
        ("49900", "", None, None, True, 5),
    ]
    assert con.execute("select days, weekdays, starts_at, ends_at from config.timetables").fetchall() == [
        ("mon-fri", [1, 2, 3, 4, 5], time(8), time(18)),
        ("all", [1, 2, 3, 4, 5, 6, 7], time(0), time(0)),
    ]
    assert con.execute(
        "select source, international_prefixes, expected_every_minutes from config.sources"
    ).fetchall() == [("pbx", ["00", "011"], 30), ("shop", [], None)]
    assert con.execute("select max_age_days, max_duration_s from config.sources").fetchall() == [
        (90, 86400),
        (None, None),
    ]
    assert con.execute("select accounts from config.operators").fetchall() == [
        ([],),
        (["acme", "bell"],),
    ]
    assert con.execute("select date, month from config.holidays, config.budgets").fetchall() == [
        (date(2026, 12, 25), "2026-01")
    ]


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2026-03-01", datetime(2026, 3, 1)),
        ("2026-03-01 10:30", datetime(2026, 3, 1, 10, 30)),
        ("2026-03-01T10:30:15.25", datetime(2026, 3, 1, 10, 30, 15, 250000)),
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1)),
        ("2026-03-01T00:00:00+02:00", datetime(2026, 2, 28, 22)),
        ("2026-03-01T00:00-0530", datetime(2026, 3, 1, 5, 30)),
        ("2026-03-01 00:00:00+01", datetime(2026, 2, 28, 23)),
    ],
)
def test_times_are_utc_and_an_offset_is_honoured(
    con: duckdb.DuckDBPyConnection, seeds: Path, cell: str, utc: datetime
) -> None:
    append(seeds, "trunks", f"t2,egress,bell,{cell},\n")
    assert problems(seeds) == []
    load(con, seeds)
    query = "select valid_from from config.trunks where trunk_id = 't2'"
    assert con.execute(query).fetchone() == (utc,)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("HEADER\nfree,x,1\nfree,y,2\n", [2, 3]),
        ("HEADER\nfree,x,1\nfree,y,2", [2, 3]),
        ("HEADER\r\nfree,x,1\r\nfree,y,2\r\n", [2, 3]),
        ("\ufeffHEADER\nfree,x,1\nfree,y,2\n", [2, 3]),
        ("\n\nHEADER\n\nfree,x,1\n\n\nfree,y,2\n\n", [5, 8]),
        ('HEADER\n"free\n1",x,1\n"a ""free"" one",y,2\n', [2, 4]),
        ('HEADER\n"free",x,"1"\n5" free,y,2\n', [2, 3]),
    ],
)
def test_lines_are_exact_however_the_file_is_written(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str, lines: list[int]
) -> None:
    text = text.replace("HEADER", "plan_tier,resource,limit")
    (tmp_path / "plan_tiers.csv").write_bytes(text.encode())
    load(con, tmp_path)
    found = con.execute('select resource, "limit", line from config.plan_tiers order by line')
    assert found.fetchall() == [("x", 1, lines[0]), ("y", 2, lines[1])]


def test_load_replaces_within_the_callers_transaction(con: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    load(con, seeds)
    con.execute("create view accounts as select account_id from config.accounts")
    con.execute("begin")
    append(seeds, "accounts", "zed,Zed,both,EUR,,,\n")
    load(con, seeds)
    assert con.execute("select count(*) from accounts").fetchone() == (3,)
    con.execute("rollback")
    assert con.execute("select count(*) from accounts").fetchone() == (2,)


# --- version, weekdays, schema -------------------------------------------------------------------


def test_version_changes_with_the_known_files_only(seeds: Path) -> None:
    before = version(seeds)
    (seeds / "notes.txt").write_text("nothing")
    assert version(seeds) == before
    append(seeds, "accounts", "zed,Zed,both,EUR,,,\n")
    assert version(seeds) != before


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("all", [1, 2, 3, 4, 5, 6, 7]),
        ("mon-fri", [1, 2, 3, 4, 5]),
        ("sun, sat", [6, 7]),
        ("fri-mon", [1, 5, 6, 7]),
        ("wed-wed", [3]),
        ("mon-tue,thu,sat-sun", [1, 2, 4, 6, 7]),
    ],
)
def test_weekdays(days: str, expected: list[int]) -> None:
    assert weekdays(days) == expected


@pytest.mark.parametrize("days", ["", "monday", "mon-", "mon,,tue", "mon-fri-sun", "Mon"])
def test_weekdays_refuses(days: str) -> None:
    with pytest.raises(ValueError, match=r"^(|monday|mon-|mon-fri-sun|Mon)$"):
        weekdays(days)


def test_references_point_at_columns_that_exist() -> None:
    for file in FILES.values():
        for column in file.columns:
            assert column.type is not Type.ENUM or column.values
            if column.refers:
                FILES[column.refers[0]].column(column.refers[1])


def test_what_is_no_file_where_one_may_be(seeds: Path) -> None:
    """A link that leads nowhere is not a file that is missing."""
    for name in ("operators", "timetables", "rates"):
        (seeds / f"{name}.csv").unlink(missing_ok=True)
    (seeds / "operators.csv").symlink_to("/nonexistent")
    (seeds / "timetables.csv").mkdir()
    os.mkfifo(seeds / "rates.csv")
    # read for its rows, and a name that is none of ours
    (seeds / "servers.csv").mkdir()
    (seeds / "channel_plans.csv").symlink_to("/nonexistent")
    (seeds / "budget.csv").mkdir()
    right = "put the file there, or remove it"
    found = problems(seeds)
    assert "seeds/operators.csv: it is a link that leads nowhere (No such file or directory); " + right in found
    assert f"seeds/timetables.csv: it is a directory; {right}" in found
    assert f"seeds/rates.csv: it is a pipe; {right}" in found
    assert f"seeds/servers.csv: it is a directory; {right}" in found
    assert "seeds/channel_plans.csv: it is a link that leads nowhere (No such file or directory); " + right in found
    assert "seeds/budget.csv: this is no configuration file; did you mean budgets.csv?" in found
