"""Landing native formats: Asterisk's columns, and local stamps through changes of DST."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.landing.formats.known import NATIVE, formats
from orchestration.landing.rows import times
from orchestration.operations.day.land import land, land_files
from orchestration.store.warehouse import Home, writer
from tests.support.asterisk import master
from tests.support.landing_home import adds_up, drop, make, query


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-11-01T12:00:00")
    return make(tmp_path)


def test_asterisk_rows(home: Home) -> None:
    text = master("2026-05-23 20:46:18", "2026-05-23 20:46:20", 30)
    text += master("2026-05-23 20:47:00", dstchannel="", uniqueid="1779569179.8")
    text += master("2026-05-23 20:46:18", "2026-05-23 20:46:25", 12, dstchannel="SIP/bee-0c")
    drop(home, "Master.csv", text, source="pbx")
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (3, 3, 0)
    rows = query(
        home,
        "select call_id, started_at, answered_at, duration_s, calling_number, called_number,"
        " ingress_trunk, egress_trunk, disposition from landed.cdrs order by call_id",
    )
    numbers = ("4930111", "0049301234", "carrier-west")
    summer = datetime(2026, 5, 23, 18, 46, 18)
    assert [row[:4] for row in rows] == [
        ("1779569178.7/SIP/acme-0000000b@2026-05-23T20:46:18", summer, summer + timedelta(seconds=2), 30),
        ("1779569178.7/SIP/bee-0c@2026-05-23T20:46:18", summer, summer + timedelta(seconds=7), 12),
        ("1779569179.8@2026-05-23T20:47:00", datetime(2026, 5, 23, 18, 47), None, 0),
    ]
    assert [row[4:] for row in rows] == [
        (*numbers, "acme", "ANSWERED"),
        (*numbers, "bee", "ANSWERED"),
        (*numbers, None, "NO ANSWER"),
    ]
    extra = json.loads(query(home, "select extra from landed.cdrs order by call_id")[0][0])
    assert extra["clid"] == '"Ann "A" Lee" <4930111>'
    assert extra["uniqueid"] == "1779569178.7"
    assert set(extra) == {
        *("amaflags", "billsec", "channel", "clid", "dcontext", "dstchannel", "duration", "lastapp"),
        *("lastdata", "uniqueid"),
    }


@pytest.mark.parametrize("word", ["NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "UNKNOWN", ""])
def test_asterisk_seconds_of_a_call_that_was_not_answered_are_none(home: Home, word: str) -> None:
    """An IVR answered for 40 s around midnight in Berlin; what it dialled did not."""
    text = master("2026-05-23 01:59:50", "2026-05-23 02:00:10", 40, end="2026-05-23 02:00:50", disposition=word)
    drop(home, "Master.csv", text, source="pbx")
    land(home)
    (row,) = query(home, "select day::VARCHAR, charged_at, started_at, answered_at, duration_s, extra from landed.cdrs")
    start = datetime(2026, 5, 22, 23, 59, 50)
    assert row[:5] == ("2026-05-22", start, start, None, 0)
    kept = json.loads(row[5])
    assert (kept["billsec"], kept["duration"], kept["answer"]) == ("40", "9", "2026-05-23 02:00:10")


def test_asterisk_answered_however_it_is_written(home: Home) -> None:
    text = master("2026-05-23 20:46:18", "2026-05-23 20:46:20", 30, disposition="Answered")
    # no seconds that can be read are not 0 seconds
    text += master("2026-05-23 20:46:18", billsec=-1, disposition="BUSY", uniqueid="2.2")
    text += master("2026-05-23 20:46:18", billsec="", disposition="BUSY", uniqueid="3.3")
    drop(home, "Master.csv", text, source="pbx")
    land(home)
    assert query(home, "select duration_s from landed.cdrs") == [(30,)]
    assert query(home, "select line, reason from ops.rejected_rows order by line") == [
        (2, "bad_duration"),
        (3, "missing_value"),
    ]


DIAL = ("2026-03-01 14:30:33", "2026-03-01 14:30:33", 26)
CONFERENCE = ("2026-03-01 14:31:03", "2026-03-01 14:31:03", 8)
NEW_COLUMNS = {"peeraccount": "", "linkedid": "1779569178.7"}


@pytest.mark.parametrize("first", [DIAL, CONFERENCE])
def test_asterisk_two_records_of_one_channel(home: Home, first: tuple[str, str, int]) -> None:
    """Each is a call with seconds of its own, by the same name whichever lands first, and lands once."""
    second = CONFERENCE if first is DIAL else DIAL
    changed = (*first[:2], 27)
    for name, rows in (("a", [first]), ("b", [second, first]), ("c", [changed, second, second])):
        drop(home, f"Master-{name}.csv", "".join(master(*row) for row in rows), source="pbx")
    a, b, c = land(home)
    assert [(r.landed, r.duplicates, r.rejected) for r in (a, b, c)] == [(1, 0, 0), (1, 1, 0), (0, 2, 1)]
    assert query(home, "select call_id, attempt, duration_s from landed.cdrs order by call_id") == [
        ("1779569178.7/SIP/acme-0000000b@2026-03-01T14:30:33", 1, 26),
        ("1779569178.7/SIP/acme-0000000b@2026-03-01T14:31:03", 1, 8),
    ]
    assert query(home, "select line, reason from ops.rejected_rows") == [(1, "conflict")]


def test_asterisk_sequence_tells_records_of_one_second_apart(home: Home) -> None:
    dial = master(*DIAL, **NEW_COLUMNS, sequence="5")
    drop(home, "Master-1.csv", master(*DIAL[:2], 8, **NEW_COLUMNS, sequence="6"), source="pbx")
    drop(home, "Master-2.csv", dial + dial + master(*DIAL[:2], 9, **NEW_COLUMNS, sequence="6"), source="pbx")
    one, two = land(home)
    assert (one.landed, two.landed, two.duplicates, two.rejected) == (1, 1, 1, 1)
    assert query(home, "select call_id, duration_s from landed.cdrs order by call_id") == [
        ("1779569178.7/SIP/acme-0000000b#5", 26),
        ("1779569178.7/SIP/acme-0000000b#6", 8),
    ]


@pytest.mark.parametrize("columns", [{}, {**NEW_COLUMNS, "sequence": "5"}])
def test_asterisk_rows_of_before_the_upgrade_are_known_again(home: Home, columns: dict[str, str]) -> None:
    """The log has grown: what landed by the rules of before is neither doubled nor a conflict."""
    busy = master("2026-03-01 00:59:50", "2026-03-01 01:00:10", 40, disposition="BUSY", uniqueid="1.1", **columns)
    old = master(*DIAL, **columns) + busy + master("2026-03-01 09:00:00", dstchannel="", uniqueid="2.2", **columns)
    drop(home, "Master.csv", old, source="pbx")
    with writer(home, "land") as held:
        held.rules = 1
        assert land_files(held)[0].landed == 3
    first = "select * from landed.cdrs where file_sequence = 1 order by call_id"
    as_it_was = query(home, first)
    assert query(home, "select day::VARCHAR, call_id, duration_s from landed.cdrs order by call_id") == [
        ("2026-03-01", "1.1/SIP/acme-0000000b", 40),
        ("2026-03-01", "1779569178.7/SIP/acme-0000000b", 26),
        ("2026-03-01", "2.2", 0),
    ]
    other = columns and {**columns, "sequence": "6"}
    drop(home, "Master.csv", old + master(*CONFERENCE, **other), source="pbx")
    (grown,) = land(home)
    assert (grown.landed, grown.duplicates, grown.rejected) == (1, 3, 0)
    assert query(home, first) == as_it_was
    path = drop(home, "other.csv", master(*DIAL[:2], 27, **columns), source="pbx")
    (conflicting,) = land(home)
    assert (conflicting.landed, conflicting.rejected) == (0, 1)
    path = drop(home, "other.csv", master(*DIAL[:2], 27, **columns), source="pbx")
    (superseding,) = land(home, [path], supersede=True, reason="a second was missing")
    assert (superseding.landed, superseding.superseded) == (1, 1)
    seconds = "select duration_s from landed.cdrs where starts_with(call_id, '1779569178.7') order by all"
    assert query(home, seconds) == [(8,), (27,)]
    # the version that was superseded has been seen, too
    drop(home, "Master-old.csv", master(*DIAL, **columns) + busy, source="pbx")
    (again,) = land(home)
    assert (again.landed, again.duplicates, again.rejected) == (0, 2, 0)
    assert adds_up(home)


def test_asterisk_bad_rows_and_a_second_landing(home: Home) -> None:
    text = master("2026-05-23 20:46:18", billsec=-1) + master("x") + master("2026-05-23 20:46:18")
    drop(home, "Master.csv", text + '"cut', source="pbx")
    (result,) = land(home)
    assert (result.rows, result.landed, result.rejected) == (4, 1, 3)
    assert query(home, "select line, reason from ops.rejected_rows order by line") == [
        (1, "bad_duration"),
        (2, "bad_time"),
        (4, "bad_row"),
    ]
    # A log that has grown: what landed before is a duplicate.
    more = text + master("2026-05-23 20:50:00", uniqueid="2.2")
    drop(home, "Master.csv", more, source="pbx")
    (again,) = land(home)
    assert (again.landed, again.duplicates, again.rejected) == (1, 1, 2)
    assert adds_up(home)


@pytest.mark.parametrize("width", [16, 17])
def test_asterisk_without_uniqueid_says_what_to_switch_on(home: Home, width: int) -> None:
    cells = next(csv.reader([master("2026-05-23 20:46:18")]))
    drop(home, "Master.csv", ",".join(c and "x" for c in cells[:width]), source="utcpbx")
    (result,) = land(home)
    assert result.status == "unreadable"
    assert f"{width} cells" in str(result.problem)
    assert "loguniqueid=yes" in str(result.problem)


@pytest.mark.parametrize(
    ("first", "seen"),
    [
        (",".join("x" * 19), "cdr-custom"),
        (",".join("x" * 25), "a FreePBX table cdr"),
        (",".join("x" * 26), "a FreePBX table cdr"),
        (",".join((*"x" * 14, "NORMAL_CLEARING")), "FreeSWITCH's template example (15 columns)"),
        ("call_id,started_at,called_number,duration_s,codec", "a file with the canonical columns"),
        ('{"call_id": "c1"}', "JSON lines"),
        (",".join("x" * 12), None),
    ],
)
def test_asterisk_other_widths_are_told_what_they_look_like(home: Home, first: str, seen: str | None) -> None:
    drop(home, "Master.csv", f"{first}\n", source="utcpbx")
    (result,) = land(home)
    hint = f"; it looks like {seen}" if seen else ""
    assert str(result.problem).startswith(f"the first row has {len(first.split(','))} cells; Asterisk's cdr_csv has 18")
    assert hint in str(result.problem)
    assert ("it looks like" in str(result.problem)) == (seen is not None)


def test_asterisk_other_layouts_of_18_columns_are_refused_whole(home: Home) -> None:
    row = master("2026-05-23 20:46:18", "2026-05-23 20:46:20", 30)
    drop(home, "freeswitch.csv", row.replace("ANSWERED", "NORMAL_CLEARING"), source="pbx")
    cells = next(csv.reader([row]))
    clid_first = [cells[4], *cells[1:4], *cells[5:16], cells[0], *cells[16:]]
    drop(home, "custom.csv", ",".join(f'"{c}"' for c in clid_first).replace('"Ann "A" Lee"', "Ann"), source="pbx")
    custom, freeswitch = land(home)
    assert (custom.status, freeswitch.status) == ("unreadable", "unreadable")
    assert 'column 14 of the first row is "ANSWERED"' in str(custom.problem)
    assert 'column 15 of the first row is "NORMAL_CLEARING"' in str(freeswitch.problem)
    # which cell says when cannot be told: only the day that they came on waits for them
    assert custom.days == freeswitch.days == (date(2026, 11, 1),)


def test_a_file_without_any_row_that_can_be_read_is_refused_whole(home: Home) -> None:
    """A number before Asterisk's columns, the last of them left out: each cell means another."""
    row = next(csv.reader([master("2026-03-04 20:46:18", "2026-03-04 20:46:20", 30)]))
    text = "".join(",".join(f'"{cell}"' for cell in [str(n), *row[:4], "Ann", *row[5:17]]) + "\n" for n in range(3))
    drop(home, "numbered.csv", text, source="pbx")
    (result,) = land(home)
    assert (result.status, result.days) == ("unreadable", (date(2026, 11, 1),))
    told = str(result.problem)
    assert told.startswith("none of its 3 rows can be read as asterisk, which has the columns accountcode, src, dst,")
    assert 'line 1: started_at is "SIP/acme,30"' in told
    assert query(home, "select count(*) from ops.rejected_rows") == [(0,)]
    # a row among them that can be read tells that it is the layout; one alone is a bad row
    drop(home, "mixed.csv", text + master("2026-03-04 20:46:18"), source="pbx")
    drop(home, "one.csv", text.splitlines()[0], source="pbx")
    assert [(r.landed, r.rejected) for r in land(home)] == [(1, 3), (0, 1)]
    # and so do calls to no number
    (home.seeds / "sources.csv").write_text("source,kind,format,not_numbers\npbx,cdrs,asterisk,reject\n")
    drop(home, "mail.csv", "".join(master(f"2026-03-04 20:46:1{n}", dst="*97") for n in range(2)), source="pbx")
    assert [(r.status, r.rejected) for r in land(home)] == [("landed", 2)]


def test_asterisk_trunk_pattern_and_an_empty_log(home: Home) -> None:
    drop(home, "Master.csv", master("2026-05-23 20:46:18"), source="named")
    drop(home, "Master.csv", "", source="utcpbx")
    first, second = land(home)
    assert (first.landed, second.status, second.rows) == (1, "landed", 0)
    assert query(home, "select ingress_trunk, egress_trunk from landed.cdrs") == [(None, "acme")]


def test_dst_first_pass_and_skipped_times_in_europe(home: Home) -> None:
    text = "".join(
        master(start, uniqueid=f"{n}.0")
        for n, start in enumerate(
            [
                "2026-10-25 01:59:59",
                "2026-10-25 02:00:00",  # twice: the first pass is summer time
                "2026-10-25 02:59:59",
                "2026-10-25 03:00:00",
                "2026-03-29 01:59:59",
                "2026-03-29 02:30:00",  # never: moved on by the gap, to 03:30
                "2026-03-29 03:00:00",
            ]
        )
    )
    drop(home, "Master.csv", text, source="pbx")
    land(home)
    utc = [row[0] for row in query(home, "select started_at from landed.cdrs order by call_id")]
    assert utc == [
        datetime(2026, 10, 24, 23, 59, 59),
        datetime(2026, 10, 25, 0, 0),
        datetime(2026, 10, 25, 0, 59, 59),
        datetime(2026, 10, 25, 2, 0),
        datetime(2026, 3, 29, 0, 59, 59),
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 3, 29, 1, 0),
    ]
    # Records, not cells: started_at and ended_at are both repeated.
    assert query(home, "select dst_repeated, dst_skipped from ops.files") == [(2, 1)]


def test_dst_of_half_an_hour_on_lord_howe(home: Home) -> None:
    text = master("2026-04-05 01:45:00", uniqueid="1.0")  # +11 until 02:00, then +10:30 from 01:30
    text += master("2026-04-05 02:00:00", uniqueid="2.0")
    text += master("2026-10-04 02:15:00", uniqueid="3.0")  # 02:00 to 02:30 is skipped
    text += master("2026-10-04 02:30:00", uniqueid="4.0")
    drop(home, "Master.csv", text, source="howe")
    land(home)
    utc = [row[0] for row in query(home, "select started_at from landed.cdrs order by call_id")]
    assert utc == [
        datetime(2026, 4, 4, 14, 45),
        datetime(2026, 4, 4, 15, 30),
        datetime(2026, 10, 3, 15, 45),
        datetime(2026, 10, 3, 15, 30),
    ]
    assert query(home, "select dst_repeated, dst_skipped from ops.files") == [(1, 1)]


@pytest.mark.parametrize(
    "zone",
    [
        *("UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"),
        *("America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia"),
    ],
)
def test_every_local_quarter_of_an_hour_is_what_python_says(zone: str) -> None:
    info, start = ZoneInfo(zone), datetime(1996, 1, 1)
    stamps = [start + timedelta(minutes=1435 * n) for n in range(12_000)]
    for low, _ in times.changes(zone):
        local = low.replace(tzinfo=UTC).astimezone(info).replace(tzinfo=None)
        stamps += [local + timedelta(minutes=15 * n) for n in range(-12, 13)]
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute("create table t (s VARCHAR)")
    con.execute("insert into t select unnest(?)", [[str(stamp) for stamp in stamps]])
    got = con.execute(f"select s, {times.instant('s', zone)} from t").fetchall()
    for text, utc in got:
        local = datetime.fromisoformat(text).replace(tzinfo=info)
        assert utc == local.astimezone(UTC).replace(tzinfo=None), text


def test_the_list_of_formats_names_every_kind_and_column() -> None:
    listed = {str(entry["name"]): entry for entry in formats()}
    assert set(NATIVE) < set(listed)
    assert len(listed["canonical cdrs"]["columns"]) == 17  # type: ignore[arg-type]
    assert len(listed["asterisk"]["columns"]) == 18  # type: ignore[arg-type]
