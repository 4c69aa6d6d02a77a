"""The only place that knows where a deployment keeps things and who may write to it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import duckdb

from orchestration import typed
from orchestration.store import clock_back, journal, upgrade
from orchestration.store.database import one, transaction
from orchestration.store.failures import user
from orchestration.store.files import copy, csv_files, folder, guarded, is_there, place, what_is
from orchestration.store.refused import Refused as Refused

PROJECT = Path(__file__).resolve().parents[2]
KINDS = ("cdrs", "usage", "payments", "rates", "statements", "resources")


# The version of the rules by which files are read, checked and posted: each line of the journal says the one that it
# was written under, and doing it again goes by that, so that a deployment's books come out of a rebuild as they are.
# 1: what lines say that say nothing. 2: November 2026. 3: blanks around ids are none of them, an object that has a
# key twice is no row, a canonical file without a row that can be read is refused whole, the first line of JSON has
# its keys behind a byte order mark, too, a broken row that is landed for a good one is found, a count of an account
# that nobody knows is rejected, no row is longer than 1 MiB, and a key of JSON in other letters is its row's fault.
# 4: a source's name can be seen, a payment's method that is nearly refund or write_off is refused however it is
# spelt, a list, an object or a number with a fraction of JSON (a list of Parquet) is no text, 442.0 is no
# telephone number, and a deck has neither an error, a formula without a value, nor another currency than its table.
# 5: what a deck's cell or a word of its mapping may say in two ways is refused, a number in a spreadsheet is one
# whatever marks the mapping's numbers have, a payment that landed from another source is in conflict with that one,
# one that has the id of one of any other day, too, a call or usage of long before the first
# traffic, once a day has closed, is implausible, a file that supersedes does not land where it replaces none, and no
# JSON row, nor the rows of a file together, have more than 1,000 keys.
# 6: a payment's texts have an end and no character that commands, no text in an issued document's CSV is a formula to a
# spreadsheet; the days before all other traffic that a file
# which is withdrawn had opened are no more; a file that supersedes does not land where it would replace another call.
RULES = 6


@dataclass(frozen=True)
class Home:
    """The paths of one deployment (`TOLLBOOK_HOME`), whether or not they exist yet."""

    root: Path
    seeds: Path

    @classmethod
    def from_environment(cls) -> Home:
        """`TOLLBOOK_HOME` (default ./var) and `TOLLBOOK_SEEDS` (default ./seeds with a company, else that which lies
        beside the deployment, else the project's).

        Raises `Refused` for a path that DuckDB cannot open or that leads nowhere, where neither a variable nor the
        directory that the command is given in says which deployment is meant, and where its configuration is not there.
        """
        _refuse_odd_operator()
        root = Path(os.environ.get("TOLLBOOK_HOME") or "var").absolute()
        home = cls(root, Path(os.environ.get("TOLLBOOK_SEEDS") or _own_seeds(root) or PROJECT / "seeds").absolute())
        for name, path in (("TOLLBOOK_HOME", home.root), ("TOLLBOOK_SEEDS", home.seeds)):
            refuse_odd_path(name, path)
        if home.root.exists() and not home.root.is_dir():
            raise Refused(f"{home.root} is a file; let TOLLBOOK_HOME name the folder of the deployment")
        home._refuse_no_seeds()
        if not home._begun():
            home._refuse_company()
        home._refuse_within()
        if not os.environ.get("TOLLBOOK_HOME"):
            home._refuse_outside()
        return home

    def _refuse_outside(self) -> None:
        """Refuse ./var where nobody meant it: a service that is started in / must not begin a deployment in /var."""
        here = Path.cwd()
        if here == PROJECT or self.seeds.parent == here or (os.environ.get("TOLLBOOK_SEEDS") and self._begun()):
            return
        if self._begun():
            raise Refused(
                f"{here} has var/ of a deployment and no seeds/company.csv beside it: bring its configuration back,"
                " or let TOLLBOOK_SEEDS name it"
            )
        raise Refused(
            f"no deployment is meant: TOLLBOOK_HOME is not set, and {here} has no var/ of one and no"
            f" seeds/company.csv; set it, go to {PROJECT}, or begin a company: tollbook init DIR"
        )

    def _refuse_no_seeds(self) -> None:
        """Refuse what `TOLLBOOK_SEEDS` names in the place of a configuration that is near: followed, a second one
        would be begun."""
        if is_there(self.seeds / "company.csv"):
            return
        near = (self.seeds / "seeds", self.seeds.parent, self.seeds.with_name("seeds"))
        if meant := next((seeds for seeds in near if is_there(seeds / "company.csv")), None):
            raise Refused(
                f"TOLLBOOK_SEEDS is {self.seeds}, which has no company.csv; the configuration is {meant}: let it name"
                " that"
            )

    def _refuse_company(self) -> None:
        """Refuse to begin a deployment in a folder of a company's configuration, or in that which has them all."""
        if any(self.root.resolve().is_relative_to(of.resolve()) for of in (self.seeds, *self._beside_seeds)):
            raise Refused(
                f"TOLLBOOK_HOME is {self.root}, in the folder of the configuration; let it name another, such as"
                f" {self.seeds.with_name('var')}"
            )
        seeds, own = self.root / "seeds", Home(self.root / "var", self.seeds)
        is_meant = os.environ.get("TOLLBOOK_SEEDS") and self.seeds.resolve() == seeds.resolve()
        if own._begun() or (is_there(seeds / "company.csv") and not is_meant):
            raise Refused(
                f"TOLLBOOK_HOME is {self.root}, the folder of a company: its deployment is {own.root}; let it name that"
            )

    @property
    def _beside_seeds(self) -> tuple[Path, ...]:
        return self.decks, self.branding, self.accounting

    def _refuse_within(self) -> None:
        """Refuse what lies in another deployment, its inbox or its archive: none is begun there but by a slip."""
        outer = None if self._begun() else next(filter(_has_books, self.root.resolve().parents), None)
        if outer:
            raise Refused(
                f"TOLLBOOK_HOME is {self.root}, in the deployment {outer}; let it name that, or a folder outside it"
            )

    def _beside(self) -> Path | None:
        """A deployment in the same folder."""
        others = (path for path in sorted(self.root.parent.iterdir()) if path.name != self.root.name)
        return next((path for path in others if path.is_dir() and _has_books(path)), None)

    def _begun(self) -> bool:
        return any(path.exists() for path in (self.warehouse, self.archive / "journal", self.inbox))

    def unconfigured(self) -> str | None:
        """What is said where there is no configuration at all: where it was looked for; None where there is one."""
        if self.seeds.is_dir() and csv_files(self.seeds):
            return None
        return (
            f"there is no configuration in {self.seeds}; let TOLLBOOK_SEEDS name the folder with company.csv, or begin"
            " a company: tollbook init DIR"
        )

    @property
    def decks(self) -> Path:
        """How each source writes its rate decks, beside the seeds."""
        return self.seeds.with_name("decks")

    @property
    def branding(self) -> Path:
        """The company's logo for its invoices, beside the seeds."""
        return self.seeds.with_name("branding")

    @property
    def accounting(self) -> Path:
        """How postings go to the general ledger, beside the seeds."""
        return self.seeds.with_name("accounting")

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def journal(self) -> Path:
        return self.archive / "journal" / "journal.jsonl"

    @property
    def rejected(self) -> Path:
        return self.root / "rejected"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def serving(self) -> Path:
        return self.root / "serving" / "tollbook.duckdb"

    @property
    def lock(self) -> Path:
        return self.root / "warehouse.lock"


def _has_books(root: Path) -> bool:
    home = Home(root, root)
    return home.warehouse.exists() or home.journal.exists()


def _own_seeds(root: Path) -> Path | None:
    """The configuration in the current directory, else beside the deployment; None where none is there."""
    return next((seeds for seeds in (Path("seeds"), root.parent / "seeds") if is_there(seeds / "company.csv")), None)


def refuse_odd_path(name: str, path: Path) -> None:
    """Refuse a path that DuckDB cannot open, and one that hardly anybody means."""
    shown = str(path).encode(errors="backslashreplace").decode()
    if odd := set(str(path)) & set("?\\\n"):
        raise Refused(f"{name} is {shown}; the database cannot open a path with {odd.pop()!r} in it: rename it")
    if not typed.is_text(str(path)):
        raise Refused(f"{name} is {shown}; the database cannot open a path that is not UTF-8: rename it")
    if any(part.startswith("~") for part in path.parts) and not path.exists():
        raise Refused(f"{name} is {shown}; ~ is only expanded by a shell: write the whole path")
    try:
        path.resolve()
        path.exists()
    except (RuntimeError, OSError) as failure:
        if isinstance(failure, OSError) and failure.errno != errno.ELOOP:
            return  # what may not be looked into says so when it is
        raise Refused(f"{name} is {shown}, which is a link to itself: let it name a folder") from None


def _refuse_odd_operator() -> None:
    """It is kept in the books as it is."""
    named = os.environ.get("TOLLBOOK_OPERATOR", "")
    if not named.isprintable() or len(named) > typed.LONGEST:
        raise Refused(
            f"TOLLBOOK_OPERATOR is {named[:50]!a}; write one line of at most {typed.LONGEST} printable characters"
        )


def now() -> datetime:
    """The instant rules go by, naive UTC: `TOLLBOOK_NOW` (ISO 8601) where set, else the clock."""
    setting = os.environ.get("TOLLBOOK_NOW")
    if not setting:
        return datetime.now(UTC).replace(tzinfo=None)
    moment = typed.timely(typed.instant(setting))
    if moment is None:
        right = "write 2026-03-31T00:05:00, of a year from 1990 to 2100"
        raise Refused(f'TOLLBOOK_NOW is "{setting}", which is no time; {right}')
    return moment


def clock(con: duckdb.DuckDBPyConnection) -> datetime:
    """The instant that the SQL of the running command goes by."""
    at: datetime
    (at,) = one(con, "select now from run.clock")
    return at


def operator() -> str:
    """Who acts: `TOLLBOOK_OPERATOR`, else the operating system's name for the process's user.

    Whether the variable may say it is asked where it matters (operations/permitted.py); $USER is nobody's word.
    """
    return os.environ.get("TOLLBOOK_OPERATOR") or user()


def new_warehouse() -> Path:
    """A warehouse in which nothing has landed, with every model made: `make setup` writes it.

    A new deployment begins with a copy. Without it, or when models have changed since, the first build makes them.
    """
    digest = hashlib.sha256(upgrade.schema_sql().encode()).hexdigest()
    return PROJECT / "target" / f"new-warehouse-{duckdb.__version__}-{digest[:16]}.duckdb"


@dataclass
class Writer:
    """Permission to change the warehouse, held while the writer lock is held.

    `rules`: the version of the rules to go by (`RULES`, but where a line of the journal is done again). `done`: the
    last line of the journal that is known to have taken effect in this deployment: an older copy does not have it.
    `replays`: it does lines of a journal again, of which nobody is asked whether he may.
    """

    home: Home
    command: str
    rules: int = RULES
    done: int = 0
    replays: bool = False
    _database: duckdb.DuckDBPyConnection | None = None
    _clock: tuple[datetime, int] | None = None

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-write connection of its own. The file stays open, which takes long, until `release`."""
        if self._database is None:
            self._database = self._open()
        con = self._database.cursor()
        try:
            con.execute("set TimeZone = 'UTC'")
            at = (now(), self.rules)
            if at != self._clock:  # a time that is set stands still
                con.execute("begin; delete from run.clock")
                con.execute("insert into run.clock (now, rules) values (?, ?)", at)
                con.commit()
                self._clock = at
            yield con
        finally:
            con.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        """The warehouse, with the tables of this release: an older one is kept as it was, then upgraded."""
        _refuse_no_database(self.home.warehouse, "tollbook rebuild")
        con = duckdb.connect(str(self.home.warehouse))
        version = upgrade.version(con)
        if version == upgrade.TABLES:
            try:
                self._refuse_older(con)
            except BaseException:
                con.close()
                raise
            return con
        if version is not None:
            con.close()
            if version > upgrade.TABLES:
                raise Refused(
                    f"{self.home.warehouse} was written by a newer release (its tables are version {version}, this "
                    f"release knows {upgrade.TABLES}): use that one"
                )
            copy(self.home.warehouse, self.home.warehouse.with_name(f"warehouse.tables-{version}.duckdb"))
            con = duckdb.connect(str(self.home.warehouse))
        try:
            if version:  # the first releases did not note what took effect
                self._refuse_older(con)
            with transaction(con):
                upgrade.bring(con)
                if version is not None:
                    journal.note_unnumbered(con, self.home.journal)
                    covers = journal.unchained(self.home.journal)
                    self.journal(con, "upgrade", tables=upgrade.TABLES, before=version, covers=covers)
        except BaseException:
            con.close()
            raise
        return con

    def _refuse_older(self, con: duckdb.DuckDBPyConnection) -> None:
        """Refuse a copy of the warehouse that lacks what was done since: a crash leaves one line without an effect."""
        known = journal.noted(con)
        if not self.home.journal.exists():
            journal.refuse_shorter(self.home.journal, 0, known)
        ahead = journal.since(self.home.journal, known)
        if ahead > 1 or (ahead == 1 and self.done > known):
            raise self._older(ahead)

    def _older(self, ahead: int) -> Refused:
        changes = "a change" if ahead == 1 else f"{ahead} changes"
        return Refused(
            f"the journal has {changes} that {self.home.warehouse} does not know of, so it is an older copy: "
            "move it away and run tollbook rebuild"
        )

    def release(self) -> None:
        """Close the file, so that dbt, or another reader, can open it."""
        if self._database is not None:
            with suppress(duckdb.Error):  # an error inside the database has shut it
                self.done = max(self.done, journal.noted(self._database))
            self._database.close()
            self._database = self._clock = None

    def journal(
        self, con: duckdb.DuckDBPyConnection, action: str, at: datetime | None = None, **arguments: object
    ) -> int:
        """Append one line to the journal, on disk before this returns, in the caller's transaction; its number.

        Called before the action takes effect: a line without an effect is a crash between the
        two, and doing the action again is harmless; an effect without a line cannot be replayed.
        """
        line: dict[str, object] = {
            "at": (at or now()).isoformat(timespec="microseconds"),
            "operator": operator(),
            "action": action,
            "rules": self.rules,
        }
        if reason := clock_back.reason():
            line["clock_back"] = reason
        try:
            return journal.append(con, self.home.journal, {**line, **arguments})
        except journal.Ahead as ahead:
            raise self._older(*ahead.args) from None


def _refuse_no_database(path: Path, right: str) -> None:
    """Refuse what DuckDB would wait for, or fetch a way to read over the net. One that is not there yet it makes."""
    what = what_is(path) if is_there(path) else ""
    if what == "a file":
        with path.open("rb") as file:
            begins = file.read(16)
        what = "an SQLite database" if begins.startswith(b"SQLite format") else ""
    if what:
        raise Refused(f"{path} is {what} and no database of DuckDB: move it away, then run {right}")


@contextmanager
def environment(**wanted: str) -> Iterator[None]:
    """These environment variables for as long as it lasts."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def lock_timeout() -> float:
    """Seconds a command waits for another writer: `TOLLBOOK_LOCK_TIMEOUT`, default 600."""
    setting = os.environ.get("TOLLBOOK_LOCK_TIMEOUT") or "600"
    seconds = typed.number(setting)
    if seconds is None or seconds < 0:
        raise Refused(f'TOLLBOOK_LOCK_TIMEOUT is "{setting}"; write seconds, such as 600')
    return float(seconds)


@contextmanager
def writer(
    home: Home, command: str, timeout: float | None = None, *, begin: bool = True, enters: bool = True
) -> Iterator[Writer]:
    """Hold the one writer's place: wait for another writer, say for whom, and give up in time.

    The lock is the operating system's and ends with the process, however that ends. Where there is no warehouse an
    empty one is put there, unless `begin` is False: a rebuild must see that there is none.
    Raises `Refused` when another command still writes after `timeout` seconds, when the warehouse is gone, where
    neither a deployment nor a configuration is, and, for a command that `enters` something, where the clock is behind
    the journal (store/clock_back.py).
    """
    is_new = begin and not home.warehouse.exists() and not home.journal.exists()
    if is_new and (missing := home.unconfigured()):
        raise Refused(missing)
    # who has made the folder means it
    is_made = is_new and not home.root.exists()
    with guarded(), _lock_file(home) as lock:
        if is_made and (other := home._beside()):
            print(f"begins a new deployment in {home.root}, beside that in {other}", file=sys.stderr)
        deadline = time.monotonic() + (lock_timeout() if timeout is None else timeout)
        _acquire(lock.fileno(), home, command, deadline)
        before = _lock_content(home)
        held = Writer(home, command, done=before.get("done", 0))
        _say_holder(lock, held)
        if "pid" in before:  # that command was killed
            _clear_parts(home)
        if begin and enters:
            clock_back.refuse_behind(home.journal, now())
        if begin and not home.warehouse.exists():
            begin_empty(home)
        try:
            yield held
        finally:
            held.release()
            _write_lock(lock, {"done": held.done})


def _lock_file(home: Home) -> TextIO:
    folder(home.root)
    if is_there(home.lock) and (what := what_is(home.lock)) != "a file":
        raise Refused(f"{home.lock} is {what}: take it away, a command makes another")
    return home.lock.open("a+", encoding="utf-8")


def _say_holder(lock: TextIO, held: Writer) -> None:
    who = {"command": held.command, "pid": os.getpid(), "operator": operator(), "done": held.done}
    _write_lock(lock, {**who, "since": datetime.now(UTC).isoformat(timespec="seconds")})


def _write_lock(lock: TextIO, content: dict[str, object]) -> None:
    lock.truncate(0)
    lock.write(json.dumps(content))
    lock.flush()


def _lock_content(home: Home) -> dict[str, Any]:
    """What the lock's file says: who holds it or, as the command before left it, the last line that took effect."""
    try:
        content = json.loads(home.lock.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict) or type(content.get("done", 0)) is not int:
        return {}
    return content if "pid" not in content or {"command", "operator", "since"} <= content.keys() else {}


def _clear_parts(home: Home) -> None:
    """Remove what a command that was killed had begun to write (store/files.py)."""
    for folder_, pattern in ((home.root, ".*.part"), (home.archive, "**/.*.part"), (home.rejected, "**/.*.part")):
        for part in folder_.glob(pattern):
            part.unlink(missing_ok=True)


def begin_empty(home: Home) -> None:
    """An empty warehouse for a new deployment."""
    if home.journal.exists():
        raise Refused(f"{home.warehouse} is gone; make it anew from archive/ with: tollbook rebuild")
    if (new := new_warehouse()).exists():
        # the log of one that was deleted would be replayed into the new one
        home.warehouse.with_name(f"{home.warehouse.name}.wal").unlink(missing_ok=True)
        place(new, home.warehouse, link=False)


def _acquire(descriptor: int, home: Home, command: str, deadline: float) -> None:
    is_announced = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _holder(home)
        if time.monotonic() >= deadline:
            raise Refused(f"the warehouse is busy with {holder}; try {command} again later")
        if not is_announced:
            print(f"waiting for {holder} to finish with the warehouse ...", file=sys.stderr)
            is_announced = True
        time.sleep(0.1)


def _holder(home: Home) -> str:
    who = _lock_content(home)
    if "pid" not in who:
        return "another command"
    return f"'{who['command']}' (process {who['pid']}, {who['operator']}, {who['since']})"


def nothing_published(home: Home) -> Refused:
    return Refused(f"nothing is published yet in {home.root}; run: tollbook build")


@contextmanager
def serving(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to what was last published. Raises `Refused` when nothing was, or by another release."""
    if not home.serving.exists():
        raise nothing_published(home)
    _refuse_no_database(home.serving, "tollbook publish")
    con = duckdb.connect(str(home.serving), read_only=True)
    try:
        con.execute("set TimeZone = 'UTC'")
        with of_this_release():
            yield con
    finally:
        con.close()


@contextmanager
def of_this_release() -> Iterator[None]:
    """What is asked of the serving file that it has no table or column for is refused: another release published it."""
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as misfit:
        lacking = str(misfit).splitlines()[0]
        raise Refused(
            f"what is published was published by another release ({lacking}); run: tollbook build, which publishes"
        ) from misfit
