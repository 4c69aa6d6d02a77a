"""A version of the configuration: the reference rater's company, and what the ledger needs beside it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.audit.company import Company
from orchestration.audit.times import parse_instant

MINOR = {"JPY": 0, "KWD": 3}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """How an account is billed; `tax` is a fraction of 1."""

    account_id: str
    kind: str
    currency: str
    timezone: ZoneInfo
    cycle: str
    prepaid: bool
    credit_limit: Fraction | None
    buffer: Fraction
    threshold: Fraction | None
    tax: Fraction
    due_days: int

    def period_of(self, t: datetime) -> date:
        """First day of the billing period that holds the instant (UTC)."""
        return self.period_with(t.replace(tzinfo=UTC).astimezone(self.timezone).date())

    def period_with(self, day: date) -> date:
        """First day of the billing period that holds the day."""
        if self.cycle == "weekly":
            return day - day.weekday() * DAY
        return day.replace(day=16 if self.cycle == "semimonthly" and day.day > 15 else 1)

    def end_of(self, period: date) -> date:
        """Last day of the billing period that begins then."""
        if self.cycle == "weekly":
            return period + 6 * DAY
        if self.cycle == "semimonthly" and period.day == 1:
            return period.replace(day=15)
        return (period.replace(day=1) + 32 * DAY).replace(day=1) - DAY

    def begins(self, day: date) -> datetime:
        """The instant (UTC) at which the day begins there."""
        return datetime(day.year, day.month, day.day, tzinfo=self.timezone).astimezone(UTC).replace(tzinfo=None)

    def minor(self, amount: Fraction) -> Fraction:
        """Rounded half up, away from 0, to the currency's minor unit."""
        return rounded(amount, MINOR.get(self.currency, 2), "half_up")


@dataclass(frozen=True)
class Price:
    """A row of service_rates."""

    service: str
    account: str
    unit_price: Fraction
    currency: str
    decimals: int
    rounding: str
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class Configured:
    """One version of the configuration."""

    company: Company
    terms: Mapping[str, Terms]
    prices: Sequence[Price]
    subscriptions: Sequence[Mapping[str, str]]

    @classmethod
    def load(cls, directory: Path) -> Configured:
        """Read a directory of configuration files."""
        terms = [_terms(row) for row in _rows(directory / "accounts.csv")]
        return cls(
            Company.load(directory),
            {each.account_id: each for each in terms},
            [_price(row) for row in _rows(directory / "service_rates.csv")],
            _rows(directory / "subscriptions.csv"),
        )

    @property
    def currencies(self) -> dict[str, str]:
        return {name: terms.currency for name, terms in self.terms.items()}

    def price(self, service: str, account: str, at: datetime) -> Price | None:
        """The account's own price before everyone's, then the latest, then the later line."""
        found = [
            (price.account == account, price.valid_from or datetime.min, line, price)
            for line, price in enumerate(self.prices)
            if price.service == service
            and price.account in ("", account)
            and (price.valid_from is None or price.valid_from <= at)
            and (price.valid_to is None or at < price.valid_to)
        ]
        return max(found, key=lambda row: row[:3])[3] if found else None

    def converted(self, amount: Fraction, source: str, target: str, on: date) -> Fraction:
        """An amount in another currency, half-even to 8 decimals."""
        if source == target:
            return amount
        rate = self.company.fx_rate(source, target, on)
        assert rate is not None, f"{source} to {target} on {on}"
        return rounded(amount * rate, 8, "half_even")


def rounded(amount: Fraction, decimals: int, how: str) -> Fraction:
    """An amount rounded; half_up and up go away from 0."""
    scaled = abs(amount) * 10**decimals
    whole, rest = divmod(scaled, 1)
    half = Fraction(1, 2)
    up = {
        "up": rest > 0,
        "down": False,
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
    }[how]
    return Fraction(whole + up, 10**decimals) * (1 if amount >= 0 else -1)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _exact(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _terms(row: Mapping[str, str]) -> Terms:
    return Terms(
        row["account_id"],
        row["kind"],
        row["currency"],
        ZoneInfo(row["timezone"] or "UTC"),
        row["billing_cycle"] or "monthly",
        row["payment_model"] != "postpaid",
        _exact(row["credit_limit"]),
        _exact(row["buffer"]) or Fraction(0),
        _exact(row["low_balance_threshold"]),
        (_exact(row["tax_pct"]) or Fraction(0)) / 100,
        int(row["payment_terms_days"] or 0),
    )


def _price(row: Mapping[str, str]) -> Price:
    return Price(
        row["service"],
        row["account_id"],
        Fraction(row["unit_price"]),
        row["currency"],
        int(row.get("amount_decimals") or 4),
        row.get("amount_rounding") or "half_up",
        parse_instant(row["valid_from"]) if row.get("valid_from") else None,
        parse_instant(row["valid_to"]) if row.get("valid_to") else None,
    )
