"""What usage and subscriptions cost, in exact fractions (docs/configuration.md and docs/rating.md, section 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.proof.configured import DAY, Configured, rounded
from tests.proof.landed import Row


@dataclass(frozen=True)
class Charge:
    """A usage record or a charge of a subscription; `amount` in the account's currency, None without a price."""

    kind: str
    identity: tuple[str, ...]
    at: datetime
    account: str
    service: str
    quantity: Fraction
    days: int
    of_days: int
    unit_price: Fraction | None
    currency: str | None
    amount: Fraction | None

    @property
    def day(self) -> date:
        return self.at.date()


def used(configured: Configured, row: Row) -> Charge:
    """A usage record, priced."""
    cells = row.cells
    charge = Charge("usage", row.identity, row.at, cells["account_id"], cells["service"], Fraction(cells["quantity"]),
                    1, 1, None, None, None)  # fmt: skip
    return _priced(configured, charge, row.at)


def subscribed(configured: Configured, now: datetime) -> Iterator[Charge]:
    """What subscriptions have charged by now: once, or for each month in advance, on the first day held in it.

    Days are those of the account; with `prorate` a month costs the part of its days that it is held.
    """
    for row in configured.subscriptions:
        terms = configured.terms[row["account_id"]]
        begins = date.fromisoformat(row["valid_from"])
        ends = date.fromisoformat(row["valid_to"]) if row.get("valid_to") else date.max - 40 * DAY
        parts = [(row["subscription_id"], begins, 1, 1)]
        if row["charge"] == "monthly":
            parts = list(_months(row["subscription_id"], begins, ends, row.get("prorate") == "true", now.date() + DAY))
        for name, first, days, of_days in parts:
            at = terms.begins(first)
            if at <= now and first < ends:
                charge = Charge("subscription", ("subscriptions", name), at, terms.account_id, row["service"],
                                Fraction(row.get("quantity") or 1), days, of_days, None, None, None)  # fmt: skip
                # a price that changes with the month changes at the account's midnight
                yield _priced(configured, charge, datetime(first.year, first.month, first.day))


def _months(name: str, begins: date, ends: date, prorated: bool, until: date) -> Iterator[tuple[str, date, int, int]]:
    month = begins.replace(day=1)
    while month <= until:
        following = (month + timedelta(days=32)).replace(day=1)
        first, last = max(month, begins), min(following, ends)
        if first < last:
            length = (following - month).days
            yield f"{name} {month:%Y-%m}", first, (last - first).days if prorated else length, length
        month = following


def _priced(configured: Configured, charge: Charge, priced_at: datetime) -> Charge:
    price = configured.price(charge.service, charge.account, priced_at)
    if price is None:
        return charge
    exact = charge.quantity * price.unit_price * charge.days / charge.of_days
    amount = rounded(exact, price.decimals, price.rounding)
    own = configured.converted(amount, price.currency, configured.terms[charge.account].currency, charge.day)
    return Charge(charge.kind, charge.identity, charge.at, charge.account, charge.service, charge.quantity,
                  charge.days, charge.of_days, price.unit_price, price.currency, own)  # fmt: skip
