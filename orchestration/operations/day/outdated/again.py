"""Rate legs of closed days again, by today's configuration and decks, and find those that come out otherwise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from orchestration.configuration.changes import rows
from orchestration.configuration.schema import FILES
from orchestration.engine.rating_sql import blank, rate
from orchestration.store import sql

_HERE = Path(__file__).parent
# Days whose legs are all rated again in one go.
_TOGETHER = 7
# More legs than these are not kept step by step.
_MANY = 20_000

# What is taken along: a query each, for the table of its name.
_TAKEN = {
    "landed.cdrs": """
        select c.*
        from landed.cdrs as c
        semi join touched as t on c.source = t.source and c.call_id = t.call_id and c.day = t.day
        semi join marts.rated_calls as r
            on
                c.source = r.source and c.call_id = r.call_id and c.attempt = r.attempt and c.day = r.day
                and c.file_sequence = r.file_sequence
    """,
    "landed.rates": "from landed.rates",
    "ops.decks": "from ops.decks",
    "ops.deck_tables": "from ops.deck_tables",
    "main.stored": """
        select r.*
        from marts.rated_calls as r
        semi join touched as t on r.source = t.source and r.call_id = t.call_id and r.day = t.day
        where r.day in (select day from touched)
    """,
    "main.touched": "from touched",
    "main.asked_rates": "from asked_rates",
}
# Allowances stay as they were given out: what another order would give is for a recalculation.
COVERED = {
    "duration_covered": """
        select
            source, call_id, attempt, day, charged_at, file_sequence, sell_account_id as account_id,
            '' as profile_id, null::DATE as period, (sell_covered_s * 1000)::BIGINT as covered_ms,
        from main.stored
        where sell_covered_s > 0
    """,
    "cost_covered": """
        select
            source, call_id, attempt, day, charged_at, file_sequence, sell_account_id as account_id,
            '' as profile_id, null::DATE as period, (sell_covered_amount * 100000000)::HUGEINT as covered_u,
        from main.stored
        where sell_covered_amount > 0
    """,
}


def settle(con: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Add to temp table `outdated_by` what asked_rates changed: a few legs of each kind first, then the days left."""
    con.execute((_HERE / "one_of_each.sql").read_text(encoding="utf-8"))
    _rate(con, scratch)
    left = con.execute(
        "select distinct day from asked_rates where day not in (select day from outdated_by) order by day"
    ).fetchall()
    for begin in range(0, len(left), _TOGETHER):
        _touch_all(con, [day for (day,) in left[begin : begin + _TOGETHER]])
        _rate(con, scratch)


def _touch_all(con: duckdb.DuckDBPyConnection, days: list[date]) -> None:
    con.execute(
        """
        create or replace temp table touched as
        select day, source, call_id, attempt, side, file, "row", sign
        from touching
        where day in (select unnest($days::DATE[]))
        """,
        {"days": days},
    )


def take(con: duckdb.DuckDBPyConnection, beside: duckdb.DuckDBPyConnection, scratch: Path, schema: str) -> None:
    """Take what the legs of temp table `touched` are rated by along, today's configuration into a `schema`."""
    taken = {f'{schema}."{name}"': f'from config."{name}"' for name in FILES} | _TAKEN
    for number, (table, query) in enumerate(taken.items()):
        file = scratch / f"{number}.parquet"
        con.execute(f"copy ({query}) to {sql.path(file)} (format parquet)")
        beside.execute(f"create or replace table {table} as from {sql.reader('read_parquet', [file])}")


def _rate(con: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Rate the legs of temp table `touched` again and note the rows that touched one that differs."""
    (legs,) = con.execute("select count(*) from touched").fetchone() or (0,)
    if not legs:
        return
    with duckdb.connect() as beside:
        blank(beside)
        take(con, beside, scratch, "config")
        rate(beside, COVERED, as_views=legs > _MANY)
        beside.execute(f"create temp table rate_rows as {rows(beside, 'rates')}")
        differing = beside.sql((_HERE / "differing.sql").read_text(encoding="utf-8")).to_arrow_table()
    con.register("differing", differing)
    # a row that another one explains the difference better than is not named
    con.execute(
        """
        insert into outdated_by
        select day, file, "row", sign
        from differing
        qualify
            is_behind
            or (not bool_or(is_behind) over (partition by day) and day not in (select day from outdated_by))
        """
    )
    con.unregister("differing")
