"""`tollbook land`: files into the warehouse, each whole or not at all."""

import logging
import tempfile
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree
from typing import Self, TypedDict, Unpack

import duckdb

from orchestration.configuration.nearest import respelled
from orchestration.engine.dbt import modelled
from orchestration.landing import dropped, other_ids, payments, switch_counts, usage
from orchestration.landing.corrected.correct import correct_said, correct_same_lines, file_to_correct
from orchestration.landing.dropped import Dropped
from orchestration.landing.formats.native import SourceSettings
from orchestration.landing.lacking import lacking
from orchestration.landing.landed import first_traffic, has_landed, next_sequence
from orchestration.landing.own_fault import own_fault
from orchestration.landing.problem import (
    LandedElsewhere,
    NotNow,
    NotPermitted,
    OtherLayout,
    ReplacesAnother,
    ReplacesNone,
    UnreadableFile,
)
from orchestration.landing.readers.opening import open_file, unpacked
from orchestration.landing.readers.readable import Readable
from orchestration.landing.readers.scan import Scan, scan
from orchestration.landing.refusing import (
    refuse_elsewhere,
    refuse_replacing_another,
    refuse_replacing_none,
    refuse_unreadable,
)
from orchestration.landing.rows.canonical import LANDING
from orchestration.landing.rows.plausible import TRAFFIC, source_limits
from orchestration.landing.settings import settings_of
from orchestration.landing.store import Counts, FileKey, store
from orchestration.landing.supersede import has_conflicts, land_conflicts, left_as_it_is
from orchestration.landing.unreadable import SetAside, held_by
from orchestration.operations.day.build import build_days
from orchestration.operations.day.landed import Landed, RejectedFor, RejectedRow
from orchestration.operations.day.may_land import Landers
from orchestration.operations.day.opened import opened
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.set_aside import days_held, set_aside
from orchestration.operations.permitted import writing
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import one, transaction
from orchestration.store.failures import what_failed
from orchestration.store.files import is_there, state
from orchestration.store.warehouse import Home, Refused, Writer, clock, now

LOG = logging.getLogger(__name__)
SCRATCH = ".landing-"
# How many of a file's rejected rows are told as it lands; all of them are in ops.rejected_rows.
_SHOWN = 20


class Options(TypedDict, total=False):
    """How files are landed. `kind` and `source`: what they are, outside the inbox; of it, which of them.

    `supersede`: rows replace landed ones, for a `reason`. `again`: the same content from another source is meant, the
    same payments and ids of other days too, and replacing what looks like another call.
    `corrects`: the id of the file (of the same kind and source) whose rejected rows the one file has right.
    """

    kind: str | None
    source: str | None
    dry_run: bool
    supersede: bool
    reason: str | None
    again: bool
    corrects: str | None


@dataclass(frozen=True)
class _Sent:
    """A file as it was read: its bytes looked through, its state before that, and how its source writes."""

    file: Dropped
    scan: Scan
    state: tuple[int, ...]
    settings: SourceSettings


@dataclass
class Landing:
    """How the files of one command are landed. While it is entered it has a connection, `con`.

    `landers`: who is asked whether he may land a file; None: nobody.
    """

    writer: Writer
    landers: Landers | None
    dry_run: bool
    supersede: bool
    reason: str | None
    again: bool
    corrects: str | None
    con: duckdb.DuckDBPyConnection = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def home(self) -> Home:
        return self.writer.home

    def __enter__(self) -> Self:
        self.con = self._open.enter_context(self.writer.connect())
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def revive(self) -> None:
        """Open the warehouse again where an error inside the database, as of a damaged Parquet file, has shut it."""
        try:
            clock(self.con)
        except duckdb.FatalException:
            self._open.close()
            self.writer.release()
            self.con = self._open.enter_context(self.writer.connect())


def land(home: Home, files: Sequence[Path] = (), **options: Unpack[Options]) -> list[Landed]:
    """Land `files`, or without any everything that waits in the inbox, under the writer lock.

    One result per file, in the order of landing. Raises `Refused` for a request that cannot be
    carried out; a file that cannot be read (`unreadable`), that landed from another source (`landed_elsewhere`)
    where it is not said to be meant (`again`), that is to supersede and has rows that replace none
    (`replaces_none`) or would replace other calls (`replaces_another`), that the operator may not land
    (`not_permitted`), or that is taken away meanwhile (`gone`), is a result and the others go on.
    """
    refuse_options(files, options)
    with writing(home, command_of(options)) as held:
        return land_files(held, files, **options)


def command_of(options: Options) -> str:
    """Of the table of roles: what lands, or only says what would."""
    return "land --dry-run" if options.get("dry_run") else "land"


def refuse_options(files: Sequence[Path], options: Options) -> None:
    """Refuse what a person cannot ask for; what is landed again by the journal was asked for once."""
    if options.get("reason") is not None and not options.get("supersede"):
        raise Refused("--reason is kept with what is superseded: it goes with --supersede")
    if not files and (kind := options.get("kind")) is not None:
        dropped.refuse_kind(kind)


def land_files(
    held: Writer, files: Sequence[Path] = (), *, entered: bool = False, **options: Unpack[Options]
) -> list[Landed]:
    """`land` for a caller that holds the writer lock already; `entered`: the file is that of a command, which asked."""
    home, dry_run = held.home, options.get("dry_run", False)
    supersede, reason, again = options.get("supersede", False), options.get("reason"), options.get("again", False)
    if supersede and not (reason and reason.strip()):
        raise Refused("--supersede needs --reason TEXT: why the rows that landed were wrong")
    if supersede and not files:
        raise Refused("--supersede needs the FILE whose rows replace others")
    if again and not files:
        raise Refused("--again needs the FILE that is meant to land from this source too")
    if (corrects := options.get("corrects")) is not None and len(files) != 1:
        raise Refused("--corrects needs the one FILE that has right what was rejected of the other")
    chosen = _chosen(held, files, options.get("kind"), options.get("source"))
    if supersede and any(file.kind != "cdrs" for file in chosen):
        raise Refused(
            "--supersede replaces cdrs only; of other kinds withdraw the file that has the wrong row (tollbook"
            " withdraw), then land the right one"
        )
    if not chosen:
        return []
    configure(held)
    if not dry_run and any(file.kind == "payments" for file in chosen):
        _make_models(held)
    _clear_scratch(home)
    landers = None if entered or dry_run or held.replays else Landers.of(held, again)
    with Landing(held, landers, dry_run, supersede, reason, again, corrects) as landing:
        if corrects is not None:
            landing.corrects = file_to_correct(landing.con, chosen[0].kind, chosen[0].source, corrects)
        _say_respelled(landing.con, {(file.kind, file.source) for file in chosen})
        began = first_traffic(landing.con)
        landed = [_land_one(landing, file) for file in chosen]
        if said := opened(landing.con, began, _traffic(landed)):
            LOG.warning(said)
        return landed


def _traffic(landed: Sequence[Landed]) -> set[date]:
    """The days of calls and usage that landed, or would."""
    files = [file for file in landed if file.kind in TRAFFIC and file.status in ("landed", "dry_run")]
    return {day for file in files for day in file.days}


def _say_respelled(con: duckdb.DuckDBPyConnection, sources: Collection[tuple[str, str]]) -> None:
    """A source need not be in sources.csv; one that is known in other letters is hardly another."""
    listed = con.execute("select kind, source from config.sources").fetchall()
    if not (unlisted := set(sources) - set(listed)):
        return
    known = {*listed, *con.execute("select distinct kind, source from ops.files").fetchall()}
    for kind, source in sorted(unlisted):
        if meant := respelled(source, sorted(name for of, name in known - {(kind, source)} if of == kind)):
            LOG.warning(
                "%s of %s land as another source's than %s: is it that? If not, list it in seeds/sources.csv",
                kind, source, meant,
            )  # fmt: skip


def _chosen(held: Writer, files: Sequence[Path], kind: str | None, source: str | None) -> list[Dropped]:
    if files:
        return dropped.asked_for(held.home, files, kind, source, held.rules)
    return [file for file in dropped.waiting(held.home) if kind in (None, file.kind) and source in (None, file.source)]


def _make_models(held: Writer) -> None:
    """Payments post as they land, by the models of this release: new and upgraded deployments have none."""
    with held.connect() as con:
        is_modelled = modelled(con)
    if not is_modelled:
        build_days(held)


def _clear_scratch(home: Home) -> None:
    """Remove what a landing that was killed left; the lock says that none is running."""
    for left in home.root.glob(f"{SCRATCH}*"):
        rmtree(left, ignore_errors=True)


def _land_one(landing: Landing, file: Dropped) -> Landed:
    """Land a file, or say what became of it; only a failure that is not the file's own is raised."""
    result = Landed("", file.kind, file.source, file.name, "unreadable")
    try:
        before = state(file.path)
        scanned = scan(file.path)
    except OSError as error:
        if not is_there(file.path):
            return _gone(result)
        return replace(result, problem=f"it cannot be read now ({what_failed(error)}); it stays where it is")
    result = replace(result, file_id=scanned.sha256)
    if has_landed(landing.con, result.file_id, file.kind, file.source) and not _lands_conflicts(landing, result):
        _note_name(landing, result)
        return _already(landing, file, replace(result, settled=_correct_landed(landing, result)))
    settings = settings_of(landing.con, file.kind, file.source, landing.writer.rules)
    try:
        if landing.landers:
            landing.landers.refuse(landing.con, file.kind, file.source, result.file_id)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=landing.home.root) as scratch:
            return _transaction(landing, _Sent(file, scanned, before, settings), result, Path(scratch))
    except NotNow as problem:
        landing.revive()
        if not is_there(file.path):
            return _gone(result)
        return replace(result, problem=f"{problem}; it stays where it is")
    except NotPermitted as problem:
        return replace(result, status="not_permitted", problem=f"{problem}; it stays where it is")
    except ReplacesNone as problem:
        status = "replaces_another" if isinstance(problem, ReplacesAnother) else "replaces_none"
        return replace(result, status=status, problem=str(problem))
    except (UnreadableFile, LandedElsewhere) as problem:
        landing.revive()
        if not is_there(file.path):
            return _gone(result)
        if landing.dry_run or not _is_as_it_was(file, before):
            return replace(result, status=_status(problem), problem=str(problem))
        return _refused(landing, file, result, settings, problem)
    except Refused:
        raise
    except Exception:
        LOG.error("stopped while it landed: %s", file.path)
        raise


def _lands_conflicts(landing: Landing, file: Landed) -> bool:
    """Whether rows of a file that has landed before, which were in conflict with others, may land now."""
    if landing.supersede:
        return True
    is_meant = landing.again and file.kind == "payments" and landing.writer.rules > 4
    return is_meant and has_conflicts(landing.con, file.file_id, file.kind, file.source)


def _gone(result: Landed) -> Landed:
    """Somebody has taken the file away since it was seen, as another deployment with the same inbox: nothing landed."""
    LOG.warning("passed over: %s of %s is gone since it was seen; nothing of it landed", result.name, result.source)
    return replace(result, status="gone", problem=None)


def _is_as_it_was(file: Dropped, before: tuple[int, ...]) -> bool:
    try:
        return state(file.path) == before
    except OSError:
        return False


def _status(problem: UnreadableFile | LandedElsewhere) -> str:
    return "unreadable" if isinstance(problem, UnreadableFile) else "landed_elsewhere"


def _refused(
    landing: Landing,
    file: Dropped,
    result: Landed,
    settings: SourceSettings,
    problem: UnreadableFile | LandedElsewhere,
) -> Landed:
    """Put the file into rejected/ with its reason; the days of one that could not be read wait for it."""
    result = replace(result, status=_status(problem), problem=str(problem))
    try:
        if isinstance(problem, UnreadableFile):
            days = days_held(landing.con, file, settings.zone, rows_tell=not isinstance(problem, OtherLayout))
            noted = SetAside(result.file_id, file.kind, file.source, file.name, days, str(problem))
            return replace(result, days=set_aside(landing.writer, landing.con, file, noted))
        dropped.refuse(landing.home, file, str(problem))
    except OSError as error:
        if not is_there(file.path) and not held_by(landing.con, result.file_id, file.kind, file.source):
            return _gone(result)
        return replace(result, problem=f"{problem}; and it cannot be put into rejected/ ({what_failed(error)})")
    return result


def _already(landing: Landing, file: Dropped, result: Landed) -> Landed:
    if not landing.dry_run:
        # Normally there already; otherwise the inbox copy is the last one.
        try:
            _archive(landing, file, result.file_id)
        except NotNow as problem:
            return replace(result, problem=f"{problem}; it stays where it is")
        result = replace(result, problem=_forget(file))
    if (landing.supersede or landing.again) and not result.settled and not result.problem:
        result = replace(result, problem=left_as_it_is(landing.con, result.file_id, file.kind, file.source))
    return replace(result, status="already_landed")


def _archive(landing: Landing, file: Dropped, file_id: str) -> None:
    """Put the file into the archive; one that cannot be put there now stops no other."""
    try:
        dropped.archive(landing.home, file, file_id)
    except OSError as error:
        raise NotNow(f"it cannot be put into archive/ now ({what_failed(error)})") from error


def _forget(file: Dropped) -> str | None:
    """Take a file that has landed out of the inbox; what is to be done where that cannot be."""
    try:
        dropped.forget(file)
    except OSError as error:
        return f"it has landed, and cannot be taken out of the inbox ({what_failed(error)}): remove it"
    return None


def _note_name(landing: Landing, file: Landed) -> None:
    """Keep another name of bytes that have landed: of numbered files, those without calls are all alike."""
    con, values = landing.con, [file.file_id, file.kind, file.source, file.name]
    known = con.execute(
        """
        select 1 from ops.files where file_id = $1 and kind = $2 and source = $3 and name = $4
        union all
        select 1 from ops.file_names where file_id = $1 and kind = $2 and source = $3 and name = $4
        """,
        values,
    ).fetchone()
    if known or landing.dry_run:
        return
    with transaction(con):
        con.execute("insert into ops.file_names values (?, ?, ?, ?, ?)", [*values, now()])
        landing.writer.journal(
            con, "land again", file_id=file.file_id, kind=file.kind, source=file.source, name=file.name,
            supersede=False, reason=None,
        )  # fmt: skip


def _correct_landed(landing: Landing, file: Landed) -> int:
    """Let a file that has landed before settle what was rejected of the one that it is said to have right; how much."""
    con = landing.con
    if landing.corrects is None:
        return 0
    con.execute("begin")
    try:
        (rows,) = one(
            con,
            "select landed + duplicates from ops.files where file_id = ? and kind = ? and source = ?",
            [file.file_id, file.kind, file.source],
        )
        key = FileKey(file.file_id, LANDING[file.kind], file.source, file.name, next_sequence(con), "", None)
        settled = correct_said(con, key, landing.corrects, rows)
        if landing.dry_run:
            con.execute("rollback")
            return settled
        landing.writer.journal(
            con, "land again", file_id=file.file_id, kind=file.kind, source=file.source, name=file.name,
            supersede=False, reason=None, corrects=landing.corrects,
        )  # fmt: skip
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):
            con.execute("rollback")
        raise
    return settled


def _transaction(landing: Landing, sent: _Sent, result: Landed, scratch: Path) -> Landed:
    """Everything about the file, or nothing: archive, journal, commit, out of the inbox."""
    con, file, settings = landing.con, sent.file, sent.settings
    at = clock(con)  # of one instant with what is posted, or doing it again could book otherwise
    limits = source_limits(con, file.kind, file.source, at) if settings.rules > 1 else None
    con.execute("begin")
    try:
        with own_fault(con):
            content = unpacked(file.path, file.name, sent.scan, scratch)
        kind = LANDING[file.kind]
        key = FileKey(result.file_id, kind, file.source, file.name, next_sequence(con), content.scan.sha256, limits)
        if not landing.again and landing.writer.rules > 1:
            refuse_elsewhere(con, key)

        def may_land() -> None:
            if landing.landers and kind.name == "payments":
                landing.landers.refuse_accounts(con, key.sequence, key.source)

        with own_fault(con):
            readable = open_file(con, content, kind, settings)
        for doubt in readable.layout.doubts:
            LOG.warning("%s: %s", file.name, doubt)
        with own_fault(con, readable):
            if has_landed(con, key.file_id, file.kind, file.source):
                counts = land_conflicts(con, key, readable, landing.supersede)
            else:
                counts = store(con, key, readable, at, landing.supersede, landing.again, may_land)
                refuse_unreadable(con, key, settings, counts)
        if counts is None:
            con.execute("rollback")
            return _already(landing, file, result)
        may_land()
        for doubt in _doubts(landing, key):
            LOG.warning("%s: %s", file.name, doubt)
        for doubt in lacking(con, key, readable.layout.absent, counts.superseded):
            LOG.warning("%s: %s", file.name, doubt)
        settled = _settled(landing, key, readable, counts)
        result = replace(result, rejected_rows=_first_rejected(con, key), reasons=_reasons(con, key), settled=settled)
        if kind.name == "payments" and not landing.dry_run:
            post_at_once(con)
        if not _is_as_it_was(file, sent.state):
            raise UnreadableFile("the file changed while it was read; it stays where it is")
        if landing.dry_run:
            con.execute("rollback")
            return _with(result, counts, "dry_run")
        _archive(landing, file, key.file_id)
        _journal(landing, key, at)
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # an error may have ended the transaction already
            con.execute("rollback")
        raise
    return _with(replace(result, problem=_forget(file)), counts, "landed")


def _doubts(landing: Landing, key: FileKey) -> Iterable[str]:
    """What landed of the file and is perhaps not meant so. Raises `ReplacesNone` where it hardly is.

    `--again` beside `--supersede` says that it is.
    """
    con = landing.con
    if landing.supersede and landing.writer.rules > 5 and not landing.again:
        refuse_replacing_another(con, key)
    if landing.supersede and landing.writer.rules > 4:
        said = refuse_replacing_none(con, key)
        return [said] if said else []
    found: Iterable[str] = ()
    match key.kind.name:
        case "resources":
            found = switch_counts.doubts(con, key.sequence, key.source)
        case "payments":
            found = payments.doubts(con, key.sequence)
        case "usage":
            found = usage.doubts(con, key.sequence)
    return [*other_ids.doubts(con, key), *found]


def _settled(landing: Landing, key: FileKey, file: Readable, counts: Counts) -> int:
    """How many rejected rows of earlier files are settled by this one, although no identity tells it."""
    said = 0
    if landing.corrects is not None:
        said = correct_said(landing.con, key, landing.corrects, counts.landed + counts.duplicates)
    with own_fault(landing.con, file):
        return said + correct_same_lines(landing.con, key, file)


def _first_rejected(con: duckdb.DuckDBPyConnection, key: FileKey) -> tuple[RejectedRow, ...]:
    rows = con.execute(
        f"select line, reason, detail from ops.rejected_rows where file_sequence = ? order by line limit {_SHOWN}",
        [key.sequence],
    ).fetchall()
    return tuple(RejectedRow(*row) for row in rows)


def _reasons(con: duckdb.DuckDBPyConnection, key: FileKey) -> tuple[RejectedFor, ...]:
    rows = con.execute(
        """
        select reason, count(*), min(line), arg_min(detail, line)
        from ops.rejected_rows
        where file_sequence = ?
        group by reason
        order by count(*) desc, reason
        """,
        [key.sequence],
    ).fetchall()
    return tuple(RejectedFor(*row) for row in rows)


def _journal(landing: Landing, key: FileKey, at: datetime) -> None:
    landing.writer.journal(
        landing.con, "land", at, file_id=key.file_id, kind=key.kind.name, source=key.source, name=key.name,
        supersede=landing.supersede, reason=landing.reason, again=landing.again, corrects=landing.corrects,
    )  # fmt: skip


def _with(result: Landed, counts: Counts, status: str) -> Landed:
    return replace(
        result,
        status=status,
        rows=counts.rows,
        landed=counts.landed,
        duplicates=counts.duplicates,
        rejected=counts.rejected,
        superseded=counts.superseded,
        days=counts.days,
    )
