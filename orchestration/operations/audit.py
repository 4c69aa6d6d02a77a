"""Rate a random sample of a day's calls again with the independent reference, and compare."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Sample:
    """The attempts of a day's audited calls as they landed, and their stored rows that are not closed yet."""

    cdrs: list[Cdr]
    stored: dict[tuple[str, str, int], dict[str, Any]]


def audit_days(
    con: duckdb.DuckDBPyConnection, home: Home, days: Sequence[date], sample: int = SAMPLE
) -> dict[date, list[str]]:
    """By day, where the stored legs of `sample` random calls differ from the reference, in words.

    Looks at legs that are not closed yet: those of a closed day keep the configuration they were
    closed with. `TOLLBOOK_AUDIT_SEED` repeats a choice; without it nobody can tell it beforehand.
    """
    seed = os.environ.get("TOLLBOOK_AUDIT_SEED") or secrets.token_hex(8)
    samples = {day: _sample(con, day, seed, sample) for day in days}
    cdrs = [cdr for taken in samples.values() for cdr in taken.cdrs]
    numbers = {n for c in cdrs for n in (c.called_number, c.routing_number, c.calling_number) if n}
    company = Company.load(home.seeds, numbers=numbers)
    return {day: _differences(company, taken) for day, taken in samples.items()}


def _differences(company: Company, taken: _Sample) -> list[str]:
    # which attempt has the sell leg of a call that is partly closed, the closed attempts decided
    partly_closed = {(c.source, c.call_id) for c in taken.cdrs if (c.source, c.call_id, c.attempt) not in taken.stored}
    found: list[str] = []
    for rated in rate(company, taken.cdrs):
        if row := taken.stored.get((rated.source, rated.call_id, rated.attempt)):
            found.extend(compare(rated, row, sell=(rated.source, rated.call_id) not in partly_closed))
    return found


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


_FRESH = """
    day = $day and file_sequence > coalesce((select max(file_sequence) from ops.closings where day = $day), -1)
"""


def _sample(con: duckdb.DuckDBPyConnection, day: date, seed: str, sample: int) -> _Sample:
    calls = con.execute(
        f"""
        select distinct source, call_id
        from marts.rated_calls
        where {_FRESH}
        order by hash(source, call_id, $seed)
        limit $sample
        """,
        {"day": day, "seed": seed, "sample": sample},
    ).fetchall()
    if not calls:
        return _Sample([], {})
    # the ids as literals: read with the files, before any other column of them is
    ids = ", ".join("'" + call_id.replace("'", "''") + "'" for _, call_id in calls)
    chosen = set(calls)
    landed = _rows(con, f"select {', '.join(_CDR)} from landed.cdrs where day = $day and call_id in ({ids})", day)
    stored = _rows(con, f"select * from marts.rated_calls where {_FRESH} and call_id in ({ids})", day)
    return _Sample(
        [Cdr(**row) for row in landed if (row["source"], row["call_id"]) in chosen],
        {(row["source"], row["call_id"], row["attempt"]): row for row in stored},
    )


def _rows(con: duckdb.DuckDBPyConnection, query: str, day: date) -> list[dict[str, Any]]:
    con.execute(query, {"day": day})
    names = [column[0] for column in con.description or []]
    return [dict(zip(names, row, strict=True)) for row in con.fetchall()]
