"""What a waiver would settle of a day, and what that is worth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from orchestration import typed
from orchestration.operations.day.waivers import standing
from orchestration.store.database import one
from orchestration.store.warehouse import Refused, clock


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
class OpenItems:
    """What a waiver settles: how much, on which days, and what it is worth as far as anybody can say."""

    settles: int
    days: tuple[date, ...]
    known: Decimal
    unknown: int

    @property
    def amount(self) -> Decimal | None:
        return None if self.unknown else self.known


def weigh(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> Waived:
    """What a waiver would settle and be worth: the views of what is open speak of the days in run.check_days."""
    views = "select count(*) from duckdb_views() where view_name in ('waiver_worth', 'unsettled_rows')"
    built = con.execute(views).fetchone()
    on_day = con.execute("select count(*) from ops.builds where day = ?", [day]).fetchone()
    of_calls = what in ("call", "reason")
    if built != (2,) or (of_calls and on_day == (0,)):
        raise Refused(_not_built(con, day, of_calls))
    con.execute("delete from run.check_days")
    con.execute("insert into run.check_days values (?)", [day])
    if what == "row":
        key = rejected_row(con, day, key)
        _refuse_settled_row(con, day, key)
    if what == "gap":
        gaps = _gaps(con, day, key)
        left = OpenItems(gaps, (day,), Decimal(0), gaps)
    elif what == "file":
        key = file_id_of(con, key)
        left = _open_file(con, day, key)
    else:
        left = _open(con, day, what, key)
    terms = con.execute("select reporting_currency, waiver_limit from config.company").fetchone()
    assert terms is not None
    currency, limit = terms
    in_force = limit is None or (left.amount is not None and left.amount <= limit)
    return Waived(day, what, key, left.settles, left.amount, currency, in_force, left.days, left.known, left.unknown)


def weigh_again(con: duckdb.DuckDBPyConnection, days: Collection[date]) -> None:
    """Note what the waivers in force on `days` settle by now and are worth, in the caller's transaction."""
    con.execute("delete from run.check_days")
    con.execute("insert into run.check_days select unnest(?::DATE[])", [list(days)])
    if not _are_weighed(con):
        return
    con.execute(
        """
        update ops.waivers as w
        set settles = s.settles, worth = s.worth, weighed_at = (select now from run.clock)
        from (select distinct waived_on, what, key, settles, worth from books.standing_waivers) as s
        where w.day = s.waived_on and w.what = s.what and w.key = s.key and w.ended_at is null
        """
    )


def wants_second(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> bool:
    """Whether a waiver of a day that was weighed again is worth more than one operator may waive."""
    asked = "select 1 from books.standing_waivers where waived_on = ? and what = ? and key = ? and wants_second"
    return _are_weighed(con) and con.execute(asked, [day, what, key]).fetchone() is not None


def _are_weighed(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are the models for it: an earlier release's have none, until the next build."""
    asked = "select 1 from duckdb_views() where schema_name = 'books' and view_name = 'standing_waivers'"
    return con.execute(asked).fetchone() is not None


def _not_built(con: duckdb.DuckDBPyConnection, day: date, of_calls: bool) -> str:
    """Why a day is not built, and what helps: a build does only where something of it has landed."""
    if day > (today := clock(con).date()):
        return f"{day} has not come yet: it is {today}; write a day that tollbook days lists"
    landed = con.execute("select 1 from ops.file_days where day = ? limit 1", [day]).fetchone()
    if of_calls and landed is None:
        return f"nothing of {day} has landed; write a day that tollbook days lists"
    return f"{day} is not built yet; run: tollbook build"


def _open(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> OpenItems:
    settles, known, unknown = one(
        con,
        f"""
        select count(*), coalesce(sum(worth), 0)::DECIMAL(20, 8), count(*) - count(worth)
        from books.waiver_worth
        where day = ? and what = ? and {"reason" if what == "reason" else "key"} = ?
        """,
        [day, "call" if what == "reason" else what, key],
    )
    if not settles and what == "count":
        raise Refused(f"{day} has no count of {key} that differs from what landed")
    if not settles:
        raise Refused(f"{day} has nothing unrated for {what} {key}")
    return OpenItems(settles, (day,), known, unknown)


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


def rejected_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> str:
    begins, _, text = key.rpartition(":")
    file_id, line = typed.file_id(begins), typed.whole(text)
    if file_id is None or line is None:
        raise Refused(f'--row is "{key}"; write FILE_ID:LINE, as tollbook close shows it')
    rows = con.execute(
        """
        select distinct file_id from ops.rejected_rows
        where starts_with(file_id, ?) and line = ? and day = ?
        """,
        [file_id, line, day],
    ).fetchall()
    if len(rows) != 1:
        how = "no rejected row" if not rows else "more than one rejected row"
        raise Refused(f"{day} has {how} {key}")
    return f"{rows[0][0]}:{line}"


def _refuse_settled_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> None:
    """A row that landed corrected from a later file keeps no day open: there is nothing left to waive."""
    unsettled = con.execute(
        "select 1 from marts.unsettled_rows where day = ? and file_id || ':' || line = ?", [day, key]
    ).fetchone()
    if unsettled is None and standing(con, day, "row", key) is None:
        raise Refused(
            f"row {key[:12]}:{key.rpartition(':')[2]} of {day} is settled: it landed corrected from a later file, its"
            " file is waived, or the day is closed; nothing is left to waive"
        )


def file_id_of(con: duckdb.DuckDBPyConnection, key: str) -> str:
    """The id of the one file that has rejected rows, or could not be read, and begins so."""
    rows = con.execute(
        """
        select file_id from ops.rejected_rows where starts_with(file_id, $key)
        union
        select file_id from ops.unreadable_files where starts_with(file_id, $key)
        """,
        {"key": key},
    ).fetchall()
    if len(rows) != 1:
        how = "more than one file" if rows else "no file with rejected rows, and none that could not be read,"
        raise Refused(f"there is {how} whose id begins with {key}")
    return str(rows[0][0])


def _open_file(con: duckdb.DuckDBPyConnection, day: date, file_id: str) -> OpenItems:
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
    return OpenItems(settles, tuple(row[0] for row in held), known, settles - sum(row[3] for row in held))
