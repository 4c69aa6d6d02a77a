"""Landing canonical files: what lands, what is counted, what is refused and why."""

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.land import land, land_files
from orchestration.warehouse import PROJECT, Home, Refused, writer
from tests.integration.landing_home import adds_up, cdr, csv_text, drop, make, query, state


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T12:00:00")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "tess")
    return make(tmp_path)


def rejected(home: Home) -> list[tuple[object, ...]]:
    return query(home, "select line, reason from ops.rejected_rows order by file_sequence, line")


def test_a_file_lands_typed_and_leaves_the_inbox(home: Home) -> None:
    path = drop(home, "a.csv", csv_text([cdr(attempt=2, pdd_ms=800, carrier_amount="0.01250000")]))
    (result,) = land(home)
    assert (result.status, result.rows, result.landed) == ("landed", 1, 1)
    assert result.days == (date(2026, 3, 1),)
    row = query(
        home,
        "select day, attempt, charged_at, duration_s, pdd_ms, carrier_amount, extra, file_id"
        " from landed.cdrs",
    )
    answered = datetime(2026, 3, 1, 10, 0, 5)
    amounts = (Decimal("63.250"), 800, Decimal("0.01250000"))
    assert row == [(date(2026, 3, 1), 2, answered, *amounts, None, result.file_id)]
    assert not path.exists()
    assert (home.archive / "cdrs/sw1" / f"{result.file_id}.csv").exists()
    line = json.loads(home.journal.read_text().splitlines()[-1])
    assert (line["action"], line["operator"], line["name"]) == ("land", "tess", "a.csv")
    assert not list(home.root.glob(".landing-*"))
    assert query(home, "select day, rows from ops.file_days") == [(date(2026, 3, 1), 1)]


@pytest.mark.parametrize(
    ("cells", "charged"),
    [
        ({}, "10:00:05"),
        ({"answered_at": ""}, "10:00:05"),
        ({"answered_at": "", "ended_at": ""}, "10:00:00"),
        ({"duration_s": "0"}, "10:00:00"),
    ],
)
def test_charged_at(home: Home, cells: dict[str, str], charged: str) -> None:
    drop(home, "a.csv", csv_text([cdr(**cells)]))
    land(home)
    at = datetime.fromisoformat(f"2026-03-01T{charged}")
    assert query(home, "select charged_at from landed.cdrs") == [(at,)]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-01T10:00:00", "2026-03-01T10:00:00"),
        ("2026-03-01 10:00:00.123456Z", "2026-03-01T10:00:00.123456"),
        ("2026-03-01T00:30:00+02:00", "2026-02-28T22:30:00"),
        ("2026-03-01T10:00+02", "2026-03-01T08:00:00"),
        ("2026-03-01T10:00:00.5-0330", "2026-03-01T13:30:00.5"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00"),
    ],
)
def test_an_offset_is_honoured(home: Home, written: str, utc: str) -> None:
    drop(home, "a.csv", csv_text([cdr(started_at=written, duration_s=0)]), source="zoned")
    land(home)
    assert query(home, "select started_at from landed.cdrs") == [(datetime.fromisoformat(utc),)]


BAD_CELLS = [
    ("duration_s", "-1", "bad_duration"),
    ("duration_s", "", "missing_value"),
    ("duration_s", "1e3", "bad_duration"),
    ("duration_s", "1_000", "bad_duration"),
    ("duration_s", " 7", "bad_duration"),
    ("duration_s", "1.2345", "bad_duration"),
    ("duration_s", "5.", "bad_duration"),
    ("duration_s", "1234567890", "bad_duration"),
    ("duration_s", "nan", "bad_duration"),
    ("called_number", "", "missing_value"),
    ("call_id", "", "missing_value"),
    ("started_at", "", "missing_value"),
    ("started_at", "yesterday", "bad_time"),
    ("started_at", "2026-03-01", "bad_time"),
    ("started_at", "2026-02-30T10:00:00", "bad_time"),
    ("started_at", "1989-12-31T23:59:59", "bad_time"),
    ("started_at", "2101-01-01T00:00:00", "bad_time"),
    ("started_at", "2026-03-01T10:00:00 Europe/Berlin", "bad_time"),
    ("answered_at", "2026-03-01T10:00:00.1234567", "bad_time"),
    ("ended_at", "infinity", "bad_time"),
    ("attempt", "0", "bad_integer"),
    ("attempt", "1.0", "bad_integer"),
    ("pdd_ms", "-5", "bad_integer"),
    ("carrier_amount", "-0.5", "bad_amount"),
    ("carrier_amount", "0.123456789", "bad_amount"),
    ("carrier_billed_s", "60s", "bad_duration"),
    ("carrier_currency", "usd", "bad_currency"),
]


def test_each_bad_cell_is_rejected_with_its_line_and_reason(home: Home) -> None:
    rows = [cdr(call_id=f"c{n}") | {column: cell} for n, (column, cell, _) in enumerate(BAD_CELLS)]
    drop(home, "a.csv", csv_text([cdr(call_id="first"), *rows, cdr(call_id="last")]))
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (len(rows) + 2, 2, len(rows))
    assert rejected(home) == [(n + 3, reason) for n, (_, _, reason) in enumerate(BAD_CELLS)]
    details = query(home, "select detail, raw, row_id from ops.rejected_rows order by line")
    for (column, cell, _), (detail, raw, row_id), row in zip(BAD_CELLS, details, rows, strict=True):
        assert detail.startswith(f"{column} is ")
        assert cell in detail
        assert raw == ",".join(csv_text([row]).splitlines()[1].split(","))
        assert row_id == (row["call_id"] or None)
    assert adds_up(home)


def test_a_rejected_row_has_its_own_day_or_the_day_it_landed(home: Home) -> None:
    nowhen = cdr(started_at="x", answered_at="", ended_at="")
    rows = [cdr(duration_s=-1), cdr(duration_s="x"), nowhen]
    drop(home, "a.csv", csv_text(rows))
    land(home)
    days = query(home, "select day from ops.rejected_rows order by line")
    assert days == [(date(2026, 3, 1),), (date(2026, 3, 1),), (date(2026, 3, 5),)]


def test_broken_rows_keep_their_lines_and_lose_no_other(home: Home) -> None:
    header = "call_id,started_at,called_number,duration_s,note\n"
    good = "{},2026-03-01T10:00:00Z,49,0,{}\n"
    text = header + good.format("a", '"two\nlines, ""quoted"""')  # 2-3
    text += "\n"  # 4: blank
    text += "short,row\n"  # 5
    text += good.format("b", "x,one too many")  # 6
    text += good.format("c", 'half "a quote')  # 7: a quote inside a bare cell is text
    text += good.format("d", '"never closed')  # 8
    text += good.format("e", '"closed" and more')  # 9
    text += good.format("f", "fine")  # 10
    data = text.encode() + b"g,2026-03-01T10:00:00Z,49,0,caf\xe9\r\n"  # 11
    data += b'h,2026-03-01T10:00:00Z,49,0,"open to the end\n'  # 12
    data += b"i,2026-03-01T10:00:00Z,49,0,"  # 13, no line end
    drop(home, "a.csv", data)
    (result,) = land(home)
    assert rejected(home) == [
        (5, "bad_row"),
        (6, "bad_row"),
        (8, "bad_row"),
        (9, "bad_row"),
        (11, "bad_encoding"),
        (12, "bad_row"),
    ]
    assert (result.rows, result.landed) == (10, 4)
    landed = query(home, "select call_id, extra from landed.cdrs order by call_id")
    assert landed == [
        ("a", json.dumps({"note": 'two\nlines, "quoted"'}, separators=(",", ":"))),
        ("c", '{"note":"half \\"a quote"}'),
        ("f", '{"note":"fine"}'),
        ("i", None),
    ]
    raw = query(home, "select raw from ops.rejected_rows where line = 11")
    assert raw == [("g,2026-03-01T10:00:00Z,49,0,caf\\xe9",)]
    assert adds_up(home)


def test_stray_quotes_cannot_hide_rows_that_were_not_read(home: Home) -> None:
    header = "call_id,started_at,called_number,duration_s,note\n"
    good = "{},2026-03-01T10:00:00Z,49,0,{}\n"
    # By the parity of quotes lines 2 to 4 are one record: as many are missing as are bad.
    text = header + good.format("a", 'six" pipe') + "bad\nworse\n" + good.format("b", 'six" pipe')
    text += good.format("c", "one\rtwo")
    drop(home, "a.csv", text)
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (5, 3, 2)
    assert rejected(home) == [(3, "bad_row"), (4, "bad_row")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
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
    "utf16.csv": (csv_text([cdr()]).encode("utf-16"), "UTF-8"),
    "word.xlsx": (b"PK", "does not say what is in the file"),
    "cut.csv.gz": (gzip.compress(csv_text([cdr()] * 999).encode())[:-20], "cut short"),
    "not.parquet": (b"PAR1 no", "not a Parquet file"),
    "array.json": (b'[{"call_id": 1}]', "one object a line"),
    "keys.jsonl": (b'{"a": 1}\n', "missing columns"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_is_set_aside_with_its_reason(home: Home, name: str) -> None:
    data, why = UNREADABLE[name]
    path = drop(home, name, data)
    drop(home, "zz-good.csv", csv_text([cdr()]))
    bad, good = land(home)
    assert (bad.status, good.status) == ("unreadable", "landed")
    assert why in (bad.problem or "")
    aside = home.rejected / "cdrs/sw1" / name
    assert aside.read_bytes() == data
    assert aside.with_name(f"{name}.reason").read_text() == f"{bad.problem}\n"
    assert not path.exists()
    assert query(home, "select count(*) from ops.files") == [(1,)]


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
    assert not home.rejected.exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "--kind"),
        ({"kind": "cdrs"}, "--source"),
        ({"kind": "calls", "source": "x"}, "cdrs, usage"),
        ({"kind": "rates", "source": "x"}, "later release"),
        ({"kind": "cdrs", "source": "../x"}, "cannot name a source"),
        ({"kind": "cdrs", "source": "x", "supersede": True}, "--reason"),
        ({"kind": "usage", "source": "x", "supersede": True, "reason": "y"}, "cdrs only"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    home: Home, tmp_path: Path, options: dict[str, object], why: str
) -> None:
    (tmp_path / "a.csv").write_text(csv_text([cdr()]))
    with pytest.raises(Refused, match=why):
        land(home, [tmp_path / "a.csv"], **options)  # type: ignore[arg-type]
    assert not home.archive.exists()


def test_what_is_not_ripe_or_not_landed_yet_stays(home: Home) -> None:
    kept = [drop(home, ".a.csv", "x"), drop(home, "b.csv.part", "x")]
    kept.append(drop(home, "c.csv", "x", kind="rates"))
    assert land(home) == []
    assert all(path.exists() for path in kept)
    drop(home, "a.csv", "x", kind="calls")
    with pytest.raises(Refused, match="inbox/calls is no kind of file"):
        land(home)


def test_landing_again_changes_nothing(home: Home) -> None:
    text = csv_text([cdr(), cdr(call_id="x", duration_s="")])
    drop(home, "a.csv", text)
    land(home)
    before = state(home)
    path = drop(home, "b.csv", text)
    (result,) = land(home)
    assert result.status == "already_landed"
    assert not path.exists()
    assert state(home) == before
    drop(home, "a.csv", text, source="sw2")
    (other,) = land(home)
    assert (other.status, other.landed) == ("landed", 1)


def test_duplicates_and_conflicts_within_and_between_files(home: Home) -> None:
    rows = [cdr(), cdr(duration_s="63.25"), cdr(duration_s=64), cdr(attempt=2), cdr(attempt=2)]
    drop(home, "a.csv", csv_text(rows))
    (first,) = land(home)
    assert (first.rows, first.landed, first.duplicates, first.rejected) == (5, 2, 2, 1)
    assert rejected(home) == [(4, "conflict")]
    more = [cdr(), cdr(duration_s=65), cdr(call_id="c2"), cdr(attempt=2)]
    drop(home, "b.csv", csv_text(more))
    (second,) = land(home)
    assert (second.landed, second.duplicates, second.rejected) == (1, 2, 1)
    assert rejected(home) == [(4, "conflict"), (3, "conflict")]
    assert adds_up(home)
    row = query(home, "select row_id, attempt, day from ops.rejected_rows where line = 3")
    assert row == [("c1", 1, date(2026, 3, 1))]


def test_ids_are_compared_with_neighbouring_days_only(home: Home) -> None:
    days = [1, 2, 3, 4, 9]
    rows = [cdr(started_at=f"2026-03-0{d}T10:00:00", duration_s=0) for d in days]
    drop(home, "a.csv", csv_text(rows))
    (result,) = land(home)
    # Day 2 conflicts with day 1; day 3 lands since day 2 did not; day 4 conflicts with day 3.
    assert (result.landed, result.rejected) == (3, 2)
    assert rejected(home) == [(3, "conflict"), (5, "conflict")]
    drop(home, "b.csv", csv_text([cdr(started_at="2026-03-08T10:00:00", duration_s=0)]))
    drop(home, "c.csv", csv_text([cdr(started_at="2026-03-06T10:00:00", duration_s=0)]))
    neighbour, far = land(home)
    assert (neighbour.rejected, far.landed) == (1, 1)


def test_order_of_files_decides_nothing_without_conflicts(home: Home, tmp_path: Path) -> None:
    texts = [
        csv_text([cdr(call_id=f"c{n}") for n in range(start, start + 20)]) for start in (0, 10, 20)
    ]
    other = make(tmp_path / "other")
    for place, order in ((home, [0, 1, 2]), (other, [2, 0, 1])):
        for n in order:
            drop(place, "a.csv", texts[n])
            land(place)
    rows = "select * exclude (file_id, file_sequence) from landed.cdrs order by all"
    assert query(home, rows) == query(other, rows)
    assert len(query(home, rows)) == 40


def test_a_whole_file_sent_again_with_other_bytes_is_all_duplicates(home: Home) -> None:
    rows = [cdr(call_id=f"c{n}") for n in range(5000)]
    drop(home, "a.csv", csv_text(rows))
    drop(home, "b.csv", csv_text(rows[::-1] + rows[:10]))
    first, second = land(home)
    assert first.landed == 5000
    assert (second.landed, second.duplicates, second.days) == (0, 5010, ())


def test_supersede_replaces_and_keeps_both(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr(), cdr(call_id="same"), cdr(call_id="only")]))
    land(home)
    moved = cdr(started_at="2026-03-02T10:00:00", answered_at="2026-03-02T10:00:05")
    path = drop(home, "b.csv", csv_text([moved, cdr(call_id="same"), cdr(call_id="new")]))
    (result,) = land(home, [path], supersede=True, reason="clock was a day off")
    assert (result.landed, result.duplicates, result.superseded) == (2, 1, 1)
    assert result.days == (date(2026, 3, 1), date(2026, 3, 2))
    assert query(home, "select day from landed.cdrs where call_id = 'c1'") == [(date(2026, 3, 2),)]
    old = query(home, "select day, superseded_by from landed.superseded_cdrs")
    assert old == [(date(2026, 3, 1), result.file_id)]
    assert adds_up(home)
    line = json.loads(home.journal.read_text().splitlines()[-1])
    assert (line["supersede"], line["reason"]) == (True, "clock was a day off")
    # The version that was replaced has been seen: it is a duplicate, not a conflict.
    drop(home, "c.csv", csv_text([cdr(), cdr(call_id="c3")]))
    (again,) = land(home)
    assert (again.landed, again.duplicates) == (1, 1)


def test_a_file_whose_rows_conflicted_can_supersede_afterwards(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr()]))
    path = drop(home, "b.csv", csv_text([cdr(duration_s=1), cdr(call_id="x"), cdr(duration_s=-1)]))
    text = path.read_bytes()
    land(home)
    before = query(home, "select landed, rejected from ops.files order by file_sequence")
    assert before == [(1, 0), (1, 2)]
    path = drop(home, "b.csv", text)
    (result,) = land(home, [path], supersede=True, reason="the switch corrected it")
    assert result.status == "landed"
    assert (result.rows, result.landed, result.rejected, result.superseded) == (3, 2, 1, 1)
    assert result.days == (date(2026, 3, 1),)
    durations = query(home, "select duration_s from landed.cdrs where call_id = 'c1'")
    assert durations == [(Decimal(1),)]
    assert rejected(home) == [(4, "bad_duration")]
    assert adds_up(home)
    path = drop(home, "b.csv", text)
    (again,) = land(home, [path], supersede=True, reason="once more")
    assert again.status == "already_landed"
    assert not path.exists()


def test_dry_run_changes_nothing(home: Home) -> None:
    path = drop(home, "a.csv", csv_text([cdr(), cdr(duration_s=9), cdr(duration_s=-1)]))
    bad = drop(home, "b.csv", "x")
    first, second = land(home, dry_run=True)
    assert (first.status, first.landed, first.rejected) == ("dry_run", 1, 2)
    assert second.status == "unreadable"
    assert path.exists()
    assert bad.exists()
    assert not (home.archive / "cdrs").exists()
    assert not home.rejected.exists()
    assert query(home, "select count(*) from ops.files") == [(0,)]
    assert query(home, "select count(*) from landed.cdrs") == [(0,)]


def test_unknown_columns_are_kept(home: Home) -> None:
    header = "zulu,call_id,started_at,called_number,duration_s,Alpha,day\n"
    drop(home, "a.csv", header + 'é,c1,2026-03-01T10:00:00,49,0,"a ""b""",\n')
    land(home)
    extra = query(home, "select extra from landed.cdrs")[0][0]
    assert json.loads(extra) == {"Alpha": 'a "b"', "zulu": "é"}


def test_parquet_json_lines_and_gzip_equal_csv(home: Home, tmp_path: Path) -> None:
    rows = [
        cdr(call_id=f"c{n}", pdd_ms=n, attempt=1, carrier_amount=f"0.0{n}", note=f"n {n}")
        for n in range(1, 10)
    ]
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
    assert [(o.name, o.duplicates, o.rejected) for o in others] == [
        (name, 9, 0) for name in list(files)[1:]
    ]


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


def test_usage_payments_and_resources(home: Home) -> None:
    usage = "usage_id,occurred_at,account_id,service,quantity\n"
    usage += "u1,2026-03-01T10:00:00,acme,message,3\nu2,2026-03-01T10:00:00,nobody,message,3\n"
    usage += "u3,2026-03-01T10:00:00,acme,message,-3\nu1,2026-03-01T10:00:00,acme,message,4\n"
    usage += "u1,2026-03-01T10:00:00Z,acme,message,3.0\n"
    drop(home, "a.csv", usage, kind="usage", source="smsc")
    pay = "payment_id,paid_at,account_id,amount,currency,method\n"
    pay += "p1,2026-03-02T10:00:00,acme,100,USD,wire\np2,2026-03-02T10:00:00,bee,100,USD,wire\n"
    pay += "p3,2026-03-02T10:00:00,bee,-5.50,EUR,wire\np4,2026-03-02T10:00:00,nobody,1,EUR,\n"
    pay += "p1,2026-03-02T10:00:00,acme,100,USD,cash\n"
    drop(home, "a.csv", pay, kind="payments", source="bank")
    seen = "observed_at,account_id,resource,count\n2026-03-01T10:00:00,sw1,cdrs,12\n"
    seen += "2026-03-01T10:00:00Z,sw1,cdrs,12\n2026-03-01T10:00:00,sw1,cdrs,13\n"
    drop(home, "a.csv", seen, kind="resources", source="sw1")
    results = land(home)
    counts = {r.kind: (r.landed, r.duplicates, r.rejected) for r in results}
    assert counts == {"payments": (2, 0, 3), "usage": (1, 1, 3), "resources": (2, 1, 0)}
    assert query(home, "select kind, line, reason from ops.rejected_rows order by all") == [
        ("payments", 3, "wrong_currency"),
        ("payments", 5, "unknown_account"),
        ("payments", 6, "conflict"),
        ("usage", 3, "unknown_account"),
        ("usage", 4, "bad_amount"),
        ("usage", 5, "conflict"),
    ]
    assert adds_up(home)


def test_inside_a_lock_that_is_held(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr()]))
    with writer(home, "demo") as held:
        (result,) = land_files(held)
    assert result.status == "landed"


KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration import warehouse
from orchestration.landing import dropped
from orchestration.operations import land
def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "journal":
    warehouse.Writer.journal = die
elif sys.argv[3] == "commit":
    real = land._journal
    land._journal = lambda *a: (real(*a), die())
else:
    dropped.forget = die
land.land(warehouse.Home(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.mark.parametrize("moment", ["journal", "commit", "forget"])
def test_killed_half_way_and_run_again(home: Home, tmp_path: Path, moment: str) -> None:
    text = csv_text([cdr(call_id=f"c{n}", duration_s=n - 1) for n in range(1000)])
    drop(home, "warm-up.csv", csv_text([cdr(call_id="w")]))
    land(home)
    path = drop(home, "a.csv", text)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(home.root), str(home.seeds), moment],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.exists()
    (result,) = land(home)
    assert result.status == ("already_landed" if moment == "forget" else "landed")
    assert not path.exists()
    never_killed = make(tmp_path / "other")
    drop(never_killed, "warm-up.csv", csv_text([cdr(call_id="w")]))
    land(never_killed)
    drop(never_killed, "a.csv", text)
    land(never_killed)
    assert state(home) == state(never_killed)
