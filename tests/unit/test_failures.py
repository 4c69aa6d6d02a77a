"""What is said of a file that is gone or damaged, of a missing right, of a full disk: the path, and what to do."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import Mock

import dagster as dg
import duckdb
import pytest

from orchestration.__main__ import main as begin
from orchestration.cli import main
from orchestration.defs.failing import in_words as in_a_run
from orchestration.engine.dbt import DbtFailed
from orchestration.engine.failed import in_words
from orchestration.landing.dropped import waiting
from orchestration.landing.own_fault import own_fault
from orchestration.operations.day import publish as publishing
from orchestration.operations.upkeep.init import init
from orchestration.operations.upkeep.rate_decks import _own_fault as a_deck
from orchestration.store.failures import of_files, user, what_failed
from orchestration.store.files import folder
from orchestration.store.warehouse import Home, Refused, environment, operator

HOME = Path("/h/home")
_ROOM = "(No space left on device): make room on the disk"


def _full(text: str) -> duckdb.Error:
    return duckdb.IOException(text)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            OSError(errno.EROFS, "Read-only file system", "/h/warehouse.lock"),
            "/h/warehouse.lock cannot be written to (Read-only file system): have the file system mounted for writing",
        ),
        # a copy: the second name is the one that is written
        (OSError(errno.ENOSPC, "No space left on device", "/a.csv", None, "/h/a"), f"/h/a cannot be written {_ROOM}"),
        (OSError(errno.ENOSPC, "No space left on device"), f"a file cannot be written {_ROOM}"),
        (
            _full('Failed to commit: Could not write file "/h/w.wal": No space left on device\n\nmore'),
            f"/h/w.wal cannot be written {_ROOM}",
        ),
        (
            _full(
                "IO Error: Async write failed for range [offset=0, size=382]: "
                r'{"exception_type":"IO","exception_message":"Could not write file \"/h/a\": No space left on device"}'
            ),
            f"/h/a cannot be written {_ROOM}",
        ),
        (
            duckdb.IOException('IO Error: No files found that match the pattern "/h/home/tables/marts.x/1.parquet"'),
            "/h/home/tables/marts.x/1.parquet is gone: run tollbook rebuild, which makes it anew from archive/",
        ),
        (
            duckdb.IOException('IO Error: No files found that match the pattern "/h/home/serving/data/x/1.parquet"'),
            "/h/home/serving/data/x/1.parquet is gone: run tollbook publish, which writes it anew",
        ),
        (
            duckdb.IOException('IO Error: No files found that match the pattern "/before/tables/marts.x/1.parquet"'),
            "/before/tables/marts.x/1.parquet is gone, and the deployment is /h/home, where it was moved: run"
            " tollbook publish",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/h/home/archive/cdrs/sw1/1.csv"),
            "/h/home/archive/cdrs/sw1/1.csv is gone: bring it back from a backup; nothing else has what was in it",
        ),
        (
            duckdb.InvalidInputException("No magic bytes found at end of file '/h/home/tables/marts.x/1.parquet'"),
            "/h/home/tables/marts.x/1.parquet is damaged: run tollbook rebuild, which makes it anew from archive/",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp']"),
            "No usable temporary directory found in ['/tmp', '/var/tmp']: make room there, or let TMPDIR name a folder"
            " that has some",
        ),
        (duckdb.BinderException("Binder Error: no column"), "BinderException: Binder Error: no column"),
        (OSError("the disk is gone"), "OSError: the disk is gone"),
        (OSError(errno.EHOSTDOWN, "Host is down", "/h/a"), "/h/a: Host is down"),
        (
            duckdb.TransactionException('Failed to commit: Could not write file "/h/a.wal": Input/output error'),
            "/h/a.wal cannot be read or written (Input/output error): the disk fails, see the system's log",
        ),
        (
            shutil.Error([("/h/a", "/h/b", "[Errno 28] No space left on device: '/h/b'")]),
            f"a file cannot be written {_ROOM}",
        ),
    ],
)
def test_what_failed_is_said_in_a_line_with_the_remedy(failure: Exception, said: str) -> None:
    assert what_failed(failure, HOME) == said


def test_what_comes_of_no_file_has_no_such_line() -> None:
    """A query that quotes a path in its error is not about that path."""
    for failure in (duckdb.BinderException('no function for file "/h/a": VARCHAR'), duckdb.Error("x"), OSError("y")):
        assert of_files(failure) is None


@pytest.mark.parametrize("written", [b"no database at all" * 1000, None])
def test_a_damaged_warehouse_is_moved_away(tmp_path: Path, written: bytes | None) -> None:
    """One that is something else, and one that was cut short."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create table x as select range as n from range(100000)")
    warehouse.write_bytes(written or warehouse.read_bytes()[:5000])
    with pytest.raises(duckdb.Error) as failed:
        duckdb.connect(str(warehouse))
    said = f"{warehouse} is damaged: move it away, then run tollbook rebuild, which makes it anew from archive/"
    assert what_failed(failed.value, tmp_path) == said


@contextmanager
def _not_root() -> Iterator[None]:
    """As another user than the one whose the files are; nothing is closed to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("rights", "tried"),
    [
        (0, Path.read_bytes),
        (0, lambda file: duckdb.sql(f"from '{file}'")),
        (0, lambda file: duckdb.sql(f"attach '{file}' as a (read_only)")),
        (0o555, Path.unlink),
    ],
)
def test_a_missing_right_names_the_path_and_both_users(rights: int, tried: Callable[[Path], object]) -> None:
    """Of a file that seems not to be there, or cannot be removed, it is the folder's."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "tables"
        folder.mkdir()
        file = folder / "1.parquet"
        duckdb.sql("select 1").write_parquet(str(file))
        owner = user()
        Path(made).chmod(0o755)
        file.chmod(0o666)
        folder.chmod(rights)
        try:
            with _not_root(), pytest.raises((OSError, duckdb.Error)) as failed:
                tried(file)
            with _not_root():
                said, mine = what_failed(failed.value, Path(made)), user()
        finally:
            folder.chmod(0o755)
    assert said.startswith(f"{folder} cannot be read or written by {mine}")
    assert said.endswith(f"chown -R {mine} {folder}" if mine != owner else f"run chmod -R u+rwX {folder}")


@pytest.mark.parametrize(
    ("closed", "rights", "where"),
    [
        (".", 0, {}),
        ("var", 0, {}),
        ("var", 0, {"TOLLBOOK_HOME": "var"}),
        ("seeds", 0, {}),
        ("seeds", 0o600, {"TOLLBOOK_SEEDS": "seeds"}),
        ("seeds", 0o311, {"TOLLBOOK_SEEDS": "seeds"}),  # its names cannot be read, its files could be
    ],
)
def test_what_may_not_be_looked_into_is_a_line_of_every_command(
    closed: str, rights: int, where: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a command only asks whether something is there."""
    mine = "cannot be read or written by"
    commands = (["check"], ["check", "--json"], ["days"], ["balance", "--json"], ["land"], ["init", "var/new"])
    meant = [command for command in commands if closed != "seeds" or command[0] in ("check", "land")]
    with tempfile.TemporaryDirectory() as made:
        company = Path(made).resolve() / "company"
        init(company)
        (company / "var" / "inbox").mkdir(parents=True)
        Path(made).chmod(0o755)
        for name in ("TOLLBOOK_HOME", "TOLLBOOK_SEEDS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(company)
        for command in meant[:-1]:  # what commands import is not theirs to read later
            with suppress(SystemExit):
                main(command)
        (company / closed).chmod(rights)
        try:
            for command in meant:
                with environment(**where), _not_root(), pytest.raises(SystemExit) as stop:
                    main(command)
                assert str(stop.value.code).startswith(f"{(company / closed).resolve()} {mine} "), command
        finally:
            (company / closed).chmod(0o755)
            monkeypatch.undo()


# what DuckDB raises when a signal ends a statement
_INTERRUPTED = RuntimeError("Query interrupted")


def test_who_stops_it_while_it_begins_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "orchestration.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "orchestration.cli")
    monkeypatch.setattr(sys, "meta_path", [Stopped, *sys.meta_path])
    with pytest.raises(SystemExit) as stop:
        begin()
    assert stop.value.code == "stopped"


def test_a_statement_that_is_interrupted_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another `RuntimeError` is a fault of ours."""
    with environment(TOLLBOOK_HOME="/h/home"):
        monkeypatch.setattr(publishing, "publish_now", Mock(side_effect=_INTERRUPTED))
        with pytest.raises(SystemExit) as stop:
            main(["publish"])
        assert stop.value.code == "stopped"
        monkeypatch.setattr(publishing, "publish_now", Mock(side_effect=RuntimeError("interrupted")))
        with pytest.raises(RuntimeError, match="interrupted"):
            main(["publish"])


def test_a_file_that_is_read_when_somebody_interrupts_is_not_damaged() -> None:
    """It would be set aside. Also where a statement failed while it landed, and it is read alone."""
    file = Mock(count=Mock(side_effect=_INTERRUPTED))
    with duckdb.connect() as con:
        for reading, failure in (
            (own_fault(con), _INTERRUPTED),
            (own_fault(con, file), _INTERRUPTED),
            (own_fault(con, file), duckdb.InternalException("x")),
            (a_deck(Mock()), _INTERRUPTED),
        ):
            with pytest.raises(RuntimeError, match="Query interrupted"), reading:
                raise failure


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is told to run as 12345."""
    monkeypatch.delenv("TOLLBOOK_OPERATOR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 123456)
    assert operator() == "123456"


def test_who_acts_is_the_process_s_user_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOLLBOOK_OPERATOR", raising=False)
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "ann")
    assert operator() == pwd.getpwuid(os.geteuid()).pw_name


def test_a_place_where_nobody_can_make_anything_is_named() -> None:
    with pytest.raises(OSError, match="not permitted") as failure:
        folder(Path("/proc/x"))
    assert what_failed(failure.value) == ("/proc/x cannot be made there (Operation not permitted); name another place")


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file := tmp_path / "archive").touch()
    for path in (file, file / "cdrs"):
        with pytest.raises(OSError, match=r"exists|Not a directory") as failed:
            path.mkdir()
        assert what_failed(failed.value) == f"{file} is a file, and a directory is needed there: move the file away"
    monkeypatch.setenv("TOLLBOOK_HOME", str(file))
    with pytest.raises(Refused, match=r"archive is a file; let TOLLBOOK_HOME name the folder of the deployment"):
        Home.from_environment()
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path))
    (tmp_path / "inbox").touch()
    with pytest.raises(Refused, match="inbox is a file, and files land from a directory of that name: move it away"):
        waiting(Home.from_environment())


def test_a_model_that_fails_for_want_of_a_file_says_so_here_and_in_a_run() -> None:
    gone = DbtFailed('allowances_hold: IO Error: No files found that match the pattern "/h/home/tables/x/1.parquet"')
    said = "/h/home/tables/x/1.parquet is gone: run tollbook rebuild, which makes it anew from archive/"
    assert in_words(gone, HOME) == said
    assert in_words(DbtFailed("x: Binder Error"), HOME).endswith("the next build tries again\nx: Binder Error")
    little = duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate\n\nPossible solutions")
    for failure in (little, DbtFailed(f"x: {little}")):
        assert in_words(failure, HOME).splitlines() == [
            str(failure).splitlines()[0],
            "there is not enough memory: TOLLBOOK_MEMORY is 4GB; give it more, where the machine has it",
        ]
    for query in (
        "select x::DECIMAL(20, 0) from (values (100000000000000000000::HUGEINT)) as t (x)",
        "select sum(x)::DECIMAL(20, 8) from (values (999999999999::DECIMAL(20, 8)), (1)) as t (x)",
        "select x * x from (values (100000000000000000000::HUGEINT)) as t (x)",
    ):
        with pytest.raises(duckdb.Error) as too_much:
            duckdb.sql(query).fetchall()
        assert in_words(too_much.value, HOME).startswith("something comes to more than an amount can be, 12 digits")
    for failure, words in ((gone, said), (OSError(errno.ENOSPC, "No space left on device", "/h/a"), "/h/a cannot be")):
        with pytest.raises(dg.Failure) as failed, in_a_run(Home(HOME, HOME).root):
            raise failure
        assert str(failed.value.description).startswith(words)
