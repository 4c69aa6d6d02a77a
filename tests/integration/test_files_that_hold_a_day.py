"""Files that could not be read, and rows that were rejected: which days they hold, and what settles them."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.rejected import Asked, rejected, rejected_by_file
from orchestration.operations.day.waive import confirm, waive
from orchestration.operations.day.withdraw import withdraw_file
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import PROJECT, Home, Refused
from tests.support.company import CDR_HEADER, write_calls, write_company, write_text
from tests.support.put_back import keep, put_back

DAY, NEXT = date(2026, 5, 4), date(2026, 5, 5)
UNREADABLE = "unreadable_files_are_settled"
ROWS = "rejected_rows_are_settled"
pytestmark = pytest.mark.usefixtures("unpublished")


@pytest.fixture(scope="module")
def landed_early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call on each of DAY and NEXT, landed early on NEXT."""
    root = tmp_path_factory.mktemp("landed") / "deployment"
    made = Home(root / "home", write_company(root / "seeds"))
    calls = [("c1", f"{DAY}T10:00:00", "60", "in-a"), ("c2", f"{NEXT}T01:00:00", "60", "in-a")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_OPERATOR", "anna")
        patch.setenv("TOLLBOOK_NOW", f"{NEXT}T03:00:00")
        land(made, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
    keep(root)
    return root


@pytest.fixture
def home(landed_early: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = put_back(landed_early)
    for name, value in {
        "TOLLBOOK_HOME": made.root, "TOLLBOOK_SEEDS": made.seeds, "TOLLBOOK_OPERATOR": "anna",
        "TOLLBOOK_NOW": f"{NEXT}T03:00:00",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    return made


def _drop(home: Home, name: str, content: bytes, kind: str = "cdrs", source: str = "sw1") -> Landed:
    """Land a file through the inbox."""
    path = home.inbox / kind / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    (landed,) = land(home)
    return landed


def _failing(home: Home, monkeypatch: pytest.MonkeyPatch, at: str = "2026-05-07T00:05:00") -> dict[date, list[str]]:
    """What keeps which day from closing, after a close at a time when DAY and NEXT are due."""
    monkeypatch.setenv("TOLLBOOK_NOW", at)
    return {c.day: [f.check for f in c.failures] for c in close(home) if c.failures}


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


CUT = CDR_HEADER.replace(",", ";").encode() + b"\n"


def test_it_holds_the_day_it_came_on_and_the_one_in_its_name_until_it_lands_corrected(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = _drop(home, "cdr_2026-05-04_7.csv", CUT)
    assert (came.status, came.days) == ("unreadable", (DAY, NEXT))
    assert (home.rejected / "cdrs/sw1/cdr_2026-05-04_7.csv").read_bytes() == CUT
    other = write_calls(tmp_path / "other.csv", [("c3", f"{DAY}T11:00:00", "60", "in-a")])
    land(home, [other], kind="cdrs", source="sw1")
    assert _failing(home, monkeypatch) == {DAY: [UNREADABLE], NEXT: [UNREADABLE]}
    assert _query(home, "select day, status, unreadable from marts.days where unreadable > 0 order by day") == [
        (DAY, "failed", 1),
        (NEXT, "failed", 1),
    ]
    mended = write_calls(home.inbox / "cdrs/sw1/cdr_2026-05-04_7.csv", [("c4", f"{DAY}T12:00:00", "60", "in-a")])
    assert land(home)[0].landed == 1
    assert not mended.exists()
    assert _failing(home, monkeypatch) == {}
    assert _query(home, f"select status, unreadable from marts.days where day = '{DAY}'") == [("closed", 0)]


def test_the_times_of_its_rows_tell_its_day_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that was cut off: what there is before the damage is of DAY, in the zone of the times."""
    rows = [f"x{n},{NEXT}T01:30:00+02:00,,447700900123,60,in-a,out" for n in range(2000)]
    packed = gzip.compress("\n".join([CDR_HEADER, *rows]).encode())
    assert _drop(home, "calls.csv.gz", packed[:-20]).days == (DAY, NEXT)
    assert _failing(home, monkeypatch) == {DAY: [UNREADABLE], NEXT: [UNREADABLE]}
    whole = "\n".join([CDR_HEADER, *rows[:1]]).encode()
    # named like a file that landed before it came: that does not say that this is the same one corrected
    assert _drop(home, "calls.csv", whole).landed == 1
    assert _failing(home, monkeypatch) == {DAY: [UNREADABLE], NEXT: [UNREADABLE]}
    file_id = rejected(home)[0]["file_id"]
    waive(home, NEXT, "landed as calls.csv", file=file_id[:8])
    assert _failing(home, monkeypatch) == {}


def test_dates_that_cannot_be_its_own_hold_nothing(home: Home) -> None:
    """Before the first traffic, after it came, or no dates at all."""
    assert _drop(home, "cdr-20260101-1.csv", CUT).days == (NEXT,)
    assert _drop(home, "cdr-20260506-1.csv", CUT + b"1").days == (NEXT,)
    assert _drop(home, "cdr-20260504123456789.csv", CUT + b"2").days == (NEXT,)
    assert _drop(home, "cdr-20260504101500.csv", CUT + b"3").days == (DAY, NEXT)


def test_the_same_bytes_hold_once_and_landing_them_as_what_they_are_settles_them(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = b"usage_id,occurred_at,account_id,service,quantity\nu1,2026-05-05T01:00:00,acme,message,3\n"
    assert _drop(home, "a.csv", usage).status == "unreadable"
    assert _drop(home, "a.csv", usage).days == ()
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    assert [line["action"] for line in lines].count("unreadable") == 1
    assert sorted(p.name for p in (home.rejected / "cdrs/sw1").iterdir()) == [
        *("a.2.csv", "a.2.csv.reason", "a.csv", "a.csv.reason"),
    ]
    assert _failing(home, monkeypatch) == {NEXT: [UNREADABLE]}
    (landed,) = land(home, [home.rejected / "cdrs/sw1/a.csv"], kind="usage", source="smsc")
    assert (landed.status, landed.landed) == ("landed", 1)
    assert _failing(home, monkeypatch) == {}
    assert sorted(p.name for p in (home.rejected / "cdrs/sw1").iterdir()) == ["a.2.csv", "a.2.csv.reason"]


def test_an_export_that_fails_alike_another_day_holds_that_day_too(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file each night: the first was waived."""
    file_id = _drop(home, "Master.csv", b"").file_id
    build(home)
    waive(home, NEXT, "nobody called", file=file_id)
    third = date(2026, 5, 6)
    monkeypatch.setenv("TOLLBOOK_NOW", f"{third}T03:00:00")
    assert _drop(home, "Master.csv", b"").days == (third,)
    # tried again from where it lies it is the same one
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-07T03:00:00")
    assert land(home, [home.rejected / "cdrs/sw1/Master.2.csv"])[0].days == ()
    assert _failing(home, monkeypatch, "2026-05-08T00:05:00") == {third: [UNREADABLE]}
    assert rebuild(home, check=True).compared
    waive(home, third, "nor then", file=file_id)
    assert _failing(home, monkeypatch, "2026-05-08T00:05:00") == {}
    assert rebuild(home, check=True).compared


def test_a_persons_own_file_holds_its_day_too_and_a_copy_is_kept(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.csv"
    own.write_bytes(CUT)
    assert land(home, [own], kind="cdrs", source="sw1", dry_run=True)[0].status == "unreadable"
    assert not home.rejected.exists()
    assert land(home, [own], kind="cdrs", source="sw1")[0].days == (NEXT,)
    assert own.read_bytes() == (home.rejected / "cdrs/sw1/own.csv").read_bytes() == CUT
    land(home, [own], kind="cdrs", source="sw1")
    assert len([*(home.rejected / "cdrs/sw1").iterdir()]) == 2
    assert _failing(home, monkeypatch) == {NEXT: [UNREADABLE]}


def test_waiving_a_file_settles_it_on_all_its_days(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    company = "name,reporting_currency,waiver_limit\nHand Made,USD,5\n"
    write_company(home.seeds, company=company)
    file_id = _drop(home, "cdr-20260504.csv", CUT).file_id
    build(home)
    with pytest.raises(Refused, match=r"2026-05-03 does not wait for file .*: it holds 2026-05-04, 2026-05-05"):
        waive(home, date(2026, 5, 3), "lost", file=file_id)
    with pytest.raises(Refused, match=r"there is no file with rejected rows, .* begins with nothing"):
        waive(home, DAY, "lost", file="nothing")
    # nobody can say what is in it
    waived = waive(home, DAY, "lost with the disk", file=file_id[:6])
    assert (waived.what, waived.key, waived.settles, waived.amount, waived.in_force) == (
        "file",
        file_id,
        1,
        None,
        False,
    )
    assert _failing(home, monkeypatch) == {DAY: [UNREADABLE], NEXT: [UNREADABLE]}
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    assert confirm(home, DAY, file=file_id[:6]).in_force
    assert _failing(home, monkeypatch) == {}
    with pytest.raises(Refused, match="nothing of it is left to settle"):
        waive(home, NEXT, "again", file=file_id)


def test_one_waiver_settles_all_rejected_rows_of_a_file(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [("b1", DAY, "-1"), ("b2", DAY, "x"), ("b3", NEXT, "-1"), ("b4", NEXT, "-1")]
    path = write_text(
        tmp_path / "bad.csv", CDR_HEADER, *(f"{i},{day}T12:00:00,,447700900123,{s},in-a,out" for i, day, s in bad)
    )
    file_id = land(home, [path], kind="cdrs", source="sw1")[0].file_id
    mended = write_calls(tmp_path / "b1.csv", [("b1", f"{DAY}T12:00:00", "60", "in-a")])
    land(home, [mended], kind="cdrs", source="sw1")
    assert _failing(home, monkeypatch) == {DAY: [ROWS], NEXT: [ROWS]}
    assert [(r["day"], r["line"], r["reason"]) for r in rejected(home)] == [
        (DAY, 3, "bad_duration"),
        (NEXT, 4, "bad_duration"),
        (NEXT, 5, "bad_duration"),
    ]
    with pytest.raises(Refused, match=f"row {file_id[:12]}:2 of 2026-05-04 is settled"):
        waive(home, DAY, "x", row=f"{file_id}:2")
    for asked, lines in (
        (Asked(day=DAY), [3]),
        (Asked(kind="cdrs", source="sw1", reason="bad_duration", file=file_id[:10]), [3, 4, 5]),
        (Asked(file=file_id, day=NEXT), [4, 5]),
        (Asked(kind="usage"), []),
        (Asked(reason="unreadable"), []),
    ):
        assert [row["line"] for row in rejected(home, asked)] == lines, asked
        assert sum(row["rows"] for row in rejected_by_file(home, asked)) == len(lines), asked
    everything = Asked(settled=True)
    assert [(r["line"], r["state"]) for r in rejected(home, everything)] == [
        (2, "settled"), (3, "open"), (4, "open"), (5, "open"),
    ]  # fmt: skip
    # three calls at 0.06, the average sell leg of each day
    waived = waive(home, NEXT, "a test of the switch", file=file_id)
    assert (waived.settles, waived.amount) == (3, Decimal("0.18"))
    assert _failing(home, monkeypatch) == {}
    assert rejected(home) == []
    assert [(r["day"], r["state"], r["rows"], r["line"]) for r in rejected_by_file(home, everything)] == [
        (DAY, "waived", 2, 2), (NEXT, "waived", 2, 4),
    ]  # fmt: skip


def test_a_waiver_says_its_days_and_what_is_known_of_its_worth(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call of 2026-05-03 is rated: nobody can say what its two rows are worth; the row of DAY is worth 0.06."""
    company = "name,reporting_currency,waiver_limit\nDemo,USD,100\n"
    write_company(home.seeds, company=company)
    bad = [("b1", DAY), ("b2", "2026-05-03"), ("b3", "2026-05-03")]
    path = write_text(
        tmp_path / "bad.csv", CDR_HEADER, *(f"{i},{day}T12:00:00,,447700900123,-1,in-a,out" for i, day in bad)
    )
    file_id = land(home, [path], kind="cdrs", source="sw1")[0].file_id
    build(home)
    told = CliRunner().invoke(cli, ["waive", "--day", str(DAY), "--file", file_id, "--reason", "a test"])
    assert told.output == (
        "noted: would settle 3 of 2026-05-03, 2026-05-04, 1 of them worth 0.06000000 USD, and nobody can say what the"
        " other 2 are worth; with a waiver_limit what is of unknown worth settles nothing until another operator runs"
        " the same with --confirm\n"
    )
    (kept,) = _query(home, "select amount, awaits_second from ops.waivers")
    assert kept == (None, True)
    assert {row["state"] for row in rejected(home, Asked(settled=True))} == {"open"}
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    told = CliRunner().invoke(cli, ["waive", "--day", str(DAY), "--file", file_id, "--confirm"])
    assert told.output.endswith(f" of {DAY}, nobody can say what it is worth; run tollbook close\n")
    assert rejected(home) == []
    assert {row["state"] for row in rejected(home, Asked(settled=True))} == {"waived"}


def test_rows_without_an_identity_are_known_again_by_the_rest_of_their_line(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines in order, with their files' names. A later file settles the rows that it says again but for one cell, each
    of its lines one; a call that is another one in a second cell settles none."""
    good = f"{NEXT}T01:30:00,{NEXT}T01:30:00,447700900123,60,in-a,out"
    lines = [f"g{n},{good}" for n in range(11)]
    lines[1], lines[2] = f"wide,{good},more", "\udce9" + lines[2]
    lines[3], lines[4], lines[9] = f",{good}", f",{good}", lines[9].replace(",60,", ",-1,")
    (tmp_path / "b.csv").write_bytes("\n".join([CDR_HEADER, *lines, ""]).encode("utf-8", "surrogateescape"))
    write_text(tmp_path / "a.csv", CDR_HEADER, lines[9].replace("g9", "x9"))
    for name in ("b.csv", "a.csv"):
        land(home, [tmp_path / name], kind="cdrs", source="sw1")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-07T00:05:00")
    (failure,) = close(home, NEXT)[0].failures
    assert [detail.partition(" was ")[0] for detail in failure.details] == [
        f"line {line} of {name} (cdrs from sw1)"
        for name, line in (("a.csv", 2), *(("b.csv", line) for line in (3, 4, 5, 6, 11)))
    ]
    known, unknown = ("Land a corrected file.", "Of a row whose identity cannot be read")
    waived = "Or let the rows pass: tollbook waive --day DAY --file FILE_ID --reason TEXT (--row FILE_ID:LINE for one)."
    assert (known in failure.remedy, unknown in failure.remedy) == (True, True)
    assert failure.remedy.endswith(waived)
    mended = [lines[9].replace(",-1,", ",61,"), lines[9].replace("g9", "x9").replace(",-1,", ",61,"), f"wide,{good}"]
    # other seconds; another caller, and one of the two without an id
    mended += [f"other,{good}".replace(",60,", ",59,"), f"g3,{good}"]
    (landed,) = land(home, [write_text(tmp_path / "c.csv", CDR_HEADER, *mended)], kind="cdrs", source="sw1")
    assert landed.settled == 2
    (failure,) = close(home, NEXT)[0].failures
    assert (known in failure.remedy, unknown in failure.remedy) == (False, True)
    # either of the two equal ones without an id
    assert [(r["name"], r["line"]) for r in rejected(home)] in ([("b.csv", 4), ("b.csv", n)] for n in (5, 6))
    (landed,) = land(
        home, [write_text(tmp_path / "d.csv", CDR_HEADER, f"ég2,{good}", f"g4,{good}")], kind="cdrs", source="sw1"
    )
    assert landed.settled == 2
    assert close(home, NEXT)[0].status == "closed"
    # what a file had corrected holds the day again without it
    withdraw_file(home, landed.file_id, "a test")
    (failure,) = close(home, NEXT)[0].failures
    assert failure.rows == 2
    land(home, [tmp_path / "d.csv"], kind="cdrs", source="sw1")
    assert close(home, NEXT)[0].status == "closed"
    assert rebuild(home, check=True).compared


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_row_that_says_another_id_is_another_call(home: Home, tmp_path: Path, kind: str) -> None:
    """Rows with wrong bytes, quotes or cells, and lines that are the same but for the id; then the right ones."""
    names = CDR_HEADER.split(",")
    cells = [f"{NEXT}T01:30:00", f"{NEXT}T01:30:00", "447700900123", "60", "in-a", "out"]

    def write(name: str, rows: list[list[str]]) -> Path:
        path = tmp_path / f"{name}.{kind}"
        lines = [json.dumps(dict(zip([*names, "note"], row, strict=False)), ensure_ascii=False) for row in rows]
        if kind == "csv":
            lines = [f"{CDR_HEADER},note", *(",".join(row) for row in rows)]
        path.write_bytes("\n".join([*lines, ""]).encode("utf-8", "surrogateescape"))
        return path

    ids = ["k1", "k2", "k3"]
    notes = ["M\udcfcller", '"Miller' if kind == "csv" else "M\udce4ller", "a,b" if kind == "csv" else "\udce4"]
    bad = [[i, *cells, note] for i, note in zip(ids, notes, strict=True)]
    (landed,) = land(home, [write("bad", [*bad, ["k0", *cells, ""]])], kind="cdrs", source="sw1")
    assert (landed.landed, landed.rejected) == (1, 3) if kind == "jsonl" else landed.rejected >= 2
    right = ["Müller", "Miller" if kind == "csv" else "Mäller", "ab" if kind == "csv" else "ä"]
    others = [[f"other{n}", *cells, note] for n, note in enumerate(right)]
    assert land(home, [write("others", others)], kind="cdrs", source="sw1")[0].settled == 0
    mended = [[i, *cells, note] for i, note in zip(ids, right, strict=True)]
    assert land(home, [write("mended", mended)], kind="cdrs", source="sw1")[0].settled == landed.rejected


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_counts_are_known_again_in_every_kind_of_file(home: Home, tmp_path: Path, kind: str) -> None:
    """A count has no identity; of two of one time the other resource's is not the corrected one."""
    names = ("observed_at", "account_id", "resource", "count")
    bad = [(f"{DAY}T10:00:00", "acme", "extensions", "x"), (f"{DAY}T11:00:00", "acme", "extensions", "")]
    bad += [(f"{DAY}T12:00:00", "acne", "extensions", "6")]
    good = [(f"{DAY}T10:00:00", "acme", "queues", "4"), (f"{DAY}T11:00:00", "acme", "extensions", "5")]
    good += [(f"{DAY}T12:00:00", "acme", "extensions", "6")]

    def write(name: str, rows: list[tuple[str, ...]]) -> Path:
        path = tmp_path / f"{name}.{kind}"
        cells = [dict(zip(names, row, strict=True)) for row in rows]
        if kind == "csv":
            return write_text(path, ",".join(names), *(",".join(row) for row in rows))
        lines = write_text(tmp_path / f"{name}.jsonl", *(json.dumps(row) for row in cells))
        if kind == "parquet":
            with duckdb.connect() as con:
                con.execute(
                    f"copy (from read_json('{lines}', columns = {{{', '.join(f'{n}: VARCHAR' for n in names)}}}))"
                    f" to '{path}'"
                )
        return path

    (first,) = land(home, [write("bad", bad)], kind="resources", source="sw1")
    (second,) = land(home, [write("good", good)], kind="resources", source="sw1")
    assert (first.rejected, second.landed, second.settled) == (3, 3, 2)
    build(home)
    assert [(r["name"], r["reason"]) for r in rejected(home)] == [(f"bad.{kind}", "bad_amount")]


@pytest.mark.parametrize("wrong", ["B\udcfcros", '"Bü"ros'])
def test_what_differs_beside_wrong_bytes_or_quotes_is_of_another_count(home: Home, tmp_path: Path, wrong: str) -> None:
    """They are not compared: it is they that a later line has right, not the hour or the number."""

    def send(name: str, *rows: str) -> Landed:
        path = tmp_path / name
        lines = "\n".join(["observed_at,account_id,resource,count", *rows, ""])
        path.write_bytes(lines.encode("utf-8", "surrogateescape"))
        return land(home, [path], kind="resources", source="sw1")[0]

    # a row that is broken otherwise has the quotes looked at, too
    bad = send("bad.csv", f"{DAY}T10:00:00,acme,{wrong},4", f"{DAY}T10:00:00,acme,queues,1", "broken")
    assert (bad.landed, bad.rejected) == (1, 2)
    assert send("others.csv", f"{DAY}T11:00:00,acme,Büros,4", f"{DAY}T10:00:00,acme,Büros,5").settled == 0
    assert send("mended.csv", f"{DAY}T10:00:00,acme,Büros,4").settled == 1


def test_an_id_that_is_half_read_is_no_other(home: Home, tmp_path: Path) -> None:
    """One with a wrong byte, one with a cell too much behind it. The line of a row that says an id is its own, also
    where a row without one, which may be any, stands before it.
    """
    cells = f",{NEXT}T01:30:00,{NEXT}T01:30:00,447700900123,60,in-a,out"

    def send(name: str, *ids: str) -> Landed:
        path = tmp_path / name
        path.write_bytes("\n".join([CDR_HEADER, *(i + cells for i in ids), ""]).encode("utf-8", "surrogateescape"))
        return land(home, [path], kind="cdrs", source="sw1")[0]

    assert send("bad.csv", "k\udcfc1", "k2,junk", "sound").rejected == 2
    assert send("others.csv", "kx1", "kü9", "other2").settled == 0
    assert send("worse.csv", "", "k\udcfc3", "sounder").rejected == 2
    assert send("theirs.csv", "kü1", "k2", "kü3").settled == 4


def test_a_file_is_said_to_be_the_corrected_one(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lines that nothing tells, and of a file that could not be read; before it lands, or after."""
    cut = write_text(tmp_path / "cut.csv", CDR_HEADER, "k1,2026-", "k2", f"k3,{DAY}T12:00:00,,447700900123,-1,in-a,out")
    whole = write_calls(tmp_path / "whole.csv", [(f"k{n}", f"{DAY}T12:00:00", "60", "in-a") for n in (1, 2)])
    file_id = land(home, [cut], kind="cdrs", source="sw1")[0].file_id
    (noise,) = land(home, [write_text(tmp_path / "noise.csv", "no header")], kind="cdrs", source="sw1")
    for said, options in (
        ("sw2 (cdrs) has no file with rejected rows whose id begins with " + file_id[:9] + "; it is of sw1 (cdrs)",
         {"source": "sw2", "corrects": file_id[:9]}),
        (f"3 rows were rejected of file {file_id[:12]}, and whole.csv has 2 that landed", {"corrects": file_id}),
        ("has no file with rejected rows whose id begins with zz", {"corrects": "zz"}),
    ):  # fmt: skip
        with pytest.raises(Refused, match=re.escape(said)):
            land(home, [whole], **{"kind": "cdrs", "source": "sw1", **options})
    with pytest.raises(Refused, match="--corrects needs the one FILE"):
        land(home, corrects=file_id)
    with pytest.raises(Refused, match=r"--corrects names cut\.csv itself"):
        land(home, [cut], kind="cdrs", source="sw1", corrects=file_id)
    waive(home, DAY, "nobody's", row=f"{file_id[:9]}:4")
    landed_as = {"kind": "cdrs", "source": "sw1"}
    assert land(home, [whole], corrects=file_id, dry_run=True, **landed_as)[0].settled == 2
    asked = ["land", str(whole), "--kind", "cdrs", "--source", "sw1", "--corrects", file_id[:9]]
    assert "whole.csv: settles 2 rows that had been rejected of earlier files" in CliRunner().invoke(cli, asked).output
    assert _failing(home, monkeypatch) == {NEXT: [UNREADABLE]}
    (again,) = land(home, [whole], corrects=noise.file_id, **landed_as)
    assert (again.status, again.settled) == ("already_landed", 1)
    with pytest.raises(Refused, match="nothing is left to correct"):
        land(home, [whole], corrects=noise.file_id, **landed_as)
    assert _failing(home, monkeypatch) == {}
    withdraw_file(home, again.file_id, "a test")
    assert _failing(home, monkeypatch) == {NEXT: [ROWS, UNREADABLE]}
    assert rebuild(home).compared
    assert _failing(home, monkeypatch) == {NEXT: [ROWS, UNREADABLE]}


def test_rows_that_landed_corrected_are_settled_whatever_their_day(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dates that cannot be read: the rows count by the day they landed on, their corrected versions by their own."""
    rows = [("x1", "05/01/2026", "2026-05-01"), ("x2", "05/04/2026", "2026-05-04")]
    wrong = [f"{i},{us} 10:00:00,{us} 10:00:00,447700900123,60,in-a,out" for i, us, _ in rows]
    assert land(home, [write_text(tmp_path / "us.csv", CDR_HEADER, *wrong)], kind="cdrs", source="sw1")[0].rejected == 2
    right = write_calls(tmp_path / "iso.csv", [(i, f"{iso}T10:00:00", "60", "in-a") for i, _, iso in rows])
    assert land(home, [right], kind="cdrs", source="sw1")[0].landed == 2
    assert _failing(home, monkeypatch) == {}
    told = _query(home, "select sum(rejected_cdrs) from marts.revenue_assurance_daily")
    assert told == [(0,)]


def test_a_closed_day_is_open_again_for_a_file_that_is_of_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _failing(home, monkeypatch, "2026-05-08T00:05:00") == {}
    entries = _query(home, "select count(*) from marts.ledger_entries")
    file_id = _drop(home, "cdr-20260504.csv", CUT).file_id
    assert _failing(home, monkeypatch, "2026-05-10T00:05:00")[DAY] == [UNREADABLE]
    waive(home, DAY, "sent again as another", file=file_id)
    assert _failing(home, monkeypatch, "2026-05-10T00:05:00") == {}
    assert _query(home, "select count(*) from marts.ledger_entries") == entries


def test_what_holds_a_day_comes_out_of_a_rebuild(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = _drop(home, "cdr-20260504.csv", CUT).file_id
    gone = _drop(home, "b.csv", CUT + b"2").file_id
    shutil.rmtree(home.rejected)
    build(home)
    waive(home, NEXT, "nothing in it", file=gone)
    assert rebuild(home, check=True).compared
    home.warehouse.unlink()
    rebuild(home)
    found = {(row["file_id"], row["day"], row["state"]) for row in rejected(home, Asked(settled=True))}
    assert found == {(kept, DAY, "open"), (kept, NEXT, "open"), (gone, NEXT, "waived")}
    assert [row["line"] for row in rejected(home, Asked(day=DAY, reason="unreadable"))] == [None]
    assert _failing(home, monkeypatch) == {DAY: [UNREADABLE], NEXT: [UNREADABLE]}


KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.store import warehouse
from orchestration.landing import dropped
from orchestration.operations.day import land
def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "commit":
    real = warehouse.Writer.journal
    warehouse.Writer.journal = lambda *a, **k: (real(*a, **k), die())
else:
    dropped.refuse = die
land.land(warehouse.Home(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.mark.parametrize("moment", ["commit", "move"])
def test_killed_on_the_way_it_is_noted_once(home: Home, moment: str) -> None:
    path = home.inbox / "cdrs/sw1/cdr-20260504.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CUT)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(home.root), str(home.seeds), moment],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.exists()
    (again,) = land(home)
    assert again.status == "unreadable"
    assert (home.rejected / "cdrs/sw1/cdr-20260504.csv").exists()
    assert not path.exists()
    with duckdb.connect(str(home.warehouse)) as con:
        assert con.execute("select days from ops.unreadable_files").fetchall() == [([DAY, NEXT],)]
    build(home)
    assert rebuild(home, check=True).compared


def test_the_command_lists_what_is_left_to_settle(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = _drop(home, "cdr-20260504.csv", CUT).file_id
    build(home)
    listed = CliRunner().invoke(cli, ["rejected", "--day", str(DAY), "--json"])
    (row,) = json.loads(listed.output)
    assert (row["name"], row["line"], row["reason"]) == ("cdr-20260504.csv", None, "unreadable")
    assert "use commas" in row["detail"]
    waived = CliRunner().invoke(
        cli, ["waive", "--day", str(DAY), "--file", file_id[:9], "--reason", "sent by mistake", "--json"]
    )
    assert json.loads(waived.output)["settles"] == 1
    assert CliRunner().invoke(cli, ["rejected"]).output == "nothing is left to settle\n"
    # what has landed since is not published before a build, and it is said so
    _drop(home, "b.csv", CUT + b"2")
    told = CliRunner().invoke(cli, ["rejected"])
    assert told.stdout == "nothing is left to settle\n"
    assert told.stderr == "1 change was made since this was published; run tollbook build to see what came of it\n"
    build(home)
    told = CliRunner().invoke(cli, ["rejected"])
    assert ("b.csv" in told.stdout, told.stderr) == (True, "")
    # what no file can have been refused for, or come from, is not a list of nothing
    for wrong, right in (
        (["--reason", "bad_durations"], "'bad_durations' is not one of"),
        (["--source", "sw"], "there is no source sw; did you mean sw1?"),
        (["--file", "abcdef", "--by-file"], "no file abcdef is published; tollbook rejected --all lists them"),
        (["--source", "nosuch", "--by-file"], "there is no source nosuch; sources are "),
    ):
        refused = CliRunner().invoke(cli, ["rejected", *wrong])
        assert refused.exit_code
        assert right in f"{refused.output}{refused.exception}"
    # of a long list people see the beginning; a program all that it does not leave out itself
    monkeypatch.setattr("orchestration.commands.days._LISTED", 1)
    every = json.loads(CliRunner().invoke(cli, ["rejected", "--all", "--json"]).stdout)
    assert len(every) > 2
    assert json.loads(CliRunner().invoke(cli, ["rejected", "--all", "--json", "--limit", "2"]).stdout) == every[:2]
    lists_all = f"--limit {len(every)} lists all"
    for options, shown in ([], 1), (["--limit", "2"], 2):
        lines = CliRunner().invoke(cli, ["rejected", "--all", *options]).stdout.splitlines()
        assert len(lines) == shown + 2
        assert lines[-1] == f"... and {len(every) - shown} more: {lists_all}, --by-file counts them"
    lines = CliRunner().invoke(cli, ["rejected", "--all", "--limit", str(len(every))]).stdout.splitlines()
    assert len(lines) == len(every) + 1
