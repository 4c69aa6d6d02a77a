"""Whether the warehouse says what the journal says: its lines, the postings of each close, issued documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import duckdb

from orchestration.operations.day.close import digest
from orchestration.operations.verify.fault import Fault
from orchestration.store import journal, sql
from orchestration.store.database import dict_rows
from orchestration.store.journal import Line

REBUILD = "tollbook rebuild makes the warehouse anew from the archive and the journal, and says what differs"
_SHOWN = 20
# What is yet to be posted, where all was: payments post as they land, a day's calls and usage as it closes.
_DUE = f"""
    select day, account_id, kind, amount, currency
    from (
        from books.payments_due
        union all by name
        from marts.ledger_due where day in (select day from books.day_states where status = 'closed')
    )
    where amount <> 0
    order by day, account_id, kind
    limit {_SHOWN}
"""


def journal_faults(con: duckdb.DuckDBPyConnection, lines: Sequence[Line], sums: dict[int, str]) -> Iterator[Fault]:
    """Lines that the warehouse knows otherwise, lacks, or knows alone. A last one that it lacks had no effect."""
    noted = {row["n"]: row for row in dict_rows(con, "select * from ops.journal order by n")}
    for line in lines:
        known, where = noted.pop(line["n"], None), f"line {line['n']}"
        if known is None:
            if line is not lines[-1]:
                yield Fault("journal", where, "the warehouse does not know of it", REBUILD)
            continue
        n, at, *rest = journal.note(line)
        same = [known["operator"], known["action"], known["arguments"]] == rest and str(known["done_at"]) == _stamp(at)
        if not same or known["sha256"] not in (None, sums[line["n"]]):
            yield Fault("journal", where, "the warehouse knows it as another one", f"restore archive/ or {REBUILD}")
    for n in noted:
        yield Fault(
            "journal", f"line {n}", "the warehouse knows of it, and the journal has it no more", "restore archive/"
        )


def _stamp(at: object) -> str:
    return str(at).replace("T", " ").removesuffix(".000000")


def ledger_faults(con: duckdb.DuckDBPyConnection, lines: Sequence[Line]) -> Iterator[Fault]:
    """Postings that are not what their ids, or the lines of the journal that posted them, say."""
    for row in dict_rows(con, f"select * from books.misnamed_entries order by entry_id limit {_SHOWN}"):
        wrong = (
            f"it says {row['amount']} {row['currency']} of {row['account_id']} for {row['day']}, which has another id"
        )
        yield Fault("ledger", row["entry_id"], wrong, REBUILD)
    posted = {
        (str(row["day"]), _stamp(row["posted_at"])): row["ids"]
        for row in dict_rows(
            con,
            """
            select day, posted_at, list(entry_id order by entry_id) as ids
            from marts.ledger_entries
            where fact is not null
            group by day, posted_at
            """,
        )
    }
    closed = {(str(row["day"]), _stamp(row["closed_at"])) for row in dict_rows(con, "select * from ops.closings")}
    closings: dict[tuple[str, str], list[Line]] = {}
    for line in (line for line in lines if line["action"] == "close"):
        closings.setdefault((str(line["day"]), _stamp(line["at"])), []).append(line)
    for key, by in closings.items():
        ids, where = posted.pop(key, []), f"line {by[0]['n']}"
        if key not in closed:
            yield Fault("ledger", key[0], f"{where} closed it, and the warehouse does not", REBUILD)
        # closed twice at one instant, by a clock that was set: how many each of them posted is known, not which
        elif len(by) > 1 and sum(line["posted"] for line in by) == len(ids):
            continue
        elif len(by) > 1 or by[0].get("entries", digest(ids)) != digest(ids):
            wrong = (
                f"{where} posted {sum(line['posted'] for line in by)} entries, and the ledger has others ({len(ids)})"
            )
            yield Fault("ledger", key[0], wrong, REBUILD)
    for day, at in posted:
        yield Fault("ledger", day, f"it has postings of {at} that no line of the journal closed", REBUILD)


def fact_faults(con: duckdb.DuckDBPyConnection) -> Iterator[Fault]:
    """Files with other rows than landed; calls, usage and payments that are not rated, or posted, as they landed."""
    for row in dict_rows(con, f"select * from books.miscounted_files order by all limit {_SHOWN}"):
        wrong = f"{row['kept']} rows of the {row['kind']} of {row['source']} are there, {row['landed']} landed"
        yield Fault("landed", row["name"] or row["file_id"], wrong, REBUILD)
    for row in dict_rows(con, f"select * from books.altered_facts order by all limit {_SHOWN}"):
        wrong = f"the {row['kind']} of {row['source']} are not rated as they landed"
        yield Fault("landed", str(row["day"]), f"{wrong} ({row['landed']} rows landed, {row['rated']} rated)", REBUILD)
    for row in dict_rows(con, f"select * from books.unfounded_payments order by all limit {_SHOWN}"):
        wrong = f"the {row['kind']} {row['reference']} of {row['account_id']} ({row['amount']} {row['currency']})"
        yield Fault("ledger", str(row["day"]), f"{wrong} never landed", REBUILD)
    for row in dict_rows(con, _DUE):
        wrong = f"{row['account_id']} would be posted {row['amount']} {row['currency']} ({row['kind']}) more"
        yield Fault("ledger", str(row["day"]), f"{wrong} by what landed and was rated", REBUILD)


def unreadable_tables(con: duckdb.DuckDBPyConnection, report: Callable[[str], None]) -> Iterator[Fault]:
    """Tables of which a block is not as it was written: the database tells it only where it is read."""
    for schema, name in con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() order by all"
    ).fetchall():
        report(f"{schema}.{name}")
        try:
            con.execute(f"select bit_xor(hash(t)) from {sql.quoted(schema)}.{sql.quoted(name)} as t").fetchall()
        except duckdb.Error as unreadable:
            yield Fault("warehouse", f"{schema}.{name}", f"it cannot be read ({first_line(unreadable)})", REBUILD)


def first_line(error: Exception) -> str:
    """What an error says, without its details."""
    return str(error).splitlines()[0]


def invoice_faults(con: duckdb.DuckDBPyConnection, lines: Sequence[Line]) -> Iterator[Fault]:
    """Issued documents that are not as the journal says, or whose postings do not come to their total."""
    issued = {
        row["invoice_number"]: row
        for row in dict_rows(
            con,
            """
            select
                i.invoice_number, i.total, i.checksum, i.account_id,
                -(select coalesce(sum(l.amount), 0) from ops.invoice_entries as e
                    inner join ops.ledger_entries as l on e.entry_id = l.entry_id
                    where e.invoice_number = i.invoice_number) as posted
            from ops.invoices as i
            where i.status = 'issued'
            """,
        )
    }
    for line in (line for line in lines if line["action"] in ("invoice", "credit note")):
        number, row = line["invoice_number"], issued.pop(line["invoice_number"], None)
        if row is None:
            yield Fault("invoice", number, f"line {line['n']} issued it, and the warehouse has none", REBUILD)
        elif (f"{row['total']:f}", row["checksum"], row["account_id"]) != (
            f"{Decimal(str(line['total'])):f}", line["checksum"], line["account"],
        ):  # fmt: skip
            yield Fault("invoice", number, f"it is not as line {line['n']} issued it", REBUILD)
        elif row["posted"] != row["total"]:
            yield Fault(
                "invoice", number, f"its postings come to {row['posted']}, its total is {row['total']}", REBUILD
            )
    for number in issued:
        yield Fault("invoice", number, "no line of the journal issued it", REBUILD)
