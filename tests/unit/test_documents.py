"""Invoices as files: exact figures, the same bytes anywhere, and pages that a person can read."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from decimal import Decimal, Inexact
from pathlib import Path

import duckdb
import pytest

from orchestration.documents import figures
from orchestration.documents.cells import plain
from orchestration.documents.csv_file import csv_bytes
from orchestration.documents.document import Party
from orchestration.documents.flow import Row, Table, pages, space
from orchestration.documents.issued import as_issued
from orchestration.documents.json_file import json_bytes
from orchestration.documents.paper import BOTTOM, TOP, width, wrapped
from orchestration.documents.pdf import pdf_bytes
from orchestration.operations.billing.branding import logo, logo_problems, logo_warnings
from orchestration.operations.billing.general_ledger import plain_sql
from orchestration.store.warehouse import Home, Refused
from tests.support.documents import LINES, document, many_calls, many_lines

D = Decimal


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def words(pdf: bytes) -> list[str]:
    """What each page says: the texts of its stream, in the order they were set. (Other than ASCII is left out.)"""
    said = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        if b" Tj" in text or b" T*" in text:
            found = re.findall(rb"\(((?:\\.|[^()\\])*)\) (?:Tj|T\*)", text)
            said.append("\n".join(part.replace(rb"\(", b"(").replace(rb"\)", b")").decode("latin-1") for part in found))
    return said


def test_figures_lose_nothing_and_add_nothing() -> None:
    assert figures.fixed(D("1.5")) == "1.50000000"
    assert figures.fixed(D("-0.00")) == "0.00000000"
    assert figures.grouped(D("1234567.5"), 2) == "1,234,567.50"
    assert figures.grouped(D("-0.5"), 4) == "\N{MINUS SIGN}0.5000"
    assert figures.minutes(D("75.25"), 2) == "1:15.25"
    assert figures.minutes(D("600000")) == "10,000:00"
    assert figures.decimals_needed([D("1.500"), D("0.12345678"), None], 2) == 8
    assert figures.decimals_needed([D("100"), D("1E+3")], 2) == 2
    with pytest.raises(Inexact):
        figures.fixed(D("0.123456789"))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        *((odd, f"'{odd}") for odd in (
            "=1+1", "@x", "+44 77", "-x", "-", "--1", "-1e5", "-1\n", "\tx", "\rx", " =x", "\n=x", "\u00a0=x", "';=x",
            "'=x", '"=x', "|=x", "\uff1d1", "\uff20x", "-1.2.3",
        )),
        *((good, good) for good in ("", "a", "a=b", "1-2", "-1.50", "-7", "+447700900123", "'x", ";x", "2026-03-01")),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    """Python's rule and SQL's are one."""
    with duckdb.connect() as con:
        assert con.execute(f"select {plain_sql('t')} from (select ? as t)", [cell]).fetchall() == [(plain(cell),)]
    assert plain(cell) == shown


def test_documents_of_before_are_as_they_were() -> None:
    line = replace(LINES[0], destination="=cmd", description="-x", amount=D("-1.5"))
    for said, cells in (
        ({"rules": 6}, ("'=cmd", "'-x")),
        ({"rules": 6, "raw": True}, ("=cmd", "-x")),
        ({"rules": 5}, ("=cmd", "-x")),
    ):
        (row,) = csv.DictReader(io.StringIO(csv_bytes(document(lines=[line], **said)).decode(), newline=""))
        assert ((row["destination"], row["description"]), row["amount"]) == (cells, "-1.50000000")
        told = json.loads(json_bytes(document(lines=[line], **said), "", ""))
        assert (told["lines"][0]["destination"], "raw" in told) == ("=cmd", False)


def test_csv_is_a_clean_table_of_lines() -> None:
    told = csv_bytes(document())
    assert told.count(b"\r\n") == 4
    assert not told.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(told.decode(), newline="")))
    first = [
        "INV-2026-000001",
        "lumiere",
        "2026-03-01",
        "1",
        "calls",
        "Łódź",
        "3",
        "100.250",
        "0.01250000",
        "1.23450000",
    ]
    names = ["invoice_number", "account_id", "period_start", "line", "kind", "destination", "calls", "duration_s",
             "rate_per_minute", "amount"]  # fmt: skip
    assert [rows[0][name] for name in names] == first
    assert sum(D(row["amount"]) for row in rows) == D("1.4845")
    assert (rows[2]["day"], rows[2]["for_period"], rows[2]["currency"]) == ("2026-02-10", "2026-02-01", "EUR")


def test_json_says_all_and_vouches_for_the_others() -> None:
    told = json_bytes(document(calls=many_calls(2), logo=b"x"), "c" * 64, "d" * 64)
    read = json.loads(told)
    assert read["files"] == {"csv_sha256": "c" * 64, "pdf_sha256": "d" * 64}
    assert (read["net"], read["total"], read["tax_pct"]) == ("1.48000000", "1.76000000", "19.00000000")
    assert read["lines"][0]["calls"] == 3
    assert read["lines"][0]["billed_s"] == "120.000"
    assert read["seller"]["address"] == "Brückner Straße 12 / 10115 Berlin"
    assert not {"calls", "logo"} & read.keys()
    # how a figure was written before makes no other bytes
    assert told == json_bytes(document(exact=D("1.48450")), "c" * 64, "d" * 64)


# 960 s, 600 of them free, the other six minutes 0.36; a connection of 0.5 and a minute, and 0.2 of it let off
COVERED = (
    replace(LINES[0], billed_s=D(960), rate_per_minute=D("0.06"), amount=D("0.36"), covered_s=D(600),
            covered_amount=D(0), beyond_rate=D(0)),
    replace(LINES[0], line=2, billed_s=D(60), rate_per_minute=D("0.06"), amount=D("0.36"), covered_s=D(0),
            covered_amount=D("0.2"), beyond_rate=D("0.5")),
    # so little is rounding
    replace(LINES[0], line=3, covered_s=D(0), covered_amount=D(0), beyond_rate=D("0.0095")),
)  # fmt: skip


def test_a_line_says_what_was_free_and_what_is_beyond_its_rate() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_bytes(document(lines=COVERED)).decode(), newline="")))
    assert [[row[name] for name in ("covered_s", "covered_amount", "beyond_rate")] for row in rows] == [
        ["600.000", "0.00000000", "0.00000000"],
        ["0.000", "0.20000000", "0.50000000"],
        ["0.000", "0.00000000", "0.00950000"],
    ]
    read = json.loads(json_bytes(document(lines=COVERED), "c", "d"))["lines"]
    assert (read[0]["covered_s"], read[1]["covered_amount"], read[1]["beyond_rate"]) == (
        "600.000", "0.20000000", "0.50000000",
    )  # fmt: skip
    page = words(pdf_bytes(document(lines=COVERED)))[0]
    assert "10:00 of the billed minutes free" in page.split("\n")
    assert "less an allowance of EUR 0.20" in page.split("\n")
    assert "Beyond the rate" in page.split("\n")
    assert {"0.0000", "0.5000", "0.0095", "0.5095"} <= set(page.split("\n"))
    told = page.replace("\n", " ")
    assert "Free minutes are covered by an allowance: the rate is for the other billed minutes." in told
    assert "Beyond the rate are connection, initial and minimum charges" in told
    assert "converted" not in told
    plain = words(pdf_bytes(document()))[0]
    assert not [text for text in ("free", "beyond", "Beyond", "converted") if text in plain]
    dollars = words(pdf_bytes(document(lines=[replace(LINES[0], currency="USD")])))[0].replace("\n", " ")
    assert "Prices in another currency were converted by the exchange rate of the day" in dollars


def test_what_is_beyond_the_rate_has_no_column_where_it_is_rounding_or_has_no_room() -> None:
    rounding = words(pdf_bytes(document(lines=COVERED[2:])))[0]
    assert "0.0095" not in rounding
    assert "eyond" not in rounding
    large = replace(COVERED[1], calls=10**15, duration_s=D("1E+15"), billed_s=D("1E+15"), amount=D("9999999.00000001"))
    narrow = words(pdf_bytes(document(lines=[large])))[0].split("\n")
    assert "Beyond the rate" not in narrow
    assert "EUR 0.50 beyond the rate; less an allowance of EUR 0.20" in narrow


def test_the_call_list_says_what_was_free() -> None:
    first, second, *_ = many_calls(2)
    calls = [replace(first, covered_s=D(60), covered_amount=D("0.01")), second]
    page = words(pdf_bytes(document(calls=calls)))[-1].split("\n")
    assert "Free" in page
    assert page.count("1:00") == 2  # of the first call, and in all
    assert "0:00" in page
    assert "Times are Europe/Paris, amounts EUR, after allowances" in page
    assert "Free" not in words(pdf_bytes(document(calls=many_calls(2))))[-1].split("\n")


def test_a_document_of_before_says_what_it_said() -> None:
    lines = [*COVERED, replace(LINES[0], currency="USD")]
    said = document(lines=lines, rules=1)
    later = {"covered_s", "covered_amount", "beyond_rate"}
    assert not later & set(next(csv.reader(io.StringIO(csv_bytes(said).decode(), newline=""))))
    read = json.loads(json_bytes(said, "c", "d"))
    assert not later & read["lines"][0].keys()
    assert "rules" not in read
    assert "converted" not in words(pdf_bytes(said))[0]


_ELSEWHERE = """
import hashlib
from orchestration.documents.csv_file import csv_bytes
from orchestration.documents.pdf import pdf_bytes
from tests.support.documents import document, many_calls, many_lines
said = document(lines=many_lines(90), calls=many_calls(200))
print(hashlib.sha256(csv_bytes(said) + pdf_bytes(said)).hexdigest())
"""


def test_the_same_bytes_in_any_process() -> None:
    said = document(lines=many_lines(90), calls=many_calls(200))
    pdf_bytes(document(number=None))  # what was made before leaves no trace
    here = hashlib.sha256(csv_bytes(said) + pdf_bytes(said)).hexdigest()
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "TOLLBOOK_NOW": "2031-01-01"}
        ran = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE], env=environment, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == here


def test_each_page_has_its_number_and_tables_their_titles() -> None:
    told = words(pdf_bytes(document(lines=many_lines(90), calls=many_calls(100))))
    assert len(told) >= 5
    for n, page in enumerate(told, 1):
        assert f"page {n} of {len(told)}" in page.replace("\xb7", "")
        assert "INV-2026-000001" in page
        assert "DRAFT" not in page
    listed = [n for n, page in enumerate(told) if "Call list" in page]
    assert len(listed) == 2
    assert all("Billed minutes" in page for page in told[: listed[0] - 1])
    assert "Calls, continued" in told[1]
    # 100 calls of 61 s, billed 120 s, at 0.0125
    assert all(figure in told[-1] for figure in ("100 calls", "101:40", "200:00", "1.2500"))


def test_the_way_from_the_lines_to_the_total_can_be_followed() -> None:
    page = words(pdf_bytes(document()))[-1]
    said = (
        "1.2345",
        "0.5000",
        "1.4845",
        "Rounded half up to 2 decimals",
        "1.48",
        "Tax 19 %",
        "0.28",
        "EUR 1.76",
        "Total due",
    )
    assert [text for text in said if text not in page.split("\n") and text not in page] == []
    assert "0.0045" in page
    assert "1:40.25" in page
    assert "2:00.00" in page


def test_drafts_and_credit_notes_say_so() -> None:
    drafted = words(pdf_bytes(document(number=None, lines=many_lines(90))))
    assert len(drafted) > 1
    assert all("DRAFT" in page and "Draft invoice" in page for page in drafted)
    credit = words(
        pdf_bytes(
            document(number="CN-2026-000001", kind="credit_note", due_on=None, reason="Routed twice",
                     corrects="INV-2026-000001", net=D("-1.48"),
                     tax=D("-0.28"), total=D("-1.76"), exact=D("-1.4845"))
        )
    )[0]  # fmt: skip
    assert all(
        text in credit
        for text in (
            "Credit note",
            "CN-2026-000001",
            "Reason: Routed twice",
            "Corrects",
            "INV-2026-000001",
            "Total in your favour",
        )
    )


@pytest.mark.parametrize(
    "name",
    ["日本語", "\U0001f4de phones", "שלום", "u\u0308 e\u0301", "line\nbreak\ttab\x00nul", "", "W" * 400, "a (b) \\c"],
)
def test_no_name_is_too_odd(name: str) -> None:
    odd = replace(LINES[0], destination=name, description=name)
    party = Party(name, name, f"{name} / {name}", name)
    assert pdf_bytes(document(seller=party, buyer=party, lines=[odd], reason=name)).startswith(b"%PDF")


def _png() -> bytes:
    from PIL import Image

    png = io.BytesIO()
    Image.effect_noise((400, 100), 50).save(png, "PNG")
    return png.getvalue()


def _png_that_says_it_is_large() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_logo_is_drawn_and_a_broken_one_left_out() -> None:
    assert b"/Subtype /Image" in pdf_bytes(document(logo=_png()))
    assert "Northern Voice" in words(pdf_bytes(document(logo=_png()[:20])))[0]


@pytest.mark.parametrize("kept", [0, 1, 20, 3000])
def test_a_broken_logo_is_said_before_an_invoice_has_it(tmp_path: Path, kept: int) -> None:
    home = Home(tmp_path / "home", tmp_path / "seeds")
    assert (logo_problems(home), logo(home)) == ([], None)
    home.branding.mkdir()
    path = home.branding / "logo.png"
    path.write_bytes(_png())
    assert (logo_problems(home), logo(home)) == ([], path.read_bytes())
    path.write_bytes(_png()[:kept] if kept != 1 else _png_that_says_it_is_large())
    assert len(logo_problems(home)) == 1
    with pytest.raises(Refused, match="save it as PNG or JPEG anew, or remove it"):
        logo(home)
    path.unlink()
    path.mkdir()
    with pytest.raises(Refused, match=r"^branding/logo.png: it is a directory; put the picture there, or remove it$"):
        logo(home)


def test_pictures_that_no_invoice_has_are_warned_of(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", tmp_path / "seeds")
    assert logo_warnings(home) == []
    home.branding.mkdir()
    for name in ("README.md", "logo.svg", "Logo.JPG", "firm.png", "logotype", "colours.txt"):
        (home.branding / name).touch()
    assert list(map(str, logo_warnings(home))) == [
        f"branding/{name}: no invoice has it; if it is the logo, name it {right}"
        for name, right in [
            ("Logo.JPG", "logo.jpg"),
            ("firm.png", "logo.png"),
            ("logo.svg", "logo.png, saved as PNG"),
            ("logotype", "logo.png, saved as PNG"),
        ]
    ]
    # the drawing that it was made from may lie beside the one that is taken
    (home.branding / "logo.jpg").write_bytes(_png())
    assert logo_warnings(home) == []
    (home.branding / "logo.png").write_bytes(_png())
    assert list(map(str, logo_warnings(home))) == [
        "branding/logo.jpg: no invoice has it: logo.png is taken; remove one of the two"
    ]


def test_an_invoice_about_nothing_is_one() -> None:
    nothing = document(lines=[], exact=D(0), net=D(0), tax=D(0), total=D(0))
    assert "There is nothing to charge in this period." in words(pdf_bytes(nothing))[0]


def test_no_heading_stands_alone() -> None:
    def row(height: float, keep: bool = False) -> Row:
        return Row(height, lambda paper, y: None, keep)

    room = TOP - BOTTOM
    again, head, sums = row(15, True), row(17, True), row(16)
    rows = [row(20) for _ in range(100)]
    filler = Table([], [], [row(room - 50)])
    laid = pages([filler, Table([space(10), head], [again], [*rows, row(20, True), sums])], TOP, TOP)
    assert len(laid[0]) == 1 + 3  # space, heading and a row just fit into 50
    less = pages([Table([], [], [row(room - 46)]), Table([space(10), head], [again], rows)], TOP, TOP)
    assert len(less[0]) == 1
    assert less[1][1][1] is head
    assert all(page[0][1] is again for page in laid[1:])
    assert all(y - line.height >= BOTTOM - 0.001 for page in laid for y, line in page)
    assert laid[-1][-1][1] is sums
    assert len(laid[-1]) > 2
    assert sum(len(page) for page in laid) == 1 + 2 + 102 + (len(laid) - 1)


def test_text_wraps_and_keeps_every_letter() -> None:
    text = "Democratic Republic of the Congo Donaudampfschifffahrtsgesellschaftskapitän"
    lines = wrapped(text, 60)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= 60 for line in lines)


def test_what_was_issued_stays_when_it_is_drawn_otherwise(tmp_path: Path) -> None:
    """The same words with another PDF are the archived document; other words are not."""
    kept = json_bytes(document(), sha256(b"csv"), sha256(b"pdf"))
    for suffix, content in (("json", kept), ("csv", b"csv"), ("pdf", b"pdf")):
        (tmp_path / f"{sha256(content)}.{suffix}").write_bytes(content)
    drawn_otherwise = json_bytes(document(), sha256(b"csv"), sha256(b"another pdf"))
    assert as_issued(tmp_path, sha256(kept), drawn_otherwise) == {"json": kept, "csv": b"csv", "pdf": b"pdf"}
    other = json_bytes(replace(document(), total=Decimal("1")), sha256(b"csv"), sha256(b"pdf"))
    assert as_issued(tmp_path, sha256(kept), other) is None
    assert as_issued(tmp_path, sha256(b"unknown"), drawn_otherwise) is None


def test_what_was_issued_stays_when_documents_have_gained_a_field(tmp_path: Path) -> None:
    """A document of before does not contradict it; another value of a field that it has is another document."""
    for suffix in ("csv", "pdf"):
        (tmp_path / f"{sha256(suffix.encode())}.{suffix}").write_bytes(suffix.encode())
    files = {"csv_sha256": sha256(b"csv"), "pdf_sha256": sha256(b"pdf")}
    kept = {"total": "1.00", "lines": [{"amount": "1.00", "service": None}]}
    before = json.dumps({**kept, "files": files}).encode()
    (tmp_path / f"{sha256(before)}.json").write_bytes(before)

    def again(line: dict[str, object], **gained: object) -> bytes:
        lines = [{"amount": "1.00", "service": None, **line}]
        return json.dumps({**kept, **gained, "lines": lines, "files": files}).encode()

    for same in (again({}), again({"covered_s": "0"}, corrects="INV-1")):
        found = as_issued(tmp_path, sha256(before), same)
        assert found is not None
        assert found["json"] == before
    for other in (again({}, total="2.00"), again({"service": "sms"}), again({"amount": None})):
        assert as_issued(tmp_path, sha256(before), other) is None
