"""Decks as carriers write them, a layout each, beside the rows they stand for, worked out by hand."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.configuration.load import load
from orchestration.configuration.schema import FILES
from orchestration.decks import normal
from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.decks.mapping_file import mapping_of
from orchestration.store.warehouse import PROJECT
from tests.support.decks import Serial, read, short, xlsx

PRICED = ("prefix", "rate_per_minute", "initial_s", "increment_s", "valid_from")


def test_canonical_columns(tmp_path: Path) -> None:
    deck, rows = read(
        tmp_path,
        None,
        "az.csv",
        "rate_table_id,prefix,destination,band,valid_from,rate_per_minute,connect_charge,blocked,ended,jurisdiction\n"
        "az,44,United Kingdom,,2026-04-01T00:00:00+01:00,0.0137,0.001,,,\n"
        "az,4470,,,2026-04-01,,,true,,\n"
        "az,1,United States,,,0.005,,,,interstate\n"
        "az,49,,,,,,,true,\n"
        "az,,Rest of the world,,,0.9,,,,\n",
        effective="2026-04-02",
    )
    assert (deck.effective_at, deck.replaces_all) == (datetime(2026, 4, 2), False)
    names = ("prefix", "valid_from", "rate_per_minute", "connect_charge", "blocked", "ended", "jurisdiction")
    assert short(rows, *names) == [
        " | 2026-04-02 | 0.9 |  |  |  | ",
        "1 | 2026-04-02 | 0.005 |  |  |  | interstate",
        "44 | 2026-03-31 23:00:00 | 0.0137 | 0.001 |  |  | ",
        "4470 | 2026-04-01 |  |  | yes |  | ",
        "49 | 2026-04-02 |  |  |  | yes | ",
    ]


def test_european_semicolons_decimal_comma_title_lines_and_notes(tmp_path: Path) -> None:
    deck, rows = read(
        tmp_path,
        """
        rate_table_id = "euro"
        replaces = "full"
        delimiter = ";"
        encoding = "cp1252"
        decimal = ","
        thousands = "."
        date_formats = ["%d.%m.%Y"]
        timezone = "Europe/Berlin"
        ends_before = "^Alle Preise"
        [columns]
        prefix = "Vorwahl"
        destination = ["Land", "Netz"]
        rate_per_minute = "Preis EUR/Min"
        increments = "Takt"
        valid_from = "gültig ab"
        """,
        "preise.csv",
        (
            "Nordnetz Carrier GmbH;;;;;\nPreisliste 04/2026;;;;;\n;;;;;\n"
            "Land;Netz;Vorwahl;Preis EUR/Min;Takt;Gültig ab\n"
            "Dänemark;;0045;0,0123 €;60/60;01.04.2026\n"
            "Dänemark;Mobil;0045 2;1.000,5;30/6;01.04.2026\n"
            ";;;;;\n"
            "Alle Preise ohne MwSt.;;;;;\n"
        ).encode("cp1252"),
    )
    assert deck.effective_at == datetime(2026, 3, 31, 22)
    assert short(rows, *PRICED, "destination") == [
        "45 | 0.0123 | 60 | 60 | 2026-03-31 22:00:00 | Dänemark",
        "452 | 1000.5 | 30 | 6 | 2026-03-31 22:00:00 | Dänemark - Mobil",
    ]


def test_country_code_and_lists_of_area_codes(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        [columns]
        country_code = "CC"
        prefix = "Area Codes"
        destination = "Breakout"
        rate_per_minute = "Rate"
        [constants]
        initial_s = 60
        increment_s = 1
        """,
        "a-z.csv",
        "Breakout,CC,Area Codes,Rate\n"
        "Australia Proper,61,,0.011\n"
        'Australia Mobile,+61,"4, 147-149; 50",.023\n'
        "Vatican,39,06698,0.2\n",
        effective="2026-04-01T06:00:00Z",
    )
    assert short(rows, *PRICED) == [
        "3906698 | 0.2 | 60 | 1 | 2026-04-01 06:00:00",
        "61 | 0.011 | 60 | 1 | 2026-04-01 06:00:00",
        "61147 | 0.023 | 60 | 1 | 2026-04-01 06:00:00",
        "61148 | 0.023 | 60 | 1 | 2026-04-01 06:00:00",
        "61149 | 0.023 | 60 | 1 | 2026-04-01 06:00:00",
        "614 | 0.023 | 60 | 1 | 2026-04-01 06:00:00",
        "6150 | 0.023 | 60 | 1 | 2026-04-01 06:00:00",
    ]


def test_lists_and_ranges_in_one_cell(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        [columns]
        prefix = "Codes"
        rate_per_minute = "USD"
        """,
        "codes.csv",
        'Codes,USD\n"61 38,39",0.03\n4477-4479,0.02\n"7 900 - 902, 77",0.04\n"44,45",0.01\n1 684,0.05\n',
        effective="2026-04-01",
    )
    assert short(rows, "prefix", "rate_per_minute") == [
        "1684 | 0.05",
        "44 | 0.01",
        "4477 | 0.02",
        "4478 | 0.02",
        "4479 | 0.02",
        "45 | 0.01",
        "6138 | 0.03",
        "6139 | 0.03",
        "777 | 0.04",
        "7900 | 0.04",
        "7901 | 0.04",
        "7902 | 0.04",
    ]


def test_patterns_of_a_softswitch_with_blocked_and_not_offered(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        replaces = "full"
        delimiter = "|"
        [columns]
        prefix = "pattern"
        destination = "comment"
        rate_per_minute = "cost"
        connect_charge = "connectcost"
        initial_s = "init_inc"
        increment_s = "inc"
        """,
        "export.txt",
        "pattern|comment|connectcost|inc|init_inc|cost\n"
        "^44.*|UK|0.00100|6|30|0.00900\n"
        "^4470.*|UK Personal|0|60|60|-1\n"
        "^53.*|Cuba||||\n"
        "^850.*|North Korea|0|60|60|Blocked\n",
        effective="2026-04-01",
    )
    names = ("prefix", "rate_per_minute", "connect_charge", "initial_s", "increment_s", "blocked", "ended")
    assert short(rows, *names) == [
        "44 | 0.009 | 0.001 | 30 | 6 |  | ",
        "4470 |  | 0 | 60 | 60 | yes | ",
        "53 |  |  |  |  |  | yes",
        "850 |  | 0 | 60 | 60 | yes | ",
    ]


def test_change_notice_with_actions_in_a_column(tmp_path: Path) -> None:
    deck, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        replaces = "partial"
        date_formats = ["%d-%b-%y", "%m/%d/%Y"]
        [columns]
        prefix = "Dial Code"
        destination = "Destination"
        rate_per_minute = "New Rate"
        valid_from = "Effective Date"
        action = "Status"
        increments = "Billing"
        [values.action]
        "Pending Increase" = "price"
        """,
        "notice.csv",
        "Destination,Dial Code,New Rate,Effective Date,Status,Billing\n"
        "Kenya,254,0.1900,07-Apr-26,Pending Increase,1/1\n"
        "Kenya Mobile,2547,0.1500,31-Mar-26,Decrease,1/1\n"
        "Kenya Fixed,25420,0.1,04/30/2026,Deleted,1/1\n"
        "Kenya Satellite,25499,0.1,31-Mar-26,BLOCKED,1/1\n",
    )
    assert deck.effective_at == datetime(2026, 3, 31)
    assert short(rows, "prefix", "rate_per_minute", "valid_from", "blocked", "ended") == [
        "254 | 0.19 | 2026-04-07 |  | ",
        "25420 |  | 2026-04-30 |  | yes",
        "2547 | 0.15 | 2026-03-31 |  | ",
        "25499 | 0.1 | 2026-03-31 | yes | ",
    ]


def test_us_deck_with_a_price_for_each_jurisdiction(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        replaces = "full"
        [effective]
        file_name = 'LRN_(\\d{8})_'
        format = "%Y%m%d"
        [columns]
        prefix = "NPANXX"
        country_code = "CC"
        [[prices]]
        jurisdiction = "interstate"
        rate_per_minute = "INTERSTATE"
        [[prices]]
        jurisdiction = "intrastate"
        rate_per_minute = "INTRASTATE"
        [[prices]]
        jurisdiction = "indeterminate"
        rate_per_minute = "INDETERMINATE"
        """,
        "LRN_20260405_flat.csv",
        "CC,NPANXX,INTERSTATE,INTRASTATE,INDETERMINATE\n1,201200,0.00210,0.0035,0.0035\n1,907200,0.0150,,0.0150\n",
    )
    assert short(rows, "prefix", "jurisdiction", "rate_per_minute", "valid_from", "ended", "line") == [
        "1201200 | indeterminate | 0.0035 | 2026-04-05 |  | 2",
        "1201200 | interstate | 0.0021 | 2026-04-05 |  | 2",
        "1201200 | intrastate | 0.0035 | 2026-04-05 |  | 2",
        "1907200 | indeterminate | 0.015 | 2026-04-05 |  | 3",
        "1907200 | interstate | 0.015 | 2026-04-05 |  | 3",
        "1907200 | intrastate |  | 2026-04-05 | yes | 3",
    ]


def test_peak_and_off_peak_columns_in_cents(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "euro"
        scale = "0.01"
        header = 0
        [columns]
        prefix = 2
        destination = 1
        currency = 5
        [[prices]]
        band = "peak"
        rate_per_minute = 3
        [[prices]]
        band = "offpeak"
        rate_per_minute = 4
        """,
        "cents.csv",
        "Italy,39,1.25,0.905,EUR\nItaly - Mobile,393,12,n/a,EUR\n",
        effective="2026-04-01",
    )
    assert short(rows, "prefix", "band", "rate_per_minute", "ended") == [
        "39 | offpeak | 0.00905 | ",
        "39 | peak | 0.0125 | ",
        "393 | offpeak |  | yes",
        "393 | peak | 0.12 | ",
    ]


def test_day_and_night_blocks(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "blocks"
        [columns]
        prefix = "Prefix"
        increments = "Blocks"
        [[prices]]
        band = "day"
        initial_charge = "Day Initial"
        increment_charge = "Day Add'l"
        [[prices]]
        band = "night"
        initial_charge = "Night Initial"
        increment_charge = "Night Add'l"
        """,
        "blocks.csv",
        "Prefix,Blocks,Day Initial,Day Add'l,Night Initial,Night Add'l\n1,30/6,$0.0088,$0.00176,$0.0060,$0.0012\n",
        effective="2026-04-01",
    )
    assert short(rows, "band", "initial_charge", "increment_charge", "initial_s", "increment_s") == [
        "day | 0.0088 | 0.00176 | 30 | 6",
        "night | 0.006 | 0.0012 | 30 | 6",
    ]


@pytest.mark.parametrize(("encoding", "mark"), [("utf-16", ""), ("utf-16-le", "\ufeff"), ("U8", "\ufeff")])
def test_several_products_and_origin_groups(tmp_path: Path, encoding: str, mark: str) -> None:
    _, rows = read(
        tmp_path,
        f'encoding = "{encoding}"'
        """
        delimiter = "\\t"
        [columns]
        rate_table = "Product"
        prefix = "B-Number"
        calling_prefix = "Origin"
        rate_per_minute = "Price"
        [values.rate_table]
        "Standard" = "az"
        "CLI Premium" = "premium"
        """,
        "products.tsv",
        (
            f"{mark}Product\tB-Number\tOrigin\tPrice\n"
            "Standard\t+49151\t\t0.012\n"
            "CLI premium\t+49151\t44,31\t0.020\n"
            "CLI premium\t+49151\t\t0.29\n"
        ).encode(encoding),
        effective="2026-04-01",
    )
    assert short(rows, "rate_table_id", "prefix", "calling_prefix", "rate_per_minute") == [
        "az | 49151 |  | 0.012",
        "premium | 49151 |  | 0.29",
        "premium | 49151 | 31 | 0.02",
        "premium | 49151 | 44 | 0.02",
    ]


def test_spreadsheet_with_numbers_dates_and_a_cover_sheet(tmp_path: Path) -> None:
    deck, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        replaces = "full"
        sheet = "A-Z"
        [effective]
        cell = "B2"
        [columns]
        prefix = "Code"
        destination = "Name"
        rate_per_minute = "Rate"
        valid_from = "From"
        increments = "Inc"
        """,
        "deck.xlsx",
        xlsx(
            ("Cover", [["Terms and conditions"]]),
            (
                "A-Z",
                [
                    ["Atlas Carrier Services"],
                    ["Effective", Serial(46113)],
                    [],
                    ["Name", "Code", "Rate", "From", "Inc"],
                    ["UK", 44, 0.1 + 0.2, Serial(46113), "1/1"],
                    ["UK Mobile", "+447", 0.0123, Serial(46120.25), "60/60"],
                    ["Satellite", 8818, 7, None, None],
                ],
            ),
        ),
    )
    # 0.1 + 0.2 is 0.30000000000000004 in the file: what is shown is 0.3
    assert deck.effective_at == datetime(2026, 4, 1)
    assert short(rows, *PRICED, "line") == [
        "44 | 0.3 | 1 | 1 | 2026-04-01 | 5",
        "447 | 0.0123 | 60 | 60 | 2026-04-08 06:00:00 | 6",
        "8818 | 7 |  |  | 2026-04-01 | 7",
    ]


def test_packed_deck_with_the_date_in_a_title_and_old_dates_in_rows(tmp_path: Path) -> None:
    deck, rows = read(
        tmp_path,
        """
        rate_table_id = "az"
        replaces = "full"
        earlier_dates = "effective"
        date_formats = ["%Y/%m/%d"]
        decimals = 6
        [effective]
        cell = "A1"
        pattern = 'valid from (\\S+)'
        [columns]
        prefix = "Prefix"
        rate_per_minute = "Rate"
        valid_from = "Since"
        [prefixes]
        international = ["+", "011"]
        separators = " "
        """,
        "full.csv.gz",
        gzip.compress(
            b"Price list valid from 2026/04/10,,\nPrefix,Rate,Since\n01133,0.0012345678,2019/01/01\n"
            b"01149 01143,1.5E-02,2026/05/01\n"
        ),
    )
    assert deck.effective_at == datetime(2026, 4, 10)
    assert short(rows, *PRICED) == [
        "33 | 0.001235 |  |  | 2026-04-10",
        "43 | 0.015 |  |  | 2026-05-01",
        "49 | 0.015 |  |  | 2026-05-01",
    ]


def test_markups_in_percent(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        'rate_table_id = "plus"\nscale = "0.01"\n[columns]\nprefix = "prefix"\nmarkup_pct = "markup"\n',
        "markup.csv",
        "prefix,markup\n44,-2.5\n49,12\n",
        effective="2026-04-01",
    )
    assert short(rows, "prefix", "markup_pct") == ["44 | -2.5", "49 | 12"]


def test_a_country_code_for_all_of_a_deck(tmp_path: Path) -> None:
    """United States decks name six digits; what else every row says is a constant, too."""
    mapped = """
        rate_table_id = "az"
        timezone = "America/New_York"
        [columns]
        prefix = "NPANXX"
        rate_per_minute = "Rate"
        [constants]
        country_code = "1"
        currency = "USD"
        valid_to = "2026-12-31"
        """
    _, rows = read(tmp_path, mapped, "us.csv", "NPANXX,Rate\n201200,0.004356\n0201,1\n212-214,0.01\n", "2026-04-01")
    assert short(rows, "prefix", "rate_per_minute", "valid_to") == [
        "10201 | 1 | 2026-12-31 05:00:00",
        "1201200 | 0.004356 | 2026-12-31 05:00:00",
        "1212 | 0.01 | 2026-12-31 05:00:00",
        "1213 | 0.01 | 2026-12-31 05:00:00",
        "1214 | 0.01 | 2026-12-31 05:00:00",
    ]
    ended = 'rate_table_id = "az"\n[columns]\nprefix = 1\n[constants]\nended = true\n'
    _, rows = read(tmp_path, ended, "gone.csv", "code\n44\n45\n", "2026-04-01")
    assert short(rows, "prefix", "ended", "blocked") == ["44 | yes | ", "45 | yes | "]
    blocked = 'rate_table_id = "az"\n[columns]\nprefix = 1\n[constants]\nblocked = true\n'
    _, rows = read(tmp_path, blocked, "barred.csv", "code\n44\n", "2026-04-01")
    assert short(rows, "prefix", "ended", "blocked") == ["44 |  | yes"]


def test_bounds_grace_and_free_seconds(tmp_path: Path) -> None:
    """In cents like prices; empty cells inherit; constants, as in rates.csv; a canonical deck has their names."""
    names = ("prefix", "rate_per_minute", "min_charge", "max_charge", "grace_s", "free_s")
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "euro"
        scale = "0.01"
        [columns]
        prefix = "code"
        rate_per_minute = "ct/min"
        min_charge = "least"
        grace_s = "grace"
        [constants]
        max_charge = "2.5"
        free_s = 2
        """,
        "euro.csv",
        "code,ct/min,least,grace\n44,2,1,3 s\n44800,0,0,\n49,2,-,0\n",
        effective="2026-04-01",
    )
    assert short(rows, *names) == [
        "44 | 0.02 | 0.01 | 2.5 | 3 | 2",
        "44800 | 0 | 0 | 2.5 |  | 2",
        "49 | 0.02 |  | 2.5 | 0 | 2",
    ]
    _, rows = read(
        tmp_path,
        """
        rate_table_id = "euro"
        [columns]
        prefix = "code"
        [[prices]]
        band = "peak"
        rate_per_minute = "day"
        min_charge = "least by day"
        [[prices]]
        band = "offpeak"
        rate_per_minute = "night"
        """,
        "fan.csv",
        "code,day,least by day,night\n44,0.02,0.01,0.01\n",
        effective="2026-04-01",
    )
    assert short(rows, "band", "rate_per_minute", "min_charge") == ["offpeak | 0.01 | ", "peak | 0.02 | 0.01"]
    _, rows = read(
        tmp_path / "canonical",
        None,
        "az.csv",
        "rate_table_id,prefix,rate_per_minute,min_charge,max_charge,grace_s,free_s\naz,44800,0,0,0,0,0\naz,45,1,,,,\n",
        effective="2026-04-01",
    )
    assert short(rows, *names) == ["44800 | 0 | 0 | 0 | 0 | 0", "45 | 1 |  |  |  | "]


def test_a_canonical_deck_has_every_column_of_rates() -> None:
    assert set(CANONICAL_COLUMNS) == {*FILES["rates"].names, "ended"}


def test_equal_rows_are_copies_of_the_last(tmp_path: Path) -> None:
    _, rows = read(
        tmp_path,
        None,
        "az.csv",
        "rate_table_id,prefix,destination,rate_per_minute\naz,44,UK,0.01\naz,44,United Kingdom,0.010\naz,44,UK,0.02\n",
        effective="2026-04-01",
    )
    assert short(rows, "line", "destination", "rate_per_minute") == ["3 | United Kingdom | 0.01", "4 | UK | 0.02"]


@pytest.mark.parametrize(
    ("source", "name", "rows"),
    [("atlas", "atlas-notice-2026-03-30.csv", 13), ("northlink", "northlink-2026-04.csv", 26)],
)
def test_the_demos_decks(source: str, name: str, rows: int) -> None:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    load(con, PROJECT / "seeds")
    tables = dict(con.execute("select rate_table_id, currency from config.rate_tables").fetchall())
    how, problems = mapping_of(PROJECT / "decks", source, tables)
    assert problems == []
    normal.load(con, PROJECT / "demo" / "decks" / name, source, how)
    assert con.execute("select count(*) from deck_rows").fetchall() == [(rows,)]
