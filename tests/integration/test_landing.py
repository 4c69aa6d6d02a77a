"""Landing canonical rows: what they become, and which are rejected and why."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.day.land import land, land_files
from orchestration.prepare import write_new_warehouse
from orchestration.store.warehouse import Home, writer
from tests.support.landing_home import adds_up, cdr, csv_text, drop, make, query


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


def test_the_command_says_which_rows_were_rejected(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_new_warehouse()  # as `make setup` does: what waits for no build is published by its models
    for name, value in (("HOME", home.root), ("SEEDS", home.seeds)):
        monkeypatch.setenv(f"TOLLBOOK_{name}", str(value))
    rows = [cdr(call_id=f"c{n}", duration_s="x" if n else "1") for n in range(23)]
    drop(home, "a.csv", csv_text(rows))
    drop(home, "b.csv", csv_text([cdr(call_id="b1", started_at="")]))
    right = "write seconds in plain digits with at most 3 decimals, not negative: 63 or 63.25"
    bad = f'duration_s is "x"; {right}'
    told = [
        "a.csv: 22 rows rejected",
        f"  bad_duration, 22 rows, the first is line 3: {bad}",
        "b.csv: 1 row rejected",
        "  missing_value, line 2: started_at is empty; every row needs it",
    ]
    tried = CliRunner().invoke(cli, ["land", "--dry-run"])
    assert tried.stdout.splitlines()[3:] == [*told, "--json has the first 20 of each"]
    first, second = json.loads(CliRunner().invoke(cli, ["land", "--dry-run", "--json"]).stdout)
    assert [row["line"] for row in first["rejected_rows"]] == list(range(3, 23))
    assert second["rejected_rows"] == [
        {"line": 2, "reason": "missing_value", "detail": "started_at is empty; every row needs it"}
    ]
    landed = CliRunner().invoke(cli, ["land"])
    assert landed.stdout.splitlines()[3:] == [
        *told,
        "all of them: tollbook rejected",
        "not built yet: 1 row of 2026-03-01; run tollbook build",
    ]
    assert [row["line"] for row in json.loads(CliRunner().invoke(cli, ["rejected", "--json"]).stdout)][:2] == [3, 4]


def test_a_number_that_is_too_large_is_said_to_be(home: Home) -> None:
    wrong = {"duration_s": ("9999999999999", 9), "carrier_billed_s": ("1000000000.5", 9), "attempt": ("1234567890", 9),
             "pdd_ms": ("1" * 16, 15)}  # fmt: skip
    rows = [cdr(call_id=column) | {column: cell} for column, (cell, _) in wrong.items()]
    drop(home, "a.csv", csv_text([*rows, cdr(call_id="x", duration_s="0000000000001.2345")]))
    land(home)
    assert query(home, "select detail from ops.rejected_rows order by line") == [
        *(
            (f'{column} is "{cell}"; it is too large: write at most {most} digits before the point',)
            for column, (cell, most) in wrong.items()
        ),
        (
            'duration_s is "0000000000001.2345"; write seconds in plain digits with at most 3 decimals, not negative:'
            " 63 or 63.25",
        ),
    ]


# by the clock of 2026-03-05T12:00:00 and the limits of a source that sets none: 400 days, 24 hours, 172800 s
WILD = [
    ("started_at", "2025-01-29T11:59:59Z", "more than 400 days before it landed"),
    ("started_at", "1991-08-06T10:00:00Z", "more than 400 days before it landed"),
    ("answered_at", "2026-03-06T12:00:00.001Z", "more than 24 hours ahead of the clock (2026-03-05 12:00:00 UTC)"),
    ("ended_at", "2031-03-01T10:00:00Z", "more than 24 hours ahead"),
    ("duration_s", "172800.001", "longer than 172800 seconds"),
    ("duration_s", "94608000", "longer than 172800 seconds"),
    ("carrier_billed_s", "172801", "longer than 172800 seconds"),
]
# the last that is plausible
TAME = [
    {"started_at": "2025-01-29T12:00:00Z", "answered_at": "", "ended_at": "", "duration_s": "0"},
    {"started_at": "2026-03-06T12:00:00Z", "answered_at": "", "ended_at": "2026-03-06T12:00:00Z", "duration_s": "0"},
    {"duration_s": "172800", "carrier_billed_s": "172800"},
]


def test_wild_values_are_rejected_as_implausible(home: Home) -> None:
    rows = [cdr(call_id=f"wild-{n}") | {column: cell} for n, (column, cell, _) in enumerate(WILD)]
    rows += [cdr(call_id=f"tame-{n}") | cells for n, cells in enumerate(TAME)]
    drop(home, "a.csv", csv_text(rows))
    (result,) = land(home)
    assert (result.landed, result.rejected) == (len(TAME), len(WILD))
    found = query(home, "select reason, detail from ops.rejected_rows order by line")
    for (column, cell, why), (reason, detail) in zip(WILD, found, strict=True):
        assert reason == "implausible"
        assert detail.startswith(f'{column} is "{cell}", {why}')
    assert "or raise max_age_days of the source in sources.csv" in found[0][1]
    assert "or raise max_duration_s of the source in sources.csv" in found[4][1]
    assert adds_up(home)


# what is too much, and the most that is not; payments are in bee's favour or against it
MUCH = [
    (
        "payments",
        "payment_id,paid_at,account_id,amount,currency,method",
        "p{n},2026-03-01T10:00:00Z,bee,{cell},EUR,{m}",
        [("10000000000", ""), ("-10000000000", "refund")],
        [("9999999999.99999999", ""), ("-9999999999.99999999", "refund")],
    ),
    (
        "usage",
        "usage_id,occurred_at,account_id,service,quantity",
        "u{n},2026-03-01T10:00:00Z,bee,message,{cell}",
        [("491511234567", ""), ("1000000000", "")],
        [("999999999.99999999", "")],
    ),
    (
        "cdrs",
        "call_id,started_at,called_number,duration_s,carrier_amount,carrier_currency",
        "c{n},2026-03-01T10:00:00Z,49,0,{cell},EUR",
        [("999999999999", ""), ("100000000", "")],
        [("99999999.99999999", "")],
    ),
]


@pytest.mark.parametrize(("kind", "header", "row", "wild", "tame"), MUCH, ids=lambda v: v if isinstance(v, str) else "")
def test_amounts_that_no_sum_could_hold_are_rejected_as_implausible(
    home: Home, kind: str, header: str, row: str, wild: list[tuple[str, str]], tame: list[tuple[str, str]]
) -> None:
    rows = [row.format(n=n, cell=cell, m=method) for n, (cell, method) in enumerate([*wild, *tame])]
    text = "\n".join([header, *rows, ""])
    drop(home, "a.csv", text, kind)
    (result,) = land(home)
    assert (result.landed, result.rejected) == (len(tame), len(wild))
    for (reason, detail), (cell, _) in zip(
        query(home, "select reason, detail from ops.rejected_rows order by line"), wild, strict=True
    ):
        assert reason == "implausible"
        assert f'is "{cell}"' in detail
        assert "or more, which is too much" in detail
    drop(home, "b.csv", text, kind, source="before")
    with writer(home, "land") as held:
        held.rules = 1
        (result,) = land_files(held)
    assert (result.landed, result.rejected) == (len(rows), 0)


def test_offsets_that_no_place_has_and_ids_of_blanks_alone_are_rejected(home: Home) -> None:
    stamps = ["+25:00", "-16:00", "+1600", "+99", "+05:60"]
    rows = [cdr(call_id=f"c{n}", started_at=f"2026-03-01T10:00:00{s}") for n, s in enumerate(stamps)]
    rows += [cdr(call_id="  "), cdr(call_id="\t"), cdr(call_id="t", called_number=" ")]
    last = {"answered_at": "", "ended_at": "", "duration_s": "0"}
    rows += [cdr(call_id="east", started_at="2026-03-01T10:00:00+15:59", **last)]
    rows += [cdr(call_id="west", started_at="2026-03-01T10:00:00-1559", **last), cdr(call_id=" kept")]
    text = csv_text(rows)
    drop(home, "a.csv", text)
    (result,) = land(home)
    assert (result.landed, result.rejected) == (3, 8)
    reasons = [row[0] for row in query(home, "select reason from ops.rejected_rows order by line")]
    assert reasons == ["bad_time"] * 5 + ["missing_value"] * 3
    assert query(home, "select call_id, started_at from landed.cdrs where call_id <> 'kept' order by 1") == [
        ("east", datetime(2026, 2, 28, 18, 1)),
        ("west", datetime(2026, 3, 2, 1, 59)),
    ]


def test_blank_ids_and_any_offset_land_by_older_rules(home: Home) -> None:
    last = {"answered_at": "", "ended_at": "", "duration_s": "0"}
    drop(home, "a.csv", csv_text([cdr(call_id="  "), cdr(started_at="2026-03-01T10:00:00+16:00", **last)]))
    with writer(home, "land") as held:
        held.rules = 1
        (result,) = land_files(held)
    assert (result.landed, result.rejected) == (2, 0)


def test_a_row_of_an_implausible_time_counts_by_the_day_it_landed(home: Home) -> None:
    """Whatever else is wrong with it: it makes no days of 1991, and a wild duration does not move its start."""
    old = {"started_at": "1991-08-06T10:00:00Z", "answered_at": "", "ended_at": "", "duration_s": "0"}
    rows = [cdr(**old), cdr(**old | {"duration_s": "-1"}), cdr(**old | {"called_number": ""})]
    rows += [cdr(answered_at="", duration_s="259200"), cdr(answered_at="1991-08-06T10:00:00Z")]
    drop(home, "a.csv", csv_text(rows))
    (result,) = land(home)
    days = query(home, "select reason, day from ops.rejected_rows order by line")
    landing, own = date(2026, 3, 5), date(2026, 3, 1)
    assert days == [
        ("implausible", landing),
        ("bad_duration", landing),
        ("missing_value", landing),
        ("implausible", own),
        ("implausible", own),
    ]
    assert result.days == (own, landing)


def test_a_source_sets_its_own_limits(home: Home) -> None:
    sources = home.seeds / "sources.csv"
    sources.write_text("source,kind,max_age_days,max_duration_s\nold,cdrs,20000,\nshort,cdrs,3,60\nold,usage,5,\n")
    row = cdr(started_at="1991-08-06T10:00:00Z", answered_at="", ended_at="", duration_s="0")
    text = csv_text([row, cdr(call_id="c2"), cdr(call_id="c3", duration_s="60")])
    drop(home, "a.csv", text, source="old")
    drop(home, "b.csv", text + "\n", source="short")
    old, short = land(home)
    assert (old.landed, old.rejected) == (3, 0)
    # 1 March 10:00 is 4 days before the clock
    assert (short.landed, short.rejected) == (0, 3)
    sources.write_text("source,kind,max_age_days,max_duration_s\nshort,cdrs,5,60\n")
    drop(home, "c.csv", text + "\n\n", source="short")
    (short,) = land(home)
    assert (short.landed, short.rejected) == (1, 2)


def test_what_landed_by_older_rules_lands_again_unjudged(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr(duration_s="172801"), cdr(call_id="c2", started_at="2024-01-01T10:00:00Z")]))
    with writer(home, "land") as held:
        held.rules = 1
        (result,) = land_files(held)
    assert (result.landed, result.rejected) == (2, 0)


def test_times_of_every_kind_are_judged(home: Home) -> None:
    ahead = "2026-03-06T12:00:01Z"
    drop(
        home,
        "a.csv",
        "usage_id,occurred_at,account_id,service,quantity\n"
        f"u1,{ahead},acme,message,3\nu2,1991-08-06T10:00:00,acme,message,3\nu3,2026-03-01T10:00:00,acme,message,3\n",
        kind="usage",
    )
    drop(
        home,
        "a.csv",
        "payment_id,paid_at,account_id,amount,currency\n"
        f"p1,{ahead},acme,1,USD\np2,1991-08-06T10:00:00,acme,1,USD\np3,2026-03-01T10:00:00,acme,1,USD\n",
        kind="payments",
    )
    drop(
        home,
        "a.csv",
        "observed_at,account_id,resource,count\n"
        f"{ahead},acme,cdrs,1\n1991-08-06T10:00:00,acme,cdrs,1\n2026-03-01T10:00:00,acme,cdrs,1\n",
        kind="resources",
    )
    assert {(r.kind, r.landed, r.rejected) for r in land(home)} == {
        ("usage", 1, 2),
        ("payments", 1, 2),
        ("resources", 1, 2),
    }
    assert query(home, "select distinct reason, day from ops.rejected_rows") == [("implausible", date(2026, 3, 5))]


def test_what_was_plausible_when_it_landed_may_supersede_when_it_is_old(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(home, "a.csv", csv_text([cdr()]))
    text = csv_text([cdr(duration_s=1)])
    drop(home, "b.csv", text)
    land(home)
    monkeypatch.setenv("TOLLBOOK_NOW", "2027-06-01T12:00:00")
    (result,) = land(home, [drop(home, "b.csv", text)], supersede=True, reason="found late")
    assert (result.landed, result.rejected, result.superseded) == (1, 0, 1)
    assert query(home, "select duration_s from landed.cdrs") == [(Decimal(1),)]


def test_rows_of_a_log_read_again_are_judged_the_second_time_too(home: Home) -> None:
    """Disputed rows are read again: a wild one is no version of what it shares its id with."""
    rows = [cdr(), cdr(duration_s=1), cdr(duration_s="94608000"), cdr()]
    drop(home, "a.csv", csv_text(rows))
    (result,) = land(home)
    assert (result.landed, result.duplicates, result.rejected) == (1, 1, 2)
    assert rejected(home) == [(3, "conflict"), (4, "implausible")]
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
    # DuckDB's reader takes the third line without its blank, and loses the last one behind the fourth.
    text = header + good.format("k", "x") + good.format("m", '"a" ') + good.format("n", '""q""') + good.format("l", "x")
    drop(home, "b.csv", text)
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (4, 2, 2)
    assert query(home, "select call_id from landed.cdrs where call_id > 'd' order by 1") == [("k",), ("l",)]
