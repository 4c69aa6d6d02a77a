"""What a waiver would settle of a day, and what that is worth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal

import duckdb

from orchestration import typed
from orchestration.configuration.nearest import listed, suggestion
from orchestration.engine.dbt import modelled
from orchestration.operations.day.sources import refuse_no_source
from orchestration.operations.day.waivers import Which, standing
from orchestration.store.database import one
from orchestration.store.warehouse import Home, Refused, clock

# why a leg has no price: docs/rating.md
_UNRATED = ("no_account", "no_rate_table", "bad_number", "no_rate", "blocked", "no_cost", "no_fx")
# The kinds and sources of what is named, on its day.
_OF = {
    "call": "select distinct kind, source from books.waiver_worth where day = $day and what = 'call' and key = $key",
    "row": "select kind, source from ops.rejected_rows where day = $day and file_id || ':' || line = $key",
    "file": """
        select kind, source from marts.unsettled_rows where day = $day and file_id = $key
        union
        select kind, source from marts.unsettled_files where day = $day and file_id = $key
    """,
    # its key is the source
    "gap": """
        select kind, null from books.expected_gaps where day = $day and source = $key
        union
        select kind, null from books.file_holes where day = $day and source = $key
    """,
}


@dataclass(frozen=True, kw_only=True)
class Waived(Which):
    """A waiver: how much it settles, what that is worth (reporting currency; None: nobody can say), and whether it is
    in force or awaits a second operator.

    `days`: those it settles something of. `unknown`: of how many nobody can say what they are worth; `known`: what the
    others are worth. Of a confirmation only the amount is told.
    """

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


def weigh(con: duckdb.DuckDBPyConnection, home: Home, which: Which) -> Waived:
    """What a waiver would settle and be worth: the views of what is open speak of the days in run.check_days.

    What is named without its source is of the one that has it. Raises `Refused` where more than one has, or none.
    """
    day, what = which.day, which.what
    views = "select count(*) from duckdb_views() where view_name in ('waiver_worth', 'unsettled_rows')"
    built = con.execute(views).fetchone()
    on_day = con.execute("select count(*) from ops.builds where day = ?", [day]).fetchone()
    of_calls = what in ("call", "reason")
    if built != (2,) or (of_calls and on_day == (0,)):
        raise Refused(_not_built(con, day, of_calls))
    if not modelled(con):
        raise Refused("an earlier release has built what there is; run: tollbook build")
    con.execute("delete from run.check_days")
    con.execute("insert into run.check_days values (?)", [day])
    refuse_no_source(con, home, which.key if what in ("gap", "count") else which.source)
    which = _of_one(con, in_full(con, which))
    if what == "row":
        _refuse_settled_row(con, which)
    if what == "gap":
        gaps = _gaps(con, which)
        left = OpenItems(gaps, (day,), Decimal(0), gaps)
    elif what == "file":
        left = _open_file(con, which)
    else:
        left = _open(con, which)
    terms = con.execute("select reporting_currency, waiver_limit from config.company").fetchone()
    assert terms is not None
    currency, limit = terms
    in_force = limit is None or (left.amount is not None and left.amount <= limit)
    return Waived(
        **asdict(which),
        settles=left.settles,
        amount=left.amount,
        currency=currency,
        in_force=in_force,
        days=left.days,
        known=left.known,
        unknown=left.unknown,
    )


def in_full(con: duckdb.DuckDBPyConnection, which: Which) -> Which:
    """The same with the whole id of the file that its key begins."""
    if which.what == "row":
        return replace(which, key=_rejected_row(con, which.day, which.key))
    return replace(which, key=_file_id_of(con, which.key)) if which.what == "file" else which


def _of_one(con: duckdb.DuckDBPyConnection, which: Which) -> Which:
    """What is named, of the kind and source that have it: different sources use the same ids."""
    if which.what not in _OF:
        return which
    found = {
        Which(which.day, which.what, which.key, kind, source)
        for kind, source in con.execute(_OF[which.what], {"day": which.day, "key": which.key}).fetchall()
    }
    fitting = [each for each in found if which.kind in (None, each.kind) and which.source in (None, each.source)]
    if found and not fitting:
        of = " of ".join(filter(None, (which.kind, which.source)))
        raise Refused(f"{_named(which)} is of {_listed(found)}, not of {of}")
    if len(fitting) > 1:
        raise more_than_one(which, fitting)
    return fitting[0] if fitting else which


def more_than_one(which: Which, found: Collection[Which]) -> Refused:
    """That what is named is of several kinds and sources, and how to say which is meant."""
    option = "--source" if len({each.source for each in found}) > 1 else "--kind"
    return Refused(f"{_named(which)} is of {_listed(found)}: say which with {option}")


def _named(which: Which) -> str:
    """A file's id is long: its beginning, and a row's line."""
    key = f"{which.key[:12]}{which.key[64:]}" if which.what in ("row", "file") else which.key
    return f"{which.what} {key} of {which.day}"


def _listed(found: Collection[Which]) -> str:
    names = {f"{each.source} ({each.kind})" if each.source else each.kind or "all sources" for each in found}
    return " and ".join(sorted(names))


def weigh_again(con: duckdb.DuckDBPyConnection, days: Collection[date]) -> None:
    """Note what the waivers in force on `days` settle by now and are worth, in the caller's transaction."""
    con.execute("delete from run.check_days")
    con.execute("insert into run.check_days select unnest(?::DATE[])", [list(days)])
    if not modelled(con):  # an earlier release's models weigh none, or others, until the next build
        return
    con.execute(
        """
        update ops.waivers as w
        set settles = s.settles, worth = s.worth, weighed_at = (select now from run.clock)
        from (select distinct waived_on, what, key, kind, source, settles, worth from books.standing_waivers) as s
        where
            w.day = s.waived_on and w.what = s.what and w.key = s.key and w.kind is not distinct from s.kind
            and w.source is not distinct from s.source and w.ended_at is null
        """
    )


def wants_second(con: duckdb.DuckDBPyConnection, which: Which) -> bool:
    """Whether a waiver of a day that was weighed again is worth more than one operator may waive."""
    asked = """
        select 1 from books.standing_waivers
        where
            waived_on = $day and what = $what and key = $key and kind is not distinct from $kind
            and source is not distinct from $source and wants_second
    """
    return modelled(con) and con.execute(asked, asdict(which)).fetchone() is not None


def _not_built(con: duckdb.DuckDBPyConnection, day: date, of_calls: bool) -> str:
    """Why a day is not built, and what helps: a build does only where something of it has landed."""
    if day > (today := clock(con).date()):
        return f"{day} has not come yet: it is {today}; write a day that tollbook days lists"
    landed = con.execute("select 1 from ops.file_days where day = ? limit 1", [day]).fetchone()
    if of_calls and landed is None:
        return f"nothing of {day} has landed; write a day that tollbook days lists"
    return f"{day} is not built yet; run: tollbook build"


def _open(con: duckdb.DuckDBPyConnection, which: Which) -> OpenItems:
    what, key, day = which.what, which.key, which.day
    settles, known, unknown = one(
        con,
        f"""
        select count(*), coalesce(sum(worth), 0)::DECIMAL(20, 8), count(*) - count(worth)
        from books.waiver_worth
        where
            day = $1 and what = $2 and {"reason" if what == "reason" else "key"} = $3
            and kind = coalesce($4, kind) and source = coalesce($5, source)
        """,
        [day, "call" if what == "reason" else what, key, which.kind, which.source],
    )
    if not settles and what == "count":
        raise Refused(f"{day} has no count of {key} that differs from what landed")
    if not settles:
        of = "".join(f" of {name}" for name in (which.kind, which.source) if name)
        asked = "select distinct reason from books.waiver_worth where day = ? and what = 'call'"
        reasons = [reason for (reason,) in con.execute(asked, [day]).fetchall()] if what == "reason" else []
        there = f"; {suggestion(key, reasons, f'there is {listed(reasons)}')}" if reasons else ""
        if what == "reason" and not reasons and key not in _UNRATED:
            there = f"; {suggestion(key, _UNRATED, f'the reasons are {listed(_UNRATED)}')}"
        raise Refused(f"{day} has nothing unrated for {what} {key}{of}{there}")
    return OpenItems(settles, (day,), known, unknown)


def _gaps(con: duckdb.DuckDBPyConnection, which: Which) -> int:
    (gaps,) = one(
        con,
        """
        select
            (select count(*) from books.expected_gaps where day = $day and source = $key and kind = $kind)
            + (select count(*) from books.file_holes where day = $day and source = $key and kind = $kind)
        """,
        {"day": which.day, "key": which.key, "kind": which.kind},
    )
    if not gaps:
        raise Refused(f"{which.day} has no gap of {which.key}, and none of its numbered files is missing")
    return int(gaps)


def _rejected_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> str:
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


def _refuse_settled_row(con: duckdb.DuckDBPyConnection, which: Which) -> None:
    """A row that landed corrected from a later file keeps no day open: there is nothing left to waive."""
    day, key = which.day, which.key
    unsettled = con.execute(
        "select 1 from marts.unsettled_rows where day = ? and file_id || ':' || line = ? and kind = ? and source = ?",
        [day, key, which.kind, which.source],
    ).fetchone()
    if unsettled is None and standing(con, which) is None:
        raise Refused(
            f"row {key[:12]}:{key.rpartition(':')[2]} of {day} is settled: it landed corrected from a later file, its"
            " file is waived, or the day is closed; nothing is left to waive"
        )


def _file_id_of(con: duckdb.DuckDBPyConnection, key: str) -> str:
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


def _open_file(con: duckdb.DuckDBPyConnection, which: Which) -> OpenItems:
    """What is left of a file on all the days that it holds; the one named has to be one of them."""
    day, file_id = which.day, which.key
    held = con.execute(
        """
        select day, count(*) filter (readable), coalesce(sum(worth), 0)::DECIMAL(20, 8), count(worth),
            count(*) filter (not readable)
        from (
            select r.day, w.worth, true as readable
            from marts.unsettled_rows as r
            left join books.waiver_worth as w
                on r.day = w.day and w.what = 'row' and r.file_id || ':' || r.line = w.key
                and r.kind = w.kind and r.source = w.source
            where r.file_id = $file and r.kind = coalesce($kind, r.kind) and r.source = coalesce($source, r.source)
            union all
            select day, null, false from marts.unsettled_files
            where file_id = $file and kind = coalesce($kind, kind) and source = coalesce($source, source)
        )
        group by day
        order by day
        """,
        {"file": file_id, "kind": which.kind, "source": which.source},
    ).fetchall()
    if day not in [row[0] for row in held]:
        days = f"it holds {', '.join(str(row[0]) for row in held)}" if held else "nothing of it is left to settle"
        raise Refused(f"{day} does not wait for file {file_id[:12]}: {days}")
    settles = sum(row[1] for row in held) + any(row[4] for row in held)
    known = sum((row[2] for row in held), Decimal(0))
    return OpenItems(settles, tuple(row[0] for row in held), known, settles - sum(row[3] for row in held))
