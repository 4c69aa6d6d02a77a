"""What commands take: days, times, amounts, seconds, shares; each says what would have been right."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")


class Amount(click.ParamType[Decimal]):
    """An exact amount above 0."""

    name = "AMOUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = value if isinstance(value, Decimal) else Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount <= 0:
            self.fail(f"{value} is not an amount above 0; write 0.75", param, ctx)
        return amount


class Seconds(click.ParamType[Decimal]):
    """Seconds above 0, to the millisecond."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            seconds = value if isinstance(value, Decimal) else Decimal(str(value))
        except InvalidOperation:
            seconds = Decimal("NaN")
        if not seconds.is_finite() or not 0 < seconds <= 900_000_000 or seconds != round(seconds, 3):
            self.fail(f"{value} is not a number of seconds; write 60 or 61.5", param, ctx)
        return seconds


class Share(click.ParamType[Fraction]):
    """A share of a whole, as 0.35 or 35%."""

    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        text = str(value).strip()
        try:
            number = Decimal(text.removesuffix("%"))
            share = Fraction(number) / (100 if text.endswith("%") else 1)
        except (InvalidOperation, ValueError, OverflowError):
            share = Fraction(-1)
        if not 0 <= share <= 1:
            self.fail(f"{value} is not a share; write 0.35 or 35%", param, ctx)
        return share


class Instant(click.ParamType[datetime]):
    """A time, ISO 8601; UTC where it has no offset."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a time; write 2026-03-31T09:00:00", param, ctx)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


class Day(click.ParamType[date]):
    """A UTC day, YYYY-MM-DD."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a day; write 2026-03-31", param, ctx)


class Month(click.ParamType[date]):
    """A UTC month, YYYY-MM: its first day."""

    name = "MONTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            if isinstance(value, date):
                return value
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", value):
                raise ValueError
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value} is not a month; write 2026-03", param, ctx)
