"""Guesses at what was meant, for error messages."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from unicodedata import normalize

# Fuzzy matching compares with every known name: beyond this many a big file full of bad
# references would take minutes to report.
_FUZZY_LIMIT = 700
_SHOWN = 10
# Words by which a number is in another unit, or is another amount.
_OTHER = {
    "ns", "us", "ms", "s", "msec", "millis", "milliseconds", "m", "min", "mins", "minute", "minutes", "h", "hour",
    "hours", "c", "ct", "cent", "cents", "pct", "percent", "net", "gross", "vat", "tax",
}  # fmt: skip


def nearest(value: str, known: Collection[str]) -> str | None:
    """The known name that `value` probably stands for, or None."""
    if name := respelled(value, known):
        return name
    if len(known) > _FUZZY_LIMIT:
        return None
    return next(iter(get_close_matches(value, sorted(known), n=1, cutoff=0.75)), None)


def respelled(value: str, known: Collection[str]) -> str | None:
    """The known name that `value` is but for capitals and marks, or None."""
    wanted = _plain(value)
    return next((name for name in known if _plain(name) == wanted), None)


def close_match(value: str, known: Collection[str]) -> str | None:
    """The known name that `value` is but for a letter or two, or None."""
    return next(iter(get_close_matches(value.lower(), sorted(known), n=1, cutoff=0.87)), None)


def unit_in(name: str, column: str) -> str | None:
    """The word of a name by which it is something else than the column that it is near: another unit, less or more."""
    words, own = re.split(r"[\W_]+", name.lower()), column.split("_")
    return next((word for word in words if word in _OTHER and word not in own), None)


def suggestion(value: str, known: Collection[str], otherwise: str) -> str:
    """`did you mean X?`, or what else to do where no known name is near."""
    name = nearest(value, known)
    return f"did you mean {name}?" if name else otherwise


def listed(names: Collection[str]) -> str:
    """`a, b, c` sorted, cut short with `...` after ten."""
    shown = sorted(names)[:_SHOWN]
    return ", ".join(shown) + (", ..." if len(names) > _SHOWN else "")


def _plain(text: str) -> str:
    """Of a name its letters and digits: all of it where it has none."""
    plain = "".join(c for c in normalize("NFKC", text).casefold() if c.isalnum())
    return plain or text
