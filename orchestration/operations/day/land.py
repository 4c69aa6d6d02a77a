"""`tollbook land`: files into the warehouse, each whole or not at all."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree

import duckdb

from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.engine.dbt import modelled
from orchestration.landing import dropped, formats, unreadable
from orchestration.landing.canonical import LANDING
from orchestration.landing.dropped import Dropped
from orchestration.landing.native import SourceSettings
from orchestration.landing.opening import open_file, told_of, unpacked
from orchestration.landing.plausible import source_limits
from orchestration.landing.problem import LandedElsewhere, OtherLayout, UnreadableFile
from orchestration.landing.scan import Scan, scan
from orchestration.landing.store import Counts, FileKey, store
from orchestration.landing.supersede import supersede_landed
from orchestration.operations.day.build import build_days
from orchestration.operations.day.post import post_at_once
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import transaction
from orchestration.store.files import state
from orchestration.store.warehouse import Home, Refused, Writer, clock, now, writer

SCRATCH = ".landing-"
# How many of a file's rejected rows are told as it lands; all of them are in ops.rejected_rows.
_SHOWN = 20


@dataclass(frozen=True)
class RejectedRow:
    """A row that did not land: the line it begins on, and why, as a code and in words."""

    line: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Landed:
    """What became of one file. rows = landed + duplicates + rejected; `rejected_rows` are the first of the rejected."""

    file_id: str
    kind: str
    source: str
    name: str
    status: str  # landed, already_landed, landed_elsewhere, unreadable, dry_run
    rows: int = 0
    landed: int = 0
    duplicates: int = 0
    rejected: int = 0
    superseded: int = 0
    days: tuple[date, ...] = ()
    problem: str | None = None
    rejected_rows: tuple[RejectedRow, ...] = ()


@dataclass(frozen=True)
class Landing:
    """How the files of one command are landed."""

    writer: Writer
    con: duckdb.DuckDBPyConnection
    dry_run: bool
    supersede: bool
    reason: str | None
    again: bool

    @property
    def home(self) -> Home:
        return self.writer.home


def land(
    home: Home,
    files: Sequence[Path] = (),
    *,
    kind: str | None = None,
    source: str | None = None,
    dry_run: bool = False,
    supersede: bool = False,
    reason: str | None = None,
    again: bool = False,
) -> list[Landed]:
    """Land `files`, or without any everything that waits in the inbox, under the writer lock.

    One result per file, in the order of landing. Raises `Refused` for a request that cannot be
    carried out; a file that cannot be read (`unreadable`), or that landed from another source (`landed_elsewhere`)
    where it is not said to be meant (`again`), is a result and the others go on.
    """
    if reason is not None and not supersede:
        raise Refused("--reason is kept with what is superseded: it goes with --supersede")
    if not files and kind is not None:
        dropped.refuse_kind(kind)
    with writer(home, "land") as held:
        return land_files(
            held,
            files,
            kind=kind,
            source=source,
            dry_run=dry_run,
            supersede=supersede,
            reason=reason,
            again=again,
        )


def land_files(
    held: Writer,
    files: Sequence[Path] = (),
    *,
    kind: str | None = None,
    source: str | None = None,
    dry_run: bool = False,
    supersede: bool = False,
    reason: str | None = None,
    again: bool = False,
) -> list[Landed]:
    """`land` for a caller that holds the writer lock already."""
    if supersede and not (reason and reason.strip()):
        raise Refused("--supersede needs --reason TEXT: why the rows that landed were wrong")
    if supersede and not files:
        raise Refused("--supersede needs the FILE whose rows replace others")
    if again and not files:
        raise Refused("--again needs the FILE that is meant to land from this source too")
    home = held.home
    found = dropped.asked_for(home, files, kind, source) if files else dropped.waiting(home)
    found = [d for d in found if files or _wanted(d, kind, source)]
    if supersede and any(d.kind != "cdrs" for d in found):
        raise Refused("--supersede replaces cdrs only; rows of other kinds are corrected by new ones")
    if not found:
        return []
    configure(held)
    if not dry_run and any(d.kind == "payments" for d in found):
        _make_models(held)
    _clear_scratch(home)
    with held.connect() as con:
        landing = Landing(held, con, dry_run, supersede, reason, again)
        return [_land_one(landing, file) for file in found]


def _make_models(held: Writer) -> None:
    """Payments post as they land, by the models of this release: new and upgraded deployments have none."""
    with held.connect() as con:
        is_modelled = modelled(con)
    if not is_modelled:
        build_days(held)


def _wanted(file: Dropped, kind: str | None, source: str | None) -> bool:
    return kind in (None, file.kind) and source in (None, file.source)


def _clear_scratch(home: Home) -> None:
    """Remove what a landing that was killed left; the lock says that none is running."""
    for left in home.root.glob(f"{SCRATCH}*"):
        rmtree(left, ignore_errors=True)


def _land_one(landing: Landing, file: Dropped) -> Landed:
    try:
        before = state(file.path)
        scanned = scan(file.path)
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}); it stays where it is"
        return Landed("", file.kind, file.source, file.name, "unreadable", problem=problem)
    result = Landed(scanned.sha256, file.kind, file.source, file.name, "landed")
    if _known(landing.con, result) and not landing.supersede:
        _note_name(landing, result)
        return _already(landing, file, result)
    settings = settings_of(landing.con, file.kind, file.source, landing.writer.rules)
    try:
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=landing.home.root) as scratch:
            return _transaction(landing, file, scanned, settings, Path(scratch), result, before)
    except UnreadableFile as problem:
        result = replace(result, status="unreadable", problem=str(problem))
        if not landing.dry_run and file.path.exists() and state(file.path) == before:
            rows_tell = not isinstance(problem, OtherLayout)
            return _set_aside(landing, file, replace(result, days=_held(landing, file, settings.zone, rows_tell)))
        return result
    except LandedElsewhere as problem:
        if not landing.dry_run and file.path.exists() and state(file.path) == before:
            dropped.refuse(landing.home, file, str(problem))
        return replace(result, status="landed_elsewhere", problem=str(problem))


def _held(landing: Landing, file: Dropped, zone: str, rows_tell: bool) -> tuple[date, ...]:
    limits = source_limits(landing.con, file.kind, file.source, clock(landing.con))
    return tuple(unreadable.days_held(landing.con, file.path, file.name, zone, limits, rows_tell))


def _set_aside(landing: Landing, file: Dropped, result: Landed) -> Landed:
    """Note a file that could not be read, so that its days wait for it, and put it, or a copy, into rejected/."""
    con, problem = landing.con, str(result.problem)
    before = unreadable.held_by(con, result.file_id, result.kind, result.source)
    # an export that fails alike on another day (an empty file, an error page) is another file
    result = replace(result, days=tuple(day for day in result.days if day not in before))
    if before and (file.reason or not result.days):
        dropped.refuse(landing.home, file, problem)
        return replace(result, days=())
    if not file.moves:
        dropped.refuse(landing.home, file, problem, keep=True)
    with transaction(con):
        note_unreadable(landing.writer, con, result)
    if file.moves:
        dropped.refuse(landing.home, file, problem)
    return result


def note_unreadable(held: Writer, con: duckdb.DuckDBPyConnection, file: Landed) -> None:
    """Write a file that could not be read, and its line of the journal, in the caller's transaction."""
    at = clock(con)  # of one instant with what the command lands: what came before it is told by that
    unreadable.record(
        con, file_id=file.file_id, kind=file.kind, source=file.source, name=file.name, seen_at=at,
        days=[*file.days], problem=str(file.problem), sequence=next_sequence(con),
    )  # fmt: skip
    held.journal(
        con, "unreadable", at, file_id=file.file_id, kind=file.kind, source=file.source, name=file.name,
        days=[str(day) for day in file.days], problem=file.problem,
    )  # fmt: skip


def _already(landing: Landing, file: Dropped, result: Landed) -> Landed:
    if not landing.dry_run:
        # Normally there already; otherwise the inbox copy is the last one.
        dropped.archive(landing.home, file, result.file_id)
        dropped.forget(file)
    return replace(result, status="already_landed")


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


def _transaction(
    landing: Landing,
    file: Dropped,
    scanned: Scan,
    settings: SourceSettings,
    scratch: Path,
    result: Landed,
    before: tuple[int, ...],
) -> Landed:
    """Everything about the file, or nothing: archive, journal, commit, out of the inbox."""
    con, kind = landing.con, LANDING[file.kind]
    at = clock(con)  # of one instant with what is posted, or doing it again could book otherwise
    limits = source_limits(con, file.kind, file.source, at) if settings.rules > 1 else None
    con.execute("begin")
    try:
        path, content = unpacked(file.path, scanned, scratch)
        key = FileKey(result.file_id, kind, file.source, file.name, next_sequence(con), content.sha256, limits)
        _refuse_elsewhere(landing, key)
        readable = open_file(con, path, file.name, content, kind, settings, scratch)
        with told_of(con, readable):
            if _known(con, result):
                counts = supersede_landed(con, key, readable)
            else:
                counts = store(con, key, readable, at, landing.supersede)
                if settings.format != formats.CANONICAL and landing.writer.rules > 1:
                    _refuse_other_layout(con, key, settings, counts)
        if counts is None:
            con.execute("rollback")
            return _already(landing, file, result)
        result = replace(result, rejected_rows=_first_rejected(con, key))
        if kind.name == "payments" and not landing.dry_run:
            post_at_once(con)
        if state(file.path) != before:
            raise UnreadableFile("the file changed while it was read; it stays where it is")
        if landing.dry_run:
            con.execute("rollback")
            return _with(result, counts, "dry_run")
        dropped.archive(landing.home, file, key.file_id)
        _journal(landing, key, at)
        con.execute("commit")
    except BaseException:
        _roll_back(con)
        raise
    dropped.forget(file)
    return _with(result, counts, "landed")


def _first_rejected(con: duckdb.DuckDBPyConnection, key: FileKey) -> tuple[RejectedRow, ...]:
    rows = con.execute(
        f"select line, reason, detail from ops.rejected_rows where file_sequence = ? order by line limit {_SHOWN}",
        [key.sequence],
    ).fetchall()
    return tuple(RejectedRow(*row) for row in rows)


def _journal(landing: Landing, key: FileKey, at: datetime) -> None:
    landing.writer.journal(
        landing.con,
        "land",
        at,
        file_id=key.file_id,
        kind=key.kind.name,
        source=key.source,
        name=key.name,
        supersede=landing.supersede,
        reason=landing.reason,
        again=landing.again,
    )


def _refuse_elsewhere(landing: Landing, key: FileKey) -> None:
    """Raise `LandedElsewhere` for content that landed from another source: it would count twice.

    Files that nothing landed from are all alike (a header, no rows), and are none.
    """
    if landing.again or landing.writer.rules < 2:
        return
    row = landing.con.execute(
        """
        select name, source, landed_at, file_id
        from ops.files
        where
            kind = $kind and source <> $source and landed + duplicates > 0 and withdrawn_at is null
            -- of files that landed before their contents were kept the bytes are known
            and (content_id = $content or file_id in ($content, $file))
            -- what this source sent before is a duplicate of its own
            and not exists (
                select 1 from ops.files as own
                where
                    own.kind = $kind and own.source = $source and own.landed + own.duplicates > 0
                    and own.withdrawn_at is null
                    and (own.content_id = $content or own.file_id in ($content, $file))
            )
        order by file_sequence
        limit 1
        """,
        {"kind": key.kind.name, "source": key.source, "content": key.content_id, "file": key.file_id},
    ).fetchone()
    if row is not None:
        raise LandedElsewhere(
            f"the same content landed from {row[1]} as {row[0]} on {row[2]:%Y-%m-%d %H:%M} UTC and would count"
            f" twice; if it belongs here and not there, take that one back first: tollbook withdraw"
            f" {row[3][:12]} --reason TEXT; if {key.source} did send its own of it: tollbook land FILE"
            f" --kind {key.kind.name} --source {key.source} --again"
        )


def _refuse_other_layout(
    con: duckdb.DuckDBPyConnection, key: FileKey, settings: SourceSettings, counts: Counts
) -> None:
    """Raise `OtherLayout` for a file of a native format, whose cells have no names, where no row can be read."""
    if counts.rows < 2 or counts.rejected < counts.rows:
        return
    first = con.execute(
        """
        select line, detail, bool_or(reason in ('conflict', 'implausible')) over () as readable
        from ops.rejected_rows
        where file_sequence = ?
        order by line
        limit 1
        """,
        [key.sequence],
    ).fetchone()
    if first is None or first[2]:
        return
    columns = ", ".join(formats.NATIVE[settings.format].columns)
    raise OtherLayout(
        f"none of its {counts.rows} rows can be read as {settings.format}, which has the columns {columns};"
        f" line {first[0]}: {first[1]}. Have the switch write these, or give the source its own format in sources.csv"
    )


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


def _known(con: duckdb.DuckDBPyConnection, file: Landed) -> bool:
    found = con.execute(
        "select 1 from ops.files where file_id = ? and kind = ? and source = ? and withdrawn_at is null",
        [file.file_id, file.kind, file.source],
    ).fetchone()
    return found is not None


def next_sequence(con: duckdb.DuckDBPyConnection) -> int:
    """The next place in the order of landing."""
    row = con.execute(
        "select 1 + greatest((select coalesce(max(file_sequence), 0) from ops.files),"
        " (select coalesce(max(file_sequence), 0) from ops.file_days))"
    ).fetchone()
    assert row is not None
    return int(row[0])


def settings_of(con: duckdb.DuckDBPyConnection, kind: str, source: str, rules: int) -> SourceSettings:
    """The source's row of sources.csv, to read a file by. Raises `Refused` for a format that is not there."""
    row = con.execute(
        "select format, timezone, trunk_pattern from config.sources where source = ? and kind = ?", [source, kind]
    ).fetchone()
    return _settings(kind, source, row, rules)


def settings_under(directory: Path, kind: str, source: str, rules: int) -> SourceSettings:
    """The same by the configuration in `directory`."""
    sheet = read(FILES["sources"], directory)
    rows = sheet.columns("source", "kind", "format", "timezone", "trunk_pattern")
    found = [tuple(cell or None for cell in row[2:]) for row in rows if row[:2] == (source, kind)]
    return _settings(kind, source, found[0] if found else None, rules)


def _settings(kind: str, source: str, row: tuple[str | None, ...] | None, rules: int) -> SourceSettings:
    if row is None:
        return SourceSettings(rules=rules)
    settings = SourceSettings(row[0] or formats.CANONICAL, row[1] or "UTC", row[2], rules)
    if settings.format == formats.CANONICAL:
        return settings
    native = formats.NATIVE.get(settings.format)
    if native is None or native.kind != kind:
        known = ", ".join(n for n, f in formats.NATIVE.items() if f.kind == kind)
        raise Refused(
            f'sources.csv: "{settings.format}" is no format for {kind} of {source};'
            f" write {', '.join(filter(None, (formats.CANONICAL, known)))}"
        )
    return settings


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # an error may have ended the transaction already
        con.execute("rollback")
