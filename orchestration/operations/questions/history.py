"""What an account's own calls were like of late: how many were answered, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import duckdb

from orchestration.operations.questions.rounding import rounded
from orchestration.store.database import dict_rows

# The account's own history: so many days back, of them those with so many calls.
HISTORY_DAYS = 30
ENOUGH_CALLS = 20
# a campaign is made, not received: calls to the account's own numbers came in by somebody else's trunk
OWN_TRUNKS = "(select trunk_id from config.trunks where direction = 'ingress' and account_id = $account)"


@dataclass(frozen=True)
class HistoryDay:
    """A day of the account's own calls; `ms`: how long those that were answered took, together."""

    day: date
    calls: int
    answered: int
    ms: int


def history(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> list[HistoryDay]:
    rows = dict_rows(
        con,
        f"""
        select
            day,
            count(*) as calls,
            count(*) filter (where answered) as answered,
            (coalesce(sum(duration_s) filter (where answered), 0) * 1000)::BIGINT as ms
        from serving.marts.rated_calls
        where sell_account_id = $account and day >= $first and day <= $last and ingress_trunk in {OWN_TRUNKS}
            and sell_status <> 'none'
        group by day
        having count(*) >= $enough and count(*) filter (where answered) > 0
        order by day
        """,
        {
            "account": account,
            "first": at.date() - timedelta(days=HISTORY_DAYS),
            "last": at.date(),
            "enough": ENOUGH_CALLS,
        },
    )
    return [HistoryDay(**row) for row in rows] if len(rows) > 1 else []


def ends(days: Sequence[HistoryDay]) -> tuple[tuple[Fraction, Decimal], tuple[Fraction, Decimal]]:
    """The 10th and 90th percentile (nearest rank) by day of answer rate and of average seconds, each by itself."""
    rates = sorted(Fraction(day.answered, day.calls) for day in days)
    lengths = sorted(Fraction(day.ms, day.answered) / 1000 for day in days)
    low, high = (-(-len(days) * tenths // 10) - 1 for tenths in (1, 9))
    return (rates[low], rounded(lengths[low], 3)), (rates[high], rounded(lengths[high], 3))
