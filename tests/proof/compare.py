"""What a deployment has published beside what the independent ledger says: every row, in both directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from orchestration.store.warehouse import Home
from tests.proof.play import Books

SHOWN = 12


def compare(home: Home, books: Books, statuses: bool = True) -> list[str]:
    """Every difference in words; empty when the books agree. `statuses`: days were just closed."""
    with duckdb.connect(str(home.serving), read_only=True) as con:
        found = [
            *_files(con, books),
            *_entries(con, books),
            *_balances(con, books),
            *_daily(con, books),
            *_documents(con, books),
            *_lines(con, books),
        ]
        if statuses:
            expected = books.ledger.statuses(books.at)
            found += differ("day", rows(con, "select day, status from marts.days", 1), expected)
    return found


def _files(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    counts = "rows, landed, duplicates, rejected, superseded"
    said = rows(con, f"select file_id, kind, source, {counts} from ops.files where kind <> 'rates'", 3)
    # a top-up's file is the operation's own business
    said = {key: row for key, row in said.items() if key[2] != "topups"}
    expected = {
        key: (c.rows, c.landed, c.duplicates, c.rejected, c.superseded)
        for key, c in books.ledger.landed.files.items()
        if key[2] != "topups"
    }
    yield from differ("file", said, expected)


def _entries(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    said = rows(
        con,
        """
        select entry_id, account_id, day, period, booked_on, posted_at, kind, fact, service, amount, currency, reference
        from marts.ledger_entries
        """,
        1,
    )
    expected = {
        e.entry_id: (e.account, e.day, e.period, e.booked_on, e.posted_at, e.kind, e.fact, e.service, e.amount,
                     e.currency, e.reference)
        for e in books.ledger.entries
    }  # fmt: skip
    if len(expected) != len(books.ledger.entries):
        yield "the ledger has two entries with one id"
    yield from differ("entry", said, expected)


def _balances(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    said = rows(
        con,
        """
        select account_id, balance, accrued_unposted, available, status, currency, tm_create, tm_update
        from marts.account_balances
        """,
        1,
    )
    ledger = books.ledger
    posted = {name: [e.posted_at for e in ledger.entries if e.account == name] for name in ledger.terms}
    expected = {
        name: (b.balance, b.accrued, b.available, b.status, ledger.terms[name].currency,
               min(posted[name], default=None), max(posted[name], default=None))
        for name, b in ledger.balances(books.at).items()
    }  # fmt: skip
    yield from differ("balance of", said, expected)


def _daily(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    query = "select account_id, booked_on, opening, debits, credits, closing from marts.balance_ledger_daily"
    yield from differ("booking day", rows(con, query, 2), books.ledger.daily())


def _documents(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    said = rows(
        con,
        """
        select invoice_number, kind, account_id, period_start, period_end, exact, net, tax, total, currency, issued_at,
            due_on
        from marts.invoices where status = 'issued'
        """,
        1,
    )
    documents = books.invoicing.documents
    expected = {
        d.number: (d.kind, d.account, d.start, d.end, d.exact, d.net, d.tax, d.total, d.currency, d.issued_at,
                   d.due_on)
        for d in documents
    }  # fmt: skip
    yield from differ("document", said, expected)
    on_invoices = rows(con, "select entry_id, invoice_number from marts.invoice_entries", 1)
    yield from differ("invoiced entry", on_invoices, {e: (d.number,) for d in documents for e in d.entries})


def _lines(con: duckdb.DuckDBPyConnection, books: Books) -> Iterator[str]:
    """Lines as a multiset per document, and their numbers, which run from 1."""
    lines = con.execute(
        """
        select invoice_number, line, kind, description, amount, currency, destination, service, day, for_period,
            rate_per_minute, quantity, unit_price, calls, duration_s, billed_s
        from marts.invoice_lines where invoice_number is not null
        """
    ).fetchall()
    said = Counter((row[0], *map(_exact, row[2:])) for row in lines)
    expected = Counter((d.number, *vars(line).values()) for d in books.invoicing.documents for line in d.lines)
    yield from (f"line there should not be: {_words(line)}" for line in list((said - expected).elements())[:SHOWN])
    yield from (f"line missing: {_words(line)}" for line in list((expected - said).elements())[:SHOWN])
    numbers = sorted((row[0], row[1]) for row in lines)
    wanted = sorted((d.number, n) for d in books.invoicing.documents for n in range(1, len(d.lines) + 1))
    if numbers != wanted:
        yield "the numbers of lines do not run from 1"


def rows(con: duckdb.DuckDBPyConnection, query: str, keys: int) -> dict[Any, Any]:
    """What a query gives: rows by their first `keys` columns, amounts as exact fractions."""
    fetched = con.execute(query).fetchall()
    found = {(row[:keys] if keys > 1 else row[0]): tuple(map(_exact, row[keys:])) for row in fetched}
    assert len(found) == len(fetched), f"two rows of one key: {query}"
    return found


def _exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def differ(
    what: str,
    said: Mapping[Any, Any],
    expected: Mapping[Any, Any],
    one: str = "the warehouse",
    other: str = "the ledger",
) -> list[str]:
    """The keys whose rows differ, or that only one of the two has, in words."""
    expected = {key: row if isinstance(row, tuple) else (row,) for key, row in expected.items()}
    keys = [key for key in {**said, **expected} if said.get(key) != expected.get(key)]
    found = [
        f"{what} {_words(key)}: {one} says {_words(said.get(key))}, {other} {_words(expected.get(key))}"
        for key in sorted(keys, key=str)[:SHOWN]
    ]
    return found + ([f"... and {len(keys) - SHOWN} more of {what}"] if len(keys) > SHOWN else [])


def _words(row: Any) -> str:
    cells = row if isinstance(row, tuple) else (row,)
    return " ".join(str(Decimal(c.numerator) / c.denominator if isinstance(c, Fraction) else c) for c in cells)
