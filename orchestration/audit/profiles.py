"""Consumption profiles: whose allowance it is, for which calls, and in which period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.audit.files import read_csv
from orchestration.audit.times import in_force, parse_instant

DURATION, COST = "duration", "cost"
DAY, WEEK, MONTH = "day", "week", "month"


@dataclass(frozen=True)
class Profile:
    """An account's allowance per period: seconds (duration) or an amount in its currency (cost)."""

    profile_id: str
    rule: str
    allowance: Fraction
    period: str
    prefixes: Sequence[str]
    priority: int
    valid_from: datetime | None
    valid_to: datetime | None

    def applies(self, number: str, t: datetime) -> bool:
        """Whether the profile is in force at `t` and for the cleaned number."""
        return in_force(self.valid_from, self.valid_to, t) and (
            not self.prefixes or number.startswith(tuple(self.prefixes))
        )

    def period_of(self, t: datetime, timezone: ZoneInfo) -> date:
        """The first local date of the day, week (from Monday) or month that holds the UTC instant."""
        local = t.replace(tzinfo=UTC).astimezone(timezone).date()
        if self.period == WEEK:
            return local - timedelta(days=local.weekday())
        return local.replace(day=1) if self.period == MONTH else local


def load_profiles(path: Path) -> dict[str, list[Profile]]:
    """The profiles of each account, in the order in which they are used up."""
    profiles: dict[str, list[Profile]] = defaultdict(list)
    for record in read_csv(path):
        profiles[record.required("account_id")].append(
            Profile(
                profile_id=record.required("profile_id"),
                rule=record.one_of("rule", (DURATION, COST)),
                allowance=record.needed("allowance", Fraction),
                period=record.one_of("period", (DAY, WEEK, MONTH)),
                prefixes=tuple(record.text("prefixes").split()),
                priority=record.parsed("priority", int) or 0,
                valid_from=record.parsed("valid_from", parse_instant),
                valid_to=record.parsed("valid_to", parse_instant),
            )
        )
    # A stable sort: of equal priorities the earlier line is used up first.
    return {
        account: sorted(of_account, key=lambda profile: (profile.rule == COST, profile.priority))
        for account, of_account in profiles.items()
    }
