"""Say step by step why a call that is rated already costs what it costs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.engine.rating_sql import rate
from orchestration.operations.day.published import answering
from orchestration.operations.day.sources import refuse_no_source
from orchestration.operations.questions.rated_again import (
    Origin,
    Step,
    configured,
    origin,
    published,
    steps,
    take_rates,
)
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import RULES, Home, Refused

SIDES = ("sell", "buy")
# What profiles covered is what they covered then: it depends on calls that are not looked at here.
_GIVEN = {
    "duration_covered": """
        select source, call_id, attempt, day, charged_at, file_sequence, account_id, profile_id, period,
            (covered_s * 1000)::BIGINT as covered_ms
        from marts.profile_consumption where rule = 'duration'
    """,
    "cost_covered": """
        select source, call_id, attempt, day, charged_at, file_sequence, account_id, profile_id, period,
            (covered_amount * 100000000)::HUGEINT as covered_u
        from marts.profile_consumption where rule = 'cost'
    """,
}


@dataclass(frozen=True)
class ExplainedLeg:
    """One side of an attempt as stored, and the steps, whose amounts add up to `amount`."""

    status: str
    reason: str | None
    account_id: str | None
    rate_table_id: str | None
    prefix: str | None
    destination: str | None
    band: str | None
    billed_s: Decimal | None
    amount: Decimal | None
    currency: str | None
    account_amount: Decimal | None
    rate: Origin | None
    steps: list[Step]


@dataclass(frozen=True)
class Attempt:
    """Both legs of an attempt of the call, and whether its day was `closed` with it or is `open`."""

    attempt: int
    charged_at: datetime
    duration_s: Decimal
    called_number: str
    rated: str
    sell: ExplainedLeg
    buy: ExplainedLeg


@dataclass(frozen=True)
class Explained:
    """A call: `sell` and `buy` are those of the attempt that has the sell leg; all are in `attempts`."""

    source: str
    call_id: str
    day: date
    sell: ExplainedLeg
    buy: ExplainedLeg
    attempts: list[Attempt]


@dataclass(frozen=True)
class _Rating:
    """What a leg was rated with: the closing that sealed it (None: the last build) and those before it."""

    ordinal: int | None
    config: str
    deck: int
    rules: int
    file_sequence: int | None
    before: int


def explain(home: Home, call_id: str, source: str | None = None, day: date | None = None) -> Explained:
    """Rate a call again with the configuration and decks it was rated with, and say how.

    Raises `Refused` when there is no such call, more than one (it lists them), or when it does not come out as it
    is stored, in which case there is no explanation to give.
    """
    with answering(home) as asked_of, published(asked_of) as con:
        stored = _stored(con, home, call_id, source, day)
        closings = dict_rows(
            con, "select * from serving.ops.closings where day = ? order by ordinal", [stored[0]["day"]]
        )
        builds = dict_rows(con, "select config, deck from serving.ops.builds where day = ?", [stored[0]["day"]])
    waves: dict[_Rating, list[dict[str, Any]]] = {}
    for row in stored:
        waves.setdefault(_rated_by(row["file_sequence"], closings, builds), []).append(row)
    attempts = [
        attempt for rated_by, members in waves.items() for attempt in _explained(home, rated_by, members, stored)
    ]
    attempts.sort(key=lambda attempt: attempt.attempt)
    sold = next((a for a in attempts if a.sell.status != "none"), attempts[-1])
    first = stored[0]
    return Explained(first["source"], call_id, first["day"], sold.sell, sold.buy, attempts)


def _stored(
    con: duckdb.DuckDBPyConnection, home: Home, call_id: str, source: str | None, day: date | None
) -> list[dict[str, Any]]:
    rows = dict_rows(
        con,
        """
        select * from serving.marts.rated_calls
        where call_id = $call and source = coalesce($source, source)
        """
        # without a day every day is read
        + (" and day = $day" if day else "")
        + " order by day, source, attempt",
        {"call": call_id, "source": source} | ({"day": day} if day else {}),
    )
    where = "".join(f" {word} {value}" for word, value in (("of", source), ("on", day)) if value)
    if not rows:
        refuse_no_source(con, home, source, "serving.")
        raise Refused(f"no call {call_id}{where} is published; it may have been rejected, or not been built yet")
    calls = sorted({(row["source"], row["day"]) for row in rows})
    if len(calls) > 1:
        listed = ", ".join(f"--source {shlex.quote(name)} --day {on}" for name, on in calls[:10])
        raise Refused(f"{len(calls)} calls have the id {call_id}; say which: {listed}")
    return rows


def _rated_by(file_sequence: int, closings: list[dict[str, Any]], builds: list[dict[str, Any]]) -> _Rating:
    before = -1
    for closing in closings:
        if closing["file_sequence"] >= file_sequence:
            return _Rating(
                closing["ordinal"],
                closing["config"],
                closing["deck"] or 0,
                closing.get("rules") or 1,
                closing["file_sequence"],
                before,
            )
        before = closing["file_sequence"]
    if not builds:
        raise Refused("the build of this day is not published; run: tollbook publish")
    return _Rating(None, builds[0]["config"], builds[0]["deck"] or 0, RULES, None, before)


def _explained(
    home: Home, rated_by: _Rating, members: list[dict[str, Any]], stored: list[dict[str, Any]]
) -> Iterable[Attempt]:
    numbers = [row[f"{kind}_number"] for row in stored for kind in ("called", "calling", "routing")]
    with published(home) as con:
        configured(con, home, rated_by.config, rated_by.deck, rated_by.rules)
        take_rates(con, numbers)
        _fill(con, rated_by, stored[0])
        rate(con, _GIVEN, explained="true")
        again = {row["attempt"]: row for row in dict_rows(con, "select * from rating.rated_calls")}
        for row in members:
            _compare(row, again.get(row["attempt"]))
        return [_attempt(con, row, rated_by) for row in members]


def _fill(con: duckdb.DuckDBPyConnection, rated_by: _Rating, call: dict[str, Any]) -> None:
    """The call as it was known when its legs were rated: later attempts were not, and closed ones are fixed."""
    names = "day, source, call_id, attempt"
    this = {"call": call["call_id"], "source": call["source"], "day": call["day"]}
    where = "call_id = $call and source = $source and day = $day"
    known = f"file_sequence <= {rated_by.file_sequence}" if rated_by.file_sequence is not None else "true"
    cdr = [c[0] for c in con.execute("select * from landed.cdrs limit 0").description or []]
    served = [c[0] for c in con.execute("select * from serving.marts.rated_calls limit 0").description or []]
    columns = ", ".join(name for name in cdr if name in served)
    con.execute(
        f"""
        insert into landed.cdrs by name
        select {columns}, '' as file_id from serving.marts.rated_calls where {where} and {known}
        """,
        this,
    )
    # a CDR that was superseded or withdrawn later took part then
    if rated_by.file_sequence is not None:
        con.execute(
            f"""
            insert into landed.cdrs by name
            select {", ".join(cdr)} from serving.landed.superseded_cdrs as s
            where {where} and {known} and ({names}) not in (select ({names}) from landed.cdrs)
            qualify row_number() over (partition by {names} order by file_sequence desc) = 1
            """,
            this,
        )
    for table in ("rated_calls", "profile_consumption"):
        con.execute(f"insert into marts.{table} by name select * from serving.marts.{table} where {where}", this)
    if rated_by.before >= 0:
        con.execute(
            """
            insert into ops.closings by name
            select * from serving.ops.closings where day = ? and file_sequence <= ?
            """,
            [call["day"], rated_by.before],
        )
    con.execute("insert into run.build_days values (?)", [call["day"]])


def _compare(stored: dict[str, Any], again: dict[str, Any] | None) -> None:
    differing = [
        f"{name} is {stored[name]}, and would be {again[name] if again else 'missing'}"
        for name in stored
        if again is None or stored[name] != again.get(name)
    ]
    if differing:
        raise Refused(
            f"call {stored['call_id']} (attempt {stored['attempt']}) cannot be explained: rated again with the"
            f" configuration it was rated with it comes out otherwise: {'; '.join(differing[:5])}"
            + (f" and {len(differing) - 5} more" if len(differing) > 5 else "")
        )


def _attempt(con: duckdb.DuckDBPyConnection, row: dict[str, Any], rated_by: _Rating) -> Attempt:
    key = (row["source"], row["call_id"], row["attempt"])
    sell, buy = (
        ExplainedLeg(
            **{
                name: row[f"{side}_{name}"]
                for name in (
                    "status", "reason", "account_id", "rate_table_id", "prefix", "destination", "band", "billed_s",
                    "amount", "currency", "account_amount",
                )
            },
            rate=origin(con, side, *key),
            steps=steps(con, side, *key),
        )
        for side in SIDES
    )  # fmt: skip
    return Attempt(
        row["attempt"],
        row["charged_at"],
        row["duration_s"],
        row["called_number"],
        "open" if rated_by.ordinal is None else "closed",
        sell,
        buy,
    )
