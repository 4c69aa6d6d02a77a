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


@dataclass(frozen=True)
class Waiver:
    """What is waived of a day and why; `amount` (in `currency`): what it is worth, None where nobody can say.

    `awaits_second`: it settles nothing until a second operator confirms it. `settled`: how much it settles as it is
    given; lines of the journal of earlier releases do not say it.
    """

    day: date
    what: str
    key: str
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
                day, what, key, reason, amount, currency, operator, waived_at, confirmed_by, confirmed_at,
                {IN_FORCE} as in_force,
                ended_at, settles, case when weighed_at is null then amount else worth end as worth, weighed_at
            from ops.waivers
            where day = coalesce($day, day)
            order by waived_at desc, day, what, key
            """,
            {"day": day},
        )


def record(con: duckdb.DuckDBPyConnection, held: Writer, waiver: Waiver) -> None:
    """Write a waiver and its journal line, in the caller's transaction. Raises `Refused` for one that is there."""
    if standing(con, waiver.day, waiver.what, waiver.key):
        raise Refused(f"{waiver.what} {waiver.key} of {waiver.day} is waived already")
    con.execute(
        """
        insert into ops.waivers
            (waived_at, operator, day, what, key, reason, amount, currency, awaits_second, settled)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [now(), operator(), *astuple(waiver)],
    )
    arguments = {
        **asdict(waiver),
        "day": str(waiver.day),
        "amount": None if waiver.amount is None else str(waiver.amount),
    }
    held.journal(con, "waive", **arguments)


def record_confirmation(con: duckdb.DuckDBPyConnection, held: Writer, day: date, what: str, key: str) -> dict[str, Any]:
    """Write a confirmation and its line of the journal, in the caller's transaction; the waiver as it was.

    Raises `Refused` as `confirm`, but for one that wants none.
    """
    waiver = standing(con, day, what, key)
    if waiver is None:
        raise Refused(f"{what} {key} of {day} is not waived; waive it with --reason first")
    first = waiver["operator"]
    if waiver["confirmed_by"]:
        raise Refused(f"the waiver of {what} {key} of {day} is in force already, confirmed by {waiver['confirmed_by']}")
    if first == operator():
        raise Refused(f"{first} waived {what} {key} of {day}; another operator has to confirm it")
    con.execute(
        "update ops.waivers set confirmed_by = ?, confirmed_at = ?"
        " where day = ? and what = ? and key = ? and ended_at is null",
        [operator(), now(), day, what, key],
    )
    held.journal(con, "confirm_waiver", day=str(day), what=what, key=key)
    return waiver


def standing(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> dict[str, Any] | None:
    """The waiver of what is named, in force or awaiting its second operator; None where there is none."""
    rows = dict_rows(
        con, "select * from ops.waivers where day = ? and what = ? and key = ? and ended_at is null", [day, what, key]
    )
    return rows[0] if rows else None
