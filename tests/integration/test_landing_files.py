"""Landing files of every shape: what is read, what is set aside, what stays."""

import base64
import errno
import gzip
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

from orchestration import typed
from orchestration.landing import dropped
from orchestration.landing.readers import opening
from orchestration.landing.rows import checked
from orchestration.landing.store import Counts, FileKey
from orchestration.operations.day import land as landing
from orchestration.operations.day.land import land, land_files
from orchestration.store.warehouse import RULES, Home, Refused, writer
from tests.support.asterisk import master
from tests.support.landing_home import adds_up, cdr, csv_text, drop, make, query
from tests.support.rules import go_by


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T12:00:00")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "tess")
    return make(tmp_path)


def rejected(home: Home) -> list[tuple[object, ...]]:
    return query(home, "select line, reason from ops.rejected_rows order by file_sequence, line")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("tail", ["", "x"])
def test_byte_order_marks_and_line_ends(home: Home, start: bytes, end: str, tail: str) -> None:
    text = csv_text([cdr(call_id="a"), cdr(call_id="b")])
    text += csv_text([cdr(call_id="bad", duration_s=tail)]).splitlines()[1] if tail else ""
    drop(home, "a.csv", start + text.replace("\n", end).encode())
    (result,) = land(home)
    assert (result.landed, result.rejected) == (2, len(tail))
    assert rejected(home) == [(4, "bad_duration")] * len(tail)
    assert query(home, "select call_id from landed.cdrs order by 1") == [("a",), ("b",)]


def test_a_cell_of_a_megabyte_lands_and_a_longer_row_is_rejected(home: Home) -> None:
    text = "call_id,started_at,called_number,duration_s,note\n"
    for name, size in (("a", 1_000_000), ("b", 3_000_000), ("c", 1)):
        text += f"{name},2026-03-01T10:00:00Z,49,0,{'x' * size}\n"
    drop(home, "a.csv", text)
    (result,) = land(home)
    assert (result.rows, result.landed) == (3, 2)
    assert rejected(home) == [(3, "bad_row")]


def test_a_first_line_of_200_kb_is_read(home: Home) -> None:
    wide = "x" * 200_000
    drop(home, "a.csv", f"call_id,started_at,called_number,duration_s,{wide}\nc1,2026-03-01T10:00:00Z,49,0,1\n")
    drop(home, "Master.csv", master("2026-03-01 10:00:00", userfield=wide), source="utcpbx")
    first, second = land(home)
    assert (first.landed, second.landed) == (1, 1)
    assert json.loads(query(home, "select extra from landed.cdrs where source = 'sw1'")[0][0]) == {wide: "1"}


def test_header_only_lands_nothing_and_blank_lines_are_no_rows(home: Home) -> None:
    drop(home, "a.csv", csv_text([]))
    drop(home, "b.csv", csv_text([cdr()]).replace("\n", "\n\n") + "\n\n")
    first, second = land(home)
    assert (first.status, first.rows, first.days) == ("landed", 0, ())
    assert (second.rows, second.landed, second.rejected) == (1, 1, 0)


UNREADABLE = {
    "empty.csv": (b"", "empty"),
    "semicolons.csv": (b"call_id;started_at\n1;2\n", "use commas"),
    "missing.csv": (b"call_id,called_number,duration_s\n", "missing columns: started_at"),
    "case.csv": (csv_text([]).replace("call_id", "Call Id").encode(), "must be written call_id"),
    "near.csv": (csv_text([]).replace("answered_at", " Answered_At").encode(), "answered_at"),
    "twice.csv": (csv_text([]).replace("pdd_ms", "call_id").encode(), "named twice: call_id"),
    "nameless.csv": (csv_text([]).replace("pdd_ms", "").encode(), "has no name"),
    "excel.csv": (
        b"sep=,\n" + csv_text([cdr()]).encode(),
        "its first line is 'sep=,', which only Excel knows: delete it",
    ),
    "excel-semicolons.csv": (b"sep=;\na;b\n", "its first line is 'sep=;', which only Excel knows: delete it"),
    "commas.csv": (
        csv_text([]).replace("\n", ",,\n").encode(),
        " have no name: delete the commas at the end of the first line, and of the rows",
    ),
    "utf16.csv": (csv_text([cdr()]).encode("utf-16"), "UTF-8"),
    "utf32.csv": (csv_text([cdr()]).encode("utf-32"), "(UTF-32?); save it as UTF-8, or write encoding utf-32 for"),
    "utf32.jsonl": (json.dumps(cdr()).encode("utf-32-be"), "(UTF-32?); save it as UTF-8, or write encoding utf-32 for"),
    "zero.csv": (b"call_id,star\0ted_at\n", "there are zero bytes in its first line"),
    "mainframe.csv": (
        csv_text([cdr()]).encode("cp037"),
        "is no text in utf-8: save it as UTF-8, or write its encoding",
    ),
    "unit.csv": (
        csv_text([]).replace("duration_s", "duration_ms").encode(),
        '"duration_ms" is by its name (ms) something else than duration_s, answered seconds; 0: unanswered: convert it',
    ),
    "other.csv": (b"Anruf,Beginn,Dauer\n1,2,3\n", "; its first line says: Anruf Beginn Dauer"),
    "word.xlsx": (b"PK", "does not say what is in the file"),
    "cut.csv.gz": (gzip.compress(csv_text([cdr()] * 999).encode())[:-20], "cut short"),
    "damaged.csv.gz": (b"\0\0" + gzip.compress(csv_text([cdr()]).encode())[2:], "is not a gzip file"),
    "near-column.csv": (
        csv_text([]).replace("called_number", "called_nr").encode(),
        '; "called_nr" is probably called_number: write it so',
    ),
    "not.parquet": (b"PAR1 no", "not a Parquet file"),
    "array.json": (b'[{"call_id": 1}]', "one object a line"),
    "keys.jsonl": (b'{"a": 1}\n', "missing columns"),
    "returns.csv": (csv_text([cdr(), cdr()]).replace("\n", "\r", 2).encode(), "LF or CRLF throughout"),
    "log.jsonl": (b"[2026-03-01 10:00:00] VERBOSE[1] pbx.c: x\n", "; it looks like a log, such as Asterisk's"),
    "log.csv": (b"[Mar  1 10:00:00] VERBOSE[1] pbx.c: x\n", "; it looks like a log, such as Asterisk's"),
    "indented.jsonl": (json.dumps(cdr(), indent=1).encode(), "for it is written over several lines: write"),
    "comma.jsonl": (
        json.dumps(cdr()).encode() + b",\n",
        "is a JSON object: write each object alone",
    ),
    "csv.jsonl": (csv_text([cdr()]).encode(), "; it looks like CSV, whose name ends in .csv"),
    "utf16.jsonl": (json.dumps(cdr()).encode("utf-16"), "write encoding utf-16 for its source"),
    "packed.csv.gz": (gzip.compress(gzip.compress(csv_text([cdr()]).encode())), "it is compressed twice"),
    "canonical.csv": (csv_text([cdr()]).replace("pdd_ms", "call_id").encode(), "columns named twice: call_id"),
    "wide.csv": (b"call_id," + b"x" * 200_000 + b"\n", "missing columns: started_at, called_number"),
    "page.csv": (b"<!DOCTYPE html><p>404", "; it looks like a page of HTML or XML"),
    "sheet.csv": (b"PK\x03\x04\x14\x00", "; it looks like a spreadsheet"),
    "lines.csv": (json.dumps(cdr()).encode(), "; it looks like JSON lines, whose name ends in .jsonl"),
    "page.jsonl": (b"<html>", "; it looks like a page of HTML or XML"),
    "freepbx.csv": (b"calldate,clid,src,dst,dcontext\n", "; it looks like a FreePBX table cdr"),
    "Master.csv": (master("2026-03-01 10:00:00").encode(), "; it looks like Asterisk's cdr_csv (18 columns)"),
    "switch.csv": (b'"Ann",1,2,ctx,s,a,e,9,7,NORMAL_CLEARING,u,b,acct\n', "; it looks like FreeSWITCH's template sql"),
    f"{'long' * 62}.csv": (b"x\n", "missing columns"),
}


def test_a_name_in_gz_of_plain_text_is_read_as_it_is(home: Home) -> None:
    drop(home, "a.csv.gz", csv_text([cdr()]))
    assert land(home)[0].landed == 1


def test_a_column_that_is_nearly_one_of_those_that_need_not_be_there_is_asked_about(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Without it the call would have no carrier, and the day would close."""
    names = ("egress_trunks", "routing_numbr", "ingress", "answered", "ended", "pdd_s", "tags")
    drop(home, "a.csv", csv_text([cdr() | dict.fromkeys(names, "1")], (*cdr(), *names)))
    drop(home, "b.jsonl", json.dumps(cdr(call_id="b", egresstrnk="1", ingress_trunk="west")))
    assert [r.landed for r in land(home)] == [1, 1]
    kept = "is kept, and nothing is charged by it; did you mean"
    assert caplog.messages == [
        f'a.csv: column "egress_trunks" {kept} egress_trunk?',
        f'a.csv: column "routing_numbr" {kept} routing_number?',
        f'a.csv: column "ingress" {kept} ingress_trunk?',
        f'b.jsonl: column "egresstrnk" {kept} egress_trunk?',
    ]


def test_an_ending_in_capital_letters_is_the_same(home: Home) -> None:
    drop(home, "A.CSV", csv_text([cdr(call_id="a")]))
    drop(home, "B.JSONL.GZ", gzip.compress(json.dumps(cdr(call_id="b")).encode()))
    assert [r.landed for r in land(home)] == [1, 1]
    assert {path.suffix for path in (home.archive / "cdrs/sw1").iterdir()} == {".CSV", ".GZ"}


def test_a_source_in_other_letters_than_in_the_configuration_is_asked_about(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    (home.seeds / "sources.csv").write_text("source,kind\nsw1,cdrs\nbank,payments\n")
    for source in ("SW1", "sw1", "sw2", "Bank", "sw-1", "s w1"):
        drop(home, f"{source}.csv", csv_text([cdr(call_id=source)]), source=source)
    assert [r.landed for r in land(home)] == [1] * 6
    asked = "land as another source's than"
    right = "is it that? If not, list it in seeds/sources.csv"
    assert caplog.messages == [f"cdrs of {name} {asked} sw1: {right}" for name in ("SW1", "s w1", "sw-1")]
    caplog.clear()
    drop(home, "more.csv", csv_text([cdr(call_id="more")]), source="SW2")
    land(home)
    assert caplog.messages == [f"cdrs of SW2 {asked} sw2: {right}"]


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("sw1 ", "sw1"), (" sw1", "sw1"), ("sw1\u00a0", "sw1"), ("sw\n1", "sw1"), ("\x1b[31msw1", "[31msw1"),
        ("sw1\u200b", "sw1"), (".sw1", "sw1"),
    ],
)  # fmt: skip
def test_a_source_whose_name_is_not_all_to_be_seen_is_none(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture, source: str, meant: str
) -> None:
    """It would be another source than the one that it looks like, and its calls would count twice."""
    drop(home, "a.csv", csv_text([cdr()]), source=source)
    assert land(home) == []
    seen = caplog.text
    assert source.startswith(".") or (
        f'cannot name a source: it is a folder\'s name, all of it to be seen; did you mean "{meant}"?' in seen
    )
    outside = tmp_path / "a.csv"
    outside.write_text(csv_text([cdr()]))
    with pytest.raises(Refused, match=f'cannot name a source: .* did you mean "{re.escape(meant)}"') as said:
        land(home, [outside], kind="cdrs", source=source)
    assert str(said.value).isprintable()
    with writer(home, "test") as held:  # as it did when a journal's line was written
        held.rules = 3
        if not source.startswith("."):
            assert [r.landed for r in land_files(held, [outside], kind="cdrs", source=source)] == [1]


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_is_set_aside_with_its_reason(home: Home, name: str) -> None:
    data, why = UNREADABLE[name]
    path = drop(home, name, data)
    drop(home, "zz-good.csv", csv_text([cdr()]))
    bad, good = land(home)
    assert (bad.status, good.status) == ("unreadable", "landed")
    assert why in (bad.problem or "")
    aside = home.rejected / "cdrs/sw1" / name[:200]
    assert aside.read_bytes() == data
    assert aside.with_name(f"{aside.name}.reason").read_text() == f"{bad.problem}\n"
    assert not path.exists()
    assert query(home, "select count(*) from ops.files") == [(1,)]


def test_a_damaged_parquet_file_is_set_aside(home: Home, tmp_path: Path) -> None:
    """Its footer can be read, its pages cannot: the first error comes while rows are inserted."""
    rows = "select 'c' || i as call_id, '2026-03-01T10:00:00' as started_at, '49' as called_number, 1 as duration_s"
    duckdb.execute(f"copy ({rows} from range(5000) t(i)) to '{tmp_path}/a.parquet' (compression zstd)")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[4:2000] = b"\xff" * 1996
    drop(home, "a.parquet", bytes(data))
    drop(home, "b.csv", csv_text([cdr()]))
    bad, good = land(home)
    assert (bad.status, good.status) == ("unreadable", "landed")
    assert (home.rejected / "cdrs/sw1/a.parquet.reason").read_text().startswith("the file is damaged: ")


# Ten rows, of whose footer one byte was changed: the length of a column's data is below 0.
_INTERNAL = (
    "H4sIAI95C2sC/41Uy27TQBS9M3FMFKXIVT2DLXnhTUdBaiPbeUBQF6HqskIVqhArIr8iUtyC8qhYsGRZZYVY8QF8Qj+FNWLFJ7DiztiJ3MhFRH"
    "NGZ+6cOffm6spnz1/6DNhnwi4OmIlMZzrAsUkBwCRE12KvroOPCBBdRA/RRwzquvdEyuKnah8yjXVYcMoow+Oj13u4B14wOPS6h55/7nvPPLlU"
    "iqbMpeW5ag1iAh5azCje6ip7b3ivtMkeFtK6QXD371GCNC39rdz4XxcjxwFYA6Q3uHLTFJHUAPWTV3RLnksbazZSslxvyMC2HG1Jfqu06omxsR"
    "gxan/qg7WTLON3STSex2/Ty5C1sPZ9aj2IwywbT5N9kGewmvNFOFukyThcrEM7UoKRq+VllM42wmQ5CxfT91fjeR6iFkk3bIKMm7ZjZwIc1rIZ"
    "2JtUjHKTfyd8RUTjyKLxEOFxaBdsdxdsh8neyl4WzzW7XJly+MA/ip9EfCWOtVcxH5VBDpz+v1pWcoCTICthcl4o8G8ae1Ou6m5zVGEv+CtxS8"
    "WKOhbtDSVU2oJXmf7ZMi31Vjme8nNxUxO/0JH4uJSfYlVuP+olN+w7SZVJh3fFbe1oYFa0V6omhSoQv7dVfKVxUzT4Fw3a7RMco5Nj9zqdzbFC"
    "9zroeB3PbUfLaZa4Sb8XR1HaTSaP7UwO6N0FN2h3hp+Kv/JqY3QvBAAA"
)


def test_an_error_inside_the_database_is_the_files_own_and_stops_no_other(home: Home) -> None:
    """Of such a Parquet file DuckDB says "INTERNAL Error", and shuts the warehouse that reads it."""
    good = drop(home, "c.csv", csv_text([cdr()]))
    drop(home, "a.csv", csv_text([cdr(call_id="before")]))
    drop(home, "b.parquet", gzip.decompress(base64.b64decode(_INTERNAL)))
    assert [r.status for r in land(home)] == ["landed", "unreadable", "landed"]
    assert (home.rejected / "cdrs/sw1/b.parquet.reason").read_text().startswith("the file is damaged: INTERNAL Error")
    assert query(home, "select call_id from landed.cdrs order by 1") == [("before",), ("c1",)]
    assert not good.exists()


@pytest.mark.parametrize("failure", [duckdb.OutOfMemoryException("no memory"), MemoryError("no memory")])
def test_a_file_that_memory_does_not_suffice_for_stays_and_stops_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def store(con: duckdb.DuckDBPyConnection, key: FileKey, *rest: Any) -> Counts:
        if key.name == "a.csv":
            raise failure
        return stored(con, key, *rest)

    stored = landing.store
    monkeypatch.setattr("orchestration.operations.day.land.store", store)
    path = drop(home, "a.csv", csv_text([cdr()]))
    drop(home, "b.csv", csv_text([cdr()]))
    first, second = land(home)
    assert (first.status, second.status) == ("unreadable", "landed")
    assert first.problem == "there is not enough memory to land it (no memory); it stays where it is"
    assert path.exists()


@pytest.mark.parametrize("failure", [ValueError("odd\nmore"), UnicodeError(), duckdb.ConversionException("odd")])
@pytest.mark.parametrize("step", ["unpacked", "open_file", "store"])
def test_whatever_fails_while_a_file_is_read_is_its_own(
    home: Home, monkeypatch: pytest.MonkeyPatch, failure: Exception, step: str
) -> None:
    def fails(*given: Any) -> object:
        if "a.csv" in str(given):
            raise failure
        return works(*given)

    works = getattr(landing, step)
    monkeypatch.setattr(f"orchestration.operations.day.land.{step}", fails)
    drop(home, "a.csv", csv_text([cdr()]))
    drop(home, "b.csv", csv_text([cdr()]))
    assert [r.status for r in land(home)] == ["unreadable", "landed"]
    reason = (home.rejected / "cdrs/sw1/a.csv.reason").read_text()
    assert reason == f"the file is damaged: {'odd' if failure.args else 'UnicodeError'}\n"


def test_an_error_of_the_warehouse_is_not_blamed_on_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise duckdb.IOException("no space left on device")

    monkeypatch.setattr("orchestration.operations.day.land.store", full)
    path = drop(home, "a.csv", csv_text([cdr()]))
    with pytest.raises(duckdb.IOException, match="no space"):
        land(home)
    assert path.exists()


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz"])
def test_carriage_returns_alone_end_lines_of_every_text(home: Home, tmp_path: Path, name: str) -> None:
    text = csv_text([cdr(call_id="a"), cdr(call_id="b", duration_s=-1)])
    if ".jsonl" in name:
        text = "".join(json.dumps(cdr(call_id=c, duration_s=d)) + "\n" for c, d in (("a", 1), ("b", -1)))
    data = text.replace("\n", "\r").encode()
    drop(home, name, gzip.compress(data) if name.endswith("gz") else data)
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (2, 1, 1)
    assert rejected(home) == [(3 - (name == "a.jsonl"), "bad_duration")]


def test_the_first_line_of_json_has_its_keys_behind_a_byte_order_mark(home: Home) -> None:
    """Those that no other line has, too, and beside a line of a megabyte; by older rules all is as it was."""
    (home.seeds / "sources.csv").write_text("source,kind,encoding\nsw2,cdrs,utf-16-le\n")
    said = {key: cdr()[key] for key in ("started_at", "called_number", "duration_s")}
    more = cdr(ingress_trunk="in-acme", note="x")

    def landed(rules: int) -> list[tuple[Any, ...]]:
        calls = (
            [more | {"call_id": f"a{rules}"}],
            [more | {"call_id": f"b{rules}"}, said | {"call_id": "plain"}],
            [more | {"call_id": f"c{rules}"}, said | {"call_id": "long", "note": "x" * 1_100_000}],
        )
        for number, rows in enumerate(calls):
            text = "\ufeff" + "\n".join(map(json.dumps, rows))
            drop(home, f"{rules}-{number}.jsonl", text)
            returns = text.replace("\n", "\r").encode("utf-16-le")
            drop(home, f"{rules}-{number}.jsonl.gz", gzip.compress(returns), source="sw2")
        with writer(home, "test") as held:
            held.rules = rules
            land_files(held)
        cells = "source, call_id, answered_at::VARCHAR, ingress_trunk, extra"
        return query(home, f"select {cells} from landed.cdrs where call_id like '_{rules}' order by all")

    cells = ("2026-03-01 10:00:05", "in-acme", '{"note":"x"}')
    assert landed(RULES) == [(source, f"{name}{RULES}", *cells) for source in ("sw1", "sw2") for name in "abc"]
    assert landed(2) == [(source, "b2", None, None, None) for source in ("sw1", "sw2")]


@pytest.mark.parametrize(
    ("encoding", "wrong", "name"),
    [
        ("latin-1", b"", "a.csv"),
        ("cp1252", b"\x81", "a.csv.gz"),
        ("iso-8859-7", b"\xd2\xae", "a.csv"),
        ("utf-16", b"\x00\xd8", "a.csv"),
        ("utf-16", b"\x00\xd8", "a.jsonl"),
    ],
)
def test_text_is_read_in_its_source_s_encoding(home: Home, encoding: str, wrong: bytes, name: str) -> None:
    """Bytes that it does not have are shown as they are: of Greek both together would be a letter in UTF-8."""
    (home.seeds / "sources.csv").write_text(f"source,kind,encoding\nsw1,cdrs,{encoding}\n")
    who = "Γιάννης" if encoding == "iso-8859-7" else "Jürgen"
    calls = [cdr(call_id="a", disposition=who), cdr(call_id="b"), cdr(call_id="c", disposition="^")]
    text = "".join(json.dumps(call, ensure_ascii=False) + "\r" for call in calls)
    if ".csv" in name:
        text = csv_text(calls).replace("\n", "\r")
    data = text.encode(encoding).replace("^".encode(encoding).removeprefix(b"\xff\xfe"), wrong)
    drop(home, name, gzip.compress(data) if name.endswith("gz") else data)
    (result,) = land(home)
    assert (result.rows, result.landed) == (3, 3 - bool(wrong))
    assert query(home, "select disposition from landed.cdrs where call_id = 'a'") == [(who,)]
    if wrong:
        assert rejected(home) == [(3 + (".csv" in name), "bad_encoding")]
        ((raw,),) = query(home, "select raw from ops.rejected_rows")
        assert "".join(f"\\x{byte:02x}" for byte in wrong) in raw
        assert "\\xff" not in raw


def test_parquet_has_no_encoding_to_go_by(home: Home) -> None:
    (home.seeds / "sources.csv").write_text("source,kind,encoding\nsw1,cdrs,utf-16\n")
    path = drop(home, "a.parquet", "")
    with duckdb.connect() as con:
        cells = ", ".join(f"'{value}' as {name}" for name, value in cdr().items())
        con.execute(f"copy (select {cells}) to '{path}'")
    assert land(home)[0].landed == 1


@pytest.mark.parametrize("text", [True, False])
def test_a_column_of_parquet_that_is_no_text_is_named(home: Home, text: bool) -> None:
    """With the row where it is bytes by its type; of texts the reader says no row."""
    path = drop(home, "a.parquet", "")
    cells = ", ".join(f"'{value}' as {name}" for name, value in cdr().items())
    note = "'a#b'" if text else "case i when 1 then 'a#b'::BLOB else 'ab'::BLOB end"
    duckdb.execute(f"copy (select {cells}, {note} as note from range(3) t(i)) to '{path}' (compression uncompressed)")
    path.write_bytes(path.read_bytes().replace(b"a#b", b"a\xffb"))
    drop(home, "b.csv", csv_text([cdr()]))
    bad, good = land(home)
    assert (bad.status, good.status) == ("unreadable", "landed")
    where = "" if text else ", first in row 2"
    assert bad.problem == f'column "note" has bytes that are no UTF-8{where}; write its texts in UTF-8'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_text_in_another_encoding_than_its_sources_is_named(home: Home, encoding: str) -> None:
    (home.seeds / "sources.csv").write_text(f"source,kind,encoding\nsw1,cdrs,{encoding}\n")
    drop(home, "a.csv", csv_text([cdr(call_id="kü")]))
    (bad,) = land(home)
    said = f"; it looks like UTF-8, and encoding is {encoding} for its source in sources.csv"
    assert (bad.problem or "").endswith(said)


def test_a_file_that_has_no_name_to_write_down_stops_no_other(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    drop(home, os.fsdecode(b"caf\xe9.csv"), csv_text([cdr()]))
    drop(home, "b.csv", csv_text([cdr()]))
    (landed,) = land(home)
    assert landed.status == "landed"
    assert "is not UTF-8; rename it" in caplog.text


def test_a_file_that_is_taken_away_meanwhile_is_passed_over(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As by another deployment whose inbox is the same folder, before or after each thing that is done with it."""

    def takes(step: str, n: int, after: bool) -> None:
        gone = drop(home, f"a{n}.csv", csv_text([cdr(call_id=f"a{n}")]) if step != "days_held" else "no header")
        other = drop(home, f"b{n}.csv", csv_text([cdr(call_id=f"b{n}")]))
        caplog.clear()
        with monkeypatch.context() as patch:
            module = dropped if hasattr(dropped, step) else landing
            done = getattr(module, step)

            def taken(*arguments: object, **named: object) -> object:
                if not after:
                    gone.unlink(missing_ok=True)
                result = done(*arguments, **named)
                if after:
                    gone.unlink(missing_ok=True)
                return result

            patch.setattr(module, step, taken)
            results = {file.name: file for file in land(home)}
        assert results[other.name].status == "landed", step
        if gone.name in results:
            (name, file) = gone.name, results[gone.name]
            assert (file.status, file.problem) == ("gone", None), (step, file)
            assert f"{name} of sw1 is gone since it was seen" in caplog.text
        assert "left alone" not in caplog.text
        assert query(home, f"select count(*) from landed.cdrs where call_id = 'a{n}'") == [(0,)]

    steps = [(step, after) for step in ("waiting", "_in") for after in (False, True)]
    steps += [(step, False) for step in ("state", "scan", "unpacked", "open_file", "store", "_archive", "days_held")]
    steps += [(step, True) for step in ("state", "scan", "unpacked", "open_file", "store", "_settled")]
    for n, (step, after) in enumerate(steps):
        takes(step, n, after)
    assert adds_up(home)


def test_a_link_of_another_users_to_what_is_not_theirs_is_left_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = drop(home, "b.csv", csv_text([cdr()]))
    moved = own.rename(home.root.parent / "elsewhere.csv")
    own.symlink_to(moved)
    (own.with_name("a.csv")).symlink_to("/etc/hostname")
    (own.parent.with_name("etc")).symlink_to("/etc")
    if os.geteuid() == 0:
        for link in (own.with_name("a.csv"), own.parent.with_name("etc")):
            os.lchown(link, 4321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4321)
    (landed,) = land(home)
    assert (landed.name, landed.status) == ("b.csv", "landed")
    assert moved.stat().st_nlink == 1
    for name in ("sw1/a.csv", "etc"):
        assert f"{name} is a link that another user made to what is not theirs: remove it" in caplog.text


def test_what_is_no_file_is_named_and_stops_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    at = drop(home, "b.csv", csv_text([cdr()])).parent
    drop(home, "a.csv", "x", source="locked")
    drop(home, "a.csv", "x", kind="rates", source="carrier")
    os.mkfifo(at / "a.csv")
    with socket.socket(socket.AF_UNIX) as bound:
        monkeypatch.chdir(at)
        bound.bind("c.csv")
    (at / "d.csv").symlink_to("/nowhere/at/all")
    os.mkfifo(at.parent.parent / "rates/carrier/e.csv")
    (at / "f.csv").mkdir()
    os.mkfifo(at.parent / "g.csv")
    (at / "h.csv").symlink_to("h.csv")
    looked = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return looked(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    (landed,) = land(home)
    assert (landed.name, landed.status) == ("b.csv", "landed")
    for said in (
        f"{at}/a.csv is a pipe;",
        f"{at}/c.csv is a socket;",
        f"{at}/d.csv is a link that leads nowhere (No such file or directory);",
        "rates/carrier/e.csv is a pipe;",
        f"{at}/f.csv is a directory",
        f"{at.parent}/g.csv is a pipe; files land from a directory of that name",
        f"{at}/h.csv is a link that leads nowhere (Too many levels",
        "locked cannot be looked into (Permission denied)",
    ):
        assert said in caplog.text
    with pytest.raises(Refused, match="is not a file"):
        land(home, [at / "a.csv"])


def test_a_file_that_cannot_be_read_or_moved_now_is_named_and_stops_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is the file's own fault: it is not set aside."""
    for name in ("a.csv.gz", "b.csv", "c.csv", "d.csv"):
        drop(home, name, csv_text([cdr(call_id=name)]) if name != "c.csv" else "x\n")
    drop(home, "a.csv.gz", gzip.compress(b"x" * 3_000_000))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/there")

    def locked(dropped: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(home.inbox))

    monkeypatch.setattr("orchestration.landing.readers.opening.shutil.copyfileobj", full)
    monkeypatch.setattr("orchestration.landing.dropped.forget", locked)
    monkeypatch.setattr("orchestration.landing.dropped.move", lambda *_: locked(None))
    results = land(home)
    assert [r.status for r in results] == ["unreadable", "landed", "unreadable", "landed"]
    assert results[0].problem == (
        "it cannot be read now (/there cannot be written (No space left on device): make room on the disk);"
        " it stays where it is"
    )
    closed = f"({home.inbox} cannot be read or written by "
    assert str(results[1].problem).startswith(f"it has landed, and cannot be taken out of the inbox {closed}")
    assert f"; and it cannot be put into rejected/ {closed}" in str(results[2].problem)
    assert [r.status for r in land(home)] == ["unreadable", "already_landed", "unreadable", "already_landed"]
    monkeypatch.undo()
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T12:00:00")
    assert [r.status for r in land(home)] == ["unreadable", "already_landed", "unreadable", "already_landed"]
    assert land(home) == []


def test_a_file_that_cannot_be_archived_now_is_named_and_stops_no_other(home: Home) -> None:
    """Nothing of it has landed; when it has and its archive is gone, it stays where it is, too."""
    for source in ("aa", "sw1", "zz"):
        drop(home, f"{source}.csv", csv_text([cdr(call_id=source)]), source=source)
    closed = home.archive / "cdrs/sw1"
    closed.parent.mkdir(parents=True)
    closed.write_text("no folder")
    results = land(home)
    assert [(r.name, r.status) for r in results] == [
        ("aa.csv", "landed"),
        ("sw1.csv", "unreadable"),
        ("zz.csv", "landed"),
    ]
    assert str(results[1].problem).startswith(
        f"it cannot be put into archive/ now ({closed} is a file, and a directory is needed there: move the file away)"
    )
    assert query(home, "select source from landed.cdrs order by 1") == [("aa",), ("zz",)]
    assert '"source": "sw1"' not in home.journal.read_text()
    closed.unlink()
    assert [(r.name, r.status) for r in land(home)] == [("sw1.csv", "landed")]
    drop(home, "sw1.csv", csv_text([cdr(call_id="sw1")]))
    drop(home, "zzz.csv", csv_text([cdr(call_id="zzz")]), source="zz")
    shutil.rmtree(closed)
    closed.write_text("no folder")
    again, last = land(home)
    assert (again.status, last.status) == ("unreadable", "landed")
    assert (home.inbox / "cdrs/sw1/sw1.csv").exists()


def test_a_persons_own_file_is_copied_and_never_moved(home: Home, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(csv_text([cdr()]))
    bad.write_text("x\n")
    results = land(home, [good, bad], kind="cdrs", source="sw1")
    assert [r.status for r in results] == ["landed", "unreadable"]
    assert good.exists()
    assert bad.exists()
    kept = home.archive / "cdrs/sw1" / f"{results[0].file_id}.csv"
    assert kept.stat().st_ino != good.stat().st_ino
    assert (home.rejected / "cdrs/sw1/bad.csv").read_text() == "x\n"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "--kind"),
        ({"kind": "cdrs"}, "--source"),
        ({"kind": "calls", "source": "x"}, "cdrs, usage"),
        ({"kind": "rates", "source": "x"}, "tollbook rates review"),
        ({"kind": "statements", "source": "x"}, "later release"),
        ({"kind": "cdrs", "source": "../x"}, "cannot name a source"),
        ({"kind": "cdrs", "source": "x", "supersede": True}, "--reason"),
        ({"kind": "usage", "source": "x", "supersede": True, "reason": "y"}, "cdrs only"),
        ({"kind": "cdrs", "source": "x", "reason": "y"}, "it goes with --supersede"),
    ],
)
def test_requests_that_cannot_be_carried_out(home: Home, tmp_path: Path, options: dict[str, object], why: str) -> None:
    (tmp_path / "a.csv").write_text(csv_text([cdr()]))
    with pytest.raises(Refused, match=why):
        land(home, [tmp_path / "a.csv"], **options)  # type: ignore[arg-type]
    assert not home.archive.exists()


def test_a_kind_that_does_not_land_is_said_where_it_only_chooses(home: Home) -> None:
    kept = drop(home, "a.csv", csv_text([cdr()]))
    for kind, why in (("cdr", "use one of cdrs"), ("rates", "tollbook rates review"), ("statements", "later release")):
        with pytest.raises(Refused, match=why):
            land(home, kind=kind)
    assert kept.exists()
    assert [file.name for file in land(home, kind="cdrs")] == ["a.csv"]


def test_what_is_not_ripe_or_not_landed_yet_stays(home: Home) -> None:
    kept = [drop(home, ".a.csv", "x"), drop(home, "b.csv.part", "x")]
    kept.append(drop(home, "c.csv", "x", kind="rates"))
    assert land(home) == []
    assert all(path.exists() for path in kept)


def test_a_folder_of_no_kind_keeps_nothing_else_from_landing(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    strays = [
        drop(home, name, "x", kind=kind) for name, kind in (("a.csv", "calls"), ("c.csv", "calls"), ("d.csv", "cdr"))
    ]
    strays.append(drop(home, "e.csv", "x", source="sw1/2026"))
    for place in (home.inbox, home.inbox / "cdrs"):
        strays.append(place / "f.csv")
        strays[-1].write_text("x")
    drop(home, "b.csv", csv_text([cdr()]))
    assert [file.name for file in land(home)] == ["b.csv"]
    assert all(stray.exists() for stray in strays)
    for said in (
        "inbox/calls is no kind of file (sw1/a.csv in it, and 1 more); put files into inbox/<kind>/<source>/",
        "inbox/cdr is no kind of file (sw1/d.csv in it); did you mean inbox/cdrs/?",
        "inbox/cdrs/sw1/2026 is a directory (e.csv in it); files land from its parent",
        "inbox/f.csv has no kind and no source; put files into inbox/<kind>/<source>/",
        "inbox/cdrs/f.csv has no source; put files into inbox/cdrs/<source>/",
    ):
        assert said in caplog.text, said


def test_unknown_columns_are_kept(home: Home) -> None:
    header = "zulu,call_id,started_at,called_number,duration_s,Alpha,day\n"
    drop(home, "a.csv", header + 'é,c1,2026-03-01T10:00:00,49,0,"a ""b""",\n')
    land(home)
    extra = query(home, "select extra from landed.cdrs")[0][0]
    assert json.loads(extra) == {"Alpha": 'a "b"', "zulu": "é"}


def test_parquet_json_lines_and_gzip_equal_csv(home: Home, tmp_path: Path) -> None:
    rows = [cdr(call_id=f"c{n}", pdd_ms=n, attempt=1, carrier_amount=f"0.0{n}", note=f"n {n}") for n in range(1, 10)]
    text = csv_text(rows, (*cdr(), "attempt", "pdd_ms", "carrier_amount", "note"))
    (tmp_path / "in.csv").write_text(text)
    typed = (
        f"select * replace (started_at::TIMESTAMPTZ as started_at, duration_s::DECIMAL(18, 6) as"
        f" duration_s, carrier_amount::DOUBLE as carrier_amount, pdd_ms::BIGINT as pdd_ms)"
        f" from read_csv('{tmp_path}/in.csv', all_varchar = true)"
    )
    duckdb.execute(f"copy ({typed}) to '{tmp_path}/a.parquet'")
    duckdb.execute(
        f"copy (select * replace (duration_s::DOUBLE as duration_s, pdd_ms::INT as pdd_ms,"
        f" carrier_amount::DOUBLE as carrier_amount, attempt::INT as attempt)"
        f" from read_csv('{tmp_path}/in.csv', all_varchar = true)) to '{tmp_path}/a.json'"
    )
    files = {
        "a.csv": text.encode(),
        "b.csv.gz": gzip.compress(text.encode()),
        "c.parquet": (tmp_path / "a.parquet").read_bytes(),
        "d.jsonl": (tmp_path / "a.json").read_bytes(),
        "e.jsonl.gz": gzip.compress((tmp_path / "a.json").read_bytes() + b"\n\n"),
    }
    for name, data in files.items():
        drop(home, name, data)
    first, *others = land(home)
    assert first.landed == 9
    assert [(o.name, o.duplicates, o.rejected) for o in others] == [(name, 9, 0) for name in list(files)[1:]]


def test_bad_rows_of_parquet_and_json_lines(home: Home, tmp_path: Path) -> None:
    duckdb.execute(
        "copy (select 'c' || i as call_id, timestamp '2026-03-01 10:00:00' as started_at, '49' as"
        " called_number, case when i = 2 then -1.5 else 0.1 + i * 0.2 end as duration_s"
        f" from range(1, 4) t(i)) to '{tmp_path}/a.parquet'"
    )
    drop(home, "a.parquet", (tmp_path / "a.parquet").read_bytes())
    base = '"started_at": "2026-03-01T10:00:00Z", "called_number": "49"'
    lines = [
        f'{{"call_id": "j1", {base}, "duration_s": 1.5, "carrier_amount": 1e-8}}',
        "not json",
        f'{{"call_id": "j3", {base}, "duration_s": null}}',
        f'{{"call_id": "j4", {base}, "duration_s": 1, "carrier_amount": 12345678901.12345678}}',
        f'{{"call_id": 5, {base}, "duration_s": 2.0, "tags": {{"a": [1]}}, "Call": "x"}}',
        '["an", "array"]',
    ]
    drop(home, "b.jsonl", "\n".join(lines))
    first, second = land(home)
    assert (first.rows, first.landed, first.rejected) == (3, 2, 1)
    assert (second.rows, second.landed, second.rejected) == (6, 2, 4)
    assert rejected(home) == [
        (2, "bad_duration"),
        (2, "bad_row"),
        (3, "missing_value"),
        (4, "bad_amount"),
        (6, "bad_row"),
    ]
    found = query(
        home,
        "select call_id, duration_s, carrier_amount, extra from landed.cdrs"
        " where call_id in ('j1', '5') order by call_id desc",
    )
    assert found == [
        ("j1", Decimal("1.5"), Decimal("0.00000001"), None),
        ("5", Decimal(2), None, '{"Call":"x","tags":"{\\"a\\":[1]}"}'),
    ]


def test_an_object_whose_keys_are_wrong_is_no_row(home: Home) -> None:
    """Of a key that is there twice only one would be read, and which is nowhere said. One that is written otherwise
    than in the other rows, or has no name, is its row's fault, not the file's.
    """
    good = json.dumps(cdr(call_id="good", tags={"a": 1}))
    twice = json.dumps(cdr(call_id="c2"))[:-1] + ', "duration\\u005fs": "1"}'
    nested = json.dumps(cdr(call_id="c3"))[:-1] + ', "tags": {"a": 1, "a": 2}}'
    other = json.dumps(cdr(call_id="c4")).replace("duration_s", "Duration_S")
    nameless = json.dumps({**cdr(call_id="c5"), "": "x"})
    drop(home, "a.jsonl", "\n".join([good, twice, nested, other, nameless, ""]))
    (landed,) = land(home)
    assert (landed.rows, landed.landed, landed.rejected) == (5, 2, 3)
    assert query(home, "select line, reason, detail from ops.rejected_rows order by line") == [
        (2, "bad_row", 'the key "duration_s" is in it twice; write it once'),
        (4, "bad_row", 'the key "Duration_S" must be written duration_s'),
        (5, "bad_row", "a key of it has no name; name it, or leave it out"),
    ]
    assert adds_up(home)


def test_an_object_with_very_many_keys_is_no_row(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes time by the square of their number; by the rules of before they landed."""
    monkeypatch.setattr(opening, "_MOST_KEYS", 30)
    many = {f"k{n}": n for n in range(30)}
    text = json.dumps(cdr(call_id="wide", **many)) + "\n" + json.dumps(cdr(call_id="good")) + "\n"
    drop(home, "a.jsonl", text)
    drop(home, "b.jsonl", json.dumps(cdr(call_id="alone", **many)) + "\n")
    drop(home, "c.jsonl", "".join(json.dumps(cdr(call_id=f"c{n}", **{f"k{n}": n})) + "\n" for n in range(30)))
    first, *others = land(home)
    assert (first.rows, first.landed, first.rejected) == (2, 1, 1)
    assert query(home, "select line, reason, detail from ops.rejected_rows") == [
        (1, "bad_row", "it has more than 30 keys, and no call has: is it several rows in one?")
    ]
    assert [(other.status, (other.problem or "").partition(",")[0]) for other in others] == [
        ("unreadable", "each row of it has more than 30 keys"),
        ("unreadable", f"its rows have {len(cdr()) + 30} different keys"),
    ]
    go_by(monkeypatch, 4)
    drop(home, "d.jsonl", text.replace("good", "other"))
    assert [landed.landed for landed in land(home)] == [2]
    assert adds_up(home)


def test_a_list_or_an_object_is_no_text(home: Home) -> None:
    """In a column that nobody bills by, of another name, it is kept."""
    wrong: list[dict[str, Any]] = [
        {"call_id": ["a", 1]}, {"call_id": {"a": 1}}, {"call_id": False}, {"called_number": [447700900123]},
        {"ingress_trunk": True}, {"call_id": 1779569178.10}, {"called_number": 4.477e11},
    ]  # fmt: skip
    good: list[dict[str, Any]] = [
        {"call_id": "[a]"}, {"call_id": 7}, {"call_id": "true {"}, {"call_id": "n", "note": [True, {"a": "["}]},
        {"call_id": "null", "ingress_trunk": None},
    ]  # fmt: skip
    text = "".join(json.dumps({**cdr(), **cells}) + "\n" for cells in (*wrong, *good))
    drop(home, "a.jsonl", text)
    (landed,) = land(home)
    assert (landed.landed, landed.rejected) == (len(good), len(wrong))
    assert query(home, "select line, reason, detail from ops.rejected_rows order by line") == [
        (1, "bad_row", "call_id is a list; write text"),
        (2, "bad_row", "call_id is an object; write text"),
        (3, "bad_row", "call_id is no text; write text"),
        (4, "bad_row", "called_number is a list; write text"),
        (5, "bad_row", "ingress_trunk is no text; write text"),
        (6, "bad_row", "call_id is a number with a fraction, an exponent or too many digits; write text"),
        (7, "bad_row", "called_number is a number with a fraction, an exponent or too many digits; write text"),
    ]
    assert adds_up(home)
    with writer(home, "test") as held:
        held.rules = 3
        drop(home, "b.jsonl", json.dumps({**cdr(), "call_id": ["b"]}))
        assert [r.landed for r in land_files(held)] == [1]


def test_a_telephone_number_that_became_a_decimal_is_none(home: Home) -> None:
    """As of a column with gaps: the point would be taken for a mark between digits, and the 0 for one of them."""
    columns = (*cdr(), "calling_number")
    numbers = [("442.0", ""), ("442", "491.00"), ("44.2", ""), ("44 20.00", ""), ("442", ""), ("+44 (20) 7-2.0", "")]
    rows = [cdr(call_id=f"c{n}", called_number=called) | {"calling_number": calling}
            for n, (called, calling) in enumerate(numbers)]  # fmt: skip
    drop(home, "a.csv", csv_text(rows, columns))
    (landed,) = land(home)
    assert (landed.landed, landed.rejected) == (4, 2)
    assert query(home, "select line, reason, detail from ops.rejected_rows order by line") == [
        (2, "bad_number", 'called_number is "442.0", a decimal number; write its digits, as text'),
        (3, "bad_number", 'calling_number is "491.00", a decimal number; write its digits, as text'),
    ]
    with writer(home, "test") as held:
        held.rules = 3
        drop(home, "b.csv", csv_text([row | {"call_id": f"d{n}"} for n, row in enumerate(rows)], columns))
        assert [(r.landed, r.rejected) for r in land_files(held)] == [(6, 0)]


@pytest.mark.parametrize(
    ("cell", "type_"),
    [
        ("['a']", "VARCHAR[]"),
        ("{'a': 1}", "STRUCT(a INTEGER)"),
        ("true", "BOOLEAN"),
        ("1::FLOAT", "FLOAT"),
        ("1.5::DOUBLE", "DOUBLE with fractions, or of too many digits"),
        ("1e15::DOUBLE", "DOUBLE with fractions, or of too many digits"),
    ],
)
def test_a_parquet_column_of_lists_is_no_text(home: Home, tmp_path: Path, cell: str, type_: str) -> None:
    path = home.inbox / "cdrs" / "sw1" / "a.parquet"
    path.parent.mkdir(parents=True)
    duckdb.execute(
        f"copy (select {cell} as call_id, '2026-03-01T10:00:00Z' as started_at, '447700900123' as called_number,"
        f" 61 as duration_s, [1] as note) to '{path}'"
    )
    (landed,) = land(home)
    assert (landed.status, landed.problem) == ("unreadable", f'column "call_id" is {type_}; write texts')


def test_a_parquet_column_of_durations_is_none_of_seconds(home: Home) -> None:
    path = home.inbox / "cdrs" / "sw1" / "a.parquet"
    path.parent.mkdir(parents=True)
    cells: dict[str, Any] = {name: [cell] for name, cell in cdr().items()}
    cells["duration_s"] = pyarrow.array([61_000], pyarrow.duration("ms"))
    pyarrow.parquet.write_table(pyarrow.table(cells), path)
    schema = pyarrow.table(cells).schema.serialize().to_pybytes()
    damaged = base64.b64encode(schema[:8] + bytes(len(schema) - 8)).decode()
    row = ", ".join(f"{cell!r} as {name}" for name, cell in cdr().items())
    duckdb.execute(f"copy (select {row}) to '{path.parent}/b.parquet' (kv_metadata {{'ARROW:schema': '{damaged}'}})")
    landed, other = land(home)
    assert landed.problem == 'column "duration_s" is duration[ms], a time that lasts; write seconds as a number'
    assert (other.status, (other.problem or "").partition(":")[0]) == ("unreadable", "the file is damaged")
    assert not list(path.parent.iterdir())


def test_what_is_not_a_number_is_an_empty_cell(home: Home) -> None:
    path = home.inbox / "cdrs" / "sw1" / "a.parquet"
    path.parent.mkdir(parents=True)
    duckdb.execute(
        "copy (select unnest(['nan'::DOUBLE, 7]) as call_id, '2026-03-01T10:00:00Z' as started_at,"
        f" '447700900123' as called_number, 61 as duration_s, 'nan'::DOUBLE as egress_trunk) to '{path}'"
    )
    (landed,) = land(home)
    assert (landed.landed, landed.rejected) == (1, 1)
    assert query(home, "select call_id, egress_trunk from landed.cdrs") == [("7", None)]
    assert query(home, "select reason from ops.rejected_rows") == [("missing_value",)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_text_of_another_encoding_than_the_source_s_is_said_to_be_that(home: Home, encoding: str) -> None:
    """The remedy is never what is set already."""
    (home.seeds / "sources.csv").write_text(f"source,kind,encoding\nsw1,cdrs,{encoding}\n")
    other = "utf-16" if encoding == "utf-32" else "utf-32"
    drop(home, "a.csv", csv_text([cdr(call_id="a")]).encode(other))
    drop(home, "b.csv", csv_text([cdr(call_id="b")]).encode(encoding))
    bad, good = land(home)
    assert good.landed == 1
    assert bad.problem == (
        f"the file is no text in {encoding} ({other.upper()}?); save it as UTF-8, or write encoding {other} for its"
        " source in sources.csv"
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_no_row_is_longer_than_a_mebibyte(home: Home, suffix: str) -> None:
    """Also where all rows of the file can be read."""
    rows = [cdr(call_id="long", note="x" * (1 << 20)), cdr(call_id="shorter", note="x" * (1 << 19))]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    drop(home, f"a.{suffix}", csv_text(rows, tuple(rows[0])) if suffix == "csv" else lines)
    (landed,) = land(home)
    assert (landed.landed, [r.detail for r in landed.reasons]) == (1, ["the row is longer than 1 MiB"])
    assert query(home, "select call_id from landed.cdrs") == [("shorter",)]
    assert adds_up(home)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_blanks_around_an_id_are_none_of_it(home: Home, tmp_path: Path, suffix: str) -> None:
    drop(home, "a.csv", csv_text([cdr(call_id="c1", ingress_trunk="west")], (*cdr(), "ingress_trunk")))
    rows = [cdr(call_id=" c1\t", ingress_trunk="west\0 "), cdr(call_id="c 2 ", ingress_trunk=" ", note=" n ")]
    rows += [cdr(call_id="\t ")]
    rows = [{"ingress_trunk": "", "note": "", **row} for row in rows]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "b.jsonl").write_text(text)
    duckdb.execute(f"copy (from '{tmp_path}/b.jsonl') to '{tmp_path}/b.parquet'")
    data = {"csv": csv_text(rows, tuple(rows[0])), "jsonl": text, "parquet": (tmp_path / "b.parquet").read_bytes()}
    drop(home, f"b.{suffix}", data[suffix])
    _, again = land(home)
    assert (again.landed, again.duplicates, again.rejected) == (1, 1, 1)
    found = query(home, "select call_id, ingress_trunk, extra from landed.cdrs order by 1")
    assert found == [("c 2", None, '{"note":" n "}'), ("c1", "west", None)]
    assert query(home, "select reason, detail from ops.rejected_rows") == [
        ("missing_value", "call_id is blank; every row needs it")
    ]


def test_an_id_with_blanks_that_landed_by_older_rules_is_known_again(home: Home) -> None:
    text = csv_text([cdr(call_id="c1 ")])
    with writer(home, "test") as held:
        held.rules = 2
        drop(home, "a.csv", text)
        land_files(held)
    assert query(home, "select call_id from landed.cdrs") == [("c1 ",)]
    drop(home, "b.csv", text + csv_text([cdr(call_id="c2")]).splitlines()[1])
    (grown,) = land(home)
    assert (grown.landed, grown.duplicates, grown.rejected) == (1, 1, 0)


def test_a_file_without_a_row_that_can_be_read_is_refused_whole(home: Home) -> None:
    """Where a row says which it is, if only to be wrong, its rows are rejected; one alone is a bad row."""
    header = csv_text([cdr()]).splitlines()[0]
    times = csv_text([cdr(call_id=f"c{n}", started_at="01/03/2026 10:00") for n in range(3)])
    drop(home, "a.csv", f"{header}\none\ntwo\nthree\n")
    drop(home, "b.csv", csv_text([cdr(call_id=f"d{n}", duration_s="-1") for n in range(3)]))
    drop(home, "c.csv", f"{header}\none\n")
    drop(home, "d.csv", f"{csv_text([cdr()])}one\ntwo\nthree\n")
    drop(home, "e.csv", times)
    results = land(home)
    statuses = [(r.status, r.rejected) for r in results]
    assert statuses == [("unreadable", 0), ("landed", 3), ("landed", 1), ("landed", 3), ("landed", 3)]
    assert str(results[0].problem).startswith("none of its 3 rows can be read; line 2: ")
    with writer(home, "test") as held:
        held.rules = 2
        drop(home, "f.csv", f"{header}\none\ntwo\nthree\nfour\n")
        assert [(r.status, r.problem) for r in land_files(held)] == [("landed", None)]


def test_usage_payments_and_resources(home: Home) -> None:
    usage = "usage_id,occurred_at,account_id,service,quantity\n"
    usage += "u1,2026-03-01T10:00:00,acme,message,3\nu2,2026-03-01T10:00:00,nobody,message,3\n"
    usage += "u3,2026-03-01T10:00:00,acme,message,-3\nu1,2026-03-01T10:00:00,acme,message,4\n"
    usage += "u1,2026-03-01T10:00:00Z,acme,message,3.0\n"
    drop(home, "a.csv", usage, kind="usage", source="smsc")
    pay = "payment_id,paid_at,account_id,amount,currency,method\n"
    pay += "p1,2026-03-02T10:00:00,acme,100,USD,wire\np2,2026-03-02T10:00:00,bee,100,USD,wire\n"
    pay += "p3,2026-03-02T10:00:00,bee,-5.50,EUR,refund\np4,2026-03-02T10:00:00,nobody,1,EUR,\n"
    pay += "p1,2026-03-02T10:00:00,acme,100,USD,cash\n"
    drop(home, "a.csv", pay, kind="payments", source="bank")
    seen = "observed_at,account_id,resource,count\n2026-03-01T10:00:00,sw1,cdrs,12\n"
    seen += "2026-03-01T10:00:00Z,sw1,cdrs,12\n2026-03-01T10:00:00,sw1,cdrs,13\n"
    seen += "2026-03-01T10:00:00,acne,extensions,3\n2026-03-01T10:00:00,acme,extensions,3\n"
    drop(home, "a.csv", seen, kind="resources", source="sw1")
    results = land(home)
    counts = {r.kind: (r.landed, r.duplicates, r.rejected) for r in results}
    assert counts == {"payments": (2, 0, 3), "usage": (1, 1, 3), "resources": (3, 1, 1)}
    assert query(home, "select kind, line, reason from ops.rejected_rows order by all") == [
        ("payments", 3, "wrong_currency"),
        ("payments", 5, "unknown_account"),
        ("payments", 6, "conflict"),
        ("resources", 5, "unknown_account"),
        ("usage", 3, "unknown_account"),
        ("usage", 4, "bad_amount"),
        ("usage", 5, "conflict"),
    ]
    assert query(home, "select detail from ops.rejected_rows where kind = 'resources'") == [
        ('account "acne" is not in accounts.csv; did you mean acme?',)
    ]
    assert adds_up(home)
    with writer(home, "test") as held:
        held.rules = 2
        drop(home, "b.csv", "observed_at,account_id,resource,count\n2026-03-01T10:00:00,nobody,numbers,1\n",
             kind="resources", source="sw1")  # fmt: skip
        assert [(r.landed, r.rejected) for r in land_files(held)] == [(1, 0)]


_PAYMENTS = [
    # account, paid at, amount, method; acme is a customer, tel a carrier, duo both
    ("acme", "2026-03-05T12:00:00Z", "5", "card"),
    ("acme", "2026-03-05T12:00:00Z", "-5", "refund"),
    ("acme", "2026-03-05T12:00:00Z", "5", "write_off"),
    ("tel", "2026-03-05T12:00:00Z", "-5", ""),
    ("tel", "2026-03-05T12:00:00Z", "5", "refund"),
    ("tel", "2026-03-05T12:00:00Z", "-5", "write_off"),
    ("duo", "2026-03-05T12:00:00Z", "5", ""),
    ("duo", "2026-03-05T12:00:00Z", "-5", ""),
    ("acme", "2026-03-05T12:00:00Z", "0.00", "card"),
    ("acme", "2026-03-05T12:00:00Z", "-5", "card"),
    ("acme", "2026-03-05T12:00:00Z", "5", "refund"),
    ("acme", "2026-03-05T12:00:00Z", "-5", "write_off"),
    ("tel", "2026-03-05T12:00:00Z", "5", ""),
    ("tel", "2026-03-05T12:00:00Z", "-5", "refund"),
    ("duo", "2026-03-05T12:00:00Z", "0", ""),
    ("acme", "2026-03-05T12:00:00.000001Z", "5", "card"),
    ("duo", "2026-03-05T12:00:00Z", "-5", "Refund"),
    ("acme", "2026-03-05T12:00:00Z", "5", "write-off"),
    ("acme", "2026-03-05T12:00:00Z", "-5", "refunded"),
    ("acme", "2026-03-05T12:00:00Z", "-5", "refnd"),
    ("acme", "2026-03-05T12:00:00Z", "5", "wrtie_off"),
    ("acme", "2026-03-05T12:00:00Z", "5", "Written off"),
    ("acme", "2026-03-05T12:00:00Z", "5", "fund"),
    ("acme", "2026-03-05T12:00:00Z", "5", "wire transfer"),
]
_GOOD = 10


def _pay(home: Home) -> None:
    accounts = home.seeds / "accounts.csv"
    accounts.write_text(accounts.read_text() + "tel,Tel,carrier,USD\nduo,Duo,both,USD\n")
    rows = [f"p{n},{at},{account},{amount},USD,{how}\n" for n, (account, at, amount, how) in enumerate(_PAYMENTS)]
    header = "payment_id,paid_at,account_id,amount,currency,method\n"
    drop(home, "a.csv", header + "".join(rows), kind="payments", source="bank")


def test_payments_are_not_nothing_nor_the_wrong_way_round_nor_of_the_future(home: Home) -> None:
    """It is 2026-03-05 12:00 UTC. Amounts are in the account's favour."""
    _pay(home)
    (landed,) = land(home)
    assert (landed.landed, landed.rejected) == (_GOOD, len(_PAYMENTS) - _GOOD)
    favour = "0, in the account's favour: docs/landing.md"
    payment = (
        f"{favour[:26]}; what goes back, as of a returned debit or a chargeback, has the method refund{favour[26:]}"
    )
    assert query(home, "select line, reason, detail from ops.rejected_rows order by line") == [
        (10, "bad_amount", "amount is 0; write what was paid"),
        (11, "wrong_sign", f"amount is -5; a payment of a customer is above {payment}"),
        (12, "wrong_sign", f"amount is 5; a refund of a customer is below {favour}"),
        (13, "wrong_sign", f"amount is -5; a write_off of a customer is above {favour}"),
        (14, "wrong_sign", f"amount is 5; a payment of a carrier is below {payment}"),
        (15, "wrong_sign", f"amount is -5; a refund of a carrier is above {favour}"),
        (16, "bad_amount", "amount is 0; write what was paid"),
        (
            17,
            "implausible",
            'paid_at is "2026-03-05T12:00:00.000001Z", which has not come yet: it is 2026-03-05 12:00:00 UTC',
        ),
        (18, "bad_method", 'method is "Refund"; write refund'),
        (19, "bad_method", 'method is "write-off"; write write_off'),
        (20, "bad_method", 'method is "refunded"; write refund'),
        (21, "bad_method", 'method is "refnd"; write refund'),
        (22, "bad_method", 'method is "wrtie_off"; write write_off'),
        (23, "bad_method", 'method is "Written off"; write write_off'),
    ]
    assert adds_up(home)


def test_a_payments_texts_command_nothing_and_have_an_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What statements show of it; by the rules of before nobody looked, and a call's texts are the switch's."""
    header = "payment_id,paid_at,account_id,amount,currency,method,entered_by\n"
    texts = [("p\u202e", "", ""), ("b", "card\x1b", ""), ("c", "", "ann\x9f"), ("d" * 201, "", "")]
    texts.append(("e" * 200, "c\u00e9", "x"))
    rows = [f"{name},2026-03-04T10:00:00,acme,5,USD,{how},{who}\n" for name, how, who in texts]
    drop(home, "a.csv", header + "".join(rows), kind="payments", source="bank")
    drop(home, "a.csv", csv_text([cdr(disposition="\u202eodd\x1b")]))
    assert [(each.landed, each.rejected) for each in land(home)] == [(1, 0), (1, 4)]
    right = "has a control character, a mark that turns the direction of writing, or more than 200 characters;"
    right += " write it without"
    assert query(home, "select line, reason, detail from ops.rejected_rows order by line") == [
        (line, "bad_text", f"{column} {right}")
        for line, column in enumerate(("payment_id", "method", "entered_by", "payment_id"), start=2)
    ]
    go_by(monkeypatch, 5)
    drop(home, "b.csv", header + "".join(rows[:4]), kind="payments", source="bank of before")
    assert [each.landed for each in land(home)] == [4]


def test_what_commands_is_one_thing_to_python_and_sql() -> None:
    every = [chr(n) for n in range(1, 0x3000)]
    with duckdb.connect() as con:
        asked = "select c from (select unnest(?) as c) where regexp_matches(c, ?)"
        found = {c for (c,) in con.execute(asked, [every, checked._COMMANDS]).fetchall()}
    assert found == {c for c in every if typed.text_fault(c)}


def test_the_account_that_was_meant_is_named(home: Home) -> None:
    pay = "payment_id,paid_at,account_id,amount,currency\n"
    pay += "".join(
        f"p{n},2026-03-02T10:00:00,{name},5,USD\n" for n, name in enumerate(["Acme", "acmee", "zzz", "Acme"])
    )
    drop(home, "a.csv", pay, kind="payments", source="bank")
    usage = "usage_id,occurred_at,account_id,service,quantity\nu1,2026-03-01T10:00:00,BEE,message,3\n"
    drop(home, "a.csv", usage, kind="usage", source="smsc")
    land(home)
    assert query(home, "select kind, line, detail from ops.rejected_rows order by 1, 2") == [
        ("payments", 2, 'account "Acme" is not in accounts.csv; did you mean acme?'),
        ("payments", 3, 'account "acmee" is not in accounts.csv; did you mean acme?'),
        ("payments", 4, 'account "zzz" is not in accounts.csv'),
        ("payments", 5, 'account "Acme" is not in accounts.csv; did you mean acme?'),
        ("usage", 2, 'account "BEE" is not in accounts.csv; did you mean bee?'),
    ]


def test_counts_that_hardly_say_whose_they_are(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """A switch's count of what is no source is its sender's; of another resource it is an account's."""
    drop(home, "a.csv", csv_text([cdr()]))
    count = "observed_at,account_id,resource,count\n"
    rows = [("SW1", "cdrs"), ("nosuch", "cdrs"), ("sw1", "CDRs"), ("sw1", "cdr "), ("sw1", "cdrs"), ("sw1", "cards")]
    count += "".join(f"2026-03-01T10:00:00,{name},{what},3\n" for name, what in rows)
    drop(home, "a.csv", count, kind="resources", source="sw1")
    drop(home, "b.csv", count.replace(",3", ",4"), kind="resources", source="watch")
    assert [(r.kind, r.landed, r.rejected) for r in land(home)] == [
        ("cdrs", 1, 0), ("resources", 3, 3), ("resources", 3, 3),
    ]  # fmt: skip
    # SW1 of sw1 is right by its sender, and so is any other name
    taken = "is no source of CDRs: its count is taken for that of watch"
    assert [said for said in caplog.messages if "no source of CDRs" in said] == [
        f'b.csv: "SW1" {taken}; did you mean sw1?',
        f'b.csv: "nosuch" {taken}, which is none either; write one of howe, named, pbx, sw1, utcpbx',
    ]
    details = query(home, "select distinct line, detail from ops.rejected_rows order by 1")
    no, right = 'account "sw1" is not in accounts.csv', "; the resource of a switch's own count is written cdrs"
    assert details == [(4, no + right), (5, no + right), (7, no)]


def test_usage_of_a_carrier_is_said(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """It is charged, and sent no invoice; an account of both kinds is."""
    with (home.seeds / "accounts.csv").open("a") as accounts:
        accounts.write("carry,Carry,carrier,USD\npeer,Peer,both,USD\n")
    usage = "usage_id,occurred_at,account_id,service,quantity\n"
    names = ("carry", "acme", "peer", "carry")
    usage += "".join(f"u{n},2026-03-01T10:00:00,{name},message,3\n" for n, name in enumerate(names))
    drop(home, "a.csv", usage, kind="usage", source="smsc")
    assert [(r.landed, r.rejected) for r in land(home)] == [(4, 0)]
    drop(home, "b.csv", f"{usage.splitlines()[0]}\nu9,2026-03-01T10:00:00,carry,message,3\n", "usage", "smsc")
    land(home)
    said = "of usage here: it is charged, and sent no invoice; withdraw the file if a customer is meant, or write kind"
    assert [line for line in caplog.messages if "usage" in line] == [
        f"{name}: carry is a carrier, and has {rows} {said} both in accounts.csv"
        for name, rows in (("a.csv", "2 rows"), ("b.csv", "1 row"))
    ]


def test_usage_of_a_service_that_is_nearly_known_is_said(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    prices = home.seeds / "service_rates.csv"
    prices.write_text("service,account_id,unit_price,currency,valid_from\nmessage,,0.01,USD,\n")
    usage = "usage_id,occurred_at,account_id,service,quantity\n"
    usage += "".join(
        f"u{n},2026-03-01T10:00:00,acme,{name},3\n"
        for n, name in enumerate(("message", "Message", "messages", "messages", "fax"))
    )
    drop(home, "a.csv", usage, kind="usage", source="smsc")
    assert [(r.landed, r.rejected) for r in land(home)] == [(5, 0)]
    right = "which has no price in service_rates.csv; did you mean message? Then withdraw the file, and land it with"
    assert [line for line in caplog.messages if "service_rates" in line] == [
        f"a.csv: 1 row is of Message, {right} that name",
        f"a.csv: 2 rows are of messages, {right} that name",
    ]


def test_counts_of_days_before_the_first_traffic(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is compared with them, as no such day is closed; where calls of the day land, it is."""

    def count(name: str, *rows: tuple[str, str, str, int]) -> None:
        lines = "".join(f"2026-{day},{account},{what},{n}\n" for day, account, what, n in rows)
        drop(home, name, "observed_at,account_id,resource,count\n" + lines, kind="resources", source="sw1")
        land(home)

    count("none-yet.csv", ("02-27T23:59:00", "sw1", "cdrs", 500))
    drop(home, "a.csv", csv_text([cdr()]))
    count(
        "c.csv",
        ("02-28T12:00:00", "sw1", "cdrs", 400),
        ("02-28T23:59:00", "sw1", "cdrs", 1500),
        ("02-26T23:59:00", "sw1", "cdrs", 0),
        ("02-26T23:59:00", "pbx", "cdrs", 7),
        ("02-27T00:01:00", "somebody", "cdrs", 1),
        ("02-27T23:59:00", "pbx", "cdrs", 8),
        ("02-28T23:59:00", "acme", "lines", 3),
        ("03-01T23:59:00", "sw1", "cdrs", 9),
    )
    early = cdr(call_id="early", started_at="2026-02-28T10:00:00Z", answered_at="", ended_at="")
    drop(home, "b.csv", csv_text([early]))
    count("d.csv", ("02-28T23:58:00", "sw1", "cdrs", 1))
    before = "before the first traffic (2026-03-01): no such day is closed, and nothing is compared with that until"
    assert [line for line in caplog.messages if "before the first" in line] == [
        f"c.csv: pbx counted 7 CDRs on 2026-02-26 (and something on 1 more), {before} calls of it land",
        f"c.csv: sw1 counted 1 CDR on 2026-02-27 (and something on 1 more), {before} calls of it land",
    ]


def test_payments_of_an_earlier_release_land_as_they_did(home: Home) -> None:
    _pay(home)
    with writer(home, "test") as held:
        held.rules = 1
        (landed,) = land_files(held)
    assert (landed.landed, landed.rejected) == (len(_PAYMENTS), 0)
