"""Put the evidence behind an issued invoice into a file that its receiver can check without us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from orchestration.documents.evidence import COLUMNS, pack
from orchestration.engine.rating_sql import rate
from orchestration.operations.billing.issued import exported
from orchestration.operations.day.published import refuse_damaged
from orchestration.operations.questions.rated_again import configured, published
from orchestration.store.database import dict_rows, one
from orchestration.store.files import inside, safe, write
from orchestration.store.warehouse import Home, Refused

# Rows as frozen, and by which closing of their day they were rated: the first that knew the file they landed with. One
# that has been superseded since is taken to be of the day's last closing before the issue.
_ROWS = """
    with frozen as (
        select
            row_number() over (order by line, charged_at, source, call_id, attempt) as row_no,
            line, kind, source, call_id, attempt, day, charged_at, calling_number, called_number, service, destination,
            rate_table_id, prefix, band, rate_per_minute, quantity, unit_price, duration_s, billed_s, amount, currency,
            account_amount, covered_s, covered_amount
        from serving.marts.invoice_calls
        where invoice_number = $number
    ),

    landed as (
        select 'call' as what, source, call_id, attempt, day, file_sequence
        from serving.marts.rated_calls
        where day between (select min(day) from frozen) and (select max(day) from frozen)
        union all
        select 'use', source, usage_id, null, day, file_sequence
        from serving.marts.rated_usage
        where day between (select min(day) from frozen) and (select max(day) from frozen)
    )

    select f.*, k.config, k.deck
    from frozen as f
    left join landed as l
        on
            f.call_id = l.call_id
            and f.source = l.source
            and f.day = l.day
            and case when f.kind in ('calls', 'termination') then 'call' else 'use' end = l.what
            and (l.what = 'use' or f.attempt = l.attempt)
    left join serving.ops.closings as k on f.day = k.day and k.closed_at <= $issued_at
    qualify row_number() over (
        partition by f.row_no
        order by
            coalesce(k.file_sequence >= l.file_sequence, false) desc,
            case when k.file_sequence >= l.file_sequence then k.ordinal else -k.ordinal end
    ) = 1
"""

_READ = ("marts.rated_calls", "marts.rated_usage", "ops.closings")

# For each day an instant by which all of its rows were billed: so far the bands are looked at.
_REACH = """
    select
        d.day,
        greatest(
            d.day + interval 1 day,
            max(e.charged_at + to_microseconds((e.billed_s * 1000000)::BIGINT))
        ) as until
    from run.build_days as d
    left join run.evidence_rows as e on d.day = e.day
    group by d.day
"""


@dataclass(frozen=True)
class Evidence:
    """The file that was written, its sha256, how many rows are behind the invoice, and the checksum to tell apart."""

    path: Path
    sha256: str
    rows: int
    rated_again: int
    checksum: str


def evidence(home: Home, number: str, *, raw: bool = False) -> Evidence:
    """Write exports/evidence/NUMBER.zip, after checking it as its receiver will; the same bytes every time.

    `raw`: its CSV has texts as they are, also those that a spreadsheet takes for a formula.

    Raises `Refused` when there is no such invoice, its files, or those of what is behind it, are not those that were
    written, or it does not hold.
    """
    with published(home) as con:
        invoice = _invoice(con, number)
        documents = _documents(home, invoice)
        frozen = con.sql(_ROWS, params={"number": number, "issued_at": invoice["issued_at"]}).to_arrow_table()
        con.register("frozen_rows", frozen)
        _refuse_damaged(con, home, number)
        versions = dict_rows(con, "select distinct config, deck from frozen_rows order by config, deck")
        parts = []
        for version in versions:
            rows = con.sql(
                """
                select * exclude (config, deck) from frozen_rows
                where (config, deck) is not distinct from ($config, $deck)
                """,
                params=version,
            ).to_arrow_table()
            parts.append(_with_terms(home, version["config"], version["deck"], rows, invoice))
        cells = _Cells(con, parts)
        try:
            packed = pack(number, documents, cells, raw=raw)
        except ValueError as problem:
            raise Refused(f"the evidence behind {number} does not hold, nothing was written: {problem}") from None
    path = inside(home.root / "exports" / "evidence", f"{safe(number)}.zip")
    write(path, packed)
    return Evidence(path, sha256(packed).hexdigest(), cells.count, cells.complete, invoice["checksum"])


def _refuse_damaged(con: duckdb.DuckDBPyConnection, home: Home, number: str) -> None:
    first, last = one(con, "select min(day), max(day) from frozen_rows")
    tables = (*_READ, f"marts.invoice_calls/{number}.parquet")
    refuse_damaged(con, home, tables, (first, last) if first else None, "serving")


class _Cells:
    """The rows of calls.csv in order, once; counts them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, parts: Sequence[Any]) -> None:
        self.count = self.complete = 0
        for n, part in enumerate(parts):
            con.register(f"part_{n}", part)
        union = " union all by name ".join(f"select * from part_{n}" for n in range(len(parts)))
        self._con = con
        self._query = f"select {', '.join(COLUMNS)} from ({union}) order by row_no" if union else None

    def __iter__(self) -> Iterator[Sequence[str | None]]:
        if self._query is None:
            return
        result = self._con.execute(self._query)
        while rows := result.fetchmany(10_000):
            self.count += len(rows)
            self.complete += sum(row[-1] == "complete" for row in rows)
            yield from rows


def _invoice(con: duckdb.DuckDBPyConnection, number: str) -> dict[str, Any]:
    invoices = dict_rows(con, "select * from serving.marts.invoices where invoice_number = ?", [number])
    if not invoices:
        raise Refused(f"no invoice or credit note {number} is published; tollbook invoices lists them")
    return invoices[0]


def _documents(home: Home, invoice: dict[str, Any]) -> dict[str, bytes]:
    """The three files of an invoice, as they were issued."""
    files = {}
    for ending, name in (("csv", "csv_sha256"), ("json", "checksum"), ("pdf", "pdf_sha256")):
        path = exported(home, invoice["invoice_number"], ending)
        if not path.exists():
            raise Refused(f"{path} is missing; issue the invoice again, which writes the same files")
        files[path.name] = path.read_bytes()
        if sha256(files[path.name]).hexdigest() != invoice[name]:
            raise Refused(f"{path} is not what was issued; remove it and issue the invoice again")
    return files


def _with_terms(home: Home, config: str | None, deck: int | None, rows: Any, invoice: dict[str, Any]) -> Any:
    """The rows that were rated with this configuration and deck, with their terms, as an Arrow table of text."""
    with published(home) as con:
        configured(con, home, config, deck)
        con.register("frozen_rows", rows)
        con.execute(
            """
            insert into run.evidence_rows by name
            select *, ?::VARCHAR as account_id, ?::VARCHAR as account_currency from frozen_rows
            """,
            [invoice["account_id"], invoice["currency"]],
        )
        # of the rates none but those of the rows' own tables and prefixes: a deck has 100,000s
        priced = "(rate_table_id, prefix) in (select (rate_table_id, prefix) from run.evidence_rows)"
        con.execute("delete from config.prefix_regions")
        con.execute(f"delete from config.rates where not coalesce({priced}, false)")
        con.execute(
            f"""
            insert into landed.rates by name
            select * from serving.landed.rates where deck in (select deck from ops.decks) and {priced}
            """
        )
        con.execute("insert into run.build_days select distinct day from run.evidence_rows where day is not null")
        rate(con, {"billing_reach": _REACH}, question="evidence")
        return con.sql("from rating.evidence_cells").to_arrow_table()
