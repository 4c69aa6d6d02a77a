"""What has to hold of a deck's rows among themselves and beside the configuration, in sets."""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.configuration.changes import meant
from orchestration.configuration.nearest import listed
from orchestration.configuration.problem import Fault
from orchestration.configuration.schema import FILES
from orchestration.configuration.unread import NOT_READ
from orchestration.decks.columns import BOUNDS, PRICES, SECONDS
from orchestration.decks.mapping import DeckMapping
from orchestration.decks.mapping_whole import left_out
from orchestration.decks.problem import Problems

KEY = "rate_table_id, prefix, band, calling_prefix, jurisdiction"
TERMS = ", ".join(("valid_to", *PRICES, *SECONDS, "blocked", "ended"))

# what a bound of a rate's own is held against, beside the other: its table's, where it has none; 0 is none
_LEAST = "coalesce(r.min_charge, t.min_charge)"
_HIGHEST = "case when r.max_charge is null then t.max_charge else nullif(r.max_charge, 0) end"
# units of 1e-8 in one of the last decimal of a table's amounts
_DECIMALS = next(column for column in FILES["rate_tables"].columns if column.name == "amount_decimals")
_UNIT = f"{[10 ** (8 - places) for places in range(9)]}[1 + {meant(_DECIMALS)}]"

_PRICED = "not r.ended and not r.blocked"
_MISSING = (
    ("rate_per_minute", f"t.kind = 'per_minute' and {_PRICED} and r.rate_per_minute is null", "per_minute"),
    ("initial_charge", f"t.kind = 'block' and {_PRICED} and r.initial_charge is null", "block"),
    ("increment_charge", f"t.kind = 'block' and {_PRICED} and r.increment_charge is null", "block"),
)


def settle(
    con: duckdb.DuckDBPyConnection, problems: Problems, effective: str, replaces_all: bool, rules: int
) -> datetime:
    """Check `deck_rows`, mark its copies, and give the deck's effective instant (UTC).

    A copy says the same as a later line (of equal rows the last lands, as the last of unequal ones counts).
    A partial deck without an effective date begins with its first row; a full one must say when the prefixes that
    it lacks end, unless all its rows begin together.
    """
    _copies(con)
    _prices(con, problems)
    _bands(con, problems)
    _currencies(con, problems)
    if rules > 1:
        _unread(con, problems)
    for column, test, fault in (
        (
            "valid_to",
            "r.valid_to <= r.valid_from",
            Fault("it does not lie after valid_from", "write a later time, or nothing"),
        ),
        (
            "initial_rate_per_minute",
            "t.band_policy = 'split' and r.initial_rate_per_minute is not null",
            Fault("a table with band_policy split has no initial rate", "empty it, or use start"),
        ),
        (
            "increment_s",
            "t.kind = 'block' and r.increment_s = 0",
            Fault('"0" makes no blocks, and the table is a block table', "write more than 0, or nothing"),
        ),
        *(
            (
                bound,
                f"(r.{bound} * 100000000)::HUGEINT % {_UNIT} <> 0",
                Fault("it has more decimals than amounts of its table", "write fewer, or raise amount_decimals"),
            )
            for bound in BOUNDS
        ),
        (
            "min_charge",
            f"(r.min_charge is not null or r.max_charge is not null) and {_LEAST} > 0 and {_LEAST} > {_HIGHEST}",
            Fault("the least amount is more than the highest, the row's own or its table's", "write another one, or 0"),
        ),
        (
            "prefix",
            "length(r.prefix) > 15 or length(r.calling_prefix) > 15",
            Fault("a prefix has more than 15 digits", "write at most 15"),
        ),
    ):
        _add(con, problems, test, column, fault)
    return _effective_at(con, problems, effective, replaces_all)


def _add(con: duckdb.DuckDBPyConnection, problems: Problems, test: str, column: str, fault: Fault) -> None:
    if lines := _lines(con, test):
        problems.add(lines, column, fault)


def _lines(con: duckdb.DuckDBPyConnection, test: str) -> list[int]:
    rows = con.execute(
        "select distinct r.line from deck_rows as r"
        " inner join config.rate_tables as t on r.rate_table_id = t.rate_table_id"
        f" where {test} order by r.line"
    )
    return [line for (line,) in rows.fetchall()]


def _copies(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"""
        create or replace temp table deck_rows as
        select
            *,
            row_number() over (partition by {KEY}, valid_from, {TERMS} order by line desc) > 1 as copies,
        from deck_rows
        """
    )


def _prices(con: duckdb.DuckDBPyConnection, problems: Problems) -> None:
    for column, test, kind in _MISSING:
        right = "write a price, or true under blocked or ended"
        _add(con, problems, test, column, Fault(f"there is no price, and the table is a {kind} table", right))


def _unread(con: duckdb.DuckDBPyConnection, problems: Problems) -> None:
    for kind, columns in NOT_READ.items():
        for column in columns:
            fault = Fault(f"the table is a {kind} table: no call of it is charged by this", "leave the cell empty")
            _add(con, problems, f"t.kind = '{kind}' and r.{column} is not null", column, fault)


def _bands(con: duckdb.DuckDBPyConnection, problems: Problems) -> None:
    rows = con.execute(
        """
        with bands as (
            select t.rate_table_id, s.band
            from config.rate_tables as t
            inner join (
                select timetable_id, band from config.timetables
                union
                select timetable_id, band from config.holidays
            ) as s on t.timetable_id = s.timetable_id
        )
        select r.rate_table_id, r.band, list(distinct r.line), (
            select list(b.band) from bands as b where b.rate_table_id = r.rate_table_id
        )
        from deck_rows as r
        anti join bands as b on r.rate_table_id = b.rate_table_id and r.band = b.band
        where r.band <> ''
        group by r.rate_table_id, r.band
        """
    ).fetchall()
    for table, band, lines, known in rows:
        wrong = f'"{band}" is no band of {table}' if known else f'"{band}" never comes: {table} has no timetable'
        right = f"write one of {listed(known)}; see [values.band]" if known else "give the table a timetable_id"
        problems.add(lines, "band", Fault(wrong, right))


def _currencies(con: duckdb.DuckDBPyConnection, problems: Problems) -> None:
    rows = con.execute(
        """
        select r.currency, t.rate_table_id, t.currency, list(distinct r.line)
        from deck_rows as r
        inner join config.rate_tables as t on r.rate_table_id = t.rate_table_id
        where r.currency <> '' and upper(r.currency) <> t.currency
        group by all
        """
    ).fetchall()
    for currency, table, wanted, lines in rows:
        right = "ask for prices in that, or use a table in the deck's currency"
        problems.add(lines, "currency", Fault(f'the price is in "{currency}", and {table} is in {wanted}', right))


def refuse_left_out(con: duckdb.DuckDBPyConnection, problems: Problems, mapping: DeckMapping) -> None:
    """The currency that the mapping leaves out of every price is that of the tables, which rows may name."""
    currency = left_out(mapping)
    rows = con.execute(
        """
        select t.rate_table_id, t.currency, list(distinct r.line)
        from deck_rows as r
        inner join config.rate_tables as t on r.rate_table_id = t.rate_table_id
        where t.currency <> ?  -- none is left out: none is another
        group by all
        """,
        [currency],
    ).fetchall()
    for table, wanted, lines in rows:
        wrong = f"the deck is in {currency} by {mapping.shown}, and {table} in {wanted}: prices are not converted"
        right = "ask for prices in that, or use a table in the deck's currency"
        problems.add(lines, "currency", Fault(wrong, right))


def _effective_at(con: duckdb.DuckDBPyConnection, problems: Problems, effective: str, replaces_all: bool) -> datetime:
    if effective:
        return datetime.fromisoformat(effective)
    first, dates = con.execute("select min(valid_from), count(distinct valid_from) from deck_rows").fetchone() or (
        None,
        0,
    )
    if replaces_all and dates > 1:
        wrong = f"it replaces all prices, and its rows begin on {dates} different dates"
        problems.add(
            [], None, Fault(wrong, "say when prices it does not have end: --effective 2026-04-01, or [effective]")
        )
    assert isinstance(first, datetime)
    return first
