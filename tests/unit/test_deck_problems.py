"""What is wrong with a deck or a mapping is said all at once, with line, column and what would be right."""
# ruff: noqa: E501  (messages are quoted whole)

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from orchestration.decks import mapping_file, workbook
from orchestration.decks.prefixes import PrefixRules, expand
from orchestration.decks.problem import UnreadableDeck
from tests.support.decks import XLS, Cell, read, short, xlsx

MAPPING = """
rate_table_id = "az"
date_formats = ["%d/%m/%Y"]
[columns]
prefix = "Code"
rate_per_minute = "Rate"
increments = "Inc"
valid_from = "Date"
"""


AZ = "rate_table_id = 'az'\n[columns]\nprefix = 1\n"


def problems(tmp_path: Path, toml: str | None, name: str, data: str | bytes, effective: str | None = None) -> list[str]:
    with pytest.raises(UnreadableDeck) as refused:
        read(tmp_path, toml, name, data, effective)
    return refused.value.problems


def test_all_bad_cells_of_a_deck(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        MAPPING,
        "bad.csv",
        "Code,Rate,Inc,Date\n"
        "44,0.01,1/1,01/04/2026\n"
        'UK,"0,02",60,01/04/2026\n'
        "4.47712E+11,free,1/x,2026-04-31\n"
        "4479-4477,-2,1/1,01/04/2026\n"
        "45,0.123456789,1/1,13/13/2026\n"
        "46,free,1/1,01/04/1926\n",
    )
    assert found == [
        'bad.csv line 3, column Code: "UK" is not a prefix; write digits like 4477, +4477, ^4477.*, 4477-4479 or 44 77,78',
        'bad.csv line 3, column Rate: "0,02" has "," where the decimal separator is "."; write ".", or set decimal = ","'
        " in the mapping",
        'bad.csv line 4, column Code: "4.47712E+11" was a prefix once; a spreadsheet has spoiled it: format the column as text',
        'bad.csv line 4, column Date: "2026-04-31" is not a date written %d/%m/%Y; name its format under date_formats',
        'bad.csv line 4, column Rate: "free" is not a price (also on 1 more lines: 7); write a number; words go under'
        " blocked or not_offered",
        'bad.csv line 4, column Inc: "1/x" is not a pair of increments; write it like 60/6',
        'bad.csv line 5, column Code: "4479-4477" is not a range; write both ends with the same number of digits, the'
        " lower one first, like 4477-4479; where a hyphen is decoration set ranges = false under [prefixes]",
        'bad.csv line 5, column Rate: "-2" is below 0; write a price; what stands for blocked goes under blocked in the mapping',
        'bad.csv line 6, column Date: "13/13/2026" is not a date written %d/%m/%Y; name its format under date_formats',
        'bad.csv line 6, column Rate: "0.123456789" has 9 decimals; set decimals = 8 in the mapping to have them rounded',
        'bad.csv line 7, column Date: "01/04/1926" is in the year 1926; write a year from 1990 to 2100',
    ]


def test_rows_that_do_not_fit_their_table(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        None,
        "bad.csv",
        "rate_table_id,prefix,band,rate_per_minute,valid_from,valid_to,initial_charge\n"
        "az,44,peak,0.01,2026-04-01,,\n"
        "euro,44,day,0.01,2026-04-01,2026-03-01,\n"
        "az,45,,,2026-04-01,,\n"
        "blocks,1,,,2026-04-01,,0.01\n",
    )
    assert found == [
        'bad.csv line 2, column band: "peak" never comes: az has no timetable; give the table a timetable_id',
        'bad.csv line 3, column band: "day" is no band of euro; write one of offpeak, peak; see [values.band]',
        "bad.csv line 3, column valid_to: it does not lie after valid_from; write a later time, or nothing",
        "bad.csv line 4, column rate_per_minute: there is no price, and the table is a per_minute table; write a price, or"
        " true under blocked or ended",
        "bad.csv line 5, column increment_charge: there is no price, and the table is a block table; write a price, or"
        " true under blocked or ended",
    ]


def test_what_a_country_code_for_all_of_a_deck_cannot_stand_before(tmp_path: Path) -> None:
    toml = "rate_table_id = 'az'\n[columns]\nprefix = 1\nrate_per_minute = 2\n[constants]\ncountry_code = '1'\n"
    found = problems(tmp_path, toml, "us.csv", "c,r\n+1201,1\n,1\n123456789012345,1\n", "2026-04-01")
    assert found == [
        'us.csv line 2, column c: "+1201" is not a prefix; write digits like 4477, +4477, ^4477.*, 4477-4479 or 44 77,78',
        "us.csv line 3, column c: there is no prefix; write one; notes below the rates are left out by ends_before",
        'us.csv line 4, column c: "1123456789012345" has 16 digits; write at most 15',
    ]


def test_prices_of_another_kind_of_table(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        None,
        "bad.csv",
        "rate_table_id,prefix,rate_per_minute,initial_charge,increment_charge,markup_pct,grace_s\n"
        "az,44,0.01,0.1,,,3\n"
        "blocks,1,0.01,0.1,0.02,,\n"
        "plus,1,,,,5,3\n",
        effective="2026-04-01",
    )
    right = "table: no call of it is charged by this; leave the cell empty"
    assert found == [
        f"bad.csv line 2, column initial_charge: the table is a per_minute {right}",
        f"bad.csv line 3, column rate_per_minute: the table is a block {right}",
        f"bad.csv line 4, column grace_s: the table is a markup {right}",
    ]


def test_bounds_that_do_not_fit_their_table(tmp_path: Path) -> None:
    """Amounts of az have 4 decimals and no bounds."""
    found = problems(
        tmp_path,
        None,
        "bad.csv",
        "rate_table_id,prefix,rate_per_minute,min_charge,max_charge\n"
        "az,44,0.01,0.00001,5\n"
        "az,45,0.01,2,1\n"
        "az,46,0.01,2,0\n"
        "az,47,0.01,0.0001,0.0001\n",
        effective="2026-04-01",
    )
    assert found == [
        "bad.csv line 2, column min_charge: it has more decimals than amounts of its table; write fewer, or raise amount_decimals",
        "bad.csv line 3, column min_charge: the least amount is more than the highest, the row's own or its table's; write another one, or 0",
    ]


@pytest.mark.parametrize(
    ("toml", "name", "data", "said"),
    [
        (MAPPING, "a.csv", "Code,Rates,Inc,Date\n", 'column Rate: decks/carrier.toml names it, and it is not there; did you'),
        (MAPPING, "a.csv", "Code;Rate;Inc;Date\n44;1;1;1\n", "are the cells separated by ';'? see delimiter"),
        (MAPPING, "a.csv", "Code,Rate,Inc,Date\n", "there are no rates in it"),
        (MAPPING, "a.csv", "Code,Rate,Inc,Date\n44,0,01,1/1,01/04/2026\n", "line 2: the row has 5 cells where the header has 4"),
        (MAPPING, "a.csv", "Code,Rate,Inc,Date\n44,1,1/1,01/04/2026\nNote: ex VAT\n", "line 3: the row has 1 cells"),
        (MAPPING, "a.csv", b"\xff\xfe\x00", "the file is not utf-8"),
        (MAPPING, "a.csv", 'Code,Rate,Inc,Date\n"44,1,1/1,01/04/2026\n', "line 2: the row that begins here cannot be read"),
        (MAPPING, "a.csv.gz", b"\x1f\x8b\x08broken", "the gzip data is damaged"),
        (MAPPING, "a.csv", b"", "the file is empty"),
        (MAPPING, "a.pdf", b"%PDF", "use one of .csv"),
        (MAPPING, "a.csv", b"PK\x03\x04", "give it a name that ends in .xlsx"),
        (MAPPING, "a.xlsx", b"PK\x03\x04", "not a spreadsheet"),
        (MAPPING, "a.xlsx", xlsx(), "there is no sheet in it"),
        (MAPPING, "a.xlsx", xlsx(("A", []), ("B", [])), "set sheet to one of A, B in the mapping"),
        ('sheet = "C"' + MAPPING, "a.xlsx", xlsx(("A", []), ("B", [])), "set sheet to one of A, B"),
        (None, "a.csv", "Code,Rate\n44,0.01\n", "a carrier's own deck needs a mapping, decks/<source>.toml"),
        (None, "a.csv", "rate_table_id,prefix,rate_per_minute\neruo,44,0.01\n", '"eruo" is not in rate_tables.csv; did you mean euro?'),
        (None, "a.csv", "rate_table_id,prefix,rate_per_minute\naz,44,0.01\n", "the deck has no effective date; say it"),
        (
            'replaces = "full"' + MAPPING,
            "a.csv",
            "Code,Rate,Inc,Date\n44,1,1/1,01/04/2026\n45,1,1/1,02/04/2026\n",
            "its rows begin on 2 different dates; say when prices it does not have end: --effective",
        ),
        (
            MAPPING + "[effective]\ncell = 'B1'\n",
            "a.csv",
            "Code,Rate,Inc,Date\n44,1,1/1,01/04/2026\n",
            'line 1: the effective date is to be in its cell, and "Rate" is not a date',
        ),
        (
            'rate_table_id = "az"\n[columns]\nprefix = 1\nrate_per_minute = 2\ncurrency = 3\n',
            "a.csv",
            "p,r,c\n44,1,GBP\n",
            'line 2, column currency: the price is in "GBP", and az is in USD',
        ),
    ],
)  # fmt: skip
def test_a_deck_that_cannot_be_read(tmp_path: Path, toml: str | None, name: str, data: str | bytes, said: str) -> None:
    effective = "2026-04-01" if "currency" in (toml or "") else None
    assert said in "\n".join(problems(tmp_path, toml, name, data, effective))


def test_a_date_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    """A price would begin on another day; by the rules before, the first format that fitted counted."""
    two = MAPPING.replace('["%d/%m/%Y"]', '["%d/%m/%Y", "%m/%d/%Y"]')
    deck = "Code,Rate,Inc,Date\n44,1,1/1,12/05/2026\n45,1,1/1,05/05/2026\n46,1,1/1,12/15/2026\n"
    both = '"12/05/2026" is 2026-05-12 written %d/%m/%Y, and 2026-12-05 written %m/%d/%Y'
    assert problems(tmp_path, two, "a.csv", deck) == [
        f"a.csv line 2, column Date: {both}; keep the format that is meant in the mapping"
    ]
    dates = [row["valid_from"] for row in read(tmp_path, two, "a.csv", deck, rules=4)[1]]
    assert dates == ["2026-05-12", "2026-05-05", "2026-12-15"]

    swapped = MAPPING.replace("%d/%m/%Y", "%Y-%d-%m")
    right = "what looks like ISO 8601 is read so: write it otherwise, like 2026/12/31, and its format so"
    iso = "Code,Rate,Inc,Date\n44,1,1/1,2026-05-12\n45,1,1/1,2026-15-12\n"
    assert problems(tmp_path, swapped, "a.csv", iso) == [
        f'a.csv line 2, column Date: "2026-05-12" is 2026-12-05 written %Y-%d-%m, and 2026-05-12 by ISO 8601; {right}'
    ]

    undated = swapped.replace('valid_from = "Date"\n', "")
    given = read(tmp_path, undated, "a.csv", iso, "2026-05-12")[1]
    assert short(given, "valid_from") == ["2026-05-12", "2026-05-12"]
    (found,) = problems(tmp_path, two, "a.csv", deck[:20] + "44,1,1/1,\n", "12/05/2026")
    assert found == f"a.csv: --effective {both}; write 2026-04-01 or 2026-04-01T06:00:00Z"

    # 01112026 without its zero is 11 January, too
    unmarked = MAPPING.replace("%d/%m/%Y", "%d%m%Y")
    unpadded = "Code,Rate,Inc,Date\n44,1,1/1,01112026\n45,1,1/1,1112026\n"
    assert problems(tmp_path, unmarked, "a.csv", unpadded) == [
        'a.csv line 3, column Date: "1112026" lacks a zero for %d%m%Y, and may be two days; a spreadsheet took it away:'
        " format the column as text, or as a date"
    ]
    dates = [row["valid_from"] for row in read(tmp_path, unmarked, "a.csv", unpadded, rules=4)[1]]
    assert dates == ["2026-11-01", "2026-01-11"]
    timed = MAPPING.replace("%d/%m/%Y", "%d%m%Y %H:%M")
    (row,) = read(tmp_path, timed, "a.csv", "Code,Rate,Inc,Date\n44,1,1/1,01112026 6:05\n")[1]
    assert row["valid_from"] == "2026-11-01 06:05:00"


def test_two_dates_where_one_is_looked_for(tmp_path: Path) -> None:
    toml = AZ + "rate_per_minute = 2\n[effective]\nfile_name = '([0-9]{8})'\nformat = '%Y%m%d'\n"
    assert problems(tmp_path, toml, "20260315_of_20260401.csv", "p,r\n44,1\n") == [
        "20260315_of_20260401.csv: there are two dates in the file's name, 2026-03-15 and 2026-04-01; let the pattern"
        " under [effective] fit one of them, or say it: --effective 2026-04-01, or see [effective] in the mapping"
    ]
    assert read(tmp_path, toml, "20260315_of_20260401.csv", "p,r\n44,1\n", rules=4)[1][0]["valid_from"] == "2026-03-15"
    # what is no date is none of two
    for name in ("20260401_no_99999999.csv", "20260401_20260401.csv"):
        assert read(tmp_path, toml, name, "p,r\n44,1\n")[1][0]["valid_from"] == "2026-04-01"


def test_what_a_spreadsheet_made_of_cells(tmp_path: Path) -> None:
    rows = "46357,0.1,1/1,46357\n2026-01-04,Jan-05,06. Jun,46357.5\n1/4/2026,1,1/1,01/04/2026\n"
    day, right = "is the number of a day in a spreadsheet (2026-12-01)", "format the column as"
    text = f"a spreadsheet has made a date of it: {right} text"
    assert problems(tmp_path, MAPPING, "a.csv", f"Code,Rate,Inc,Date\n{rows}") == [
        f'a.csv line 2, column Date: "46357" {day}; {right} a date',
        f'a.csv line 3, column Code: "2026-01-04" is not a prefix; {text}',
        f'a.csv line 3, column Date: "46357.5" {day}; {right} a date',
        f'a.csv line 3, column Rate: "Jan-05" is not a price; {text}',
        f'a.csv line 3, column Inc: "06. Jun" is not a pair of increments; {text}',
        f'a.csv line 4, column Code: "1/4/2026" is not a prefix; {text}',
    ]
    # with their marks they are a list, or one prefix
    listed = "Code,Rate,Inc,Date\n1/4/2026,1,1/1,01/04/2026\n"
    assert short(read(tmp_path, MAPPING, "a.csv", listed, rules=4)[1], "prefix") == ["1", "2026", "4"]
    decorated = AZ + "rate_per_minute = 2\n[prefixes]\nranges = false\n"
    (found,) = problems(tmp_path, decorated, "a.csv", "p,r\n2026-01-04,1\n", "2026-04-01")
    assert found == f'a.csv line 2, column p: "2026-01-04" is not a prefix; {text}'
    day_of_prefixes = "Code,Rate,Inc,Date\n38/40/2012,1,1/1,01/04/2026\n"
    assert short(read(tmp_path, MAPPING, "a.csv", day_of_prefixes)[1], "prefix") == ["2012", "38", "40"]


def test_numbers_of_a_sheet_have_no_marks(tmp_path: Path) -> None:
    """A mapping says how texts are written: 0.123 in a sheet is no 0123 whose thousands end with a point."""
    toml = 'decimal = ","\nthousands = "."\n' + AZ.replace("prefix = 1", "prefix = 'Code'\nrate_per_minute = 'Rate'")
    sheet = xlsx(("A", [["Code", "Rate"], [44, 0.123], [45, "1.234,5"], [46, 7]]))
    _, rows = read(tmp_path, toml, "a.xlsx", sheet, "2026-04-01")
    assert short(rows, "prefix", "rate_per_minute") == ["44 | 0.123", "45 | 1234.5", "46 | 7"]
    _, rows = read(tmp_path, toml, "a.xlsx", sheet, "2026-04-01", rules=4)
    assert short(rows, "prefix", "rate_per_minute") == ["44 | 123", "45 | 1234.5", "46 | 7"]
    # a list that became a number is none: 44,50 is 44.5 in it
    sheet = xlsx(("A", [["Code", "Rate"], [44.5, 0.1]]))
    (found,) = problems(tmp_path, toml, "a.xlsx", sheet, "2026-04-01")
    assert found.startswith('a.xlsx line 2, column Code: "44.5" is not a prefix')


def test_marks_that_end_no_thousands(tmp_path: Path) -> None:
    """0.020 by a mapping whose decimals have a comma was 20; no number of thousands begins with 0."""
    toml = 'decimal = ","\nthousands = "."\ncurrency = "USD"\n' + AZ + "rate_per_minute = 2\n"
    right = 'the decimal separator is ","; see decimal and thousands in the mapping'
    deck = "p;r\n44;0.020\n45;-0.020\n46;0 02\n47;1.234,5 USD\n48;€ 1.234.567\n49;12 345,25\n33;USD 0,25\n"
    semicolons = 'delimiter = ";"\n' + toml
    assert problems(tmp_path, semicolons, "a.csv", deck, "2026-04-01") == [
        f'a.csv line 2, column r: "0.020" has "." where no thousands end; {right}',
        f'a.csv line 3, column r: "-0.020" has "." where no thousands end; {right}',
        f'a.csv line 4, column r: "0 02" has " " where no thousands end; {right}',
    ]
    _, rows = read(tmp_path, semicolons, "a.csv", deck.replace("45;-0.020\n", ""), "2026-04-01", rules=5)
    wrong = ["44 | 20", "46 | 2"]
    assert short(rows, "prefix", "rate_per_minute") == [
        "33 | 0.25",
        *wrong,
        "47 | 1234.5",
        "48 | 1234567",
        "49 | 12345.25",
    ]
    commas = 'delimiter = ";"\nthousands = ","\n' + AZ + "rate_per_minute = 2\n"
    (found,) = problems(tmp_path, commas, "a.csv", "p;r\n44;0,020\n45;1,234.5\n", "2026-04-01")
    assert found.startswith('a.csv line 2, column r: "0,020" has "," where no thousands end; ')


def test_country_codes_of_merged_cells(tmp_path: Path) -> None:
    """The first row alone has it: 207 is Egypt, and not London."""
    toml = AZ.replace("prefix = 1", 'country_code = "CC"\nprefix = "Area"\nrate_per_minute = "Rate"')
    deck = "CC,Area,Rate\n44,20,1\n,207,2\n,208,3\n44,,4\n,+4420,5\n"
    assert problems(tmp_path, toml, "a.csv", deck, "2026-04-01") == [
        "a.csv line 3, column CC: it is empty, and other rows have one (also on 1 more lines: 4); of merged cells the"
        " first alone has it: write it in each row; a whole prefix is written +44"
    ]
    by_before = read(tmp_path, toml, "a.csv", deck, "2026-04-01", rules=5)[1]
    assert short(by_before, "prefix") == ["207", "208", "44", "4420", "4420"]
    # a column that no row has filled is none
    none = read(tmp_path, toml, "a.csv", "CC,Area,Rate\n,207,2\n,208,3\n", "2026-04-01")[1]
    assert short(none, "prefix") == ["207", "208"]


def test_an_effective_date_that_changes_nothing(tmp_path: Path) -> None:
    """Prices begin on their rows' dates, a month before the one that somebody gives."""
    dated = MAPPING + "[effective]\nfile_name = '([0-9-]{10})'\n"
    deck = "Code,Rate,Inc,Date\n44,1,1/1,01/12/2026\n45,1,1/1,15/12/2026\n"
    (found,) = problems(tmp_path, MAPPING, "a.csv", deck, "2027-01-01")
    assert found == (
        "a.csv: --effective changes nothing: every row has its own date, the first 2026-12-01; leave it out; to have"
        " other dates, write them in the deck"
    )
    # what the deck has by itself, as the journal says it
    for toml, name, given in [
        (MAPPING, "a.csv", "2026-12-01T00:00:00"),
        (dated, "2026-11-20.csv", "2026-11-20T00:00:00"),
        ('earlier_dates = "effective"' + MAPPING, "a.csv", "2026-12-10"),
        ('replaces = "full"' + MAPPING, "a.csv", "2026-11-20"),
    ]:
        assert len(read(tmp_path, toml, name, deck, given)[1]) == 2
    assert len(problems(tmp_path, 'earlier_dates = "effective"' + MAPPING, "a.csv", deck, "2026-11-30")) == 1
    assert read(tmp_path, MAPPING, "a.csv", deck, "2027-01-01", rules=5)[1][0]["valid_from"] == "2026-12-01"
    undated = deck + "46,1,1/1,\n"
    assert read(tmp_path, MAPPING, "a.csv", undated, "2027-01-01")[1][2]["valid_from"] == "2027-01-01"


def test_columns_that_nothing_reads(tmp_path: Path) -> None:
    deck = "Code,Rate,Inc,Date,Connect  Fee,Note,\n44,1,1/1,01/12/2026,,,\n45,1,1/1,01/12/2026,0.05,,x\n"
    assert read(tmp_path, MAPPING, "a.csv", deck)[0].unread == ("Connect Fee", "7")
    bare = "header = 0\n" + AZ + "rate_per_minute = 3\n"
    assert read(tmp_path, bare, "a.csv", "44,UK,1\n45,DK,1\n", "2026-04-01")[0].unread == ("column 2",)


def test_words_of_a_mapping_that_say_two_things(tmp_path: Path) -> None:
    """A word that the mapping names under one key is not the other's by default."""
    toml, deck = AZ + "rate_per_minute = 2\n", "p,r\n44,-\n45,-1\n"
    for words, rules, found in [
        ("blocked = ['-']\nnot_offered = ['-1']\n", 5, ["44 | yes | ", "45 |  | yes"]),
        ("blocked = ['-', '-1']\n", 5, ["44 | yes | ", "45 | yes | "]),
        ("blocked = ['-', '-1']\n", 4, ["44 |  | yes", "45 | yes | "]),
        ("not_offered = ['-', '-1']\n", 5, ["44 |  | yes", "45 |  | yes"]),
    ]:
        rows = read(tmp_path, words + toml, "a.csv", deck, "2026-04-01", rules=rules)[1]
        assert short(rows, "prefix", "blocked", "ended") == found


def test_a_separator_and_columns_without_a_name(tmp_path: Path) -> None:
    canonical = "rate_table_id,prefix,rate_per_minute,,\naz,44,1,,\n"
    assert problems(tmp_path, None, "a.csv", canonical, "2026-04-01") == [
        f"a.csv line 1: column {n} has no name; name it, or delete it" for n in (4, 5)
    ]
    for line in ("sep=,", '"sep=;"', "sep=\t"):
        (found,) = problems(tmp_path, None, "a.csv", f"{line}\n{canonical}", "2026-04-01")
        assert found.endswith(" is no header; only Excel knows it; delete the line")
    mapped = "sep=,\nCode,Rate,Inc,Date\n44,1,1/1,01/04/2026\n"
    assert len(read(tmp_path, MAPPING, "a.csv", mapped)[1]) == 1


def test_cells_of_a_sheet_that_have_no_value(tmp_path: Path) -> None:
    """An error is a text as in CSV, a formula that was never worked out is none; columns that nothing reads count not."""
    head = ["Code", "Old", "Rate", "Inc", "Date"]
    error, unknown = Cell("<v>#DIV/0!</v>", "e"), Cell("<f>VLOOKUP(A2,O:O,1)</f><v>#N/A</v>", "e")
    worked, no_text = Cell("<f>1/50</f><v>0.02</v>"), Cell('<f>IF(1,"",2)</f><v></v>', "str")
    rows = [
        head,
        [44, unknown, worked, no_text, "01/04/2026"],
        [45, None, error, "1/1", "01/04/2026"],
        [46, None, 1, "1/1", error],
    ]
    right = "write a number; words go under blocked or not_offered"
    assert problems(tmp_path, MAPPING, "e.xlsx", xlsx(("A", rows))) == [
        f'e.xlsx line 3, column Rate: "#DIV/0!" is not a price; {right}',
        'e.xlsx line 4, column Date: "#DIV/0!" is not a date written %d/%m/%Y; name its format under date_formats',
    ]
    _, read_rows = read(tmp_path, MAPPING, "e.xlsx", xlsx(("A", rows[:2])))
    assert short(read_rows, "prefix", "rate_per_minute", "initial_s") == ["44 | 0.02 | "]
    not_offered = 'not_offered = ["#DIV/0!"]' + MAPPING
    _, read_rows = read(tmp_path, not_offered, "e.xlsx", xlsx(("A", rows[:3])))
    assert short(read_rows, "prefix", "ended") == ["44 | ", "45 | yes"]
    # what was accepted before was an empty cell, and is so when it is done again
    _, read_rows = read(tmp_path, MAPPING, "e.xlsx", xlsx(("A", rows)), "2026-04-01", rules=3)
    assert short(read_rows, "prefix", "ended") == ["44 | ", "45 | yes", "46 | "]

    bare, empty, shared = Cell("<f>1/50</f>"), Cell("<f>A1&amp;1</f><v/>"), Cell('<f t="shared" si="0"/>')
    rows = [
        head,
        [44, bare, bare, "1/1", "01/04/2026"],
        [empty, None, bare, "1/1", "01/04/2026"],
        [46, 1, shared],
    ]
    wrong, right = "is a formula whose value is not in the file", "open it in a spreadsheet program and save it there"
    assert problems(tmp_path, 'sheet = "B"' + MAPPING, "f.xlsx", xlsx(("A", []), ("B", rows))) == [
        f'f.xlsx line 2, column Rate: "=1/50" {wrong} (also on 1 more lines: 3); {right}',
        f'f.xlsx line 3, column Code: "=A1&1" {wrong}; {right}',
        f'f.xlsx line 4, column Rate: "=" {wrong}; {right}',
    ]
    # 0 is what some scripts write until then
    zero = [head, [44, None, Cell("<f>1/50</f><v>0</v>"), "1/1", "01/04/2026"]]
    _, read_rows = read(tmp_path, MAPPING, "g.xlsx", xlsx(("A", zero)))
    assert short(read_rows, "prefix", "rate_per_minute") == ["44 | 0"]
    left = xlsx(("A", zero), is_unworked=True)
    assert problems(tmp_path, MAPPING, "g.xlsx", left) == [f'g.xlsx line 2, column Rate: "=1/50" {wrong}; {right}']


def test_cells_of_an_older_workbook(tmp_path: Path) -> None:
    """Dates, with a time too, numbers, what is no value; that of a formula is in the file, or empty."""
    toml = "sheet = 'Rates'\n" + MAPPING.replace(
        "[columns]", "not_offered = ['', '#DIV/0!']\n[columns]\nblocked = 'Blocked'\ndestination = ['Date', 'Share']"
    )
    _, rows = read(tmp_path, toml, "x.xls", XLS)
    assert short(rows, "line", "prefix", "rate_per_minute", "initial_s", "valid_from", "blocked", "ended") == [
        "2 | 44 | 0.3 | 60 | 2026-04-01 |  | ",
        "3 | 4477 | 0.0195 | 6 | 2026-04-02 06:30:15 | yes | ",
        "4 | 447700900 |  |  | 2026-04-03 |  | yes",
        "5 | 45 |  |  | 2026-04-01 |  | yes",
        "9 | 46 | 7 |  | 2026-04-02 |  | ",
    ]
    # as they are shown: days have no time, times no day
    assert short(rows, "destination") == [
        "2026-04-01 - 0.05",
        "2026-04-02 06:30:15 - 12:00:00",
        "2026-04-03 - 61.25",
        "01/04/2026",
        "02/04/2026",
    ]
    assert problems(tmp_path, "sheet = 'Rates'\n" + MAPPING, "x.xls", XLS) == [
        'x.xls line 5, column Rate: "#DIV/0!" is not a price; write a number; words go under blocked or not_offered',
    ]
    # it was an empty cell by the rules before
    assert len(read(tmp_path, "sheet = 'Rates'\n" + MAPPING, "x.xls", XLS, rules=3)[1]) == 5
    assert problems(tmp_path, MAPPING, "x.xls", XLS) == [
        "x.xls: there are several sheets; set sheet to one of Rates, Hidden in the mapping"
    ]


@pytest.mark.parametrize("cut", [8, 600, 1500, 4000])
def test_a_damaged_older_workbook(tmp_path: Path, cut: int) -> None:
    (found,) = problems(tmp_path, "sheet = 'Rates'\n" + MAPPING, "x.xls", XLS[:cut])
    assert re.fullmatch(
        r"x\.xls: not a spreadsheet, or a damaged one \(.+\); save it as \.xlsx, without a password", found
    )


def test_a_sheet_that_reaches_too_far(tmp_path: Path) -> None:
    """Nothing is filled up to a stray cell in the last corner: that would take 400 GB."""
    stray = Cell('</c></row><row r="1048576"><c r="XFD1048576" t="str"><v> </v>')
    assert problems(tmp_path, MAPPING, "x.xlsx", xlsx(("A", [["Code", "Rate", stray]]))) == [
        "x.xlsx: the sheet is too large: it has cells up to column XFD and row 1,048,576; delete the rows and columns"
        " without prices (the cells look empty), and save it"
    ]
    wide = [["Code", "Rate", "Inc", "Date", Cell('</c><c r="XFD1">')], [44, 1, "1/1", "01/04/2026"]]
    assert len(read(tmp_path, MAPPING, "x.xlsx", xlsx(("A", wide)))[1]) == 1


def test_a_cell_that_no_sheet_has_room_for() -> None:
    """The grid of a damaged sheet is not filled up to there."""
    far = xlsx(("A", [["Code", Cell('</c><c r="B2000000" t="e">')]]))
    with pytest.raises(ValueError, match="there is no cell B2000000"):
        workbook.without_values(far, "A")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("x", "decks/x.toml: not TOML"),
        ("rate_table_id = 'az'\n", "decks/x.toml, column columns.prefix: it is missing"),
        ("[columns]\nprefix = 1\n", "column rate_table_id: it is missing"),
        ("rate_table_id = 'azz'\n[columns]\nprefix = 1\n", '"azz" is not in rate_tables.csv; did you mean az?'),
        ("rate_table_id = 'az'\ndecimals = 9\n[columns]\nprefix = 1\n", "column decimals: 9 is not a whole number"),
        ("rate_table_id = 'az'\ndecmal = ','\n[columns]\nprefix = 1\n", "column decmal: there is no such key; did you mean dec"),
        ("rate_table_id = 'az'\nscale = 0.01\n[columns]\nprefix = 1\n", 'column scale: 0.01 is not a number above 0 in quotes'),
        ("rate_table_id = 'az'\nheader = 0\n[columns]\nprefix = 'a'\n", "a deck without a header has no names"),
        ("rate_table_id = 'az'\n[columns]\nprefx = 'a'\n", "column columns.prefx: there is no such column; did you mean prefix?"),
        ("rate_table_id = 'az'\n[columns]\nprefix = 1.5\n", "1.5 is not a column"),
        ("rate_table_id = 'az'\ntimezone = 'CET+1'\n[columns]\nprefix = 1\n", "'CET+1' is not an IANA time zone"),
        ("rate_table_id = 'az'\ndate_formats = 'd.m'\n[columns]\nprefix = 1\n", "'d.m' is not a date format"),
        ("rate_table_id = 'az'\n[columns]\nprefix = 1\n[values.action]\nx = 'no'\n", '"no" is no action; write price, end, block'),
        ("rate_table_id = 'az'\n[columns]\nprefix = 1\n[[prices]]\nband = 'x'\n", "column prices 1: it has no price"),
        ("rate_table_id = 'az'\n[columns]\nprefix = 1\n[effective]\ncell = '3B'\n", "'3B' is not a cell"),
        ("rate_table_id = 'az'\n[columns]\nprefix = 1\n[prefixes]\nranges = 1\n", "column prefixes.ranges: 1 is not possible"),
        ("replaces = 'all'\nrate_table_id = 'az'\n[columns]\nprefix = 1\n", '\'all\' is not possible; write "full" or "partial"'),
        (AZ + "[constants]\nprefix = '1'\n", "column constants.prefix: there is no such constant"),
        (AZ + "[constants]\ncountry_code = '+1'\n", "'+1' is not a country code; write digits only"),
        (AZ + "[constants]\ncalling_prefix = '+33'\n", "'+33' is not a prefix; write digits only"),
        (AZ + "[constants]\njurisdiction = 'INTERSTATE'\n", "'INTERSTATE' is no jurisdiction; write interstate"),
        (AZ + "[constants]\ncurrency = 'Euro'\n", "'Euro' is not a currency"),
        (AZ + "[constants]\nvalid_to = '31.12.2026'\n", "'31.12.2026' is not a time"),
        (AZ + "[constants]\nblocked = 'no'\n", "'no' is not true; write blocked = true, or leave it out"),
        (AZ + "[constants]\nconnect_charge = '0,5'\n", "'0,5' is not a number of at most 8 decimals"),
        (AZ + "[constants]\nmin_charge = '-1'\n", "'-1' is not a number of at most 8 decimals"),
        (AZ + "[constants]\ninitial_s = '0.0001'\n", "'0.0001' is not a number of at most 3 decimals"),
        (AZ + "country_code = 2\n[constants]\ncountry_code = 1\n", "column constants.country_code: a column gives it; keep one"),
        (AZ + "increments = 2\n[constants]\nincrement_s = 1\n", "column constants.increment_s: the column increments gives it"),
        (AZ + "band = 2\n[[prices]]\nband = 'x'\nrate_per_minute = 3\n", "column columns.band: each of [[prices]] gives it"),
        (
            AZ + "[constants]\nconnect_charge = '1'\n[[prices]]\nband = 'x'\nconnect_charge = 3\n",
            "column constants.connect_charge: a column gives it",
        ),
        (AZ + "[values.band]\nP = 'peak'\n", "column values.band: no column has these words; write band ="),
        (AZ + "[effective]\nformat = '%d.%m.%Y'\n", "column effective.format: it is of no date"),
        (AZ + "[effective]\npattern = '(.*)'\n", "column effective.pattern: it is of no date"),
        ("earlier_dates = 'effective'\n" + AZ, "column earlier_dates: no row has a date of its own"),
        (AZ + "[[prices]]\nmin_charge = 2\n", "column prices 1: it has no price"),
        ("encoding = 'latin9000'\nrate_table_id = 'az'\n[columns]\nprefix = 1\n", "'latin9000' is not an encoding"),
        ("currency = 'EUR'\n" + AZ, "column currency: the deck is in EUR, and az in USD: prices are not converted; ask for"),
        (AZ + "[constants]\ncurrency = 'EUR'\n", "column constants.currency: the deck is in EUR, and az in USD: prices"),
        (
            "currency = 'USD'\n[columns]\nprefix = 1\nrate_table = 2\n[values.rate_table]\nA = 'az'\nB = 'euro'\n",
            "column currency: the deck is in USD, and euro in EUR: prices",
        ),
        (AZ + "[prefixes]\ninternational = ['+', '44']\n", 'column prefixes.international: "44" is the beginning of numbers'),
        ("not_offered = ['X']\nblocked = ['x', '-1']\n" + AZ, 'column blocked: "x" is under not_offered too; keep one of'),
        (AZ + "band = 2\n[values.band]\nP = 'peak'\np = 'off'\n", 'column values.band."P": it is there twice, in other'),
        (AZ + "[prefixes]\ninternational = ['+353']\n", '"+353" is the beginning of numbers, not what stands before their'),
    ],
)  # fmt: skip
def test_a_mapping_that_is_not_good(tmp_path: Path, toml: str, said: str) -> None:
    decks = tmp_path / "decks"
    decks.mkdir()
    (decks / "x.toml").write_text(toml)
    assert said in "\n".join(map(str, mapping_file.check(decks, {"az": "USD", "euro": "EUR", "?": ""})))


@pytest.mark.parametrize(
    "toml",
    [
        "currency = 'USD'\n" + AZ,
        "currency = 'Euro'\n" + AZ,  # a word that is left out says nothing of itself
        "currency = 'USD'\n" + AZ.replace("'az'", "'?'"),
        AZ
        + "[prefixes]\ninternational = ['+', '00', '011', '0011', '001', '009', '810', '119', '1230', '990', '+00', '']\n",
    ],
)
def test_a_mapping_that_is_good(tmp_path: Path, toml: str) -> None:
    (tmp_path / "x.toml").write_text(toml)
    assert mapping_file.check(tmp_path, {"az": "USD", "?": ""}) == []


def test_prices_in_another_currency_than_their_table(tmp_path: Path) -> None:
    """Where rows name the table, the deck says it; what was accepted by the rules before is accepted again."""
    toml = 'currency = "USD"\n[columns]\nprefix = 1\nrate_per_minute = 2\nrate_table = 3\n'
    deck = "p,r,t\n44,0.02 USD,az\n45,0.02 USD,euro\n46,0.02,euro\n"
    assert problems(tmp_path, toml, "x.csv", deck, "2026-04-01") == [
        "x.csv line 3, column currency: the deck is in USD by decks/carrier.toml, and euro in EUR: prices are not converted"
        " (also on 1 more lines: 4); ask for prices in that, or use a table in the deck's currency"
    ]
    assert len(read(tmp_path, toml, "x.csv", deck, "2026-04-01", rules=3)[1]) == 3
    before = 'rate_table_id = "euro"\n' + toml.replace("rate_table = 3\n", "[prefixes]\ninternational = ['44']\n")
    assert len(read(tmp_path, before, "x.csv", "p,r\n447,0.02 USD\n", "2026-04-01", rules=3)[1]) == 1


def test_a_mapping_where_no_rate_table_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("rate_table_id = 'az'\n[columns]\nprefix = 1\n")
    (problem,) = mapping_file.check(tmp_path, {})
    assert str(problem).endswith(
        'column rate_table_id: "az" cannot be looked for: rate_tables.csv is empty, or cannot be read; mend'
        " rate_tables.csv first (tollbook check)"
    )


def test_what_is_no_mapping(tmp_path: Path) -> None:
    decks = tmp_path / "decks"
    assert mapping_file.check(decks, {}) == []
    decks.mkdir()
    (decks / "atlas.tml").write_text("")
    assert [str(p) for p in mapping_file.check(decks, {})] == [
        "decks/atlas.tml: this is no mapping; name it <source>.toml, or move it away"
    ]


def test_what_is_no_file_where_a_mapping_may_be(tmp_path: Path) -> None:
    """Each is named, and a link that leads nowhere is no source without a mapping."""
    decks = tmp_path / "decks"
    (decks / "a.toml").mkdir(parents=True)
    (decks / "b.toml").symlink_to("/nonexistent")
    (decks / "c.toml").write_bytes(b'decimal = "\xff"\n')
    os.mkfifo(decks / "d.toml")
    right, link = "put the file there, or remove it", "it is a link that leads nowhere (No such file or directory)"
    assert [str(p) for p in mapping_file.check(decks, {})] == [
        f"decks/a.toml: it is a directory; {right}",
        f"decks/b.toml: {link}; {right}",
        "decks/c.toml: the file is not UTF-8; save it as UTF-8",
        f"decks/d.toml: it is a pipe; {right}",
    ]
    assert [str(p) for p in mapping_file.mapping_of(decks, "b", {})[1]] == [f"decks/b.toml: {link}; {right}"]
    (tmp_path / "elsewhere").symlink_to("/nonexistent")
    assert [str(p) for p in mapping_file.check(tmp_path / "elsewhere", {})] == [
        f"elsewhere: {link}; make it a directory of <source>.toml, or remove it"
    ]


@pytest.mark.parametrize(
    ("cell", "country", "prefixes"),
    [
        ("44", "", ["44"]),
        ("+44", "", ["44"]),
        ("0044", "", ["44"]),
        ("^44.*", "", ["44"]),
        ("^44", "", ["44"]),
        ("44*", "", ["44"]),
        ('="4477"', "", ["4477"]),
        ("(44) 20", "", ["4420"]),
        ("0044 20", "", ["4420"]),
        ("61 38,39", "", ["6138", "6139"]),
        ("61 38,39", "x", None),
        ("4477-4479", "", ["4477", "4478", "4479"]),
        ("4477 \u2013 4479", "", ["4477", "4478", "4479"]),
        ("+4477-4478", "", None),
        ("098-101", "7", ["7098", "7099", "7100", "7101"]),
        ("098-099", "7", ["7098", "7099"]),
        ("", "44", ["44"]),
        ("", "", [""]),
        ("20;161", "+44", ["4420", "44161"]),
        ("4477 4478", "", None),
        ("61 38,6139", "", None),
        ("1234567890123456", "", None),
        ("447-79", "", None),
        ("1-9999999", "", None),
        ("abc", "", None),
        ("44x", "", None),
    ],
)
def test_prefix_cells(cell: str, country: str, prefixes: list[str] | None) -> None:
    found = expand(cell, country, PrefixRules())
    assert (found if isinstance(found, list) else None) == prefixes


def test_hyphens_as_decoration() -> None:
    assert expand("1-684", "", PrefixRules(ranges=False)) == ["1684"]


@pytest.mark.parametrize("cell", ["9999999999999/6", "6/9999999999999", "9999999999999", "0.0005/6", "6/0.0005"])
def test_increments_that_cannot_be_kept_exactly(tmp_path: Path, cell: str) -> None:
    (found,) = problems(tmp_path, MAPPING, "bad.csv", f"Code,Rate,Inc,Date\n44,0.01,{cell},01/04/2026\n")
    right = "write at most 3 decimals" if "." in cell else "write at most 999999999 seconds"
    assert found.startswith(f'bad.csv line 2, column Inc: "{cell}" ')
    assert found.endswith(f"; {right}")
