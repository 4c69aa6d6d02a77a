"""Files that are whole or not there, and the one place that quotes."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.store import files, journal, sql, warehouse
from orchestration.store.database import transaction
from orchestration.store.warehouse import PROJECT, Home, Refused, writer
from tests.support.company import write_company


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced and renamed, in order."""
    told: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        told.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        told.append(f"rename {Path(source).name} {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    return told


def test_the_file_is_on_disk_before_its_name_and_the_name_before_anything_else(
    tmp_path: Path, synced: list[str]
) -> None:
    files.write(tmp_path / "new" / "a.csv", b"whole")
    part = f".a.csv.{os.getpid()}.part"
    assert synced == [f"sync {tmp_path.name}", f"sync {part}", f"rename {part} a.csv", "sync new"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]


def test_what_fails_leaves_the_file_there_was(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    files.write(target, b"before")
    with pytest.raises(FileNotFoundError), files.whole(target) as part:  # noqa: PT012
        part.write_bytes(b"half")
        part.with_name("nowhere").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert target.read_bytes() == b"before"


def test_moving_tells_both_folders(tmp_path: Path, synced: list[str]) -> None:
    source = tmp_path / "from" / "a.csv"
    files.write(source, b"x")
    synced.clear()
    files.move(source, tmp_path / "to" / "b.csv")
    assert synced == [f"sync {tmp_path.name}", "sync a.csv", "rename a.csv b.csv", "sync to", "sync from"]


def test_what_moves_from_another_file_system_is_there_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inbox may be a mount."""
    rename = os.replace

    def mounted(source: Path, target: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "replace", mounted)
    source, target = tmp_path / "inbox" / "a.csv", tmp_path / "rejected" / "a.csv"
    source.parent.mkdir()
    source.write_text("1")
    files.move(source, target)
    assert target.read_text() == "1"
    assert [path.name for path in tmp_path.rglob("*.*")] == ["a.csv"]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse as far as the journal knows one."""
    with duckdb.connect() as con:
        con.execute("create schema ops")
        con.execute(
            "create table ops.journal (n BIGINT, moment TIMESTAMP, who VARCHAR, what VARCHAR, arguments VARCHAR)"
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


def test_a_clock_that_is_days_behind_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would date payments wrongly; who says by TOLLBOOK_NOW that it is right is believed, and says it once."""
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))

    def enter() -> None:
        with writer(home, "topup") as held, held.connect() as con, transaction(con):
            held.journal(con, "test")

    monkeypatch.setenv("TOLLBOOK_NOW", "2090-05-04T12:00:00")
    enter()
    monkeypatch.setenv("TOLLBOOK_NOW", "2090-05-02T12:00:01")
    enter()
    assert capsys.readouterr().err == ""
    before = home.journal.read_bytes()
    monkeypatch.delenv("TOLLBOOK_NOW")
    said = (
        r"the clock says 20..-..-.. ..:.. UTC, and the last change in .* was entered at 2090-05-02 12:00: set the clock"
    )
    with pytest.raises(Refused, match=said) as refused:
        enter()
    assert home.journal.read_bytes() == before
    with writer(home, "rebuild", begin=False):
        pass
    named, right = str(refused.value).rsplit(" ", 1)[1].split("=")
    monkeypatch.setenv(named, right)
    enter()
    assert "was entered at 2090-05-02 12:00: this goes by the earlier time" in capsys.readouterr().err
    monkeypatch.delenv("TOLLBOOK_NOW")
    enter()
    assert capsys.readouterr().err == ""
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


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", 'o\'brien "x".csv', "source=x/a.csv", "[[]].csv"])
def test_a_file_is_read_by_its_name_and_for_what_is_in_it(tmp_path: Path, name: str) -> None:
    for each, value in (("a1.csv", "wrong"), ("ab.csv", "wrong"), (name, "it's this")):
        files.write(tmp_path / each, f"source\n{value}\n".encode())
    reader = sql.reader("read_csv", [tmp_path / name], "header = true")
    with duckdb.connect() as con:
        assert con.sql(f"select * from {reader}").fetchall() == [("it's this",)]


def test_a_deployment_without_a_warehouse_to_begin_with_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "new_warehouse", lambda: tmp_path / "none.duckdb")
    seeds = write_company(tmp_path / "seeds")
    with writer(Home(tmp_path / "home", seeds), "land") as held, held.connect() as con:
        assert con.execute("select count(*) from ops.files").fetchone() == (0,)


@pytest.mark.parametrize("above", ["plain", "day=2020-01-01", "o'brien [1]"])
def test_files_by_the_day_have_their_own_day(tmp_path: Path, above: str) -> None:
    paths = [tmp_path / above / f"day=2026-05-0{n}" / "1.parquet" for n in (4, 5)]
    with duckdb.connect() as con:
        for path in paths:
            path.parent.mkdir(parents=True)
            day = path.parent.name.removeprefix("day=")
            con.execute(f"copy (select date '{day}' as day, 'it' as what) to {sql.path(path)} (format parquet)")
        rows = con.execute(f"select day, what from {sql.by_day('read_parquet', paths)} order by day").fetchall()
    assert rows == [(date(2026, 5, 4), "it"), (date(2026, 5, 5), "it")]


def test_each_statement_of_a_rule_takes_its_own_parameters(tmp_path: Path) -> None:
    rule = tmp_path / "rule.sql"
    rule.write_text(
        "create temp table kept as select $first as {column}; insert into kept values ($second); from kept order by all"
    )
    with duckdb.connect() as con:
        asked = sql.run(con, rule, {"column": sql.quoted("a {b} $c; --")}, {"second": 2, "first": 1, "unused": 3})
        assert asked.fetchall() == [(1,), (2,)]
        assert [column[0] for column in asked.description or ()] == ["a {b} $c; --"]


# The journal, and files that are thrown away.
_MAY_WRITE = {
    "orchestration/store/files.py",
    "orchestration/store/journal.py",
    "orchestration/prepare.py",
    "orchestration/configuration/load.py",
    "orchestration/landing/readers/encoded.py",
    "orchestration/landing/readers/opening.py",
    "orchestration/landing/readers/split.py",
    "orchestration/operations/upkeep/replay.py",
    "orchestration/operations/accounts/topup.py",
}
_WRITES = re.compile(r"os\.replace|\.rename\(|write_(bytes|text)\(|copyfile|\bopen\([^)]*\"[wax]b?\"")
_QUOTES = re.compile(
    r"""replace\("['"]|(attach|to|from) '\{|(read_parquet|read_csv|read_json\w*|parquet_\w+)\((\[?'|\?)"""
)


def test_nothing_else_writes_files_or_quotes() -> None:
    sources = {
        str(path.relative_to(PROJECT)): path.read_text()
        for folder in ("orchestration", "macros", "models", "bench", "demo")
        for path in (PROJECT / folder).rglob("*")
        if path.suffix in (".py", ".sql")
    }
    writing = {name for name, text in sources.items() if name.startswith("orchestration") and _WRITES.search(text)}
    assert writing == _MAY_WRITE
    quoting = {name for name, text in sources.items() if _QUOTES.search(text)}
    assert quoting == {"orchestration/store/sql.py"}
