"""Let a day close although something of it is left open, and keep who decided so, why, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration import typed
from orchestration.operations.accounts.operators import require
from orchestration.operations.day.publish import publishing
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import dict_rows, transaction
from orchestration.store.warehouse import Home, Refused, Writer, now, operator, serving

# What can be waived, and how its key is called on the command line.
OPTIONS = {"call": "--call ID", "row": "--row FILE_ID:LINE", "reason": "--reason-code R", "gap": "--gap SOURCE",
           "count": "--count SOURCE", "file": "--file FILE_ID"}  # fmt: skip


@dataclass(frozen=True)
class Waived:
    """A waiver: how much it settles, what that is worth (reporting currency; None: nobody can say), and whether it is
    in force or awaits a second operator.

    `days`: those it settles something of. `unknown`: of how many nobody can say what they are worth; `known`: what the
    others are worth. Of a confirmation only the amount is told.
    """

    day: date
    what: str
    key: str
    settles: int
    amount: Decimal | None
    currency: str
    in_force: bool
    days: tuple[date, ...] = ()
    known: Decimal = Decimal(0)
    unknown: int = 0


@dataclass(frozen=True)
class _Open:
    """What a waiver settles: how much, on which days, and what it is worth as far as anybody can say."""

    settles: int
    days: tuple[date, ...]
    known: Decimal
    unknown: int

    @property
    def amount(self) -> Decimal | None:
        return None if self.unknown else self.known


def waive(
    home: Home,
    day: date,
    reason: str,
    *,
    call: str | None = None,
    row: str | None = None,
    reason_code: str | None = None,
    gap: str | None = None,
    count: str | None = None,
    file: str | None = None,
) -> Waived:
    """Waive one call's unrated legs, one rejected row (FILE_ID:LINE), all legs with a reason code, a source's gaps and
    missing files, a difference to the switch's own count, or a file on all the days it holds: one that could not be
    read, or what is left of the rejected rows of one that landed.

    FILE_ID may be shortened to what is unique. What is worth more than `waiver_limit` of company.csv, or where nobody
    can say what it is worth, awaits `confirm` by a second operator. Raises `Refused` when there is nothing of the
    kind on that day, when not exactly one is named, or the operator may not: that takes a rater, finance or admin.
    """
    what, key = _chosen(call, row, reason_code, gap, count, file)
    if not reason.strip():
        raise Refused("--reason must say why")
    with publishing(home, "waive") as held:
        configure(held)
        with held.connect() as con:
            require(con, "rater", "finance")
            with transaction(con):
                waived = _weigh(con, day, what, key)
                record(
                    con, held, day=day, what=what, key=waived.key, reason=reason, amount=waived.amount,
                    currency=waived.currency, awaits_second=not waived.in_force,
                )  # fmt: skip
    return waived


def record(
    con: duckdb.DuckDBPyConnection,
    held: Writer,
    *,
    day: date,
    what: str,
    key: str,
    reason: str,
    amount: Decimal | None,
    currency: str,
    awaits_second: bool,
) -> None:
    """Write a waiver and its journal line, in the caller's transaction. Raises `Refused` for one that is there."""
    if _known(con, day, what, key):
        raise Refused(f"{what} {key} of {day} is waived already")
    con.execute(
        """
        insert into ops.waivers (waived_at, operator, day, what, key, reason, amount, currency, awaits_second)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [now(), operator(), day, what, key, reason, amount, currency, awaits_second],
    )
    held.journal(
        con, "waive", day=str(day), what=what, key=key, reason=reason,
        amount=None if amount is None else str(amount), currency=currency, awaits_second=awaits_second,
    )  # fmt: skip


def confirm(
    home: Home,
    day: date,
    *,
    call: str | None = None,
    row: str | None = None,
    reason_code: str | None = None,
    gap: str | None = None,
    count: str | None = None,
    file: str | None = None,
) -> Waived:
    """Put a waiver that awaits a second operator in force.

    Raises `Refused` to the first one, to who is not finance or admin, and where none waits.
    """
    what, key = _chosen(call, row, reason_code, gap, count, file)
    with publishing(home, "waive") as held:
        configure(held)
        with held.connect() as con:
            require(con, "finance")
            with transaction(con):
                if what == "row":
                    key = _rejected_row(con, day, key)
                if what == "file":
                    key = _file(con, key)
                waived = record_confirmation(con, held, day=day, what=what, key=key)
    return waived


def record_confirmation(con: duckdb.DuckDBPyConnection, held: Writer, *, day: date, what: str, key: str) -> Waived:
    """Write a confirmation and its line of the journal, in the caller's transaction. Raises `Refused` as `confirm`."""
    known = _known(con, day, what, key)
    if known is None:
        raise Refused(f"{what} {key} of {day} is not waived; waive it with --reason first")
    by, amount, currency, awaits, confirmed_by = known
    if not awaits or confirmed_by:
        raise Refused(f"the waiver of {what} {key} of {day} is in force already; it wants no second operator")
    if by == operator():
        raise Refused(f"{by} waived {what} {key} of {day}; another operator has to confirm it")
    con.execute(
        "update ops.waivers set confirmed_by = ?, confirmed_at = ?"
        " where day = ? and what = ? and key = ? and ended_at is null",
        [operator(), now(), day, what, key],
    )
    held.journal(con, "confirm_waiver", day=str(day), what=what, key=key)
    return Waived(day, what, key, 1, amount, currency or "", True)


def waivers(home: Home, day: date | None = None) -> list[dict[str, Any]]:
    """The waivers as last published, the latest first: one day's or all. Raises `Refused` when nothing is published."""
    with serving(home) as con:
        return dict_rows(
            con,
            """
            select
                day, what, key, reason, amount, currency, operator, waived_at, confirmed_by, confirmed_at,
                ended_at is null and (not coalesce(awaits_second, false) or confirmed_at is not null) as in_force,
                ended_at
            from ops.waivers
            where day = coalesce($day, day)
            order by waived_at desc, day, what, key
            """,
            {"day": day},
        )


def _chosen(
    call: str | None, row: str | None, code: str | None, gap: str | None, count: str | None, file: str | None
) -> tuple[str, str]:
    named = {"call": call, "row": row, "reason": code, "gap": gap, "count": count, "file": file}
    chosen = [(what, key) for what, key in named.items() if key]
    if len(chosen) != 1:
        options = list(OPTIONS.values())
        raise Refused(f"name one of {', '.join(options[:-1])} and {options[-1]}")
    return chosen[0]


def _known(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> tuple[Any, ...] | None:
    return con.execute(
        """
        select operator, amount, currency, awaits_second, confirmed_by
        from ops.waivers where day = ? and what = ? and key = ? and ended_at is null
        """,
        [day, what, key],
    ).fetchone()


def _weigh(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> Waived:
    """What a waiver would settle and be worth: the views of what is open speak of the days in run.check_days."""
    views = "select count(*) from duckdb_views() where view_name in ('waiver_worth', 'unsettled_rows')"
    built = con.execute(views).fetchone()
    on_day = con.execute("select count(*) from ops.builds where day = ?", [day]).fetchone()
    if built != (2,) or (what in ("call", "reason") and on_day == (0,)):
        raise Refused(f"{day} is not built yet; run: tollbook build")
    con.execute("delete from run.check_days")
    con.execute("insert into run.check_days values (?)", [day])
    if what == "row":
        key = _rejected_row(con, day, key)
        _refuse_settled_row(con, day, key)
    if what == "gap":
        gaps = _gaps(con, day, key)
        left = _Open(gaps, (day,), Decimal(0), gaps)
    elif what == "file":
        key = _file(con, key)
        left = _open_file(con, day, key)
    else:
        left = _open(con, day, what, key)
    terms = con.execute("select reporting_currency, waiver_limit from config.company").fetchone()
    assert terms is not None
    currency, limit = terms
    in_force = limit is None or (left.amount is not None and left.amount <= limit)
    return Waived(day, what, key, left.settles, left.amount, currency, in_force, left.days, left.known, left.unknown)


def _open(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> _Open:
    row = con.execute(
        f"""
        select count(*), coalesce(sum(worth), 0)::DECIMAL(20, 8), count(*) - count(worth)
        from books.waiver_worth
        where day = ? and what = ? and {"reason" if what == "reason" else "key"} = ?
        """,
        [day, "call" if what == "reason" else what, key],
    ).fetchone()
    assert row is not None
    settles, known, unknown = row
    if not settles and what == "count":
        raise Refused(f"{day} has no count of {key} that differs from what landed")
    if not settles:
        raise Refused(f"{day} has nothing unrated for {what} {key}")
    return _Open(settles, (day,), known, unknown)


def _gaps(con: duckdb.DuckDBPyConnection, day: date, source: str) -> int:
    row = con.execute(
        """
        select
            (select count(*) from books.expected_gaps where day = $day and source = $source)
            + (select count(*) from books.file_holes where day = $day and source = $source)
        """,
        {"day": day, "source": source},
    ).fetchone()
    if row is None or not row[0]:
        raise Refused(f"{day} has no gap of {source}, and none of its numbered files is missing")
    return int(row[0])


def _rejected_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> str:
    file_id, _, text = key.rpartition(":")
    line = typed.whole(text)
    if not file_id or line is None:
        raise Refused(f'--row is "{key}"; write FILE_ID:LINE, as tollbook close shows it')
    found = con.execute(
        """
        select distinct file_id from ops.rejected_rows
        where starts_with(file_id, ?) and line = ? and day = ?
        """,
        [file_id, line, day],
    ).fetchall()
    if len(found) != 1:
        how = "no rejected row" if not found else "more than one rejected row"
        raise Refused(f"{day} has {how} {key}")
    return f"{found[0][0]}:{line}"


def _refuse_settled_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> None:
    """A row that landed corrected from a later file keeps no day open: there is nothing left to waive."""
    unsettled = con.execute(
        "select 1 from marts.unsettled_rows where day = ? and file_id || ':' || line = ?", [day, key]
    ).fetchone()
    if unsettled is None and _known(con, day, "row", key) is None:
        raise Refused(
            f"row {key[:12]}:{key.rpartition(':')[2]} of {day} is settled: it landed corrected from a later file, its"
            " file is waived, or the day is closed; nothing is left to waive"
        )


def _file(con: duckdb.DuckDBPyConnection, key: str) -> str:
    """The id of the one file that has rejected rows, or could not be read, and begins so."""
    found = con.execute(
        """
        select file_id from ops.rejected_rows where starts_with(file_id, $key)
        union
        select file_id from ops.unreadable_files where starts_with(file_id, $key)
        """,
        {"key": key},
    ).fetchall()
    if len(found) != 1:
        how = "more than one file" if found else "no file with rejected rows, and none that could not be read,"
        raise Refused(f"there is {how} whose id begins with {key}")
    return str(found[0][0])


def _open_file(con: duckdb.DuckDBPyConnection, day: date, file_id: str) -> _Open:
    """What is left of a file on all the days that it holds; `day` has to be one of them."""
    held = con.execute(
        """
        select day, count(*) filter (readable), coalesce(sum(worth), 0)::DECIMAL(20, 8), count(worth),
            count(*) filter (not readable)
        from (
            select r.day, w.worth, true as readable
            from marts.unsettled_rows as r
            left join books.waiver_worth as w
                on r.day = w.day and w.what = 'row' and r.file_id || ':' || r.line = w.key
                and starts_with(w.item, r.kind || ' ' || r.source || ' ')
            where r.file_id = $file
            union all
            select day, null, false from marts.unsettled_files where file_id = $file
        )
        group by day
        order by day
        """,
        {"file": file_id},
    ).fetchall()
    if day not in [row[0] for row in held]:
        days = f"it holds {', '.join(str(row[0]) for row in held)}" if held else "nothing of it is left to settle"
        raise Refused(f"{day} does not wait for file {file_id[:12]}: {days}")
    settles = sum(row[1] for row in held) + any(row[4] for row in held)
    known = sum((row[2] for row in held), Decimal(0))
    return _Open(settles, tuple(row[0] for row in held), known, settles - sum(row[3] for row in held))
