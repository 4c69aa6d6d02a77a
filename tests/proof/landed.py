"""What has landed: rows, duplicates, rejected and superseded ones, as docs/landing.md says, in plain Python."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestration.audit.records import Cdr
from tests.proof.world import File

KEYS = {"cdrs": ("call_id", "attempt"), "usage": ("usage_id",), "payments": ("payment_id",)}
RATED = ("cdrs", "usage")


@dataclass(frozen=True)
class Row:
    """A row that landed: typed `cells`, the UTC `day` and instant it belongs to, its file's place in the order."""

    kind: str
    source: str
    key: tuple[str, ...]
    at: datetime
    cells: Mapping[str, Any]
    sequence: int

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def identity(self) -> tuple[str, ...]:
        return self.source, *self.key

    def cdr(self) -> Cdr:
        cell = self.cells.get
        times = self.cells["started_at"], cell("answered_at"), cell("ended_at")
        numbers = cell("calling_number"), cell("called_number"), cell("routing_number")
        given = cell("carrier_amount"), cell("carrier_currency"), cell("carrier_billed_s")
        trunks = cell("ingress_trunk"), cell("egress_trunk")
        return Cdr(
            self.source, self.key[0], int(self.key[1]), *times, self.cells["duration_s"], *numbers, *trunks, *given
        )


@dataclass(frozen=True)
class Rejected:
    """A row that did not land."""

    kind: str
    file_id: str
    line: int
    day: date
    identity: tuple[str, ...]
    reason: str
    sequence: int


@dataclass
class Counts:
    """rows = landed + duplicates + rejected of one file."""

    rows: int = 0
    landed: int = 0
    duplicates: int = 0
    rejected: int = 0
    superseded: int = 0


@dataclass
class Landed:
    """All that landed. `touched`: which file (by its place) did something to which day of which kind."""

    rows: dict[str, dict[tuple[str, ...], list[Row]]] = field(default_factory=lambda: {kind: {} for kind in KEYS})
    gone: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    touched: list[tuple[str, date, int, str]] = field(default_factory=list)
    files: dict[tuple[str, str, str], Counts] = field(default_factory=dict)
    sequence: int = 0

    def land(self, file: File, currencies: Mapping[str, str], supersede: bool = False) -> list[Row]:
        """Land a file; the rows that it replaced. `currencies` of the accounts: a payment is in that of its own."""
        name = (file.file_id, file.kind, file.source)
        again = name in self.files
        if again and not supersede:
            return []
        self.sequence += 1
        before = [r for r in self.rejected if r.file_id == file.file_id and r.reason == "conflict"] if again else []
        wanted = {r.line for r in before} if again else None
        self.rejected = [r for r in self.rejected if r not in before]
        counts = self.files.setdefault(name, Counts())
        counts.rejected -= len(before)
        replaced: list[Row] = []
        days: set[date] = set()
        for line, cells in enumerate(csv.DictReader(io.StringIO(file.text)), 2):
            if wanted is not None and line not in wanted:
                continue
            counts.rows += not again
            row, problem = _typed(file, cells, self.sequence, currencies)
            same = self.rows[file.kind].get(row.identity, ())
            near = [r for r in same if file.kind == "payments" or abs(r.day - row.day) <= timedelta(1)]
            if problem is None and any(r.cells == row.cells for r in [*near, *self._gone(row, supersede)]):
                counts.duplicates += 1
                continue
            if problem is None and near and not supersede:
                problem = "conflict"
            days.add(row.day)
            if problem:
                counts.rejected += 1
                self.rejected.append(
                    Rejected(file.kind, file.file_id, line, row.day, row.identity, problem, self.sequence)
                )
                continue
            for old in near:
                self.rows[file.kind][old.identity].remove(old)
                counts.superseded += 1
                days.add(old.day)
            replaced += near
            self.rows[file.kind].setdefault(row.identity, []).append(row)
            counts.landed += 1
        self.gone += replaced
        self.touched += [(file.kind, day, self.sequence, file.file_id) for day in sorted(days)]
        return replaced

    def _gone(self, row: Row, supersede: bool) -> list[Row]:
        """What was superseded does not come back by itself."""
        return [] if supersede or row.kind != "cdrs" else [r for r in self.gone if r.identity == row.identity]

    def all(self, kind: str) -> Iterator[Row]:
        for rows in self.rows[kind].values():
            yield from rows

    def settled(self, row: Rejected) -> bool:
        """Whether a row of the same identity landed from a later file."""
        return any(r.sequence > row.sequence for r in self.rows[row.kind].get(row.identity, ()))

    def last_touched(self, day: date) -> int:
        """The last file that did something to the calls or usage of the day; 0 without one."""
        return max((n for kind, d, n, _ in self.touched if d == day and kind in RATED), default=0)

    def files_since(self, day: date, kind: str, sequence: int) -> list[str]:
        """The files that did something to the day since, by sha256."""
        return sorted({f for k, d, n, f in self.touched if (k, d) == (kind, day) and n > sequence})

    def span(self) -> tuple[date, date] | None:
        """The first and last day with traffic."""
        days = [day for kind, day, _, _ in self.touched if kind in RATED]
        return (min(days), max(days)) if days else None


def _typed(
    file: File, cells: Mapping[str, str], sequence: int, currencies: Mapping[str, str]
) -> tuple[Row, str | None]:
    """The row, and why it cannot land; a row with a bad duration belongs to the day that its times say."""
    typed: dict[str, Any] = {name: _cell(name, text) for name, text in cells.items() if text}
    key = tuple(cells[column] for column in KEYS[file.kind])
    problem = None
    if file.kind == "cdrs":
        if typed["duration_s"] < 0:
            problem = "bad_duration"
        probe = Row(file.kind, file.source, key, datetime.min, typed, sequence).cdr()
        at = probe.charged_at if problem is None else typed["started_at"]
    else:
        at = typed["occurred_at" if file.kind == "usage" else "paid_at"]
    if file.kind == "payments" and currencies[typed["account_id"]] != typed["currency"]:
        problem = "wrong_currency"
    return Row(file.kind, file.source, key, at, typed, sequence), problem


def _cell(name: str, text: str) -> Any:
    if name.endswith("_at"):
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    if name in ("duration_s", "quantity", "amount", "carrier_amount", "carrier_billed_s"):
        return Decimal(text)
    return text
