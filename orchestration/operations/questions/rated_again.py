"""Rate calls with what was published: configuration and decks as they are now or were when a day was closed.

Works on the serving file and the archive alone, in memory: it never waits for a writer and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from orchestration.engine.rating_sql import blank
from orchestration.store import sql
from orchestration.store.database import dict_rows
from orchestration.store.files import inside
from orchestration.store.warehouse import RULES, Home, Refused, nothing_published, of_this_release


@dataclass(frozen=True)
class Step:
    """One step of a leg's rating: the kind of step, words, and what it adds to the amount (table's currency)."""

    what: str
    text: str
    amount: Decimal | None


@dataclass(frozen=True)
class Origin:
    """Where a rate stands: rates.csv (deck 0) or the file of an accepted deck, and the line."""

    file: str
    line: int
    deck: int


@contextmanager
def published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the serving file attached as `serving`. Raises `Refused` when nothing is published."""
    if not home.serving.exists():
        raise nothing_published(home)
    con = duckdb.connect()
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {sql.path(home.serving)} as serving (read_only)")
        with of_this_release():
            yield con
    finally:
        con.close()


def configured(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    version: str | None = None,
    deck: int | None = None,
    rules: int = RULES,
) -> None:
    """Take a version of the configuration and the decks up to `deck`; None: those of now. No rates of decks yet.

    `rules`: the version of the rules that it was rated by. Raises `Refused` when the version is not in the archive.
    """
    if version is None:
        loaded = dict_rows(con, "select version from serving.ops.configuration")
        if not loaded:
            raise nothing_published(home)
        version = str(loaded[0]["version"])
    directory = inside(home.archive, "config", version)
    if not directory.is_dir():
        raise Refused(f"the configuration {version[:12]} is not in {directory.parent} any more")
    blank(con, directory, rules)
    upto = "true" if deck is None else f"deck <= {deck}"
    con.execute(f"insert into ops.decks by name select * from serving.ops.decks where {upto}")
    con.execute(f"insert into ops.deck_tables by name select * from serving.ops.deck_tables where {upto}")


def take_rates(con: duckdb.DuckDBPyConnection, numbers: Collection[str | None]) -> None:
    """Take the rates, and the regions, that one of `numbers` could begin with, and no others: a deck has 100,000s.

    A prefix is looked for anywhere in a number, also with a source's country code before that, since how the number is
    written is for the rating to know.
    """
    con.execute("create temp table asked_numbers (digits VARCHAR)")
    con.executemany(
        "insert into asked_numbers values (regexp_replace(coalesce(?, ''), '[^0-9]', '', 'g'))", [[n] for n in numbers]
    )
    asked = """
        exists (
            select 1
            from asked_numbers as n
            cross join (select country_code from config.sources union all select '') as s
            where
                starts_with(s.country_code, prefix)
                or (
                    starts_with(prefix, s.country_code)
                    and contains(n.digits, substr(prefix, length(s.country_code) + 1))
                )
        )
    """
    for table in ("rates", "prefix_regions"):
        con.execute(f"delete from config.{table} where not {asked}")
    con.execute(
        f"""
        insert into landed.rates by name
        select * from serving.landed.rates where deck in (select deck from ops.decks) and {asked}
        """
    )


def steps(con: duckdb.DuckDBPyConnection, side: str, source: str, call_id: str, attempt: int) -> list[Step]:
    """The steps of a leg that was rated on this connection (`rate(con, explained=...)`), in order."""
    rows = dict_rows(
        con,
        """
        select what, text, amount from rating.leg_steps
        where side = ? and source = ? and call_id = ? and attempt = ? order by step
        """,
        [side, source, call_id, attempt],
    )
    return [Step(**step) for step in rows]


def origin(con: duckdb.DuckDBPyConnection, side: str, source: str, call_id: str, attempt: int) -> Origin | None:
    """Where the rate of such a leg stands; None where it has no rate."""
    rows = dict_rows(
        con,
        """
        select coalesce(d.name, 'rates.csv') as file, l.rate_line as line, l.rate_deck as deck
        from rating.explained_legs as l
        left join ops.decks as d on l.rate_deck = d.deck
        where side = ? and l.source = ? and call_id = ? and attempt = ? and rate_no is not null
        """,
        [side, source, call_id, attempt],
    )
    return Origin(**rows[0]) if rows else None
