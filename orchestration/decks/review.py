"""What a deck would change, price by price, before anything does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import duckdb

from orchestration.decks.normal import Deck
from orchestration.decks.traffic import Traffic
from orchestration.engine.rating_sql import ask, database
from orchestration.store.database import one

CLASSES = ("new", "increased", "decreased", "changed", "blocked", "ended", "cancelled", "unchanged", "not_offered")
REASONS = {
    "ten_times": "more than 10 times the old price",
    "tenth": "less than a tenth of the old price",
    "over_limit": "over the limit",
    "past": "effective in the past",
    "far_away": "effective in more than 18 months (is the year right?)",
    "notice": "an increase with less notice than agreed",
    "conflict": "priced twice in the deck; the later line would count",
    "cancels": "ends a later price of a prefix it has, before that begins",
    "no_number": "no number begins with it: country code 1, and area codes begin with 2 to 9",
    "unrelated": "none is, or lies below or above, one of its table's prices",
    "ends_most": "ends more than half of its table's prices",
}


@dataclass(frozen=True)
class TableChanges:
    """How many prices of a rate table are of each class."""

    rate_table_id: str
    classes: dict[str, int]


@dataclass(frozen=True)
class Suspicion:
    """One reason not to accept a deck unseen."""

    reason: str
    prices: int
    text: str


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that the deck has or ends: what it was and will be, in words (`0.05 60/60 +0.01`).

    `other_prefix`, `other_rate`: by which its numbers were priced until now (a new one) or will be (an ended one).
    """

    what: str
    rate_table_id: str
    prefix: str
    band: str
    calling_prefix: str
    jurisdiction: str
    destination: str | None
    changes_at: datetime
    line: int | None
    old: str | None
    new: str | None
    change_pct: Decimal | None
    other_prefix: str | None
    other_rate: Decimal | None
    reasons: list[str]


@dataclass(frozen=True)
class Review:
    """A deck and what it would change. `first_change`: the earliest instant at which a price changes.

    rows = landed + duplicates, as they will be in ops.files. `unread`: the deck's columns that nothing reads.
    """

    file_id: str
    name: str
    source: str
    mapping: str
    number: int
    effective_at: datetime
    replaces: str
    rows: int
    duplicates: int
    tables: tuple[TableChanges, ...]
    suspicious: tuple[Suspicion, ...]
    first_change: datetime | None
    closed_days: int
    prices: tuple[PriceChange, ...] = field(repr=False, default=())
    traffic: Traffic | None = None
    unread: tuple[str, ...] = ()

    @property
    def landed(self) -> int:
        return self.rows - self.duplicates

    def total(self, what: str) -> int:
        """How many prices of the deck are of a class."""
        return sum(table.classes.get(what, 0) for table in self.tables)


def review(con: duckdb.DuckDBPyConnection, deck: Deck, limit: Decimal | None = None, first: int | None = 20) -> Review:
    """Compare the deck in `deck_rows` with what is in force; the full answer is in review.rating.deck_review.

    `limit`: rates above it are suspicious, before the mapping's. `first`: how many prices of each class are given,
    None for all.
    """
    limit = limit if limit is not None else deck.mapping.max_rate
    con.execute(
        """
        create or replace temp table reviewed_deck as
        select
            (select coalesce(max(deck), 0) + 1 from ops.decks)::INTEGER as number,
            ?::TIMESTAMP as effective_at,
            ?::BOOLEAN as replaces_all,
            ?::DECIMAL(20, 8) as limit_rate,
            ?::VARCHAR as country_code,
            ?::INTEGER as shown
        """,
        [deck.effective_at, deck.replaces_all, limit, deck.mapping.constants.get("country_code"), first],
    )
    ask(con, "decks", _given(database(con)), "review")
    number, rows, duplicates = one(
        con, "select (select number from reviewed_deck), count(*), count(*) filter (copies) from deck_rows"
    )
    first_change, closed = one(
        con,
        """
        with changes as (
            select min(changes_at) as first_at
            from review.rating.deck_review
            where class not in ('unchanged', 'not_offered')
        )
        select first_at, (select count(distinct day) from ops.closings where day + interval 1 day > first_at)
        from changes
        """,
    )
    return Review(
        file_id=deck.file_id,
        name=deck.name,
        source=deck.source,
        mapping=deck.mapping.shown,
        number=number,
        effective_at=deck.effective_at,
        replaces="full" if deck.replaces_all else "partial",
        rows=rows,
        duplicates=duplicates,
        tables=_tables(con),
        suspicious=(
            *(*_suspicious(con, limit), *_unrelated(con), *_ends_most(con), *_otherwise(con)),
            *(*_elsewhere(con, deck, rows), *_appeared(deck, rows)),
        ),
        first_change=first_change,
        closed_days=closed,
        prices=_prices(con),
        unread=deck.unread,
    )


def _given(warehouse: str) -> dict[str, str]:
    """What models/rating/decks reads: the reviewed deck, and what there is of its rate tables."""
    tables = "select rate_table_id from deck_rows"
    return {
        "run.clock": f"from {warehouse}.run.clock",
        "run.reviewed_deck": "from reviewed_deck",
        "run.reviewed_rates": "select * exclude (currency, said) from deck_rows",
        "config.rate_tables": f"from {warehouse}.config.rate_tables",
        "config.rate_assignments": f"from {warehouse}.config.rate_assignments",
        "config.rates": f"from {warehouse}.config.rates where rate_table_id in ({tables})",
        "landed.rates": f"from {warehouse}.landed.rates where rate_table_id in ({tables})",
        "ops.deck_tables": f"from {warehouse}.ops.deck_tables",
    }


def _tables(con: duckdb.DuckDBPyConnection) -> tuple[TableChanges, ...]:
    rows = con.execute("select rate_table_id, class, count(*) from review.rating.deck_review group by all order by all")
    by_table: dict[str, dict[str, int]] = {}
    for table, what, count in rows.fetchall():
        by_table.setdefault(table, dict.fromkeys(CLASSES, 0))[what] = count
    return tuple(TableChanges(table, classes) for table, classes in by_table.items())


def _suspicious(con: duckdb.DuckDBPyConnection, limit: Decimal | None) -> list[Suspicion]:
    counted = dict(
        con.execute(
            "select unnest(reasons) as reason, count(*) from review.rating.deck_review group by reason"
        ).fetchall()
    )
    texts = dict(REASONS)
    if limit is not None:
        texts["over_limit"] = f"over the limit of {limit:f}"
    suspicions = [Suspicion(reason, counted[reason], texts[reason]) for reason in REASONS if reason in counted]
    return [_noticed(con, s) if s.reason == "notice" else s for s in suspicions]


def _noticed(con: duckdb.DuckDBPyConnection, suspicion: Suspicion) -> Suspicion:
    """Say which accounts are owed the notice."""
    rows = con.execute(
        "select account_id, side, notice_days from review.rating.deck_notices_owed order by all"
    ).fetchall()
    who = ", ".join(f"{account} ({side}, {days} days)" for account, side, days in rows)
    return Suspicion(suspicion.reason, suspicion.prices, f"{suspicion.text}: {who}")


def _unrelated(con: duckdb.DuckDBPyConnection) -> list[Suspicion]:
    rows = con.execute("select rate_table_id, prices from review.rating.deck_unrelated order by all").fetchall()
    text = "no prefix is, or lies below or above, one that {} has a price for: "
    remedy = "were they written without the country code? constants.country_code"
    return [Suspicion("unrelated", prices, text.format(table) + remedy) for table, prices in rows]


def _ends_most(con: duckdb.DuckDBPyConnection) -> list[Suspicion]:
    rows = con.execute(
        """
        select rate_table_id, prices, prices_before, is_unrelated
        from review.rating.deck_ends_most
        order by rate_table_id
        """
    ).fetchall()
    return [
        # of prefixes of another numbering nothing is said about what the deck leaves out
        Suspicion(
            "ends_most",
            prices,
            f"ends {prices:,} of the {before:,} prices of {table}" + ("" if unrelated else ": is it a partial deck?"),
        )
        for table, prices, before, unrelated in rows
    ]


def _otherwise(con: duckdb.DuckDBPyConnection) -> list[Suspicion]:
    """What the deck's own word denies shows a wrong column, scale or table."""
    prices, first = one(
        con,
        """
        select count(*), min((r.line, d.said, r.class))
        from review.rating.deck_review as r
        inner join (select distinct line, said from deck_rows where said <> '') as d using (line)
        where
            r.class in ('increased', 'decreased', 'changed')
            and r.class <> d.said
            and (r.class <> 'changed' or d.said = 'unchanged')
        """,
    )
    if not prices:
        return []
    line, said, what = first
    return [Suspicion("otherwise", prices, f"the deck says otherwise: line {line} says {said}, and is {what}")]


def _elsewhere(con: duckdb.DuckDBPyConnection, deck: Deck, rows: int) -> list[Suspicion]:
    """The same file was accepted from another source: put into the wrong folder, it prices another one's numbers."""
    known = con.execute(
        "select source, name, deck, accepted_at from ops.decks where file_id = ? and source <> ? order by deck limit 1",
        [deck.file_id, deck.source],
    ).fetchone()
    if known is None:
        return []
    source, name, number, at = known
    text = f"the same file was accepted from {source} as {name}, deck {number}, on {at:%Y-%m-%d %H:%M} UTC"
    return [Suspicion("elsewhere", rows, text)]


def _appeared(deck: Deck, rows: int) -> list[Suspicion]:
    """A column that the carrier has added, as of a surcharge, is charged by once somebody knows of it."""
    if not deck.appeared:
        return []
    text = f"has columns that {deck.before} before it had not, and nothing reads: {', '.join(deck.appeared)}"
    return [Suspicion("not_read", rows, f"{text}; see [columns] in the mapping")]


def _prices(con: duckdb.DuckDBPyConnection) -> tuple[PriceChange, ...]:
    rows = con.execute(
        """
        select
            class, rate_table_id, prefix, band, calling_prefix, jurisdiction, destination, changes_at, line, old, new,
            change_pct, other_prefix, other_rate, reasons
        from review.rating.deck_review_in_words
        order by place
        """
    ).fetchall()
    ranked = sorted(rows, key=lambda row: CLASSES.index(row[0]))
    return tuple(PriceChange(*row) for row in ranked)
