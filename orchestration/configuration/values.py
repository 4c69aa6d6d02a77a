"""What a single cell may hold: per type a test, a name for it and a guess at what was meant."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from zoneinfo import available_timezones

from orchestration.configuration.column import Column, Type
from orchestration.configuration.nearest import nearest
from orchestration.configuration.problem import Fault
from orchestration.configuration.weekdays import weekdays
from orchestration.reading import spreadsheets
from orchestration.typed import (
    LONGEST,
    as_id,
    day,
    decimals,
    instant,
    is_encoding,
    is_id,
    is_source,
    month,
    number,
    source,
    text_fault,
)

_INTEGER = re.compile(r"-?[0-9]{1,10}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::00)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_PREFIX = re.compile(r"[0-9]{0,15}")
_DIGITS = re.compile(r"[1-9][0-9]{0,3}")
_DIALLED = re.compile(r"none|[0-9]{1,4}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# Ordinary cells of the columns that differ from row to row in a big file.
_PLAIN = {
    Type.TEXT: re.compile(r".+"),
    Type.PREFIX: re.compile(r"[0-9]{1,15}"),
    Type.DECIMAL: re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,8})?"),
    Type.SECONDS: re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?"),
}

_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_YES = {"yes": "true", "y": "true", "1": "true", "x": "true", "t": "true"}
_NO = {"no": "false", "n": "false", "0": "false", "f": "false"}

# What the type is called in "... is not ___", and what to write when nothing better is known.
_FORMS: Mapping[Type, Fault] = {
    Type.ID: Fault("an id", "write it on one line"),
    Type.NAME: Fault("a name", "write it on one line"),
    Type.SOURCE: Fault(
        "a source's name", "write one that a folder can have, all of it to be seen: letters, digits, - or _"
    ),
    Type.TEXT: Fault("a text", "write any text"),
    Type.ZONE: Fault("an IANA time zone", "write one like Europe/Berlin or UTC"),
    Type.CURRENCY: Fault("a currency", "write three capital letters like EUR"),
    Type.PREFIX: Fault("a prefix", "write up to 15 digits, or nothing for every number"),
    Type.DIGITS: Fault("a country code", "write digits only, like 49"),
    Type.DIALLED: Fault("a national prefix", "write digits only, like 0, or none"),
    Type.DAYS: Fault("a list of weekdays", "write days like mon-fri, sat,sun or all"),
    Type.MONTH: Fault("a month", "write it like 2026-01"),
    Type.ENCODING: Fault("an encoding", "write one like utf-8, latin-1, cp1252 or utf-16"),
    Type.PATTERN: Fault("a regular expression", r"write one like SIP/([^-]+)-.*"),
    Type.TIMESTAMP: Fault("a time", "write it like 2026-01-31 or 2026-01-31T18:30:00+01:00"),
    Type.DATE: Fault("a date", "write it like 2026-01-31"),
    Type.TIME: Fault("a time of day on a whole minute", "write it like 08:00"),
    Type.INTEGER: Fault("a whole number", "write it like 30"),
    Type.DECIMAL: Fault("a decimal", "write it like 0.05"),
    Type.SECONDS: Fault("a number of seconds", "write it like 60 or 0.5"),
    Type.BOOLEAN: Fault("true or false", "write true, or nothing"),
    Type.LIST: Fault("a list", "write the items with spaces between them"),
}


def fault(column: Column, value: str) -> Fault | None:
    """What is wrong with a trimmed cell of the column and what would be right; None if good."""
    if not value:
        return Fault("the cell is empty", _form(column).right) if column.required else None
    form_fault = _FAULTS.get(column.type, _form_fault)(column, value)
    if form_fault is None:
        return None
    better = _repaired(column, value)
    return Fault(form_fault.wrong, f"write {better}") if better else form_fault


def odd(column: Column, value: str) -> Fault | None:
    """What is wrong with an id, a name or a text that earlier releases took: one that the books know may stay."""
    if not value or column.type not in (Type.ID, Type.NAME, Type.SOURCE, Type.TEXT):
        return None
    if column.type in (Type.ID, Type.NAME) and (unseen := _hidden(value)):
        return unseen
    if column.type in (Type.ID, Type.SOURCE) and column.refers is None and not is_id(value):
        if _FAULTS.get(column.type, _form_fault)(column, value):
            return None  # said already
        right = f"write {as_id(value)}, or another of" if is_id(as_id(value)) else "write"
        right += " 1 to 64 letters (a-z, A-Z), digits, ., _ and -, not beginning with . or -"
        return Fault(f'"{value}" is no id: folders and files are named by it', right)
    # the lines of an address are its own; of a name that is refused always
    if column.type in (Type.NAME, Type.TEXT) and (wrong := text_fault(re.sub(r"\r?\n", " ", value))):
        right = "write a shorter one" if len(value) > LONGEST else "write it without that"
        return Fault(f"{value[:40]!a} cannot be kept: {wrong}", right)
    return None


def _hidden(value: str) -> Fault | None:
    """What is wrong with an id that looks like another one: CDRs that have that would not meet it."""
    if value.isprintable() or _CONTROL.search(value):
        return None
    seen = "".join(c for c in re.sub(r"\s+", " ", value) if c.isprintable()).strip()
    wrong = f"{value!r} has characters that cannot be seen: what is written without them does not meet it"
    return Fault(wrong, f"write {seen}" if seen else "write one that can be seen")


def plain(column: Column) -> Callable[[str], object]:
    """A quick test that is true only for good cells, for columns with many different ones."""
    if column.type is Type.TEXT and not column.required:
        return lambda value: True
    in_range = column.maximum is None and (column.above is None or column.above < 0)
    pattern = _PLAIN.get(column.type) if in_range else None
    return pattern.fullmatch if pattern else lambda value: False


def may_be_true(value: str) -> bool:
    """Whether a boolean cell says yes, or cannot be read (which is reported by itself)."""
    return value.lower() not in ("", "false")


def _form(column: Column) -> Fault:
    if column.type is Type.ENUM:
        return Fault(f"a {column.name}", f"write one of {', '.join(column.values)}")
    return _FORMS[column.type]


def _repaired(column: Column, value: str) -> str | None:
    repair = _REPAIRS.get(column.type)
    better = repair(column, value) if repair else None
    good = better and _FAULTS.get(column.type, _form_fault)(column, better) is None
    return better if good else None


def _form_fault(column: Column, value: str) -> Fault | None:
    return None if _has_form(column, value) else _wrong_form(column, value)


def _wrong_form(column: Column, value: str) -> Fault:
    form = _form(column)
    right = form.right
    if column.type in (Type.TIMESTAMP, Type.DATE) and (day := spreadsheets.day_of(value)):
        right = f"it is the number of a day in a spreadsheet: write {day}"
    elif column.type in (Type.PREFIX, Type.DECIMAL, Type.SECONDS) and spreadsheets.is_date(value):
        right = spreadsheets.MADE_A_DATE
    return Fault(f'"{value}" is not {form.wrong}', right)


def _has_form(column: Column, value: str) -> bool:
    if column.type is Type.ENUM:
        return value in column.values
    if column.type is Type.TIME and column.ends_day and value in ("24:00", "24:00:00"):
        return True
    return _TESTS[column.type](value)


def _is_days(value: str) -> bool:
    try:
        return bool(weekdays(value))
    except ValueError:
        return False


@cache
def _zones() -> frozenset[str]:
    # "localtime" is a file of the machine, not a zone.
    return frozenset(available_timezones() - {"localtime"})


_TESTS: Mapping[Type, Callable[[str], bool]] = {
    Type.ID: lambda value: not _CONTROL.search(value),
    Type.NAME: lambda value: not _CONTROL.search(value),
    Type.SOURCE: is_source,
    Type.TEXT: lambda value: True,
    Type.ZONE: lambda value: value in _zones(),
    Type.CURRENCY: lambda value: bool(_CURRENCY.fullmatch(value)),
    Type.PREFIX: lambda value: bool(_PREFIX.fullmatch(value)),
    Type.DIGITS: lambda value: bool(_DIGITS.fullmatch(value)),
    Type.DIALLED: lambda value: bool(_DIALLED.fullmatch(value)),
    Type.ENCODING: is_encoding,
    Type.DAYS: _is_days,
    Type.MONTH: lambda value: month(value) is not None,
    Type.TIMESTAMP: lambda value: instant(value) is not None,
    Type.DATE: lambda value: day(value) is not None,
    Type.TIME: lambda value: bool(_TIME.fullmatch(value)),
    Type.BOOLEAN: lambda value: value.lower() in ("true", "false"),
}


def _number_fault(column: Column, value: str) -> Fault | None:
    amount, scale = number(value), column.type.scale
    if amount is None or (column.type is Type.INTEGER and not _INTEGER.fullmatch(value)):
        return _wrong_form(column, value)
    if decimals(amount) > scale:
        return Fault(f'"{value}" has {decimals(amount)} decimals', f"write at most {scale}")
    if column.type.whole_digits and abs(amount) >= Decimal(10) ** column.type.whole_digits:
        most = column.type.whole_digits
        return Fault(f'"{value}" is too large', f"write at most {most} digits before the point")
    return _range_fault(column, value, amount)


def _range_fault(column: Column, value: str, amount: Decimal) -> Fault | None:
    low, high, above = column.minimum, column.maximum, column.above
    if above is not None and amount <= above:
        return Fault(f'"{value}" is not above {above}', f"write more than {above}")
    below = low is not None and amount < low
    if not below and (high is None or amount <= high):
        return None
    allowed = f"{low} or more" if high is None else f"{low} to {high}"
    return Fault(f'"{value}" is {"below" if below else "above"} what is allowed', f"write {allowed}")


def _list_fault(column: Column, value: str) -> Fault | None:
    if re.search(r"[,;|]", value):
        return _wrong_form(column, value)
    for item in value.split():
        if column.item and not re.fullmatch(column.item, item):
            return Fault(f'"{item}" is not a prefix', "write up to 15 digits each, space-separated")
    return None


def _pattern_fault(column: Column, value: str) -> Fault | None:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        return Fault(f'"{value}" is not a regular expression ({error})', _form(column).right)
    if groups == 1:
        return None
    return Fault(
        f'"{value}" has {groups} groups',
        "put exactly one pair of parentheses around the trunk's name",
    )


_FAULTS: Mapping[Type, Callable[[Column, str], Fault | None]] = {
    Type.INTEGER: _number_fault,
    Type.DECIMAL: _number_fault,
    Type.SECONDS: _number_fault,
    Type.LIST: _list_fault,
    Type.PATTERN: _pattern_fault,
}


def _plain_number(column: Column, value: str) -> str | None:
    text = re.sub(r"[\s€$£¥%'_]|[A-Za-z]+$", "", value).removeprefix("+")
    if text.count(",") == 1 and "." not in text:
        # 1,000 may be a thousand or one: no guess at somebody's price.
        if re.fullmatch(r"-?[1-9][0-9]{0,2},[0-9]{3}", text):
            return None
        text = text.replace(",", ".")
    elif text.rfind(",") > text.rfind(".") >= 0:
        text = text.replace(".", "").replace(",", ".")
    try:
        return f"{Decimal(text.replace(',', '')):f}"
    except InvalidOperation:
        return None


def _whole_number(column: Column, value: str) -> str | None:
    text = _plain_number(column, value)
    return re.sub(r"\.0*$", "", text) if text else None


def _iso_date(column: Column, value: str) -> str | None:
    if match := re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(\D.*)?", value):
        year, month, day, rest = match.groups("")
    elif match := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(\D.*)?", value):
        day, month, year, rest = match.groups("")
    else:
        return None
    return f"{year}-{month:0>2}-{day:0>2}{'' if column.type is Type.DATE else rest}"


def _clock(column: Column, value: str) -> str | None:
    if value.startswith("24:00"):
        return "00:00"
    match = re.fullmatch(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?", value)
    return f"{match[1]:0>2}:{match[2] or '00'}" if match else None


def _enum(column: Column, value: str) -> str | None:
    return nearest(value, column.values)


def _zone(column: Column, value: str) -> str | None:
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(_zones())}
    return cities.get(value.casefold().replace(" ", "_")) or nearest(value, _zones())


def _prefix(value: str) -> str | None:
    """With a + it is one number, with whatever marks; else `45-46` may be two, and `45.0` is a spreadsheet's 45."""
    if match := re.fullmatch(r"([0-9]+)\.0+", value):
        return match[1]
    return re.sub(r"[-+.() ]", "", value) if value.startswith("+") else None


_REPAIRS: Mapping[Type, Callable[[Column, str], str | None]] = {
    Type.SOURCE: lambda column, value: source(value),
    Type.ENUM: _enum,
    Type.ZONE: _zone,
    Type.CURRENCY: lambda column, value: _SYMBOLS.get(value, value.upper()),
    Type.PREFIX: lambda column, value: _prefix(value),
    Type.DIGITS: lambda column, value: re.sub(r"^0+|[-+.() ]", "", value),
    Type.DIALLED: lambda column, value: "none" if re.fullmatch("-|no|None|NONE", value) else None,
    Type.DAYS: lambda column, value: value.lower().replace(" ", ",").replace(",,", ","),
    Type.MONTH: lambda column, value: value[:7].replace("/", "-"),
    Type.TIMESTAMP: _iso_date,
    Type.DATE: _iso_date,
    Type.TIME: _clock,
    Type.INTEGER: _whole_number,
    Type.DECIMAL: _plain_number,
    Type.SECONDS: _plain_number,
    Type.BOOLEAN: lambda column, value: (_YES | _NO).get(value.lower()),
    Type.LIST: lambda column, value: " ".join(re.split(r"[\s,;|]+", value.strip(",;| "))),
}
