"""Changed rows of the configuration in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from orchestration.configuration.schema import FILES

# How many rows of the configuration a day names.
_NAMED = 5
# What names a row of what is no file of the configuration.
_OTHER_KEYS = {
    "decks": ("deck", "rate_table_id"),
    "subscriptions": ("subscription_id", "account_id"),
    # what is not in the archive any more
    "configuration": ("version",),
}
# These decide with the key which row is meant.
_MORE_KEYS = {"rates": ("calling_prefix", "jurisdiction")}

Row = Mapping[str, object]


def in_words(rows: Sequence[tuple[str, str, int]]) -> str:
    """Changed rows (file, JSON, 1: new, -1: gone), a line each, at most five and how many more there are.

    What is gone and what is new under the same key is one line: what it was and what it is.
    """
    changed: dict[tuple[str, tuple[str, ...]], dict[int, Row]] = {}
    for file, text, sign in rows:
        row = json.loads(text)
        changed.setdefault((file, _key(file, row)), {})[sign] = row
    lines = [_line(file, key, sides.get(-1), sides.get(1)) for (file, key), sides in changed.items()]
    more = len(lines) - _NAMED
    return "\n".join([*lines[:_NAMED], *([f"and {more} more"] if more > 0 else [])])


def key_names(file: str) -> Sequence[str]:
    """The columns that say which row of a file is meant."""
    if file in _OTHER_KEYS:
        return _OTHER_KEYS[file]
    return [*(column.name for column in FILES[file].keys), *_MORE_KEYS.get(file, ())]


def _key(file: str, row: Row) -> tuple[str, ...]:
    return tuple(_cell(row[name]) for name in key_names(file) if row.get(name) not in (None, ""))


def _line(file: str, key: Sequence[str], old: Row | None, new: Row | None) -> str:
    named = " ".join([file, *key])
    if old is not None and new is not None:
        moved = [name for name in new if new[name] != old.get(name)]
        return f"{named}: " + ", ".join(f"{name} was {_cell(old.get(name))}, is {_cell(new[name])}" for name in moved)
    row = new if new is not None else old or {}
    words = ", ".join(
        f"{name} {_cell(v)}" for name, v in row.items() if v not in (None, "", [], False) and _cell(v) not in key
    )
    state = "is new" if new is not None else "is gone"
    return f"{named} {state}: {words}" if words else f"{named} {state}"


def _cell(value: object) -> str:
    """A cell as people write it."""
    if value in (None, "", []):
        return "empty"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals}".rstrip("0").rstrip(".") if point and (whole + decimals).isdigit() else text
