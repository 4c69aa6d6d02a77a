"""What commands take: days, times, amounts, numbers, seconds, shares; each says what would have been right. Nothing
that is given is overlooked: no option that is given twice, nothing that is empty.

How they are read is in orchestration/typed.py.
"""

from __future__ import annotations

import shlex
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, TypeVar

import click

from orchestration import typed
from orchestration.store import clock_back

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
RAW = click.option(
    "--raw",
    is_flag=True,
    help="Leave texts in the CSV as they are, for machines: a spreadsheet may take some for formulas.",
)
# with these a command enters nothing
_ONLY_ASKS = ("draft", "dry_run")


class Command(click.Command):
    """A command that takes each option once, and no empty argument, as of a variable that is not set."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not all(map(str.strip, args)):
            place = next(i for i, text in enumerate(args, start=1) if not text.strip())
            given = f"{ctx.command_path} {shlex.join(args)}"
            raise click.UsageError(
                f"the argument number {place} is empty ({given}); write a value, or leave it out", ctx
            )
        _, _, given_in_order = self.make_parser(ctx).parse_args(list(args))
        known: dict[str | None, click.Parameter] = {}
        for each in given_in_order:
            before = known.setdefault(each.name, each)
            if isinstance(each, click.Option) and before is not each:
                raise click.UsageError(f"{before.opts[0]} and {each.opts[0]} exclude each other; give one", ctx)
        options = [each for each in given_in_order if isinstance(each, click.Option) and not each.multiple]
        if twice := next((each for each in options if options.count(each) > 1), None):
            raise click.UsageError(f"{twice.opts[-1]} is given more than once; give it once", ctx)
        rest = super().parse_args(ctx, args)
        for each in self.params:
            value = ctx.params.get(each.name or "")
            values = value if isinstance(value, tuple) else [value]
            if not all(typed.is_text(text) for text in values if isinstance(text, str)):
                raise click.UsageError(f"{each.get_error_hint(ctx)} is not UTF-8; write it in UTF-8", ctx)
        if reason := ctx.params.pop("clock_back", None):
            if asks := next((name for name in _ONLY_ASKS if ctx.params.get(name)), None):
                raise click.UsageError(f"--clock-back and --{asks.replace('_', '-')} exclude each other; give one", ctx)
            ctx.with_resource(clock_back.allowed(reason))
        return rest


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


_Value = TypeVar("_Value")


class _Typed(click.ParamType[_Value]):
    """A value that is typed as text; `right` says what would have been right."""

    right: ClassVar[str]

    def read(self, text: str) -> _Value | None:
        raise NotImplementedError

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> _Value:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # a default
        parsed = self.read(value)
        if parsed is None:
            self.fail(f"{value!r} is not {self.right}", param, ctx)
        return parsed


class Amount(_Typed[Decimal]):
    """An exact amount above 0."""

    name = "AMOUNT"
    right = "an amount above 0 of at most 12 digits and 8 decimals; write it in plain digits, such as 1000 or 0.75"

    def read(self, text: str) -> Decimal | None:
        return typed.amount(text)


class Seconds(_Typed[Decimal]):
    """Seconds above 0, to the millisecond."""

    name = "SECONDS"
    right = "a number of seconds above 0, of at most 900000000; write it in plain digits, such as 60 or 61.5"

    def read(self, text: str) -> Decimal | None:
        seconds = typed.number(text)
        fits = seconds is not None and 0 < seconds <= 900_000_000 and typed.decimals(seconds) <= 3
        return seconds if fits else None


class Share(_Typed[Fraction]):
    """A share of a whole, as 0.35 or 35%."""

    name = "SHARE"
    right = "a share; write it in plain digits, such as 0.35 or 35%"

    def read(self, text: str) -> Fraction | None:
        number = None if text.startswith("-") else typed.number(text.removesuffix("%"))
        share = None if number is None else Fraction(number) / (100 if text.endswith("%") else 1)
        return share if share is not None and 0 <= share <= 1 else None


class Whole(_Typed[int]):
    """A whole number from `low` to `high`."""

    name = "NUMBER"

    def __init__(self, low: int = 0, high: int = 2**31 - 1) -> None:
        self.low, self.high = low, high

    @property
    def right(self) -> str:  # type: ignore[override]
        return f"a whole number from {self.low} to {self.high}; write it in plain digits"

    def read(self, text: str) -> int | None:
        number = typed.whole(text)
        return number if number is not None and self.low <= number <= self.high else None


class Instant(_Typed[datetime]):
    """A time, ISO 8601; UTC where it has no offset."""

    name = "TIME"
    right = "a time; write 2026-03-31T09:00:00, of a year from 1990 to 2100"

    def read(self, text: str) -> datetime | None:
        return typed.timely(typed.instant(text))


class Day(_Typed[date]):
    """A UTC day, YYYY-MM-DD."""

    name = "DAY"
    right = "a day; write 2026-03-31, of a year from 1990 to 2100"

    def read(self, text: str) -> date | None:
        return typed.timely(typed.day(text))


class Month(_Typed[date]):
    """A UTC month, YYYY-MM: its first day."""

    name = "MONTH"
    right = "a month; write 2026-03, of a year from 1990 to 2100"

    def read(self, text: str) -> date | None:
        return typed.timely(typed.month(text))


class Text(_Typed[str]):
    """Words that are kept, on one line."""

    name = "TEXT"
    right = "a text that can be kept; write one line of at most 1,000 characters, none of them for control"

    def read(self, text: str) -> str | None:
        return None if typed.text_fault(text, 1_000) else text


class FileId(_Typed[str]):
    """The id of a landed file, or its beginning."""

    name = "FILE_ID"
    right = "a FILE_ID; write at least 6 of its hexadecimal digits, as tollbook land --json and ops.files have them"

    def read(self, text: str) -> str | None:
        return typed.file_id(text)


CLOCK_BACK = click.option(
    "--clock-back",
    type=Text(),
    metavar="REASON",
    help="Enter it although the clock is before the last change, and say why.",
)
