"""What is said of files that were to land."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class RejectedRow:
    """A row that did not land: the line it begins on, and why, as a code and in words."""

    line: int
    reason: str
    detail: str


@dataclass(frozen=True)
class RejectedFor:
    """How many rows of a file did not land for a reason; of the first, the line it begins on, and why in words."""

    reason: str
    rows: int
    line: int
    detail: str


@dataclass(frozen=True)
class Landed:
    """What became of one file. rows = landed + duplicates + rejected; `rejected_rows` are the first of the rejected.

    `settled`: how many rejected rows of earlier files it settles although no identity tells it.
    """

    file_id: str
    kind: str
    source: str
    name: str
    # landed, already_landed, landed_elsewhere, replaces_none, replaces_another, not_permitted, unreadable, gone or
    # dry_run
    status: str
    rows: int = 0
    landed: int = 0
    duplicates: int = 0
    rejected: int = 0
    superseded: int = 0
    days: tuple[date, ...] = ()
    problem: str | None = None
    rejected_rows: tuple[RejectedRow, ...] = ()
    reasons: tuple[RejectedFor, ...] = ()
    settled: int = 0
