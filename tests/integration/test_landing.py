"""Landing canonical rows: what they become, and which are rejected and why."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.operations.land import land
from orchestration.warehouse import Home
from tests.integration.landing_home import adds_up, cdr, csv_text, drop, make, query


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
        "select day, attempt, charged_at, duration_s, pdd_ms, carrier_amount, extra, file_id from landed.cdrs",
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
    drop(home, "a.csv", csv_text([cdr(started_at=written, duration_s=0)]))
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
