"""The cells of a deck as carriers write them, to canonical text: prices, increments, times, words.

Each function takes one trimmed cell and gives text, or the `Fault` that says what is wrong with it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from zoneinfo import ZoneInfo

from orchestration.configuration.problem import Fault
from orchestration.decks.columns import ACTIONS
from orchestration.decks.mapping import DeckMapping
from orchestration.reading import spreadsheets
from orchestration.typed import decimals, instant

BLOCKED, NOT_OFFERED = "blocked", "not offered"
"""What a price cell may say instead of a price; no number is written so."""

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_SYMBOLS = re.compile(r"[\s\u00a0\u202f$€£¥]")
_INCREMENTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*[/+:|\-]\s*([0-9]+(?:\.[0-9]+)?)")
_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]{1,3})?)\s*(?:s|sec|secs|second|seconds)?\.?", re.IGNORECASE)
_RUN = re.compile("(?:%[dmyYHIMSj]){2,}")  # parts of a date with nothing between them
_ISO = "by ISO 8601"
_EXACT = Context(prec=80)
_MOST = Decimal(999_999_999)


def price(cell: str, mapping: DeckMapping, percent: bool = False) -> str | Fault:
    """A price in its currency's units, scaled; `BLOCKED` or `NOT_OFFERED` where the cell says so.

    `percent`: a markup, which is not scaled and may be negative.
    """
    word = cell.casefold()
    if word in mapping.not_offered:
        return NOT_OFFERED
    if word in mapping.blocked:
        return BLOCKED
    plain = _plain_number(cell, mapping)
    if isinstance(plain, Fault):
        return plain
    amount = Decimal(plain)
    if any(_same_number(amount, other) for other in mapping.blocked):
        return BLOCKED
    if any(_same_number(amount, other) for other in mapping.not_offered):
        return NOT_OFFERED
    with localcontext(_EXACT):
        if not percent:
            amount *= mapping.scale
        if mapping.decimals is not None:
            amount = amount.quantize(Decimal(1).scaleb(-mapping.decimals), ROUND_HALF_UP)
        if amount < 0 and not percent:
            return Fault(
                f'"{cell}" is below 0', "write a price; what stands for blocked goes under blocked in the mapping"
            )
        if percent and amount <= -100:
            return Fault(f'"{cell}" is not above -100', "write more than -100")
        if decimals(amount) > 8:
            right = (
                "write at most 8" if mapping.is_canonical else "set decimals = 8 in the mapping to have them rounded"
            )
            return Fault(f'"{cell}" has {decimals(amount)} decimals', right)
        if amount > _MOST:
            return Fault(f'"{cell}" is too large', f"write at most {_MOST}")
        return f"{amount.normalize() if amount else Decimal(0):f}"


def seconds(cell: str, mapping: DeckMapping) -> str | Fault:
    """A duration such as `60`, `60 s`, `0.5`; empty: inherited from the table."""
    match = _SECONDS.fullmatch(cell.replace(mapping.decimal, ".") if mapping.decimal == "," else cell)
    if not cell:
        return ""
    if match is None:
        return Fault(f'"{cell}" is not a number of seconds', _right(cell, "write it like 60 or 0.5"))
    return _plausible(cell, match[1])


def _plausible(cell: str, text: str) -> str | Fault:
    """Seconds that can be kept exactly: DECIMAL(12, 3)."""
    if Decimal(text) > _MOST:
        return Fault(f'"{cell}" is too large', f"write at most {_MOST} seconds")
    return (
        Fault(f'"{cell}" has parts of a millisecond', "write at most 3 decimals")
        if decimals(Decimal(text)) > 3
        else text
    )


def increments(cell: str, mapping: DeckMapping) -> tuple[str, str] | Fault:
    """`60/6` as the initial and the further increment; one number is both; empty: inherited."""
    if not cell:
        return "", ""
    if match := _INCREMENTS.fullmatch(cell):
        first, further = _plausible(cell, match[1]), _plausible(cell, match[2])
        if isinstance(first, Fault):
            return first
        return further if isinstance(further, Fault) else (first, further)
    one = seconds(cell, mapping)
    if isinstance(one, Fault) and not _SECONDS.fullmatch(cell):
        return Fault(f'"{cell}" is not a pair of increments', _right(cell, "write it like 60/6"))
    return one if isinstance(one, Fault) else (one, one)


def moment(cell: str, mapping: DeckMapping, formats: tuple[str, ...] = ()) -> str | Fault:
    """A date or time as UTC, ISO 8601; empty stays empty.

    ISO 8601 is always understood; a time without an offset is in the mapping's zone, one that DST repeats is its
    first pass, one that it skips is moved on by the gap.
    """
    if not cell:
        return ""
    readings = _readings(cell, formats or mapping.date_formats)
    if not readings:
        return _no_date(cell, mapping, formats)
    if mapping.rules > 4 and (fault := _doubtful(cell, readings, mapping)):
        return fault
    return _utc(cell, next(iter(readings.values())), mapping)


def _utc(cell: str, naive: datetime, mapping: DeckMapping) -> str | Fault:
    utc = naive if naive.tzinfo else naive.replace(tzinfo=ZoneInfo(mapping.timezone))
    try:
        at = utc.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return Fault(f'"{cell}" is not a date', "write a year from 1990 to 2100")
    if not 1990 <= at.year <= 2100:
        return Fault(f'"{cell}" is in the year {at.year}', "write a year from 1990 to 2100")
    return at.isoformat(sep=" ")


def action(cell: str, mapping: DeckMapping) -> str | Fault:
    """`price`, `end` or `block`, as the mapping or the usual words have it."""
    word = cell.casefold()
    meaning = mapping.words.get("action", {}).get(word) or ACTIONS.get(" ".join(word.split()))
    return meaning or Fault(
        f'"{cell}" is no action that is known', f'add "{cell}" = "price", "end" or "block" to [values.action]'
    )


def boolean(cell: str, column: str) -> str | Fault:
    """`true` or `` (no)."""
    word = cell.casefold()
    if word in ("", "false", "no", "n", "0"):
        return ""
    return (
        "true"
        if word in ("true", "yes", "y", "1", "x")
        else Fault(f'"{cell}" is not true or false', "write true, or nothing")
    )


def _readings(cell: str, formats: tuple[str, ...]) -> dict[str, datetime]:
    """What the cell is by each format that it fits; by ISO 8601 under `_ISO`."""
    readings = {}
    for pattern in formats:
        with suppress(ValueError):
            readings[pattern] = datetime.strptime(cell, pattern)
    if instant(cell) is not None:
        readings[_ISO] = datetime.fromisoformat(cell)
    return readings


def _doubtful(cell: str, readings: dict[str, datetime], mapping: DeckMapping) -> Fault | None:
    """What is wrong with a cell that is two days: a price would begin on either."""
    by_format = {pattern: _utc(cell, naive, mapping) for pattern, naive in readings.items()}
    first, meant = next(iter(by_format.items()))
    for pattern, other in by_format.items():
        if other != meant and not isinstance(other, Fault) and not isinstance(meant, Fault):
            said = [f"{_day(readings[p])} {p if p == _ISO else f'written {p}'}" for p in (first, pattern)]
            right = "keep the format that is meant in the mapping"
            if pattern == _ISO:
                right = "what looks like ISO 8601 is read so: write it otherwise, like 2026/12/31, and its format so"
            return Fault(f'"{cell}" is {said[0]}, and {said[1]}', right)
    for run in _RUN.findall(first):
        # 1112026 by %d%m%Y is 11 January, or 1 November without its zero
        if readings[first].strftime(run) not in cell:
            wrong = f'"{cell}" lacks a zero for {first}, and may be two days'
            return Fault(wrong, "a spreadsheet took it away: format the column as text, or as a date")
    return None


def _day(when: datetime) -> str:
    return when.isoformat(sep=" ").removesuffix(" 00:00:00")


def _no_date(cell: str, mapping: DeckMapping, formats: tuple[str, ...]) -> Fault:
    if day := spreadsheets.day_of(cell):
        return Fault(f'"{cell}" is the number of a day in a spreadsheet ({day})', "format the column as a date")
    known = " or ".join(formats or mapping.date_formats)
    right = "write it like 2026-01-31" if mapping.is_canonical else "name its format under date_formats"
    return Fault(f'"{cell}" is not a date' + (f" written {known}" if known else ""), right)


def _plain_number(cell: str, mapping: DeckMapping) -> str | Fault:
    text = _SYMBOLS.sub("", cell) if mapping.thousands != " " else re.sub(r"\s", "", _SYMBOLS.sub("", cell))
    if mapping.is_canonical:
        text = cell
    if mapping.currency:
        text = text.removeprefix(mapping.currency).removesuffix(mapping.currency)
    if mapping.thousands and mapping.thousands != " ":
        whole, mark, rest = text.partition(mapping.decimal)
        if mapping.thousands in rest or not re.fullmatch(
            rf"-?[0-9]{{1,3}}(?:{re.escape(mapping.thousands)}[0-9]{{3}})*|-?[0-9]*", whole
        ):
            return Fault(
                f'"{cell}" is not a price', f'it has "{mapping.thousands}" where no thousands end; see decimal'
            )
        text = whole.replace(mapping.thousands, "") + mark + rest
    other = "." if mapping.decimal == "," else ","
    if other in text:
        right = f'write "{mapping.decimal}", or set decimal = "{other}" in the mapping'
        return Fault(f'"{cell}" has "{other}" where the decimal separator is "{mapping.decimal}"', right)
    text = text.replace(",", ".")
    if _NUMBER.fullmatch(text):
        try:
            Decimal(text)
        except InvalidOperation:
            pass
        else:
            return (_no_thousands(cell, mapping) if mapping.rules > 5 else None) or text
    right = "write it like 0.05" if mapping.is_canonical else "write a number; words go under blocked or not_offered"
    return Fault(f'"{cell}" is not a price', _right(cell, right))


def _no_thousands(cell: str, mapping: DeckMapping) -> Fault | None:
    """What is wrong with a number whose marks end no thousands: 0.020 is none of thousands, nor is 0 02."""
    mark = mapping.thousands if mapping.thousands in cell and mapping.thousands.strip() else " "
    words = cell.replace(mark, " ").strip("-$€£¥ ").split()
    groups = [word for word in words if not word[0].isalpha()]  # a currency is none
    thousands = rf"[1-9][0-9]{{0,2}}(?: [0-9]{{3}})+{re.escape(mapping.decimal)}?[0-9]*"
    if len(groups) < 2 or re.fullmatch(thousands, " ".join(groups)):
        return None
    right = f'the decimal separator is "{mapping.decimal}"; see decimal and thousands in the mapping'
    return Fault(f'"{cell}" has "{mark}" where no thousands end', right)


def _right(cell: str, right: str) -> str:
    return spreadsheets.MADE_A_DATE if spreadsheets.is_date(cell) else right


def _same_number(amount: Decimal, word: str) -> bool:
    return bool(_NUMBER.fullmatch(word)) and Decimal(word) == amount
