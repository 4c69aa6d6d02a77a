"""Rate a random sample of a day's calls again with the reference rater, and compare."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import duckdb

from orchestration.audit.company import AcceptedDeck, Company, load_numbering
from orchestration.audit.consumption import Kept
from orchestration.audit.number import prefixes_of
from orchestration.audit.rater import Cdr, RatedAttempt, rate
from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.store.database import dict_rows
from orchestration.store.sql import literal
from orchestration.store.warehouse import Home

SAMPLE = 200
_LEG = (
    "account_id", "rate_table_id", "prefix", "destination", "band", "rate_per_minute", "billed_s",
    "amount", "currency", "account_amount", "reporting_amount", "covered_s", "covered_amount", "status", "reason",
)  # fmt: skip
# A leg with a reason is told by these alone: how far the look-up got before it stopped is not a promise.
_REASONED = (
    "account_id", "amount", "account_amount", "reporting_amount", "covered_s", "covered_amount", "status", "reason",
)  # fmt: skip
_CDR = (
    "source", "call_id", "attempt", "started_at", "answered_at", "ended_at", "duration_s",
    "calling_number", "called_number", "routing_number", "ingress_trunk", "egress_trunk",
    "carrier_amount", "carrier_currency", "carrier_billed_s",
)  # fmt: skip
_DECK = ("line", *CANONICAL_COLUMNS)


@dataclass(frozen=True)
class _Sample:
    """A day's audited calls: their attempts as they landed, and as stored those that are not closed yet.

    `kept` is what the calls before each one have consumed of its account's profiles.
    """

    calls: dict[tuple[str, str], list[Cdr]]
    stored: dict[tuple[str, str, int], dict[str, Any]]
    kept: dict[tuple[str, str], Kept]


def audit_days(
    con: duckdb.DuckDBPyConnection, home: Home, days: Sequence[date], sample: int = SAMPLE
) -> dict[date, list[str]]:
    """By day, where the stored legs of `sample` random calls differ from the reference, in words.

    Looks at legs that are not closed yet: those of a closed day keep the configuration they were
    closed with. `TOLLBOOK_AUDIT_SEED` repeats a choice; without it nobody can tell it beforehand.
    """
    seed = os.environ.get("TOLLBOOK_AUDIT_SEED") or secrets.token_hex(8)
    samples = {day: _sample(con, day, seed, sample) for day in days}
    cdrs = [cdr for taken in samples.values() for attempts in taken.calls.values() for cdr in attempts]
    numbers = {n for c in cdrs for n in (c.called_number, c.routing_number, c.calling_number) if n}
    company = Company.load(home.seeds, numbers=numbers, decks=_decks(con, home, numbers))
    return {day: _differences(company, taken) for day, taken in samples.items()}


def _differences(company: Company, taken: _Sample) -> list[str]:
    differences: list[str] = []
    for call, attempts in taken.calls.items():
        # which attempt has the sell leg of a call that is partly closed, the closed attempts decided
        whole = all((c.source, c.call_id, c.attempt) in taken.stored for c in attempts)
        for rated in rate(company, attempts, kept=taken.kept.get(call)):
            if row := taken.stored.get((rated.source, rated.call_id, rated.attempt)):
                differences.extend(compare(rated, row, sell=whole))
    return differences


def _decks(con: duckdb.DuckDBPyConnection, home: Home, numbers: set[str]) -> list[AcceptedDeck]:
    """The accepted decks in order, as far as the numbers go."""
    wanted = sorted(prefixes_of(numbers, load_numbering(home.seeds).values()))
    columns = ", ".join(f"{column}::VARCHAR" for column in _DECK)
    rows = con.execute(
        f"select deck, {columns} from landed.rates where prefix in (select unnest(?))", [wanted]
    ).fetchall()
    tables = con.execute(
        "select deck, rate_table_id, effective_at from ops.deck_tables where replaces_all order by deck"
    ).fetchall()
    return [
        AcceptedDeck(
            [dict(zip(_DECK, (cell or "" for cell in cells), strict=True)) for d, *cells in rows if d == deck],
            {table: effective_at for d, table, effective_at in tables if d == deck},
        )
        for (deck,) in con.execute("select deck from ops.decks order by deck").fetchall()
    ]


def compare(rated: RatedAttempt, row: dict[str, Any], *, sell: bool = True) -> list[str]:
    """Where a stored row of rated_calls says other than the reference, one line a column.

    `sell` False leaves the sell leg and the margin out.
    """
    differences = []
    sides = (("sell", rated.sell), ("buy", rated.buy)) if sell else (("buy", rated.buy),)
    for side, leg in sides:
        for column in _REASONED if leg.reason else _LEG:
            expected, stored = getattr(leg, column), row[f"{side}_{column}"]
            if column == "band":  # no band is empty here and there nothing
                expected, stored = expected or None, stored or None
            if expected != stored:
                differences.append(_words(rated, f"{side}_{column}", expected, stored))
    if sell and rated.problem:
        differences.append(f"call {rated.call_id} attempt {rated.attempt} of {rated.source}: {rated.problem}")
    if sell and rated.margin != row["margin"]:
        differences.append(_words(rated, "margin", rated.margin, row["margin"]))
    return differences


def _words(rated: RatedAttempt, column: str, expected: object, stored: object) -> str:
    return (
        f"call {rated.call_id} attempt {rated.attempt} of {rated.source}: {column} is {stored}, "
        f"the reference rater says {expected}"
    )


_FRESH = """
    day = $day and file_sequence > coalesce((select max(file_sequence) from ops.closings where day = $day), -1)
"""


# What calls before a call (all of closed days, and those not closed that come first) took of its account's profiles.
_KEPT = """
    with closings as (
        select day, max(file_sequence) as file_sequence from ops.closings group by day
    )
    select l.source, l.call_id, p.profile_id, p.period, sum(p.covered_s + p.covered_amount)
    from marts.rated_calls as l
    inner join marts.profile_consumption as p
        on l.sell_account_id = p.account_id and p.day >= l.day - 33 and p.day <= l.day + 33
    left join closings as k on p.day = k.day
    where
        l.day = $day
        and l.call_id in (select unnest($ids))
        and l.sell_status <> 'none'
        and (
            p.file_sequence <= k.file_sequence
            or (p.charged_at, p.source, p.call_id, p.attempt) < (l.charged_at, l.source, l.call_id, l.attempt)
        )
    group by l.source, l.call_id, p.profile_id, p.period
"""


def _sample(con: duckdb.DuckDBPyConnection, day: date, seed: str, sample: int) -> _Sample:
    chosen = con.execute(
        f"""
        select distinct source, call_id
        from marts.rated_calls
        where {_FRESH}
        order by hash(source, call_id, $seed)
        limit $sample
        """,
        {"day": day, "seed": seed, "sample": sample},
    ).fetchall()
    if not chosen:
        return _Sample({}, {}, {})
    # the ids as literals: read with the files, before any other column of them is
    ids = ", ".join(literal(call_id) for _, call_id in chosen)
    cdrs = f"select {', '.join(_CDR)} from landed.cdrs where day = $day and call_id in ({ids})"
    landed = dict_rows(con, cdrs, {"day": day})
    stored = dict_rows(con, f"select * from marts.rated_calls where {_FRESH} and call_id in ({ids})", {"day": day})
    calls: dict[tuple[str, str], list[Cdr]] = {call: [] for call in chosen}
    for row in landed:
        if (row["source"], row["call_id"]) in calls:
            calls[row["source"], row["call_id"]].append(Cdr(**row))
    kept: dict[tuple[str, str], dict[tuple[str, date], Fraction]] = {}
    if con.execute("select count(*) from config.consumption_profiles").fetchone() != (0,):
        taken = con.execute(_KEPT, {"day": day, "ids": [call_id for _, call_id in chosen]}).fetchall()
        for source, call_id, profile, period, quantity in taken:
            kept.setdefault((source, call_id), {})[profile, period] = Fraction(quantity)
    return _Sample(calls, {(r["source"], r["call_id"], r["attempt"]): r for r in stored}, dict(kept))
