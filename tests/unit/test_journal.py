"""The journal: on disk before an effect, each line sealed by the next, and what was done to it said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.store import clock_back, journal
from orchestration.store.database import transaction
from orchestration.store.warehouse import Home, Refused, writer
from tests.support.company import write_company


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse as far as the journal knows one."""
    with duckdb.connect() as con:
        con.execute("create schema ops")
        con.execute(
            "create table ops.journal"
            " (n BIGINT, done_at TIMESTAMP, operator VARCHAR, action VARCHAR, arguments VARCHAR, sha256 VARCHAR)"
        )
        yield con


LINE: dict[str, object] = {"at": "2026-05-04T10:00:00", "operator": "ann", "action": "land"}


def test_the_journal_and_its_name_are_on_disk_before_anything_takes_effect(
    tmp_path: Path, synced: list[str], con: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "journal" / "journal.jsonl"
    journal.append(con, path, LINE)
    assert synced == [f"sync {tmp_path.name}", "sync journal.jsonl", "sync journal"]
    journal.append(con, path, LINE)
    assert synced[3:] == ["sync journal.jsonl"]


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (b"garbage", "line 3 of it is not one that tollbook wrote: garbage"),
        (b"{}", "line 3 of it is not one that tollbook wrote: {}"),
        (b"[1]", "line 3 of it is not one that tollbook wrote: [1]"),
        (b'{"n": 3', 'line 3 of it is not one that tollbook wrote: {"n": 3'),
        (b'{"n": 3, "action": "void"}', "line 3 of it is not one that tollbook wrote: "),
        (b'{"n": "3", "at": "", "operator": "", "action": ""}', "line 3 of it is not one that tollbook wrote: "),
        (b"\xff\r\x00", r"line 3 of it is not one that tollbook wrote: \xff\r\x00"),
        (b"x" * 100, f"line 3 of it is not one that tollbook wrote: {'x' * 60}...;"),
        (b'{"n": 5, "at": "", "operator": "", "action": ""}', "line 3 of it has number 5, and number 3 is missing"),
    ],
)
def test_a_damaged_journal_is_said_and_nothing_is_written(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, damage: bytes, where: str
) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        journal.append(con, path, LINE)
    whole = path.read_bytes()
    path.write_bytes(whole + damage + b"\n")
    with pytest.raises(journal.Damaged) as said:
        list(journal.effective(path))
    assert str(said.value).startswith(f"{path} is damaged: {where}")
    assert "restored from a backup" in str(said.value)
    if b"5" not in damage:  # what is missing before the last line, whoever reads all of it sees
        with pytest.raises(journal.Damaged, match="the last line of it is not one that tollbook wrote"):
            journal.append(con, path, LINE)
    assert path.read_bytes() == whole + damage + b"\n"


@pytest.mark.parametrize("kept", [0, 1])
def test_a_journal_that_has_lost_its_last_lines_is_said_and_nothing_is_written(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, kept: int
) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        journal.append(con, path, LINE)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    with pytest.raises(journal.Damaged, match=f"it ends with number {kept}, and the warehouse knows of number 2"):
        journal.append(con, path, LINE)
    assert len(path.read_bytes().splitlines()) == kept


def _changed(line: bytes, **values: object) -> bytes:
    return json.dumps({**json.loads(line), **values}, sort_keys=True).encode()


def _without(line: bytes, name: str) -> bytes:
    return json.dumps({key: value for key, value in json.loads(line).items() if key != name}, sort_keys=True).encode()


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (lambda a, b, c, d: [a, _changed(b, operator="eve"), c, d], "line 2 of it is not as it was written: line 3"),
        (lambda a, b, c, d: [a, _changed(b, at="2020-01-01"), c, d], "line 2 of it is not as it was written"),
        (lambda a, b, c, d: [a, b + b" ", c, d], "line 2 of it is not as it was written"),
        (lambda a, b, c, d: [a, c, d], "line 2 of it has number 3, and number 2 is missing"),
        (lambda a, b, c, d: [a, _changed(c, n=2), _changed(d, n=3)], "line 1 of it is not as it was written"),
        (lambda a, b, c, d: [a, a, b, c, d], "line 2 of it has number 1, as one before it"),
        (lambda a, b, c, d: [a, _without(b, "prev"), c, d], "line 2 of it does not say what line 1 was"),
        (lambda a, b, c, d: [_changed(b, n=1), _changed(c, n=2), _changed(d, n=3)], "its first lines are missing"),
        (lambda a, b, c, d: [_without(a, "prev"), b, c, d], "line 1 of it is not as it was written"),
    ],
)
def test_a_line_that_is_not_as_it_was_written_is_said(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, tamper: Callable[..., list[bytes]], where: str
) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(4):
        journal.append(con, path, LINE)
    assert [line["n"] for line in journal.effective(path)] == [1, 2, 3, 4]
    path.write_bytes(b"\n".join(tamper(*path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(journal.Damaged) as said:
        list(journal.effective(path))
    assert str(said.value).startswith(f"{path} is damaged: {where}")


def test_the_last_line_is_known_to_the_warehouse(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        journal.append(con, path, LINE)
    first, last = path.read_bytes().splitlines()
    tampered = first + b"\n" + _changed(last, operator="eve") + b"\n"
    path.write_bytes(tampered)
    with pytest.raises(journal.Damaged, match="its last line, number 2, is not as it was written"):
        journal.append(con, path, LINE)
    assert path.read_bytes() == tampered


def _old_journal(path: Path) -> list[bytes]:
    """As releases before there was a chain wrote it: the first of them without numbers."""
    lines: list[dict[str, Any]] = [{**LINE, "name": "a.csv"}, {**LINE, "name": "b.csv", "n": 2}]
    path.write_bytes(b"".join(json.dumps(line, sort_keys=True).encode() + b"\n" for line in lines))
    return path.read_bytes().splitlines()


@pytest.mark.parametrize("crashed", [False, True], ids=["whole", "after a crash"])
def test_the_first_line_of_a_chain_covers_what_was_there(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, crashed: bool
) -> None:
    path = tmp_path / "journal.jsonl"
    first, second = _old_journal(path)
    known = [journal.note({"n": 1, **LINE}), journal.note({"n": 2, **LINE})][: 1 if crashed else 2]
    con.executemany("insert into ops.journal values (?, ?, ?, ?, ?, null)", known)
    journal.append(con, path, {**LINE, "action": "upgrade", "covers": journal.unchained(path)})
    journal.append(con, path, LINE)
    actions = ["land", "upgrade", "land"] if crashed else ["land", "land", "upgrade", "land"]
    assert [line["action"] for line in journal.effective(path)] == actions
    assert journal.unchained(path) is None

    rest = path.read_bytes().splitlines()[2:]
    path.write_bytes(b"\n".join([_changed(first, operator="eve"), second, *rest]) + b"\n")
    with pytest.raises(journal.Damaged, match="its first 2 lines are not as they were: line"):
        list(journal.effective(path))


def test_what_the_warehouse_notes_is_what_the_file_says(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(3):
        journal.append(con, path, {**LINE, "name": "a.csv"})
    noted = [list(row) for row in con.execute("select * from ops.journal order by n").fetchall()]
    assert [[n, at.isoformat(), *rest] for n, at, *rest in noted] == journal.noted_lines(path)


def test_a_clock_that_is_behind_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would date payments wrongly; who says why it is right is believed, and what he enters says it."""
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))

    def enter() -> None:
        with writer(home, "topup") as held, held.connect() as con, transaction(con):
            held.journal(con, "test")

    monkeypatch.setenv("TOLLBOOK_NOW", "2090-05-04T12:00:00")
    enter()
    monkeypatch.setenv("TOLLBOOK_NOW", "2090-05-04T11:55:00")
    enter()
    before = home.journal.read_bytes()
    monkeypatch.setenv("TOLLBOOK_NOW", "2090-05-04T11:49:59")
    said = "the clock says 2090-05-04 11:49 UTC, and the last change was entered at 2090-05-04 11:55: set the clock"
    with pytest.raises(Refused, match=said):
        enter()
    monkeypatch.delenv("TOLLBOOK_NOW")
    with pytest.raises(Refused, match="--clock-back REASON"):
        enter()
    for asks in ({"begin": False}, {"enters": False}):
        with writer(home, "ask", **asks):
            pass
    assert home.journal.read_bytes() == before
    with clock_back.allowed("the clock was a lifetime ahead"):
        enter()
        enter()  # one command may take the writer's place more than once
    enter()
    lines = list(journal.effective(home.journal))
    why = "the clock was a lifetime ahead"
    assert [line.get("clock_back") for line in lines] == [None, None, why, why, None]
    with (
        clock_back.allowed("no need"),
        pytest.raises(Refused, match="leave --clock-back out"),
    ):
        enter()
    home.journal.write_bytes(b"damaged\n")
    with pytest.raises(journal.Damaged):
        enter()


def test_changes_since_are_counted_from_the_end(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    assert journal.since(path, 0) == 0
    for n in range(9):
        journal.append(con, path, {**LINE, "name": "x" * n})
        if n == 5:  # the sixth line had no effect, and the seventh says so
            con.execute("delete from ops.journal where n = 6")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["n"] for line in lines if line["action"] == "void"] == [7]
    assert journal.since(path, 10) == 0
    with path.open("ab") as unfinished:
        unfinished.write(b'{"action": "la')
    for tail in (1, 100, 200, 400, 1 << 16):
        monkeypatch.setattr(journal, "_TAIL", tail)
        assert [journal.since(path, known) for known in (0, 1, 5, 8, 9)] == [8, 7, 3, 2, 1], tail
