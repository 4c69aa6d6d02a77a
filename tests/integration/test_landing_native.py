"""Landing native formats: Asterisk's columns, and local stamps through changes of DST."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.landing import times
from orchestration.landing.formats import NATIVE, formats
from orchestration.operations.land import land
from orchestration.warehouse import Home
from tests.integration.landing_home import adds_up, drop, make, query


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T12:00:00")
    return make(tmp_path)


def master(start: str, answer: str = "", billsec: object = 0, **cells: str) -> str:
    """One line of Master.csv as Asterisk quotes it."""
    row = {
        "accountcode": "",
        "src": "4930111",
        "dst": "0049301234",
        "dcontext": "from-trunk",
        "clid": '"Ann "A" Lee" <4930111>',
        "channel": "PJSIP/carrier-west-0000000a",
        "dstchannel": "SIP/acme-0000000b",
        "lastapp": "Dial",
        "lastdata": "SIP/acme,30",
        "start": start,
        "answer": answer,
        "end": start,
        "duration": "9",
        "billsec": str(billsec),
        "disposition": "ANSWERED" if billsec else "NO ANSWER",
        "amaflags": "DOCUMENTATION",
        "uniqueid": "1779569178.7",
        "userfield": "",
    } | cells
    bare = ("duration", "billsec")
    parts = [row[c] if c in bare else '"' + row[c].replace('"', '""') + '"' for c in row]
    return ",".join(parts) + "\n"


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
        ("1779569178.7/SIP/acme-0000000b", summer, summer + timedelta(seconds=2), 30),
        ("1779569178.7/SIP/bee-0c", summer, summer + timedelta(seconds=7), 12),
        ("1779569179.8", datetime(2026, 5, 23, 18, 47), None, 0),
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
        *("amaflags", "channel", "clid", "dcontext", "dstchannel", "duration", "lastapp"),
        *("lastdata", "uniqueid"),
    }


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
