"""What a check warns of about services that are subscribed to: charges without a price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from orchestration.configuration.in_force import Span
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets, span
from orchestration.typed import instant


def without_prices(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Subscriptions whose charge of this month, or the one after it, has no price on its day: `no_rate`."""
    prices: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for service, account, start, end in sheets["service_rates"].columns(
        "service", "account_id", "valid_from", "valid_to"
    ):
        if held := span(start, end):
            prices[service, account].append(held)
    ends = sheets["accounts"].mapping("account_id", "valid_to")
    sheet, told = sheets["subscriptions"], set()
    for row, (service, account, charge, start, end) in enumerate(
        sheet.columns("service", "account_id", "charge", "valid_from", "valid_to")
    ):
        held = span(start, end)
        if not held or service in told:
            continue
        held = held[0], min(held[1], instant(ends.get(account, "")) or datetime.max)
        priced = [*prices[service, ""], *prices[service, account]]
        for at in _charged(charge, held, now):
            if not any(since <= at < until for since, until in priced):
                told.add(service)
                wrong = f"{service} has no price for {account} on {at.date()}: what it charges then would be unrated "
                right = "add a price to service_rates.csv that is in force then, or end the subscription"
                yield sheet.at(row, "service", wrong + "(no_rate)", right)
                break


def _charged(charge: str, held: Span, now: datetime) -> list[datetime]:
    """When something is charged in this month or later: at first, and the next time. By the calendar of the account."""
    begins, ends = held
    month = datetime.combine(now.date().replace(day=1), time.min)
    if charge == "once":
        days = [begins]
    else:
        first = max(begins, month)
        # the 1st of the month after it
        days = [first, (first.replace(day=1) + timedelta(days=31)).replace(day=1)]
    return [day for day in days if month <= day < ends]
