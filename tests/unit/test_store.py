"""Files that are whole or not there, and the one place that quotes."""

from __future__ import annotations

import errno
import os
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.store import files, sql, warehouse
from orchestration.store.files import inside, safe
from orchestration.store.warehouse import PROJECT, Home, Refused, writer
from tests.support.company import write_company


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


def test_a_path_of_data_stays_in_its_folder(tmp_path: Path) -> None:
    assert inside(tmp_path, "cdrs", "sw1", "a.csv") == tmp_path / "cdrs" / "sw1" / "a.csv"
    assert inside(tmp_path, "a..b", "...") == tmp_path / "a..b" / "..."
    for names in (("..", "x"), ("a", "../../x"), ("/etc/passwd",), ("a", "/etc"), (".",), ("a", ".."), ("x\0",), ("",)):
        with pytest.raises(Refused, match="leads out of"):
            inside(tmp_path, *names)


def test_a_safe_name_is_in_its_folder_and_no_other_things(tmp_path: Path) -> None:
    names = [
        "acme", "../../x", "..", ".", ".x", "a/b", "a%2Fb", "a b", "A", "a\0", "\n", "x" * 300, "x" * 301,
        "\u00fc" * 80, "INV-2026-000001", "CON", "=1",
    ]  # fmt: skip
    files = [inside(tmp_path, f"{safe(name)}.csv") for name in names]
    for path in files:
        path.write_text("")
    assert len(set(tmp_path.iterdir())) == len(names)
    assert [path.name for path in files[:2]] == ["acme.csv", "%2E.%2F..%2Fx.csv"]
