"""Landing what was there before: duplicates, conflicts, superseding, crashes."""

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing.rows.canonical import CDRS
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.withdraw import withdraw_file
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import PROJECT, Home, Refused, writer
from tests.support.company import write_text
from tests.support.landing_home import adds_up, cdr, csv_text, drop, make, query, state
from tests.support.rules import go_by


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T12:00:00")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "tess")
    return make(tmp_path)


def rejected(home: Home) -> list[tuple[object, ...]]:
    return query(home, "select line, reason from ops.rejected_rows order by file_sequence, line")


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


PAYMENTS = "payment_id,paid_at,account_id,amount,currency\np1,2026-03-02T10:00:00,acme,100,USD\n"
USAGE = "usage_id,occurred_at,account_id,service,quantity\nu1,2026-03-01T10:00:00,acme,message,3\n"


@pytest.mark.parametrize(
    ("kind", "text"), [("cdrs", csv_text([cdr()])), ("payments", PAYMENTS), ("usage", USAGE)], ids=lambda v: v[:8]
)
def test_what_landed_from_another_source_is_refused_unless_it_is_meant(home: Home, kind: str, text: str) -> None:
    drop(home, "a.csv", text, kind, "east")
    land(home)
    before = query(home, f"select * from landed.{kind}")
    path = drop(home, "b.csv", text, kind, "west")
    (dry,) = land(home, dry_run=True)
    assert (dry.status, path.exists()) == ("landed_elsewhere", True)
    drop(home, "empty.csv", text.splitlines()[0] + "\n", kind, "west")
    first, second = land(home)
    told = "the same content landed from east as a.csv on 2026-03-05 12:00 UTC and would count twice"
    assert (first.status, second.status) == ("landed_elsewhere", "landed")
    assert told in str(first.problem)
    assert "--again" in str(first.problem)
    aside = home.rejected / kind / "west" / "b.csv"
    reason = aside.with_name("b.csv.reason")
    assert (aside.read_text(), reason.read_text()) == (text, f"{first.problem}\n")
    assert not path.exists()
    assert query(home, f"select * from landed.{kind}") == before
    (meant,) = land(home, [aside], again=True)
    assert (meant.status, meant.source, meant.landed) == ("landed", "west", 1)
    assert not aside.exists()
    assert not reason.exists()
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    assert [line["again"] for line in lines if line["action"] == "land"] == [False, False, True]


def test_a_compressed_copy_from_another_source_is_refused_too(home: Home) -> None:
    text = csv_text([cdr()])
    drop(home, "a.csv", text, source="east")
    drop(home, "a.csv.gz", gzip.compress(text.encode()), source="west")
    drop(home, "b.csv.gz", gzip.compress(csv_text([cdr(call_id="b")]).encode()), source="west")
    land(home)
    drop(home, "b.csv", csv_text([cdr(call_id="b")]), source="east")
    land(home)
    assert query(home, "select source, name from ops.files order by 1") == [("east", "a.csv"), ("west", "b.csv.gz")]


def test_what_a_source_sent_before_is_a_duplicate_of_its_own(home: Home) -> None:
    """Also where another source did send the same, and was told to be meant."""
    text = csv_text([cdr()])
    drop(home, "w.csv", text, source="east")
    land(home)
    land(home, [drop(home, "w.csv", text, source="west")], again=True)
    drop(home, "w.csv.gz", gzip.compress(text.encode()), source="west")
    (result,) = land(home)
    assert (result.status, result.rows, result.duplicates) == ("landed", 1, 1)
    drop(home, "w.csv.gz", gzip.compress(text.encode()), source="north")
    assert [landed.status for landed in land(home)] == ["landed_elsewhere"]


def test_a_compressed_file_of_before_contents_were_kept_is_known_by_its_bytes(home: Home) -> None:
    packed = gzip.compress(csv_text([cdr()]).encode())
    drop(home, "a.csv.gz", packed, source="east")
    land(home)
    with writer(home, "test") as held, held.connect() as con:
        con.execute("update ops.files set content_id = null")
    drop(home, "a.csv.gz", packed, source="west")
    assert [landed.status for landed in land(home)] == ["landed_elsewhere"]


def test_files_that_nothing_landed_from_are_alike(home: Home) -> None:
    """A header alone, or rows that were all rejected: nothing of them is charged."""
    for text in (csv_text([]), csv_text([cdr(duration_s=-1)])):
        for source in ("east", "west"):
            drop(home, "a.csv", text, source=source)
            (result,) = land(home)
            assert result.status == "landed"


def test_again_is_for_files_that_are_named(home: Home) -> None:
    with pytest.raises(Refused, match="--again needs the FILE"):
        land(home, again=True)


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


def test_ids_are_compared_with_neighbouring_days_only(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-10T12:00:00")
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


def test_ids_of_payments_are_not_used_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a bank's booking day for its value day: a conflict, unless the file is said to have another. Gateways use the
    ids of usage again.
    """
    used = [f"u1,2026-03-0{day}T10:00:00,acme,number,3" for day in (1, 5)]
    lines = [write_text(home.root / f"u{n}.csv", USAGE.partition("\n")[0], row) for n, row in enumerate(used)]
    assert [each.landed for each in land(home, lines, kind="usage", source="sw1")] == [1, 1]
    header, cells = "payment_id,paid_at,account_id,amount,currency", "acme,50,USD"

    def send(name: str, *rows: str, again: bool = False) -> tuple[int, int, int]:
        pairs = (row.split() for row in rows)
        lines = [f"{name},2026-03-0{day}T10:00:00,{cells}" for name, day in pairs]
        path = write_text(home.root / name, header, *lines)
        (done,) = land(home, [path], kind="payments", source="sw1", again=again)
        return done.landed, done.duplicates, done.rejected

    def landed() -> list[tuple[Any, ...]]:
        return query(home, "select payment_id, day(day) from landed.payments order by all")

    with monkeypatch.context() as before:
        go_by(before, 4)
        assert send("old-1.csv", "b1 1", "b1 3") == (2, 0, 0)
        assert send("old-2.csv", "b1 2") == (0, 0, 1)
    assert send("same.csv", "b1 3", "b1 1", "b2 1") == (1, 2, 0)
    assert send("other.csv", "b1 5", "b1 1", "b2 4", "b3 1", "b3 5") == (1, 1, 3)
    said = query(home, "select detail from ops.rejected_rows where row_id = 'b3'")[0][0]
    assert said.endswith("where both are right, on days that are no neighbours: tollbook land FILE --again")
    # b2 of the 1st is taken back: that of the 4th, which had been in conflict with it, counts
    (file,) = query(home, "select file_id from ops.files where name = 'same.csv'")[0]
    withdraw_file(home, file, "the value day")
    assert landed() == [("b1", 1), ("b1", 3), ("b2", 4), ("b3", 1)]
    # they are others: of that file neighbouring days are asked
    assert send("other.csv", "b1 5", "b1 1", "b2 4", "b3 1", "b3 5", again=True) == (4, 1, 0)
    assert send("more.csv", "b1 4", again=True) == (0, 0, 1)
    assert landed() == [("b1", 1), ("b1", 3), ("b1", 5), ("b2", 4), ("b3", 1), ("b3", 5)]
    assert adds_up(home)
    rebuild(home, check=True)


def test_order_of_files_decides_nothing_without_conflicts(home: Home, tmp_path: Path) -> None:
    texts = [csv_text([cdr(call_id=f"c{n}") for n in range(start, start + 20)]) for start in (0, 10, 20)]
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


def test_what_decides_money_and_is_said_no_more_is_asked_about(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """A file without a column that its source's files had, and calls that lose a value as they are superseded."""
    gone = "a call leaves by no carrier and costs nothing"

    def without(*columns: str, **cells: object) -> str:
        return csv_text([cdr(**cells)], [name for name in CDRS.names if name not in columns])

    def said(name: str, text: str, **options: Any) -> list[str]:
        caplog.clear()
        path = drop(home, name, text)
        (result,) = land(home, [path], **options)
        assert result.landed == 1
        return caplog.messages

    assert said("first.csv", without("egress_trunk", call_id="c0")) == []
    assert said("a.csv", without(egress_trunk="out", call_id="c1")) == []
    lacks = "there is no column egress_trunk, and files of sw1 had it; without it"
    expected = [f"b.csv: {lacks} {gone}"]
    assert said("b.csv", without("egress_trunk", call_id="c2"), dry_run=True) == expected
    assert said("b.csv", without("egress_trunk", call_id="c2")) == expected
    # nothing is lost of a call that was not answered, and where the cell is there somebody has written nothing
    unanswered = {"duration_s": "0", "answered_at": ""}
    assert said("c.csv", without("egress_trunk", call_id="c3", **unanswered)) == []
    assert said("d.csv", without(egress_trunk="", call_id="c4")) == []
    over: dict[str, Any] = {"supersede": True, "reason": "longer"}
    loses = "1 call that it replaces has lost egress_trunk"
    assert said("e.csv", without("egress_trunk", call_id="c1", duration_s="7"), **over) == [
        f"e.csv: {loses} (there is no such column in e.csv); without it {gone}"
    ]
    assert said("f.csv", without(egress_trunk="out", call_id="c1", duration_s="8"), **over) == []
    conflicting = without(egress_trunk="", call_id="c1", duration_s="9")
    drop(home, "g.csv", conflicting)
    assert land(home)[0].rejected == 1
    assert said("g.csv", conflicting, **over) == [f"g.csv: {loses}; without it {gone}"]


def test_what_a_whole_file_says_otherwise_is_asked_about(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """A column that is empty in all its rows, the rows of another file under other ids, and ids that are spoilt."""

    def said(name: str, rows: list[dict[str, str]], **options: Any) -> list[str]:
        caplog.clear()
        (result,) = land(home, [drop(home, name, csv_text(rows))], **options)
        assert (result.landed, result.rejected) == (len(rows), 0)
        return caplog.messages

    def calls(name: str, minute: int, **cells: object) -> list[dict[str, str]]:
        at = {"started_at": f"2026-03-01T10:{minute}:00Z", "answered_at": "", "ended_at": ""}
        return [
            cdr(call_id=f"{name}{n}", called_number=f"44{n}", **at | {"egress_trunk": "out"} | cells) for n in (1, 2)
        ]

    assert said("a.csv", calls("a", 10)) == []
    unanswered = {"duration_s": "0", "egress_trunk": ""}
    assert said("b.csv", [*calls("b", 11), *calls("u", 11, **unanswered)]) == []
    # of one call nothing tells that it is the file's fault, nor of calls that were not answered
    assert said("c.csv", calls("c", 12, egress_trunk="")[:1], dry_run=True) == []
    assert said("d.csv", calls("d", 13, **unanswered)) == []
    lost = "no answered call in it has egress_trunk, and all of sw1 had it in files before; without it a call leaves by"
    (lacking,) = said("e.csv", calls("e", 14, egress_trunk=""))
    assert lacking.startswith(f"e.csv: {lost} no carrier")
    assert said("f.csv", calls("f", 15, egress_trunk="")) == []
    # half of it is what landed before, and less is chance
    again = [row | {"call_id": f"again-{row['call_id']}"} for row in calls("a", 10)]
    (twice,) = said("g.csv", [*again, *calls("g", 16)], dry_run=True)
    assert twice.startswith("g.csv: 2 of its 4 rows landed from sw1 before, under other ids (again-a1 as a1 of a.csv)")
    assert said("h.csv", [*again[:1], *calls("h", 17)]) == []
    (spoilt,) = said("i.csv", [row | {"call_id": f"{n}.7E+09"} for n, row in enumerate(calls("i", 18))])
    assert spoilt.startswith("i.csv: 0.7E+09 (and 1 more) was an id once: a spreadsheet has spoiled it")
    assert said("j.csv", [row | {"call_id": f"1E{n}"} for n, row in enumerate(calls("j", 19))]) == []


def test_landing_again_that_changes_nothing_says_why(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr()]))
    (first,) = land(home)
    text = csv_text([cdr(duration_s=9)])
    over: dict[str, Any] = {"supersede": True, "reason": "9 s"}

    def asked(name: str, data: str, kind: str = "cdrs", **options: Any) -> str | None:
        (result,) = land(home, [drop(home, name, data, kind)], **options)
        assert result.status == "already_landed"
        return result.problem

    drop(home, "b.csv", text)
    (second,) = land(home)
    still = "nothing changed: 1 row is still in conflict, the first is line 2: another row with the same call_id"
    assert str(asked("b.csv", text, again=True)).startswith(still)
    assert asked("b.csv", text) is None
    land(home, [drop(home, "b.csv", text)], **over)
    assert asked("b.csv", text, **over) is None  # as it stands: the same command twice
    assert asked("a.csv", csv_text([cdr()]), **over) == (
        "nothing changed: it has landed, and its call c1 was superseded by b.csv; to have that back: tollbook withdraw"
        f" {second.file_id[:12]} --reason TEXT"
    )
    withdraw_file(home, second.file_id, "it was right")
    assert asked("a.csv", csv_text([cdr()]), **over) is None
    for day in ("02", "03"):
        land(home, [drop(home, f"{day}.csv", PAYMENTS.replace("03-02", f"03-{day}"), "payments")])
    day_after = asked("03.csv", PAYMENTS.replace("03-02", "03-03"), "payments", again=True)
    assert str(day_after).startswith("nothing changed: 1 row is still in conflict, the first is line 2: ")
    assert "give each payment an id of its own" in str(day_after)
    assert first.landed == 1


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


def test_what_is_to_supersede_and_replaces_none_is_asked_about(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """It would count beside the call that it was meant for."""
    drop(
        home, "a.csv", csv_text([cdr(call_id="first"), cdr(call_id="other", called_number="441"), cdr(call_id="right")])
    )
    land(home)
    before, calls = home.journal.read_text(), "select call_id, duration_s, source from landed.cdrs order by all"
    held = query(home, calls)
    typed = cdr(call_id="frist", duration_s=9)
    slips = {
        "west": ([cdr(call_id="first", duration_s=9)], "has not landed from west; it has from sw1: is it that?"),
        "sw1": ([typed], "has not landed from sw1; did you mean first?"),
        # beside one that does replace
        "sw1 ": ([typed, cdr(call_id="other", called_number="441", duration_s=9)], "sw1; did you mean first?"),
        "sw1  ": ([cdr(call_id="first", attempt=2)], "has not landed from sw1; it has as attempt 1: is it that?"),
        # nothing is near, and nothing is replaced
        "sw1   ": ([cdr(call_id="c9", called_number="442")], "has not landed from sw1. Nothing of the file lands"),
    }
    for source, (rows, said) in slips.items():
        path = drop(home, "b.csv", csv_text(rows), source=source.strip())
        for dry_run in (True, False):
            (result,) = land(home, [path], supersede=True, reason="9 s", dry_run=dry_run)
            assert (result.status, result.landed) == ("replaces_none", 0)
            assert said in str(result.problem)
        assert path.exists()
    assert (home.journal.read_text(), query(home, calls)) == (before, held)
    # where the one is new it lands as such, and the others replace; as do new ones that nothing is near
    mixed, text = slips["sw1 "][0], csv_text(slips["sw1 "][0])
    (result,) = land(home, [drop(home, "b.csv", text)])
    assert (result.landed, result.rejected) == (1, 1)
    (result,) = land(home, [drop(home, "b.csv", text)], supersede=True, reason="9 s")
    assert (result.status, result.landed, result.superseded) == ("landed", len(mixed), 1)
    caplog.clear()
    rows = [cdr(call_id="right", duration_s=9), cdr(call_id="c9", called_number="442")]
    (result,) = land(home, [drop(home, "c.csv", csv_text(rows))], supersede=True, reason="9 s")
    assert (result.landed, result.superseded) == (2, 1)
    assert caplog.messages == [
        "c.csv: 1 row replaces none, the first is call c9 (attempt 1) of 2026-03-01: what replaces none lands as new"
    ]
    assert rebuild(home, check=True).compared


def test_another_call_under_the_same_id_is_not_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a switch that numbers its calls anew each day; of one call either the time or the number was wrong."""
    rows = [cdr(call_id=n, answered_at="", ended_at="") for n in "123"]
    drop(home, "a.csv", csv_text(rows))
    land(home)
    others = [
        r | {"started_at": f"2026-03-02T1{n}:00:00Z", "called_number": f"44770090012{n}"} for n, r in enumerate(rows)
    ]
    path = drop(home, "b.csv", csv_text(others))
    (result,) = land(home, [path])
    assert (result.landed, result.rejected) == (0, 3)
    assert "that is another call, of 2026-03-01 10:00:00 UTC to 4915112345678: ids are used" in result.reasons[0].detail
    before, calls = home.journal.read_text(), "select call_id, started_at, called_number from landed.cdrs order by all"
    held = query(home, calls)
    for name in ("b.csv", "c.csv"):  # as it landed, and new
        path = drop(home, name, csv_text(others if name == "b.csv" else others[1:]))
        (result,) = land(home, [path], supersede=True, reason="as said")
        assert (result.status, result.landed, path.exists()) == ("replaces_another", 0, True)
        assert "the first is call " in str(result.problem)
    assert str(result.problem).startswith("2 rows are other calls than they would replace")
    assert (home.journal.read_text(), query(home, calls)) == (before, held)
    # versions of the calls: of another time, to a number that is written otherwise, and of both
    late, soon = {"started_at": "2026-03-01T23:00:00Z"}, {"started_at": "2026-03-01T10:00:59Z"}
    mended = [
        rows[0] | late,
        rows[1] | late | {"called_number": "0049 1511 2345678"},
        rows[2] | soon | {"called_number": "4477"},
    ]
    (result,) = land(home, [drop(home, "d.csv", csv_text(mended))], supersede=True, reason="the clock")
    assert (result.status, result.superseded) == ("landed", 3)
    (result,) = land(home, [drop(home, "e.csv", csv_text(others[:1]))], supersede=True, again=True, reason="both")
    assert (result.status, result.superseded) == ("landed", 1)
    with monkeypatch.context() as patch:
        go_by(patch, 5)
        (result,) = land(home, [drop(home, "f.csv", csv_text(others[1:]))], supersede=True, reason="nobody asked")
        assert (result.status, result.superseded) == ("landed", 2)
    assert rebuild(home, check=True).compared
    assert adds_up(home)


def test_a_conflict_says_what_differs(home: Home) -> None:
    columns = [*CDRS.names, "codec"]
    first = cdr(codec="opus")
    drop(home, "a.csv", csv_text([first, cdr(call_id="1.77958E+09", codec="opus")], columns))
    land(home)
    said = {
        "duration_s is 9 (landed: 63.25), ended_at is empty (landed: 2026-03-01 10:01:08.25); to replace it": (
            first | {"duration_s": "9", "ended_at": ""}
        ),
        "extra (codec); nothing is charged by that: waive the row, or to replace it": first | {"codec": "g711"},
        "hangup_cause is 16 (landed: empty), pdd_ms is 7 (landed: empty) and 1 more; to replace it": (
            first | {"disposition": "ok", "hangup_cause": "16", "pdd_ms": "7", "codec": ""}
        ),
        "started_at is 2026-03-01 10:00:01 (landed: 2026-03-01 10:00:00); 1.77958E+09 was an id once: a spreadsheet": (
            cdr(call_id="1.77958E+09", codec="opus", started_at="2026-03-01T10:00:01Z")
        ),
    }
    for n, (words, row) in enumerate(said.items()):
        (result,) = land(home, [drop(home, f"b{n}.csv", csv_text([row], columns))])
        assert [reason.reason for reason in result.reasons] == ["conflict"]
        assert words in result.reasons[0].detail
        assert (
            "another row with the same call_id and attempt has landed with other values: " in result.reasons[0].detail
        )
    paid = [PAYMENTS, PAYMENTS.replace("03-02", "03-03").replace("100", "50.5")]
    for n, text in enumerate(paid):
        (result,) = land(home, [drop(home, f"p{n}.csv", text, "payments")])
    said_of = result.reasons[0].detail
    assert (
        "on 2026-03-02: paid_at is 2026-03-03 10:00:00 (landed: 2026-03-02 10:00:00), amount is 50.5 (landed: 100)"
        in said_of
    )
    assert said_of.endswith("such as its day before it, and land it with that: tollbook land FILE --corrects FILE_ID")


def test_by_rules_4_what_superseded_nothing_landed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "a.csv", csv_text([cdr(call_id="first")]))
    with monkeypatch.context() as patch:
        go_by(patch, 4)
        land(home)
        (result,) = land(home, [drop(home, "b.csv", csv_text([cdr(call_id="frist")]))], supersede=True, reason="typo")
        assert (result.status, result.landed) == ("landed", 1)
    assert rebuild(home, check=True).compared
    assert query(home, "select count(*) from landed.cdrs") == [(2,)]


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


def test_inside_a_lock_that_is_held(home: Home) -> None:
    drop(home, "a.csv", csv_text([cdr()]))
    with writer(home, "demo") as held:
        (result,) = land_files(held)
    assert result.status == "landed"


KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.store import warehouse
from orchestration.landing import dropped
from orchestration.operations.day import land
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
