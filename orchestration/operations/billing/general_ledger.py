"""The ledger as postings for a bookkeeping system: double entry, by the company's own chart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.configuration.chart import CHART, chart
from orchestration.documents.cells import FORMULA, NUMBER
from orchestration.operations.day.published import reading
from orchestration.store import sql
from orchestration.store.database import one
from orchestration.store.files import whole
from orchestration.store.warehouse import Home, Refused

_SQL = Path(__file__).with_name("general_ledger.sql")
_COLUMNS = (
    "journal_id", "date", "side", "gl_account", "amount", "currency", "account_id", "kind", "service", "reference",
    "text",
)  # fmt: skip
_TEXTS = ("gl_account", "account_id", "kind", "service", "reference", "text")
_SUMS = """
    coalesce(sum(amount) filter (where side = 'debit'), 0)::DECIMAL(20, 8) as debits,
    coalesce(sum(amount) filter (where side = 'credit'), 0)::DECIMAL(20, 8) as credits
"""


@dataclass(frozen=True)
class Total:
    """What was debited and credited in one currency: the same."""

    currency: str
    debits: Decimal
    credits: Decimal


@dataclass(frozen=True)
class AccountTotal:
    """An account of the general ledger in the range; `balance` is debits - credits."""

    gl_account: str
    currency: str
    debits: Decimal
    credits: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Exported:
    """A written export. `final`: nothing can be booked in the range any more.

    Until then `booked_until` is the last booking day that is over.
    """

    file: Path
    sha256: str
    first: date
    last: date
    postings: int
    final: bool
    booked_until: date
    totals: list[Total]
    trial_balance: list[AccountTotal]


def chart_problems(home: Home) -> list[str]:
    """All that is wrong with accounting/chart.csv, one line each; a company need not have one."""
    return [str(problem) for problem in chart(home.accounting)[1]]


def chart_notes(home: Home) -> list[str]:
    """What is not wrong with accounting/chart.csv, and yet keeps `tollbook gl` from writing: that there is none."""
    sheet, problems = chart(home.accounting)
    return [] if problems or len(sheet) else [f"{sheet.shown} is missing or empty: only tollbook gl needs it"]


def general_ledger(home: Home, first: date, last: date, *, raw: bool = False) -> Exported:
    """`tollbook gl`: write exports/gl/gl_<first>_<last>.csv from what was published.

    The same ledger and chart give the same bytes. No text is a formula to a spreadsheet, but where it is asked for as
    it is (`raw`). Raises `Refused`, and writes nothing, when the dates are the wrong way round, the chart is not good,
    an entry has no row in it, or a published file is damaged.
    """
    if last < first:
        raise Refused(f"--to {last} is before --from {first}")
    with reading(home, "marts.ledger_entries", "marts.statement_entries", "config.accounts") as con:
        _load_chart(con, home)
        con.execute(f"set variable gl_first = date '{first}'; set variable gl_last = date '{last}'")
        con.execute(_SQL.read_text())
        _refuse_unmapped(con)
        totals = [
            Total(*row)
            for row in con.execute(
                f"select currency, {_SUMS} from gl_rows group by currency order by currency"
            ).fetchall()
        ]
        for total in totals:
            if total.debits != total.credits:
                raise Refused(
                    f"debits {total.debits} and credits {total.credits} in {total.currency} differ; nothing is written"
                )
        lines = con.execute(
            f"""
            select *, debits - credits
            from (select gl_account, currency, {_SUMS} from gl_rows group by gl_account, currency)
            order by gl_account, currency
            """
        ).fetchall()
        booked_until, postings = _published(con)
        file = home.root / "exports" / "gl" / f"gl_{first}_{last}.csv"
        return Exported(
            file=file,
            sha256=_write(con, file, raw),
            first=first,
            last=last,
            postings=postings,
            final=last <= booked_until,
            booked_until=booked_until,
            totals=totals,
            trial_balance=[AccountTotal(*row) for row in lines],
        )


def _published(con: duckdb.DuckDBPyConnection) -> tuple[date, int]:
    """The last booking day that was over when it was published, and the number of postings."""
    booked_until, postings = one(con, "select booked_until, (select count(*) from gl_postings) from published")
    return booked_until, postings


def _load_chart(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    sheet, problems = chart(home.accounting)
    if problems:
        raise Refused("\n".join(map(str, problems)))
    if not len(sheet):
        raise Refused(
            f"{sheet.shown} is missing or empty; it says which accounts a posting goes to: begin it with the line "
            + ",".join(CHART.names)
        )
    con.execute(f"create or replace temp table chart ({', '.join(f'{name} VARCHAR' for name in CHART.names)})")
    rows = [[cell or None for cell in row] for row in sheet.columns(*CHART.names)]
    con.executemany(f"insert into chart values ({', '.join('?' * len(CHART.names))})", rows)


def _refuse_unmapped(con: duckdb.DuckDBPyConnection) -> None:
    missing = con.execute(
        """
        select kind, coalesce(account_kind, 'unknown'), coalesce(service, ''), sign, count(*), min(account_id)
        from gl_postings where debit_account is null group by all order by all
        """
    ).fetchall()
    if missing:
        raise Refused(
            "\n".join(
                f"accounting/chart.csv has no row for kind {kind}, account_kind {of}, "
                + (f"service {service}, " if service else "")
                + f"sign {sign} ({count} postings, such as of {account}); add one"
                for kind, of, service, sign, count, account in missing
            )
        )


def plain_sql(text: str) -> str:
    """SQL that does with a text what `orchestration.documents.cells.plain` does."""
    is_formula = f"regexp_matches({text}, {sql.literal(FORMULA)}) and not regexp_matches({text}, {sql.literal(NUMBER)})"
    return f"case when {is_formula} then '''' || {text} else {text} end"


def _write(con: duckdb.DuckDBPyConnection, file: Path, raw: bool) -> str:
    """Write the rows, whole or not at all; the sha256 of the file."""
    cells = [name if raw or name not in _TEXTS else f"{plain_sql(name)} as {name}" for name in _COLUMNS]
    with whole(file) as part:
        con.execute(f"copy (select {', '.join(cells)} from gl_rows) to {sql.path(part)} (format csv, header)")
        data = part.read_bytes()
    return hashlib.sha256(data).hexdigest()
