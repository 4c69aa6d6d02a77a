"""The evidence pack: what it proves holds, and no digit of it can be changed unnoticed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from orchestration.documents import verify
from orchestration.documents.csv_file import csv_bytes
from orchestration.documents.document import DocumentLine
from orchestration.documents.evidence import COLUMNS, calls_csv, pack, zipped
from orchestration.documents.json_file import json_bytes
from tests.support.documents import document

D = Decimal
NUMBER = "INV-2026-000001"
TERMS = {
    "kind": "calls", "source": "sw1", "attempt": "1", "day": "2026-03-01", "charged_at": "2026-03-01 10:00:00",
    "rate_table_id": "retail", "rate_kind": "per_minute", "rate_per_minute": "0.06", "initial_s": "60",
    "increment_s": "6", "increment_from": "initial", "seconds_rounding": "none", "amount_decimals": "4",
    "amount_rounding": "half_up", "grace_s": "0", "free_s": "0", "connect_charge": "0", "attempt_charge": "0",
    "currency": "EUR", "fx_rate": "1", "covered_s": "0", "covered_amount": "0", "terms": "complete",
}  # fmt: skip
ROWS = [
    # 67 s are 60 + 2 * 6 = 72 s, at 0.06 a minute 0.072
    {"line": "1", "call_id": "a", "duration_s": "67", "billed_s": "72", "amount": "0.072", "account_amount": "0.072"},
    # 0.5 + 0.1 for the first 30 s, 3 blocks of 10 s at 0.02: 0.66 USD, at 0.9 it is 0.594
    {"line": "1", "call_id": "b", "rate_kind": "block", "rate_per_minute": "", "connect_charge": "0.5",
     "initial_s": "30", "increment_s": "10", "initial_charge": "0.1", "increment_charge": "0.02", "duration_s": "51.5",
     "billed_s": "60", "amount": "0.66", "currency": "USD", "fx_rate": "0.9", "account_amount": "0.594"},
    # an allowance: not to be rated again from the row alone
    {"line": "1", "call_id": "c", "duration_s": "10", "billed_s": "60", "covered_s": "60", "amount": "0",
     "account_amount": "0", "terms": "an allowance covers seconds of it"},
    # 3 messages at 0.005 are 0.015, half even to 2 decimals 0.02
    {"line": "2", "kind": "usage", "call_id": "m", "service": "message", "rate_kind": "", "quantity": "3",
     "unit_price": "0.005", "duration_s": "", "billed_s": "", "amount": "0.02", "account_amount": "0.02",
     "amount_decimals": "2", "amount_rounding": "half_even"},
]  # fmt: skip
LINES = [
    DocumentLine(
        1, "calls", "Calls", "EUR", D("0.666"), destination="Łódź", calls=3, duration_s=D("128.5"), billed_s=D(192)
    ),
    DocumentLine(2, "usage", "Messages", "EUR", D("0.02"), quantity=D(3), unit_price=D("0.005")),
    DocumentLine(3, "adjustment", "A late file", "EUR", D("0.1")),
]


def documents(lines: list[DocumentLine] = LINES) -> dict[str, bytes]:
    """0.666 + 0.02 + 0.1 = 0.786: 0.79, tax of 19 % 0.15 (0.1501), 0.94."""
    said = document(lines=lines, exact=D("0.786"), net=D("0.79"), tax=D("0.15"), total=D("0.94"))
    pdf = b"%PDF of 2026"
    told = csv_bytes(said)
    sums = [hashlib.sha256(data).hexdigest() for data in (told, pdf)]
    return {f"{NUMBER}.csv": told, f"{NUMBER}.pdf": pdf, f"{NUMBER}.json": json_bytes(said, *sums)}


def cells(rows: list[dict[str, str]]) -> list[list[str]]:
    return [[{**TERMS, **row}.get(name, "") for name in COLUMNS] for row in rows]


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def failing(files: dict[str, bytes]) -> list[str]:
    """The checks that do not pass; a pack that cannot be read fails, too."""
    try:
        return [said.split(":")[0] for good, said in verify.verify(files) if not good]
    except (KeyError, ValueError, ArithmeticError, TypeError, IndexError):
        return ["unreadable"]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return pack(NUMBER, documents(), cells(ROWS))


@pytest.mark.parametrize("raw", [False, True])
def test_no_text_of_the_calls_is_a_formula_to_a_spreadsheet(raw: bool) -> None:
    odd = [{**ROWS[0], "calling_number": "=cmd", "called_number": "+447700", "call_id": "@x"}, *ROWS[1:]]
    files = unpacked(pack(NUMBER, documents(), cells(odd), raw=raw))
    assert failing(files) == []
    rows = list(csv.DictReader(io.StringIO(files["calls.csv"].decode(), newline="")))
    found = [rows[0][name] for name in ("calling_number", "called_number", "call_id")]
    assert found == (["=cmd", "+447700", "@x"] if raw else ["'=cmd", "+447700", "'@x"])
    said = " ".join(files["README.txt"].decode().split())
    assert said.endswith("do not open it with one." if raw else "has an apostrophe (') before it.")


@pytest.mark.parametrize("named", ["gone.zip", "junk.zip"])
def test_what_is_no_pack_fails_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str) -> None:
    (tmp_path / "junk.zip").write_bytes(b"no zip file at all")
    assert verify.main([str(tmp_path / named)]) == 1
    assert capsys.readouterr().out.startswith("FAIL the pack cannot be read: ")


def test_the_receiver_runs_it_in_the_folder_or_on_the_zip(packed: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(packed)
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        archive.extractall(tmp_path / "open")
    script = str(tmp_path / "open" / "verify.py")
    checksum = hashlib.sha256(unpacked(packed)[f"{NUMBER}.json"]).hexdigest()
    for arguments in ([script], [script, str(tmp_path / "pack.zip"), "--checksum", checksum]):
        ran = subprocess.run([sys.executable, "-I", *arguments], capture_output=True, text=True)
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
        assert "3 of 4 rows, all to the last digit; 1 not (an allowance covers seconds of it)" in ran.stdout
        assert ran.stdout.endswith("The pack holds.\n")
    other = subprocess.run([sys.executable, "-I", script, "--checksum", "0" * 64], capture_output=True, text=True)
    assert other.returncode == 1
    assert "FAIL checksum" in other.stdout
    (tmp_path / "open" / "calls.csv").write_bytes(unpacked(packed)["calls.csv"].replace(b"0.594", b"0.595"))
    ran = subprocess.run([sys.executable, "-I", script], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "FAIL chain: row 2 (sw1 b) is not what it was" in ran.stdout


def test_line_ends_that_were_changed_are_told(packed: bytes) -> None:
    files = unpacked(packed)
    said = verify.verify({**files, "calls.csv": files["calls.csv"].replace(b"\r\n", b"\n")})
    assert next(words for good, words in said if not good) == (
        "chain: calls.csv does not end with a whole line (CR LF): cut short, or its line ends changed"
    )


def test_the_script_needs_nothing_and_is_short() -> None:
    source = Path(verify.__file__).read_text()
    named = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert named - {"__future__"} <= sys.stdlib_module_names
    assert len(source.splitlines()) < 250


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, None),
        ({"covered_s": D(13)}, "covered_s of line 1"),
        ({"covered_amount": D("0.021")}, "covered_amount of line 1"),
        ({"beyond_rate": D("0.5001")}, "beyond_rate of line 1"),
    ],
)
def test_what_a_line_says_of_allowances_and_connections_is_that_of_its_rows(
    said: dict[str, Decimal], words: str | None
) -> None:
    """0.5 to connect; of 72 s 12 s are free, the other 60 s 0.06: 0.56 less 0.02. What we owe is turned round."""
    own = {"covered_s": D(12), "covered_amount": D("0.02"), "beyond_rate": D("0.5"), "rate_per_minute": D("0.06")}
    row = {**ROWS[0], "covered_s": "12", "covered_amount": "0.02", "amount": "0.56", "account_amount": "0.54",
           "terms": "an allowance covers seconds of it"}  # fmt: skip
    owed = {**ROWS[0], "kind": "termination", "line": "2", "connect_charge": "0.1", "amount": "0.172",
            "account_amount": "-0.172"}  # fmt: skip
    lines = [
        DocumentLine(1, "calls", "Calls", "EUR", D("0.54"), calls=1, billed_s=D(72), **{**own, **said}),
        DocumentLine(2, "termination", "Owed", "EUR", D("-0.172"), calls=1, billed_s=D(72), rate_per_minute=D("0.06"),
             beyond_rate=D("-0.1")),
        DocumentLine(3, "adjustment", "A late file", "EUR", D("0.418")),  # so that they come to 0.786
    ]  # fmt: skip
    if words is None:
        assert failing(unpacked(pack(NUMBER, documents(lines), cells([row, owed])))) == []
    else:
        with pytest.raises(ValueError, match=f"^lines: {words} is not that of its rows$"):
            pack(NUMBER, documents(lines), cells([row, owed]))


def test_no_digit_anywhere_can_be_changed(packed: bytes) -> None:
    files = unpacked(packed)
    assert failing(files) == []
    tried = 0
    for name, data in files.items():
        digits = [match.start() for match in re.finditer(rb"[0-9]", data)]
        for at in digits if len(digits) < 400 else digits[:: len(digits) // 200]:
            other = b"7" if data[at : at + 1] != b"7" else b"3"
            changed = {**files, name: data[:at] + other + data[at + 1 :]}
            assert failing(changed), f"{name} at {at}: {data[max(0, at - 30) : at + 10]!r}"
            tried += 1
    assert tried > 900


@pytest.mark.parametrize("name", ["calls.csv", "README.txt", "verify.py", f"{NUMBER}.pdf", f"{NUMBER}.csv"])
def test_no_file_can_be_taken_out(packed: bytes, name: str) -> None:
    assert failing({other: data for other, data in unpacked(packed).items() if other != name})


def test_rows_cannot_be_moved_taken_out_or_doubled(packed: bytes) -> None:
    files = unpacked(packed)
    first, *rows, last = files["calls.csv"].split(b"\r\n")
    for changed in ([*rows[1::-1], *rows[2:]], rows[1:], rows[:-1], [*rows, rows[-1]]):
        assert failing({**files, "calls.csv": b"\r\n".join([first, *changed, last])})


def forged(**changes: dict[str, str]) -> dict[str, bytes]:
    """A pack whose chain and control sums were made anew over changed rows: only what they say can give it away."""
    rows = [{**row, **changes.get(row["call_id"], {})} for row in ROWS]
    files = {**unpacked(pack(NUMBER, documents(), cells(ROWS))), "calls.csv": calls_csv(NUMBER, cells(rows))}
    read, broken = verify.read_calls(files["calls.csv"], NUMBER)
    assert not broken
    return {**files, "control.json": verify.control(NUMBER, read, files)}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"a": {"billed_s": "78", "amount": "0.078", "account_amount": "0.078"}}, ["lines", "rated again"]),
        ({"a": {"rate_per_minute": "0.07"}}, ["rated again"]),
        ({"a": {"grace_s": "70"}}, ["rated again"]),
        ({"a": {"duration_s": "73"}}, ["lines", "rated again"]),
        ({"b": {"increment_charge": "0.03"}}, ["rated again"]),
        ({"b": {"fx_rate": "0.91"}}, ["currency"]),
        ({"m": {"quantity": "5"}}, ["lines"]),  # 0.025 is 0.02, too
        ({"m": {"quantity": "7"}}, ["lines", "rated again"]),
        ({"m": {"line": "3"}}, ["lines"]),
        ({"m": {"line": "9"}}, ["lines"]),
        ({"c": {"kind": "usage"}}, ["lines"]),
    ],
)
def test_a_consistent_forgery_is_still_found_out(changes: dict[str, dict[str, str]], found: list[str]) -> None:
    assert failing(forged()) == []
    assert failing(forged(**changes)) == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [("net", "0.78", "totals"), ("tax", "0.16", "totals"), ("total", "0.95", "totals"), ("exact", "0.787", "totals")],
)
def test_the_arithmetic_of_the_document_is_checked(name: str, value: str, found: str) -> None:
    files = unpacked(pack(NUMBER, documents(), cells(ROWS)))
    told = json.loads(files[f"{NUMBER}.json"])
    files[f"{NUMBER}.json"] = json.dumps({**told, name: value}).encode()
    read, _ = verify.read_calls(files["calls.csv"], NUMBER)
    files["control.json"] = verify.control(NUMBER, read, files)
    assert failing(files) == [found]


def test_a_credit_note_may_have_no_rows() -> None:
    lines = [DocumentLine(1, "credit", "Credit", "EUR", D("0.786"))]
    files = unpacked(pack(NUMBER, documents(lines), []))
    assert json.loads(files["control.json"])["calls"]["rows"] == 0
    assert failing(files) == []


def test_a_pack_that_proves_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="amount of line 2 is not that of its rows"):
        pack(NUMBER, documents(), cells(ROWS[:3]))


def test_the_same_zip_whatever_the_order_of_its_files(packed: bytes) -> None:
    files = unpacked(packed)
    assert zipped(dict(reversed(files.items()))) == packed == pack(NUMBER, documents(), cells(ROWS))


def test_line_breaks_in_cells_do_not_break_rows() -> None:
    rows = cells([{**ROWS[0], "call_id": 'a\r\nb,"c"'}])
    read, broken = verify.read_calls(calls_csv(NUMBER, rows), NUMBER)
    assert (read[0]["call_id"], broken) == ('a  b,"c"', [])


INCREMENTS = {
    ("60", "60"): [60, 60, 60, 120, 120, 240],
    ("60", "6"): [60, 60, 60, 66, 72, 186],
    ("30", "6"): [30, 30, 30, 66, 72, 186],
    ("12", "6"): [12, 12, 30, 66, 72, 186],
    ("6", "6"): [12, 12, 30, 66, 72, 186],
    ("1", "1"): [7, 10, 26, 61, 67, 185],
}


def row(**said: str) -> dict[str, str]:
    return dict.fromkeys(("initial_rate_per_minute", "min_charge", "max_charge"), "") | TERMS | said


def test_billed_seconds_are_those_of_the_rules() -> None:
    for (initial, increment), billed in INCREMENTS.items():
        for seconds, due in zip(("7", "10", "26", "61", "67", "185"), billed, strict=True):
            assert verify.billed_seconds(row(initial_s=initial, increment_s=increment, duration_s=seconds)) == due
    zero = row(initial_s="30", increment_s="7", duration_s="31")
    assert (verify.billed_seconds(zero), verify.billed_seconds(zero | {"increment_from": "zero"})) == (37, 35)
    seconds = {
        "down": (60, 60, 60, 60),
        "up": (61, 61, 61, 61),
        "half_up": (60, 60, 61, 61),
        "half_down": (60, 60, 60, 61),
    }
    for mode, due in seconds.items():
        for duration, billed_s in zip(("60.1", "60.4", "60.5", "60.6"), due, strict=True):
            assert verify.billed_seconds(
                row(initial_s="1", increment_s="1", duration_s=duration, seconds_rounding=mode)
            ) == billed_s  # fmt: skip


def test_charges_are_those_of_the_rules() -> None:
    # 9.1 s at 0.005 a minute: 0.00075833 is 0.0008
    tiny = row(rate_per_minute="0.005", initial_s="1", increment_s="0", duration_s="9.1")
    assert verify.charge(tiny) == (Fraction("9.1"), Fraction("0.0008"))
    assert verify.charge(tiny | {"amount_rounding": "down"})[1] == Fraction("0.0007")
    assert verify.charge(tiny | {"min_charge": "0.01"})[1] == Fraction("0.01")
    assert verify.charge(tiny | {"max_charge": "0.0005"})[1] == Fraction("0.0005")
    assert verify.charge(tiny | {"grace_s": "9.1", "min_charge": "0.01"}) == (0, 0)
    assert verify.charge(tiny | {"free_s": "10", "connect_charge": "0.2"}) == (0, Fraction("0.2"))
    assert verify.charge(tiny | {"duration_s": "0", "attempt_charge": "0.00125"}) == (0, Fraction("0.0013"))
    # the first 30 s at 0.12 a minute, 31 more at 0.06: 0.06 + 0.031
    dear_first = row(initial_rate_per_minute="0.12", initial_s="30", increment_s="1", duration_s="61")
    assert verify.charge(dear_first) == (61, Fraction("0.091"))
