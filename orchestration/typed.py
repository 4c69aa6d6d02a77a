"""What a person types, read strictly: plain ASCII digits, one form for each thing, nothing around it.

Python's own readers are too kind for money: Decimal takes "1e3", "1_000", " 5", "nan" and digits of other scripts.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_WHOLE = re.compile(r"[0-9]{1,18}")
# E.164, as assigned; Finland has dialled 990 and 999 abroad, which are none
_COUNTRY_CODE = re.compile(
    "[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[1-368]|2[2-4][0-9]|25[0-8]|26[0-9]|29[017-9]"
    "|35[0-9]|37[0-9]|38[0-35-79]|42[013]|50[0-9]|59[0-9]|67[0-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|87[08]"
    "|88[0-368]|96[0-8]|97[0-79]|99[2-68]"
)
_FILE_ID = re.compile(r"[0-9a-f]{6,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_INSTANT = re.compile(
    rf"{_DAY.pattern}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
COMMANDS = f"\x00-\x1f\x7f-\x9f{_TURNS}"
"""What a terminal or a page obeys, controls and what turns the direction of writing, as a class of characters."""
_COMMAND, _TURN = re.compile(f"[{COMMANDS}]"), re.compile(f"[{_TURNS}]")
LONGEST = 200
"""How many characters a name or text that is kept may have."""
_When = TypeVar("_When", date, datetime)
# Codecs of text that nobody writes files in, or that only some machines know.
_NO_ENCODINGS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7", "mbcs", "oem"}
# Years of which there are calls, payments and documents.
_YEARS = range(1990, 2101)
MOST_AMOUNT = Decimal("999999999999.99999999")
"""What DECIMAL(20, 8) holds."""


def number(text: str) -> Decimal | None:
    """A decimal number, exactly: 12, 0.5, .5 or -3; None for anything else."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def decimals(value: Decimal) -> int:
    """How many decimals the number needs: 1.50 needs one, 100 none."""
    return len(f"{value:f}".partition(".")[2].rstrip("0"))  # normalize() would round to 28 digits


def amount(text: str) -> Decimal | None:
    """An amount of money above 0 that can be kept exactly, of at most 12 digits and 8 decimals; None for others."""
    value = number(text)
    return value if value is not None and 0 < value <= MOST_AMOUNT and decimals(value) <= 8 else None


def whole(text: str) -> int | None:
    """A whole number, 0 or more; None for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else None


def day(text: str) -> date | None:
    """2026-03-31; None for anything else, other forms of ISO 8601 too."""
    return _date(text) if _DAY.fullmatch(text) else None


def month(text: str) -> date | None:
    """The first day of 2026-03; None for anything else."""
    return _date(f"{text}-01") if _MONTH.fullmatch(text) else None


def instant(text: str) -> datetime | None:
    """2026-03-31, or with a time of day and an offset, as naive UTC; None for anything else."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def timely(when: _When | None) -> _When | None:
    """The day or time, where anything can be of its year (1990 to 2100); None for others."""
    return when if when is not None and when.year in _YEARS else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def file_id(text: str) -> str | None:
    """A file's sha256, or 6 digits of its beginning or more; None for anything else: nothing begins every file's.

    Some tools write sums in capitals.
    """
    return text.lower() if _FILE_ID.fullmatch(text.lower()) else None


def is_country_code(text: str) -> bool:
    """Whether a country, or another service of the world's numbering, has this code."""
    return _COUNTRY_CODE.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether it can be kept: an argument or a name of a file may have bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_id(text: str) -> bool:
    """Whether a company can name something so: 1 to 64 ASCII letters, digits, ., _ and -, none of . and - in front."""
    return _ID.fullmatch(text) is not None


def as_id(text: str) -> str:
    """The id that a name can be instead; nothing where none is near."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip(".-").rstrip("-")[:64]


def text_fault(text: str, longest: int = LONGEST) -> str | None:
    """What is wrong with a text that is kept and shown: it is too long, or has what a terminal or a page obeys."""
    if len(text) > longest:
        return f"it has {len(text)} characters, {longest} is the most"
    if found := _COMMAND.search(text):
        what = "turns the direction of writing" if _TURN.match(found[0]) else "is a control character"
        return f"it has {found[0]!a}, which {what}"
    return None


def is_source(text: str) -> bool:
    """Whether a source can be called so: what a folder of the inbox can be called, all of it to be seen."""
    ends = text.strip() != text or text.startswith(".")
    return text.isprintable() and bool(text) and "/" not in text and not ends


def source(text: str) -> str:
    """The name that a source can have instead; nothing where none is near."""
    return re.sub(r"[./]*/[./]*", "-", "".join(c for c in text if c.isprintable())).strip(".- ")


def is_encoding(text: str) -> bool:
    """Whether it names a way to write text as bytes: utf-8, latin-1, cp1252, utf-16, shift_jis, ..."""
    try:
        "0".encode(text)  # refuses base64, rot13 and other codecs that are not of text
        name = codecs.lookup(text).name.replace("-", "_")
    except (LookupError, ValueError):  # ValueError: a zero byte, and what `undefined` says
        return False
    return name not in _NO_ENCODINGS
