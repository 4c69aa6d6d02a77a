"""Rate a random sample of a day's calls again with the independent reference, and compare."""

from __future__ import annotations

import os
import secrets
from datetime import date
from typing import Any

import duckdb

from orchestration.audit.company import Company
from orchestration.audit.rater import Cdr, RatedAttempt, rate
from orchestration.warehouse import Home

SAMPLE = 200
_LEG = (
    "account_id", "rate_table_id", "prefix", "destination", "band", "rate_per_minute", "billed_s",
    "amount", "currency", "account_amount", "reporting_amount", "status", "reason",
)  # fmt: skip
# A leg with a reason is told by these alone: how far the look-up got before it stopped is not a promise.
_REASONED = ("account_id", "amount", "account_amount", "reporting_amount", "status", "reason")
_CDR = (
    "source", "call_id", "attempt", "started_at", "answered_at", "ended_at", "duration_s",
    "calling_number", "called_number", "routing_number", "ingress_trunk", "egress_trunk",
    "carrier_amount", "carrier_currency", "carrier_billed_s",
)  # fmt: skip


def audit_day(con: duckdb.DuckDBPyConnection, home: Home, day: date, sample: int = SAMPLE) -> list[str]:
    """Differences between the stored legs of `sample` random calls of `day` and the reference, in words.

    Looks at legs that are not closed yet: those of a closed day keep the configuration they were
    closed with. `TOLLBOOK_AUDIT_SEED` repeats a choice; without it nobody can tell it beforehand.
    """
    seed = os.environ.get("TOLLBOOK_AUDIT_SEED") or secrets.token_hex(8)
    con.execute(
        """
        create or replace temp table audited as
        with fresh as (
            select source, call_id
            from marts.rated_calls
            where day = $day and file_sequence > coalesce(
                (select max(file_sequence) from ops.closings where day = $day), -1
            )
        )
        select distinct source, call_id
        from fresh
        order by hash(source, call_id, $seed)
        limit $sample
        """,
        {"day": day, "seed": seed, "sample": sample},
    )
    cdrs = _cdrs(con, day)
    stored = _stored(con, day)
    numbers = {n for c in cdrs for n in (c.called_number, c.routing_number, c.calling_number) if n}
    company = Company.load(home.seeds, numbers=numbers)
    # which attempt has the sell leg of a call that is partly closed, the closed attempts decided
    partly_closed = {(c.source, c.call_id) for c in cdrs if (c.source, c.call_id, c.attempt) not in stored}
    differences: list[str] = []
    for rated in rate(company, cdrs):
        if row := stored.get((rated.source, rated.call_id, rated.attempt)):
            whole = (rated.source, rated.call_id) not in partly_closed
            differences.extend(compare(rated, row, sell=whole))
    return differences


def compare(rated: RatedAttempt, row: dict[str, Any], *, sell: bool = True) -> list[str]:
    """Where a stored row of rated_calls says other than the reference, one line a column.

    `sell` False leaves the sell leg and the margin out.
    """
    found = []
    sides = (("sell", rated.sell), ("buy", rated.buy)) if sell else (("buy", rated.buy),)
    for side, leg in sides:
        for column in _REASONED if leg.reason else _LEG:
            expected, said = getattr(leg, column), row[f"{side}_{column}"]
            if column == "band":  # no band is empty here and there nothing
                expected, said = expected or None, said or None
            if expected != said:
                found.append(_words(rated, f"{side}_{column}", expected, said))
    if sell and rated.margin != row["margin"]:
        found.append(_words(rated, "margin", rated.margin, row["margin"]))
    return found


def _words(rated: RatedAttempt, column: str, expected: object, said: object) -> str:
    return (
        f"call {rated.call_id} attempt {rated.attempt} of {rated.source}: {column} is {said}, "
        f"an independent calculation gives {expected}"
    )


def _cdrs(con: duckdb.DuckDBPyConnection, day: date) -> list[Cdr]:
    con.execute(
        f"""
        select {", ".join(_CDR)}
        from landed.cdrs
        semi join audited using (source, call_id)
        where day = ?
        order by source, call_id, attempt
        """,
        [day],
    )
    return [Cdr(**dict(zip(_CDR, row, strict=True))) for row in con.fetchall()]


def _stored(con: duckdb.DuckDBPyConnection, day: date) -> dict[tuple[str, str, int], dict[str, Any]]:
    con.execute(
        """
        select * from marts.rated_calls
        semi join audited using (source, call_id)
        where day = $day and file_sequence > coalesce(
            (select max(file_sequence) from ops.closings where day = $day), -1
        )
        """,
        {"day": day},
    )
    names = [column[0] for column in con.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in con.fetchall()]
    return {(row["source"], row["call_id"], row["attempt"]): row for row in rows}
