"""What the trends page says of a month, before it is a page. Says it all: nothing else is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class WaterfallRow:
    """A row of a waterfall: a step, or what is `lost` between two (below 0: gained). `amount` is CDRs or money.

    `items` are the legs, usage records and charges behind money. A step is the step before less what was lost since.
    """

    name: str
    amount: Decimal
    lost: bool = False
    items: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Waterfall:
    """A month's way from the first row to the last, of one unit: CDRs or a currency."""

    unit: str
    rows: Sequence[WaterfallRow]


@dataclass(frozen=True)
class Source:
    """A source's month in CDRs. The switch's count is of `counted_days` of its `days`, null without any."""

    source: str
    days: int
    counted_days: int
    switch_cdrs: int | None
    not_seen_cdrs: int | None
    seen_cdrs: int
    rejected_cdrs: int
    waived_cdrs: int
    landed_cdrs: int
    unrated_cdrs: int
    not_rated_cdrs: int
    rated_cdrs: int


@dataclass(frozen=True)
class UnfinishedDay:
    """A UTC day that is not closed, and the names of the assertions that did not hold."""

    day: date
    status: str
    failed_checks: str


@dataclass(frozen=True)
class BudgetDay:
    """A department's UTC day in the budget's currency; amounts are null while a rate of exchange is missing."""

    day: date
    spent: Decimal | None
    cumulative: Decimal | None
    remaining: Decimal | None
    forecast: Decimal | None
    status: str
    reason: str | None


@dataclass(frozen=True)
class Budget:
    """A department's month; `days` from the first of the month until the last or today."""

    department: str
    amount: Decimal
    currency: str
    days: Sequence[BudgetDay]


@dataclass(frozen=True)
class Anomaly:
    """Something out of the ordinary, with the sentence that says so; `hour` in UTC."""

    hour: datetime
    severity: str
    rule: str
    account_id: str
    account: str | None
    detail: str


@dataclass(frozen=True)
class Balance:
    """A low or exhausted account; a balance is what we owe it."""

    account_id: str
    account: str | None
    status: str
    balance: Decimal
    available: Decimal
    credit_limit: Decimal | None
    low_balance_threshold: Decimal | None
    currency: str


@dataclass(frozen=True)
class Owed:
    """What a customer owes us by age, or all of a currency together (`account_id` None)."""

    account_id: str | None
    account: str | None
    currency: str
    current: Decimal
    days_1_30: Decimal
    days_31_60: Decimal
    days_61_90: Decimal
    over_90: Decimal
    open: Decimal
    unbilled: Decimal
    unallocated: Decimal
    net: Decimal


@dataclass(frozen=True)
class PublishedMonth:
    """A month (its first UTC day) as published. Balances and receivables are as of the publication, not of the month.

    `cdrs` are of all sources together, None when none came; `days` counts the month's days by status.
    """

    month: date
    published_at: datetime
    days: Sequence[tuple[str, int]]
    unfinished: Sequence[UnfinishedDay]
    cdrs: Waterfall | None
    switch_count: Source | None
    sources: Sequence[Source]
    money: Sequence[Waterfall]
    budgets: Sequence[Budget]
    anomalies: Sequence[Anomaly]
    accounts: int
    balances: Sequence[Balance]
    receivables: Sequence[Owed]
