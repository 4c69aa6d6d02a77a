"""What goes into the reference rater and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from orchestration.audit.times import seconds

RATED, UNRATED, NONE = "rated", "unrated", "none"


@dataclass(frozen=True)
class Cdr:
    """One attempt of a call as it landed.

    Times are naive UTC, seconds and amounts exact; a missing trunk, number or currency may be
    None or an empty string.
    """

    source: str
    call_id: str
    attempt: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_s: Decimal
    calling_number: str | None
    called_number: str | None
    routing_number: str | None
    ingress_trunk: str | None
    egress_trunk: str | None
    carrier_amount: Decimal | None = None
    carrier_currency: str | None = None
    carrier_billed_s: Decimal | None = None

    @property
    def answered(self) -> bool:
        """A call is answered when it has a duration."""
        return self.duration_s > 0

    @property
    def charged_at(self) -> datetime:
        """The one instant (UTC) that decides everything about the attempt."""
        if self.answered and self.answered_at is not None:
            return self.answered_at
        if self.answered and self.ended_at is not None:
            return self.ended_at - seconds(self.duration_s)
        return self.started_at


@dataclass(frozen=True)
class Leg:
    """What one side of an attempt says; None where the warehouse has a null.

    `amount` is in `currency` (the rate table's), `account_amount` in the account's currency,
    `reporting_amount` in the company's; `prefix` is '' for the default route and None without
    a rate row; `status` is rated, unrated or none. `covered_s` are the seconds that duration
    profiles covered, `covered_amount` (account's currency) what cost profiles took.
    """

    account_id: str | None = None
    rate_table_id: str | None = None
    prefix: str | None = None
    destination: str | None = None
    band: str | None = None
    rate_per_minute: Fraction | None = None
    billed_s: Fraction | None = None
    amount: Fraction | None = None
    currency: str | None = None
    account_amount: Fraction | None = None
    reporting_amount: Fraction | None = None
    covered_s: Fraction | None = None
    covered_amount: Fraction | None = None
    status: str = NONE
    reason: str | None = None


NO_LEG = Leg()


class Cover(NamedTuple):
    """What a sell leg took from a profile: `seconds` of a duration profile, `amount` of a cost profile.

    `period` is the first local date of the profile's period; the other quantity is 0.
    """

    profile_id: str
    period: date
    seconds: Fraction
    amount: Fraction


@dataclass(frozen=True)
class RatedAttempt:
    """Both legs of an attempt; `margin` is in the reporting currency, None when unknown.

    `covers` is what the sell leg took from consumption profiles, in order. `problem` says what
    is wrong with the covers that were listed for it (see `rate`); the wrong ones are not taken.
    """

    source: str
    call_id: str
    attempt: int
    charged_at: datetime
    day: date
    sell: Leg
    buy: Leg
    margin: Fraction | None
    covers: tuple[Cover, ...] = ()
    problem: str | None = None
