"""What the company's other systems write: messages and numbers, payments, resources in use."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from demo.cdr import write

MESSAGES_A_DAY = {"callcentro": 120, "thameside": 60, "lakeview": 90, "sandpiper": 15}
NUMBERS_BOUGHT = ((0, "lakeview", 2), (1, "thameside", 5), (2, "wattle", 1), (3, "brueckner", 3))

# day, time, account, amount, currency, method, entered by
PAYMENTS = (
    (0, "00:05:00", "lakeview", "400.00", "USD", "card", ""),
    (0, "00:06:30", "callcentro", "250.00", "EUR", "bank_transfer", ""),
    (0, "00:07:10", "padma", "120.00", "USD", "bank_transfer", ""),
    (0, "00:09:00", "sandpiper", "35.00", "GBP", "paypal", ""),
    (0, "00:11:45", "wattle", "100.00", "USD", "card", ""),
    (0, "10:30:00", "brueckner", "320.50", "EUR", "bank_transfer", "nora"),
    (1, "08:15:20", "padma", "60.00", "USD", "voucher", ""),
    (1, "09:00:00", "thameside", "500.00", "GBP", "bank_transfer", "nora"),
    (1, "12:40:00", "lakeview", "150.00", "USD", "card", ""),
    (1, "15:02:11", "callcentro", "100.00", "USD", "card", ""),  # an account in EUR: rejected
    (2, "07:55:00", "callcentro", "100.00", "EUR", "card", ""),
    (2, "16:20:00", "atlas", "-250.00", "USD", "bank_transfer", "nora"),
    (3, "11:11:11", "harborline", "1000.00", "USD", "bank_transfer", "nora"),
    (3, "18:30:00", "sandpiper", "20.00", "GBP", "cash", "imani"),
)

# account, resource, count: one is above what its plan allows
RESOURCES = (
    ("lakeview", "extensions", 180),
    ("lakeview", "channels", 64),
    ("brueckner", "extensions", 120),
    ("brueckner", "numbers", 30),
    ("callcentro", "channels", 90),
    ("thameside", "extensions", 75),
    ("prairie", "extensions", 31),
    ("sandpiper", "channels", 4),
    ("wattle", "extensions", 19),
    ("wattle", "numbers", 3),
    ("harborline", "channels", 610),
)


def usage(directory: Path, randomness: random.Random, first_day: date, days: int) -> None:
    """Messages a day, and now and then a number, in `usage/smsc/`."""
    for day in range(days):
        rows: list[tuple[str, str, str, int]] = []
        for account, mean in MESSAGES_A_DAY.items():
            for _ in range(randomness.randrange(mean * 4 // 5, mean * 6 // 5)):
                quantity = randomness.choices((1, 2, 3), (85, 12, 3))[0]
                rows.append((_time_of_day(randomness), account, "message", quantity))
        rows += [
            (_time_of_day(randomness), account, "number", quantity)
            for on, account, quantity in NUMBERS_BOUGHT
            if on == day
        ]
        date_ = first_day + timedelta(days=day)
        lines = ["usage_id,occurred_at,account_id,service,quantity"]
        lines += [
            f"u{date_:%m%d}-{n:05d},{date_}T{time}Z,{account},{service},{quantity}"
            for n, (time, account, service, quantity) in enumerate(sorted(rows), start=1)
        ]
        write(directory / "usage" / "smsc" / f"smsc_{date_:%Y%m%d}.csv", "\n".join([*lines, ""]))


def payments(directory: Path, first_day: date, days: int) -> None:
    """A file a day in `payments/bank/`; with fewer days the later payments fall on the last."""
    for day in range(days):
        date_ = first_day + timedelta(days=day)
        lines = ["payment_id,paid_at,account_id,amount,currency,method,entered_by"]
        for number, (on, time, *cells) in enumerate(PAYMENTS, start=1):
            if min(on, days - 1) == day:
                lines.append(",".join([f"p-{number:04d}", f"{date_}T{time}Z", *cells]))
        write(directory / "payments" / "bank" / f"bank_{date_:%Y%m%d}.csv", "\n".join([*lines, ""]))


def resources(directory: Path, randomness: random.Random, first_day: date, days: int) -> None:
    """What each account had in use at noon, in `resources/switch/`."""
    for day in range(days):
        date_ = first_day + timedelta(days=day)
        lines = ["observed_at,account_id,resource,count"]
        for account, resource, count in RESOURCES:
            now = count + (randomness.randrange(4) if resource == "channels" else 0)
            lines.append(f"{date_}T12:00:00Z,{account},{resource},{now}")
        name = f"switch_{date_:%Y%m%d}.csv"
        write(directory / "resources" / "switch" / name, "\n".join([*lines, ""]))


def _time_of_day(randomness: random.Random) -> str:
    second = randomness.randrange(6 * 3600, 23 * 3600)
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
