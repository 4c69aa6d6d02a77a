"""The waivers there are: written, confirmed, read."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, Refused, Writer, now, operator

IN_FORCE = "ended_at is null and (not coalesce(awaits_second, false) or confirmed_at is not null)"
"""SQL: whether a row of the published ops.waivers settles something, as stg_waivers says in the warehouse."""
_IS_IT = (
    "day = ? and what = ? and key = ? and kind is not distinct from ? and source is not distinct from ?"
    " and ended_at is null"
)

# the same, or one of all kinds or sources
_COVERS = (
    "day = ? and what = ? and key = ? and (kind is null or kind = ?) and (source is null or source = ?)"
    " and ended_at is null"
)


@dataclass(frozen=True)
class Which:
    """What is waived of a day: its key, and of which kind and source (None: of all, as in earlier releases)."""

    day: date
    what: str
    key: str
    kind: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.key}{f' of {self.source}' if self.source else ''} of {self.day}"


@dataclass(frozen=True, kw_only=True)
class Waiver(Which):
    """What is waived and why; `amount` (in `currency`): what it is worth, None where nobody can say.

    `awaits_second`: it settles nothing until a second operator confirms it. `settled`: how much it settles as it is
    given; lines of the journal of earlier releases do not say it.
    """

    reason: str
    amount: Decimal | None
    currency: str
    awaits_second: bool
    settled: int | None


def waivers(home: Home, day: date | None = None) -> list[dict[str, Any]]:
    """The waivers as last published, the latest first: one day's or all. Raises `Refused` when nothing is published."""
    with reading(home) as con:
        return dict_rows(
            con,
            f"""
            select
                day, what, key, kind, source, reason, amount, currency, operator, waived_at, confirmed_by, confirmed_at,
                {IN_FORCE} as in_force,
                ended_at, settles, case when weighed_at is null then amount else worth end as worth, weighed_at
            from ops.waivers
            where day = coalesce($day, day)
            order by waived_at desc, day, what, key, kind, source
            """,
            {"day": day},
        )


def refuse_waived(con: duckdb.DuckDBPyConnection, which: Which) -> None:
    """Raise `Refused` for what is waived already, by itself or with that of all sources."""
    if con.execute(f"select 1 from ops.waivers where {_COVERS}", _values(which)).fetchall():
        raise Refused(f"{which} is waived already")


def record(con: duckdb.DuckDBPyConnection, held: Writer, waiver: Waiver) -> None:
    """Write a waiver and its journal line, in the caller's transaction."""
    con.execute(
        """
        insert into ops.waivers
            (waived_at, operator, day, what, key, kind, source, reason, amount, currency, awaits_second, settled)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [now(), operator(), *astuple(waiver)],
    )
    arguments = {
        **asdict(waiver),
        "day": str(waiver.day),
        "amount": None if waiver.amount is None else str(waiver.amount),
    }
    held.journal(con, "waive", **arguments)


def record_confirmation(con: duckdb.DuckDBPyConnection, held: Writer, which: Which) -> dict[str, Any]:
    """Write a confirmation and its line of the journal, in the caller's transaction; the waiver as it was.

    Raises `Refused` as `confirm`, but for one that wants none.
    """
    waiver = standing(con, which)
    if waiver is None:
        raise Refused(f"{which} is not waived; waive it with --reason first")
    first = waiver["operator"]
    if waiver["confirmed_by"]:
        raise Refused(f"the waiver of {which} is in force already, confirmed by {waiver['confirmed_by']}")
    if first == operator():
        raise Refused(f"{first} waived {which}; another operator has to confirm it")
    con.execute(
        f"update ops.waivers set confirmed_by = ?, confirmed_at = ? where {_IS_IT}",
        [operator(), now(), *_values(which)],
    )
    held.journal(
        con, "confirm_waiver", day=str(which.day), what=which.what, key=which.key, kind=which.kind, source=which.source
    )
    return waiver


def standing(con: duckdb.DuckDBPyConnection, which: Which) -> dict[str, Any] | None:
    """The waiver of just what is named, in force or awaiting its second operator; None where there is none."""
    rows = dict_rows(con, f"select * from ops.waivers where {_IS_IT}", _values(which))
    return rows[0] if rows else None


def standing_alike(con: duckdb.DuckDBPyConnection, which: Which) -> list[Which]:
    """The waivers of what is named, of its kind and source where it has any: in force or awaiting their second one."""
    rows = con.execute(
        """
        select day, what, key, kind, source from ops.waivers
        where
            day = $1 and what = $2 and key = $3 and ended_at is null
            and ($4 is null or kind = $4) and ($5 is null or source = $5)
        order by kind, source
        """,
        _values(which),
    ).fetchall()
    return [Which(*row) for row in rows]


def _values(which: Which) -> list[object]:
    return [which.day, which.what, which.key, which.kind, which.source]
