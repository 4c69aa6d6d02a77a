"""A call's record as the made-up switches write it, in CSV, JSON lines and Parquet."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.store import files, sql

DAY_MS = 86_400_000

COLUMNS = (
    *("call_id", "attempt", "started_at", "answered_at", "ended_at", "calling_number"),
    *("called_number", "routing_number", "ingress_trunk", "egress_trunk", "disposition"),
    *("hangup_cause", "pdd_ms", "duration_s", "carrier_amount", "carrier_currency"),
    "carrier_billed_s",
)

# Of a Parquet file's columns; the rest are text.
TYPES = {
    "attempt": "INTEGER",
    "started_at": "TIMESTAMP",
    "answered_at": "TIMESTAMP",
    "ended_at": "TIMESTAMP",
    "pdd_ms": "INTEGER",
    "duration_s": "DECIMAL(12,3)",
    "carrier_amount": "DECIMAL(20,8)",
    "carrier_billed_s": "DECIMAL(12,3)",
}


@dataclass(slots=True)
class Cdr:
    """One attempt of a call. Times are milliseconds since the first day began, UTC."""

    source: str
    call_id: str
    attempt: int
    started_ms: int
    answered_ms: int | None
    ended_ms: int | None
    calling_number: str
    called_number: str
    routing_number: str
    ingress_trunk: str
    egress_trunk: str
    disposition: str
    hangup_cause: str
    pdd_ms: int
    duration_ms: int
    carrier_amount: str = ""
    carrier_currency: str = ""
    carrier_billed_s: str = ""

    @property
    def charged_ms(self) -> int:
        """The instant that decides the day: answer, else end less duration, else start."""
        if not self.duration_ms:
            return self.started_ms
        if self.answered_ms is not None:
            return self.answered_ms
        if self.ended_ms is not None:
            return self.ended_ms - self.duration_ms
        return self.started_ms


Clock = Callable[[int | None], str]


def clock(first_day: date, days: int, hours_ahead: int = 0) -> Clock:
    """A function from milliseconds to ISO 8601 in a fixed offset; empty for None."""
    dates = [(first_day + timedelta(days=n)).isoformat() for n in range(-1, days + 2)]
    suffix = f"{hours_ahead:+03d}:00" if hours_ahead else "Z"
    shift = hours_ahead * 3_600_000

    def tell(moment: int | None) -> str:
        if moment is None:
            return ""
        day, rest = divmod(moment + shift, DAY_MS)
        seconds, ms = divmod(rest, 1000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{dates[day + 1]}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}{suffix}"

    return tell


def seconds(ms: int) -> str:
    """Milliseconds as seconds with three decimals."""
    return f"{ms // 1000}.{ms % 1000:03d}"


def csv_line(row: Cdr, tell: Clock) -> str:
    """The row in the order of `COLUMNS`; nothing the switches write needs quotes."""
    return (
        f"{row.call_id},{row.attempt},{tell(row.started_ms)},{tell(row.answered_ms)},"
        f"{tell(row.ended_ms)},{row.calling_number},{row.called_number},{row.routing_number},"
        f"{row.ingress_trunk},{row.egress_trunk},{row.disposition},{row.hangup_cause},"
        f"{row.pdd_ms},{seconds(row.duration_ms)},{row.carrier_amount},{row.carrier_currency},"
        f"{row.carrier_billed_s}"
    )


def csv_text(rows: Iterable[Cdr], tell: Clock) -> str:
    """A whole CSV file."""
    return "\n".join([",".join(COLUMNS), *(csv_line(row, tell) for row in rows), ""])


def json_lines(rows: Iterable[Cdr], tell: Clock) -> str:
    """A whole file of JSON lines; a key whose value is empty is left out, as switches do."""
    lines = []
    for row in rows:
        cells = dict(zip(COLUMNS, csv_line(row, tell).split(","), strict=True))
        shown: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
        shown["attempt"] = row.attempt
        shown["pdd_ms"] = row.pdd_ms
        lines.append(json.dumps(shown, separators=(",", ":")))
    return "\n".join([*lines, ""])


def write_parquet(path: Path, rows: Iterable[Cdr], tell: Clock) -> None:
    """A whole Parquet file, typed: UTC timestamps without a zone, exact decimals."""
    cells = ", ".join(f"{name}: {sql.literal(TYPES.get(name, 'VARCHAR'))}" for name in COLUMNS)
    with files.whole(path) as part, tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        plain = Path(scratch) / "plain.csv"
        plain.write_text(csv_text(rows, tell), encoding="utf-8")
        read = sql.reader(
            "read_csv",
            [plain],
            f"columns = {{{cells}}}, header = true, auto_detect = false, delim = ',', quote = '\"'",
        )
        con.execute(f"copy (select * from {read}) to {sql.path(part)} (format parquet, compression zstd)")


def write(path: Path, content: str | bytes) -> None:
    """Write under a `.part` name and rename: whoever watches the folder sees whole files only.

    A name that ends in `.gz` is compressed, without a clock in its header.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    files.write(path, data)
