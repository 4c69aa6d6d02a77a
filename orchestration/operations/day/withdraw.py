"""`tollbook withdraw`: take a landed file back, whole, as if it had never landed; the books follow by difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.engine import daily, dbt
from orchestration.landing.corrected.correct import correct_same_lines
from orchestration.landing.landed import next_sequence
from orchestration.landing.problem import NotNow, UnreadableFile
from orchestration.landing.rows.canonical import LANDING
from orchestration.landing.rows.plausible import TRAFFIC
from orchestration.landing.store import FileKey
from orchestration.landing.withdraw.count_again import CountedAgain, candidates, count_again, missing
from orchestration.landing.withdraw.take_out import take_out
from orchestration.operations.day.as_landed import as_landed
from orchestration.operations.day.build import build_days
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.publish import publishing
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import one, transaction
from orchestration.store.warehouse import Home, Refused, Writer, clock, operator


@dataclass(frozen=True)
class Withdrawn:
    """A file that was taken back: how many rows left, how many CDRs that they had superseded are back, what counts
    again of other files, and the days that changed, which want building and closing again.

    `begins`: the day on which the books begin now, where the file had opened days before it that are no more.
    """

    file_id: str
    kind: str
    source: str
    name: str
    rows: int
    restored: int
    again: list[CountedAgain]
    days: tuple[date, ...]
    begins: date | None = None


def withdraw_file(
    home: Home, file_id: str, reason: str, *, kind: str | None = None, source: str | None = None
) -> Withdrawn:
    """Take back the landed file whose id begins with `file_id`, and publish.

    Its rows leave landed.* and are kept; the file stays in the archive. Raises `Refused` where no such file has landed,
    or more than one, for a rate deck, and for an operator who is not finance or admin.
    """
    with publishing(home, "withdraw") as held:
        done = withdraw_held(held, file_id, reason, kind=kind, source=source)
    return done


def withdraw_held(
    held: Writer, file_id: str, reason: str, *, kind: str | None = None, source: str | None = None
) -> Withdrawn:
    """`withdraw_file` for a caller that holds the writer lock and publishes itself."""
    if not reason.strip():
        raise Refused("--reason must say why")
    configure(held)
    with held.connect() as con:
        key = _landed(con, file_id, kind, source)
        is_modelled = dbt.modelled(con)
    if not is_modelled:  # an older version's do not know how a payment is taken back
        build_days(held)
    with held.connect() as con, transaction(con):
        done = _withdraw(con, held, key, reason)
    return done


def _landed(con: duckdb.DuckDBPyConnection, file_id: str, kind: str | None, source: str | None) -> FileKey:
    files = con.execute(
        """
        select file_id, kind, source, name
        from ops.files
        where starts_with(file_id, $file) and kind = coalesce($kind, kind) and source = coalesce($source, source)
            and withdrawn_at is null
        order by kind, source, file_id
        """,
        {"file": file_id, "kind": kind, "source": source},
    ).fetchall()
    if not files:
        unreadable = con.execute(
            "select 1 from ops.unreadable_files where starts_with(file_id, ?)", [file_id]
        ).fetchone()
        hint = "; it could not be read, and is settled with tollbook waive --file" if unreadable else ""
        of = "".join(f" of {name} {value}" for name, value in (("kind", kind), ("source", source)) if value)
        hint = _of_others(con, file_id) or hint
        raise Refused(
            _withdrawn(con, file_id, kind, source) or f"no file{of} has landed whose id begins with {file_id}{hint}"
        )
    if len(files) > 1:
        listed = ", ".join(f"{f[:12]} ({k} of {s}, {n})" for f, k, s, n in files[:5])
        raise Refused(f"more than one file has landed whose id begins with {file_id}; add --kind, --source: {listed}")
    whole, kind_, source_, name = files[0]
    if kind_ == "rates":
        raise Refused(
            f"{name} is a rate deck, and calls may be rated by it: accept one with the right prices instead"
            " (tollbook rates accept); closed days become outdated then"
        )
    return FileKey(whole, LANDING[kind_], source_, name, next_sequence(con), "", None)


def _of_others(con: duckdb.DuckDBPyConnection, file_id: str) -> str:
    """Whose the landed files are that begin so, where those of a kind and source are looked for in vain."""
    rows = con.execute(
        """
        select name, source, kind from ops.files
        where starts_with(file_id, ?) and withdrawn_at is null
        order by kind, source, file_id
        limit 5
        """,
        [file_id],
    ).fetchall()
    files = ", ".join(f"{name} of {source} (--kind {kind} --source {source})" for name, source, kind in rows)
    return f"; there is {files}" if files else ""


def _withdrawn(con: duckdb.DuckDBPyConnection, file_id: str, kind: str | None, source: str | None) -> str | None:
    """When and by whom the file was withdrawn that is looked for in vain; None where none was."""
    row = con.execute(
        """
        select name, source, kind, file_id[:12], withdrawn_at, operator
        from ops.withdrawals
        where starts_with(file_id, $file) and kind = coalesce($kind, kind) and source = coalesce($source, source)
        order by withdrawal desc
        limit 1
        """,
        {"file": file_id, "kind": kind, "source": source},
    ).fetchone()
    if row is None:
        return None
    name, source_, kind_, short, at, who = row
    done = f"was withdrawn on {at:%Y-%m-%d %H:%M} UTC by {who}; landing it undoes that"
    return f"{name} of {source_} ({kind_}, {short}) {done}"


def _withdraw(con: duckdb.DuckDBPyConnection, held: Writer, key: FileKey, reason: str) -> Withdrawn:
    """Everything about the withdrawal, in the caller's transaction."""
    at = clock(con)
    (withdrawal,) = one(con, "select coalesce(max(withdrawal), 0) + 1 from ops.withdrawals")
    taken = take_out(con, key, withdrawal)
    _note(con, key, withdrawal, reason)
    if held.rules > 1:
        _end_waivers(con, key)
    again = _count_again(con, held, key)
    begins = _close_up(con, held) if held.rules > 5 and key.kind.name in TRAFFIC else None
    if key.kind.name == "payments":
        post_at_once(con)
    held.journal(
        con, "withdraw", at, file_id=key.file_id, kind=key.kind.name, source=key.source, name=key.name, reason=reason,
        rows=taken.rows, restored=taken.restored, again=sum(other.landed for other in again),
    )  # fmt: skip
    days = tuple(sorted(day for day in {*taken.days, *_days_of(con, again)} if begins is None or day >= begins))
    return Withdrawn(key.file_id, key.kind.name, key.source, key.name, taken.rows, taken.restored, again, days, begins)


def _close_up(con: duckdb.DuckDBPyConnection, held: Writer) -> date | None:
    """Forget the days that withdrawn files alone had opened before all other traffic, unless one of them has closed:
    what is in the books stays. The first day that is left, where some were forgotten.
    """
    begins: date | None
    begins, first_closed, began = one(
        con,
        """
        select
            min(d.day) filter (f.withdrawn_at is null),
            (select min(day) from ops.closings),
            min(d.day)
        from ops.file_days as d
        left join ops.files as f on d.file_id = f.file_id and d.kind = f.kind and d.source = f.source
        where d.kind in ('cdrs', 'usage')
        """,
    )
    if begins is None or began >= begins or (first_closed or begins) < begins:
        return None
    daily.forget(con, held.home.root, begins)
    con.execute("delete from ops.file_days where day < ? and kind in ('cdrs', 'usage')", [begins])
    for table in ("builds", "day_checks"):
        con.execute(f"delete from ops.{table} where day < ?", [begins])
    return begins


def _note(con: duckdb.DuckDBPyConnection, key: FileKey, withdrawal: int, reason: str) -> None:
    this = {"file": key.file_id, "kind": key.kind.name, "source": key.source}
    con.execute(
        """
        insert into ops.withdrawals by name
        select
            $withdrawal as withdrawal, file_id, kind, source, name, landed_at, rows, landed, duplicates, rejected,
            superseded, (select now from run.clock) as withdrawn_at, $operator as operator, $reason as reason,
            $sequence as file_sequence
        from ops.files
        where file_id = $file and kind = $kind and source = $source
        """,
        {**this, "withdrawal": withdrawal, "operator": operator(), "reason": reason, "sequence": key.sequence},
    )
    con.execute(
        """
        update ops.files set withdrawn_at = (select now from run.clock)
        where file_id = $file and kind = $kind and source = $source
        """,
        this,
    )


def _end_waivers(con: duckdb.DuckDBPyConnection, key: FileKey) -> None:
    """What was waived of the file is not waived of the same bytes when they land again; the record stays."""
    con.execute(
        """
        update ops.waivers set ended_at = (select now from run.clock)
        where
            ended_at is null
            and ((what = 'file' and key = $file) or (what = 'row' and starts_with(key, $file || ':')))
            and coalesce(kind, $kind) = $kind and coalesce(source, $source) = $source
        """,
        {"file": key.file_id, "kind": key.kind.name, "source": key.source},
    )


def _count_again(con: duckdb.DuckDBPyConnection, held: Writer, key: FileKey) -> list[CountedAgain]:
    """Let the rows of later files that were duplicates of its own count, and those in conflict with them land."""
    again = []
    for file_id, source, name in candidates(con, key):
        other = FileKey(file_id, key.kind, source, name, next_sequence(con), "", None)
        if not missing(con, other):
            continue
        try:
            counted = _read_again(con, held, other)
        except (UnreadableFile, NotNow) as problem:
            raise Refused(
                f"{name} ({file_id[:12]}) landed later and may have some of the same rows, which would have to count"
                f" then; it cannot be read any more: {problem}. Withdraw that one first"
            ) from None
        if counted.landed or counted.rejected:
            again.append(counted)
    return again


def _read_again(con: duckdb.DuckDBPyConnection, held: Writer, key: FileKey) -> CountedAgain:
    with as_landed(con, held, key) as (file, again):
        counted = count_again(con, key, file, again)
        correct_same_lines(con, key, file)
    return counted


def _days_of(con: duckdb.DuckDBPyConnection, again: list[CountedAgain]) -> list[date]:
    rows = con.execute(
        """
        select distinct d.day
        from ops.files as f
        inner join ops.file_days as d on f.file_id = d.file_id and f.file_sequence = d.file_sequence
        where f.file_id in (select unnest(?::VARCHAR[]))
        """,
        [[other.file_id for other in again]],
    ).fetchall()
    return [day for (day,) in rows]
