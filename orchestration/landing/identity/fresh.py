"""The rows of one file that are compared with those that were there before, and the steps of that as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.landing.identity.columns import columns_of
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows.canonical import Kind
from orchestration.landing.rows.plausible import Limits
from orchestration.store.database import one
from orchestration.store.sql import literal, named, quoted, run

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fresh:
    """The rows that one file has just put into its kind's table, or that are to come into it.

    `again`: that they landed from another source, or their ids on another day, is known, and they are others.
    `confirmed`: a second operator lets those land that wait for one.
    """

    con: duckdb.DuckDBPyConnection
    kind: Kind
    source: str
    file_id: str
    sequence: int
    file: Readable
    supersede: bool
    limits: Limits | None
    again: bool
    confirmed: bool = False

    @property
    def compares_elsewhere(self) -> bool:
        """Whether a row that landed from another source is in conflict with that one."""
        return self.kind.name == "payments" and not self.again

    @property
    def compares_all_days(self) -> bool:
        """Whether an id names one row for ever: that of a payment. By rules of before 5 it did for a day only."""
        if self.kind.name != "payments" or self.again:
            return False
        return one(self.con, "select coalesce(rules, 1) > 4 from run.clock") == (True,)

    @property
    def may_await_second(self) -> bool:
        """Whether a row may be a refund or a write-off that one operator alone may not enter."""
        return self.kind.name == "payments" and not self.confirmed

    @property
    def compares_superseded(self) -> bool:
        """Whether a row that was superseded is nothing new when it comes again."""
        return self.kind.name == "cdrs" and not self.supersede

    @property
    def columns(self) -> dict[str, str]:
        """SQL: what stands in braces in the steps, by the kind of row."""
        near = "true" if self.compares_all_days else "abs(r.day - o.day) <= 1"
        renewed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in self.file.layout.renewed.items())
        as_read_today = f"* replace ({renewed})" if renewed else "*"
        awaits = named(_HERE / "awaits_second.sql")
        return {**columns_of(self.kind), "near": near, "as_read_today": as_read_today, "awaits_second": awaits}

    @property
    def parameters(self) -> Mapping[str, object]:
        return {
            "file_id": self.file_id,
            "kind": self.kind.name,
            "source": self.source,
            "sequence": self.sequence,
            "supersede": self.supersede,
        }

    def run(self, step: str, **written: str) -> None:
        """Run a step, a file of this folder; `written` is SQL that stands in braces in that one alone."""
        run(self.con, _HERE / f"{step}.sql", {**self.columns, **written}, self.parameters)

    def look_back(self, first: date, last: date) -> None:
        """Temp views landed_before, superseded_before, paid_elsewhere: what rows of these days are compared with."""
        source = literal(self.source)
        near = "true" if self.compares_all_days else f"day between DATE '{first}' - 1 and DATE '{last}' + 1"
        self.run("landed_before", source=source, sequence=str(self.sequence), near_days=near)
        if self.compares_superseded:
            self.run("superseded_before", source=source)
        if self.compares_elsewhere:
            self.run("paid_elsewhere", source=source)
