"""What a deck would have made of the calls of the last days: rated twice by the rating's own SQL, without and with it.

In a database in memory, with the warehouse attached read-only: nothing of it can change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.engine.rating_sql import blank, rate
from orchestration.store import sql
from orchestration.store.warehouse import Home

DAYS = 7

# The calls with a leg of the deck's tables.
_AFFECTED = """
    create temp table affected as
    select distinct source, call_id, day
    from warehouse.marts.rated_calls
    where
        day in (select day from traffic_days)
        and (
            sell_rate_table_id in (select rate_table_id from deck_tables)
            or buy_rate_table_id in (select rate_table_id from deck_tables)
        )
"""

# These with all their attempts: which one is sold hangs on the others. And all calls of their accounts with allowances,
# which take from the same, each what those before it leave.
_CALLS = """
    insert into landed.cdrs by name
    with sharing as (
        select distinct r.sell_account_id as account_id
        from warehouse.marts.rated_calls as r
        semi join affected as a on r.source = a.source and r.call_id = a.call_id and r.day = a.day
        where
            r.day in (select day from traffic_days)
            and r.sell_account_id in (select account_id from config.consumption_profiles)
    ),

    taken as (
        select source, call_id, day from affected
        union
        select source, call_id, day
        from warehouse.marts.rated_calls
        where day in (select day from traffic_days) and sell_account_id in (select account_id from sharing)
    )

    select c.*
    from warehouse.landed.cdrs as c
    semi join taken as t on c.source = t.source and c.call_id = t.call_id and c.day = t.day
"""

# What calls of other days took of the allowances, as it is in the books.
_ALLOWANCES = (
    """
    insert into marts.profile_consumption by name
    select * from warehouse.marts.profile_consumption
    where profile_id in (select profile_id from config.consumption_profiles)
    """,
    "insert into landed.superseded_cdrs by name select * from warehouse.landed.superseded_cdrs",
)

# Decks that a full one had replaced before the days began are left out.
_DECKS = """
    insert into landed.rates by name
    select r.*
    from warehouse.landed.rates as r
    left join (
        select rate_table_id, max(deck) as deck
        from warehouse.ops.deck_tables
        where replaces_all and settled_at <= (select min(day) from traffic_days)
        group by rate_table_id
    ) as s on r.rate_table_id = s.rate_table_id
    where r.deck >= coalesce(s.deck, 0)
"""

# The deck as if it had been in force on all these days; of several versions of a price the last.
_DECK = """
    insert into landed.rates by name
    select
        * replace (
            least(valid_from, (select min(day)::TIMESTAMP from traffic_days)) as valid_from,
            null as valid_to
        ),
    from deck_prices
    qualify
        row_number() over (
            partition by rate_table_id, prefix, band, calling_prefix, jurisdiction
            order by valid_from desc, line desc
        ) = 1
"""

_DECK_TABLES = """
    insert into ops.deck_tables by name
    select
        (select max(deck) from deck_prices) as deck,
        rate_table_id,
        $full as replaces_all,
        least($effective_at::TIMESTAMP, (select min(day)::TIMESTAMP from traffic_days)) as effective_at,
        (select min(day)::TIMESTAMP from traffic_days) as settled_at,
    from deck_tables
"""

_LEGS = """
    create temp table legs_{which} as
    select
        source,
        call_id,
        attempt,
        day,
        buy_account_id as carrier_id,
        -- of a call's attempts one is sold
        max(sell_account_id) over (partition by day, source, call_id) as customer_id,
        buy_status,
        coalesce(buy_account_amount, 0) as cost,
        coalesce(sell_reporting_amount, 0) - coalesce(buy_reporting_amount, 0) as margin,
        sell_status = 'unrated' or buy_status = 'unrated' as unrated,
    from rating.rated_calls
"""

_EFFECTS = """
    select
        b.{whose} as account_id,
        {currency} as currency,
        count(distinct (b.source, b.call_id, b.day)) as calls,
        sum(b.{what}) as without,
        sum(a.{what}) as with_deck,
        sum(a.{what} - b.{what}) as difference,
        count(*) filter (b.unrated) as unrated_without,
        count(*) filter (a.unrated) as unrated_with_deck,
    from legs_without as b
    inner join legs_with as a
        on b.source = a.source and b.call_id = a.call_id and b.attempt = a.attempt and b.day = a.day
    left join affected as f on b.source = f.source and b.call_id = f.call_id and b.day = f.day
    left join config.accounts as k on b.{whose} = k.account_id
    where
        b.{whose} is not null
        and {only}
        -- of calls that only share an allowance those that the deck leaves another part of it
        and (f.call_id is not null or a.{what} <> b.{what})
    group by b.{whose}, k.currency
    order by abs(sum(a.{what} - b.{what})) desc, b.{whose}
"""


@dataclass(frozen=True)
class Effect:
    """What an account's calls come to: a carrier's cost (its currency), a customer's margin (reporting currency).

    Unrated legs count as 0; how many there are is beside it.
    """

    account_id: str
    currency: str
    calls: int
    without: Decimal
    with_deck: Decimal
    difference: Decimal
    unrated_without: int
    unrated_with_deck: int


@dataclass(frozen=True)
class Traffic:
    """The days that were rated again and what the deck would have changed on them."""

    days: tuple[date, ...]
    calls: int
    carriers: tuple[Effect, ...]
    customers: tuple[Effect, ...]


def days_with_traffic(con: duckdb.DuckDBPyConnection) -> tuple[date, ...]:
    """The last 7 days that have rated calls; none before the first build."""
    built = con.execute(
        "select 1 from information_schema.tables where table_schema = 'marts' and table_name = 'rated_calls'"
    ).fetchall()
    if not built:
        return ()
    days = con.execute(f"select day from ops.builds order by day desc limit {DAYS}").fetchall()
    return tuple(sorted(day for (day,) in days))


def rated_again(home: Home, days: tuple[date, ...], deck: Path, effective_at: datetime, full: bool) -> Traffic:
    """Rate the calls of `days` that the deck's tables price, without it and with it.

    Allowances are given out anew on these days, from what calls of other days have left of them.
    `deck` is a Parquet file with the columns of landed.rates. The warehouse must not be open in this process.
    """
    con = duckdb.connect()
    try:
        blank(con, home.seeds)
        con.execute(f"attach {sql.path(home.warehouse)} as warehouse (read_only)")
        con.execute(f"create temp table deck_prices as from {sql.reader('read_parquet', [deck])}")
        con.execute("create temp table deck_tables as select distinct rate_table_id from deck_prices")
        con.execute("create temp table traffic_days (day DATE)")
        con.executemany("insert into traffic_days values (?)", [[day] for day in days])
        con.execute(_AFFECTED)
        con.execute(_CALLS)
        for statement in _ALLOWANCES:
            con.execute(statement)
        con.execute(_DECKS)
        con.execute("insert into ops.decks by name select * from warehouse.ops.decks")
        con.execute("insert into ops.deck_tables by name select * from warehouse.ops.deck_tables")
        calls = con.execute("select count(*) from affected").fetchall()[0][0]
        if not calls:
            return Traffic(days, 0, (), ())
        rate(con, as_views=True)
        con.execute(_LEGS.format(which="without"))
        con.execute(_DECK)
        con.execute(_DECK_TABLES, {"full": full, "effective_at": effective_at})
        rate(con, as_views=True)
        con.execute(_LEGS.format(which="with"))
        carriers = _effects(con, "carrier_id", "cost", "k.currency", "b.buy_status <> 'none'")
        company = "(select reporting_currency from config.company)"
        return Traffic(days, calls, carriers, _effects(con, "customer_id", "margin", company, "true"))
    finally:
        con.close()


def _effects(con: duckdb.DuckDBPyConnection, whose: str, what: str, currency: str, only: str) -> tuple[Effect, ...]:
    rows = con.execute(_EFFECTS.format(whose=whose, what=what, currency=currency, only=only)).fetchall()
    return tuple(Effect(*row) for row in rows)
