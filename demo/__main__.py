"""`make demo`: four days of a made-up carrier business, landed, rated, closed and published."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from demo.traffic import generate
from orchestration.engine.dbt import DbtFailed
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.branding import logo
from orchestration.operations.billing.invoice import issue
from orchestration.operations.day.close import Checked, close_days
from orchestration.operations.day.land import land_files
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.publish import publish
from orchestration.store.warehouse import Home, Refused, Writer, serving, writer

# The demo plays at the end of March 2026: just after the fourth day, and some hours later.
FIRST_NIGHT = "2026-03-30T00:10:00"
NEXT_MORNING = "2026-03-30T06:00:00"
# billed by the week, which two days that do not close keep from being issued
DRAFTED = ("thameside", date(2026, 3, 23))
_STATE = "select (select count(*) from ops.files), (select count(*) from ops.ledger_entries)"


def main() -> None:
    """Run the demo on TOLLBOOK_HOME (default ./var); a second run changes nothing and says so."""
    home = Home.from_environment()
    began = time.monotonic()
    try:
        with writer(home, "demo") as held, tempfile.TemporaryDirectory() as scratch:
            late = Path(scratch) / "late"
            _say("making four days of calls, messages, top-ups and mishaps (the same ones every time)")
            generate(home.inbox, late)
            before = _state(held)
            landed, checked = _play(held, late)
            unchanged = _state(held) == before
            draft = issue(held, DocumentRequest(*DRAFTED, draft=True), logo(home))
            publish(held)
    except (DbtFailed, Refused) as refusal:
        sys.exit(str(refusal))
    if unchanged:
        _say(
            f"a second run: all {len(landed)} files had landed before, nothing was rated or posted again, "
            "nothing changed"
        )
    _say(
        f"drafted {draft.account_id}'s invoice for the week from {draft.period_start}: {draft.total} {draft.currency}, "
        f"{_shown(draft.files['pdf'])}"
    )
    _show(home, checked)
    print(f"\n{time.monotonic() - began:.0f} s. What to do next:\n{_next(home)}")


def _play(held: Writer, late: Path) -> tuple[list[Landed], list[Checked]]:
    os.environ["TOLLBOOK_NOW"] = FIRST_NIGHT
    landed = land_files(held)
    _say(f"it is {FIRST_NIGHT}: {_landing(landed)}")
    checked = close_days(held)
    _say(f"rated, checked and closed what 24 hours allow: {_closing(checked)}")
    os.environ["TOLLBOOK_NOW"] = NEXT_MORNING
    more = land_files(held, sorted(late.rglob("*.csv")), kind="cdrs", source="sw1")
    _say(f"it is {NEXT_MORNING}, a late file arrives: {_landing(more)}")
    again = close_days(held)
    _say(f"rated the late calls, closed their day again, posted the difference: {_closing(again)}")
    return [*landed, *more], again


def _state(held: Writer) -> Any:
    with held.connect() as con:
        return con.execute(_STATE).fetchone()


def _landing(landed: Sequence[Landed]) -> str:
    rows, kept, duplicates, rejected = (
        sum(getattr(file, what) for file in landed) for what in ("rows", "landed", "duplicates", "rejected")
    )
    files = f"{len(landed)} files" if len(landed) > 1 else "1 file"
    summary = f"{files}, {rows:,} rows: {kept:,} landed, {duplicates} duplicates, {rejected} rejected"
    known = sum(file.status == "already_landed" for file in landed)
    return f"{summary}; {known} of the files had landed before" if known else summary


def _closing(checked: Sequence[Checked]) -> str:
    return (
        ", ".join(f"{c.day} {c.status}" + (f" ({c.posted} entries)" if c.status == "closed" else "") for c in checked)
        or "nothing was due"
    )


def _show(home: Home, checked: Sequence[Checked]) -> None:
    with serving(home) as con:
        _table(
            con,
            "Days",
            "select day, status, cdrs, rated, unrated, rejected, failed_checks from marts.days order by day",
        )
        for failed in (c for c in checked if c.status == "failed"):
            print(f"\nWhy {failed.day} does not close:")
            for failure in failed.failures:
                for detail in failure.details[:3]:
                    print(f"  - {detail}")
                if failure.rows > 3:
                    print(f"  - ... and {failure.rows - 3} more ({failure.check.replace('_', ' ')})")
        _table(
            con,
            "Top destinations",
            """
            select destination, sum(calls) as calls,
                (100 * sum(connected) / nullif(sum(calls), 0))::DECIMAL(5, 1) as "ASR %",
                (sum(sell_duration_s) / nullif(sum(connected), 0))::DECIMAL(8, 1) as "ACD s",
                sum(revenue)::DECIMAL(14, 2) as revenue, sum(naive_revenue)::DECIMAL(14, 2) as "minutes x rate",
                sum(cost)::DECIMAL(14, 2) as cost, sum(margin)::DECIMAL(14, 2) as margin, any_value(currency) as cur
            from marts.breakout_daily
            where destination is not null
            group by destination order by sum(revenue) desc limit 10
            """,
        )
        _table(
            con,
            "Balances (positive: we owe them)",
            """
            select account_id, balance, accrued_unposted as "of it accrued", available, currency, status
            from marts.account_balances order by account_id
            """,
        )
        _table(
            con,
            "Rejected rows",
            "select reason, count(*) as rows, min(detail) as example from ops.rejected_rows "
            "group by reason order by rows desc",
        )
        _table(
            con,
            "Posted for the late file",
            "select account_id, day, booked_on, kind, amount, currency, reason from marts.ledger_entries "
            "where kind = 'adjustment' order by account_id limit 5",
        )


def _table(con: duckdb.DuckDBPyConnection, title: str, query: str) -> None:
    con.execute(query)
    names = [column[0] for column in con.description or []]
    rows = con.fetchall()
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(n), *(len(r[i]) for r in cells)) if cells else len(n) for i, n in enumerate(names)]
    print(f"\n{title}")
    for values, line in zip([None, *rows], [names, *cells], strict=True):
        right = [isinstance(v, int | Decimal) for v in values] if values else [False] * len(names)
        print("  " + "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        whole, _, decimals = f"{value:,f}".partition(".")
        return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    return str(value)[:100]


def _say(line: str) -> None:
    print(f"* {line}", flush=True)


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _next(home: Home) -> str:
    """Commands that can be given as they are printed, from where the demo was started."""
    of_home = f"TOLLBOOK_HOME={shlex.quote(os.environ['TOLLBOOK_HOME'])} " if os.environ.get("TOLLBOOK_HOME") else ""
    then = f"TOLLBOOK_NOW={NEXT_MORNING} "
    told = {
        f"{of_home}.venv/bin/tollbook balance": "balances as analysts see them",
        f"{of_home}{then}.venv/bin/tollbook close --day 2026-03-28": "why a day does not close, and what settles it",
        f"{of_home}{then}.venv/bin/tollbook invoice {DRAFTED[0]} {DRAFTED[1]}": (
            "which days an invoice waits for; the draft is in exports/invoices/"
        ),
        f"{of_home}.venv/bin/tollbook ui": "Dagster: the days as partitions, checks, backfills",
        f"{_shown(home.serving)}": "open it read-only in any DuckDB client: marts.rated_calls, ...",
        "docs/tour-analyst.md, docs/tour-finance.md, docs/tour-operator.md": "five minutes each",
    }
    return "\n".join(f"  {what}\n      {why}" for what, why in told.items())


if __name__ == "__main__":
    main()
