"""Make the days that have new or changed input anew: rate, report, accrue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.operations import dbt
from orchestration.operations.configure import configure
from orchestration.operations.outdated import settle
from orchestration.operations.post import post_at_once
from orchestration.operations.publish import publishing
from orchestration.store.files import folder, sync
from orchestration.warehouse import RULES, Home, Refused, Writer, now

# The tables that are kept as one Parquet file for each day and build (macros/warehouse/daily_files.sql).
STORED = (
    "marts.rated_calls",
    "marts.profile_consumption",
    "marts.breakout_hourly",
    "marts.breakout_daily",
    "marts.breakout_rate_daily",
)

# What makes every model, views included.
EVERYTHING = ["run"]

# What is made by the day but for the lookups that only configuration, decks and the days decide.
_WITHOUT_LOOKUPS = [
    "tag:daily,path:models/marts",
    "tag:daily,path:models/rating/profiles",
    "path:models/rating/lookups,billing_reach+",
]

# Which days want building: every day with rows that landed, or something that a subscription charges, after it was
# built; open days also when configuration or models are others than they were; what an interrupted build left.
_PENDING = """
    with landed as (
        select day, max(file_sequence) as file_sequence
        from (
            select day, file_sequence from ops.file_days where kind in ('cdrs', 'usage')
            union all
            {charged}
            -- what was built for a subscription that is no more
            select day, 0 from ops.builds
        )
        group by day
    )
    select l.day
    from landed as l
    left join ops.builds as b on l.day = b.day
    where
        b.day is null
        or l.file_sequence > b.file_sequence
        or l.day in (select day from ops.build_days)
        {due}
        or (
            l.file_sequence > coalesce(
                (select max(k.file_sequence) from ops.closings as k where k.day = l.day), -1
            )
            and (b.config <> $config or b.deck <> $deck or b.project <> $project)
        )
    order by l.day
"""


@dataclass(frozen=True)
class Built:
    """What a build did: the days (UTC) that it made anew, in order."""

    days: list[date]


def build(
    home: Home,
    first: date | None = None,
    last: date | None = None,
    said: Callable[[str], None] | None = None,
) -> Built:
    """Build every day that wants it, or all days with data from `first` to `last`, and publish.

    Raises `Refused` when the configuration is not good, the dates are the wrong way round or another
    command keeps the warehouse; `dbt.DbtFailed` when a model fails (the next build completes it).
    """
    with publishing(home, "build") as held:
        built = build_days(held, first, last, said)
        return built


def build_days(
    held: Writer,
    first: date | None = None,
    last: date | None = None,
    said: Callable[[str], None] | None = None,
) -> Built:
    """`build` for a caller that holds the lock and publishes itself."""
    days, arguments = begin(held, first, last)
    if arguments:
        held.release()
        dbt.run(held.home, arguments, said)
    finish(held)
    if arguments == EVERYTHING and not (first or last):
        # only now the models can say on which days without traffic subscriptions are charged
        days = sorted({*days, *build_days(held, said=said).days})
    return Built(days)


def begin(held: Writer, first: date | None = None, last: date | None = None) -> tuple[list[date], list[str]]:
    """Note the days to build in ops.build_days; return them and the dbt arguments that build them.

    The arguments are empty when there is nothing to do. After the models changed (or in a new
    warehouse) dbt makes everything, views included; else only what is made by the day.
    """
    if first and last and last < first:
        raise Refused(f"--to {last} is before --from {first}")
    config, project = configure(held), _project(held)
    with held.connect() as con:
        known = dbt.modelled(con)
        days = _range(con, first, last) if first or last else _pending(con, config, project, known)
        gives = known and _gives_allowances(con)
        days = _with_consumers(con, days)
        made_for = _made_for(con, config, project, days)
        looked_up = con.execute("select made_for from ops.lookups where complete").fetchone() == (made_for,)
        con.begin()
        if days and not looked_up:
            con.execute("delete from ops.lookups")
            con.execute("insert into ops.lookups values (?, false)", [made_for])
        con.execute("delete from ops.build_days")
        con.execute("insert into ops.build_days select unnest(?::DATE[])", [days])
        for table in STORED:
            for day in days:
                folder(held.home.tables / table / f"day={day}")
        con.commit()
    if not known:
        return days, EVERYTHING
    chosen = _WITHOUT_LOOKUPS if looked_up else ["tag:daily"]
    without = [] if gives else ["path:models/rating/profiles", "profile_consumption"]
    said = ["--vars", "models_made: true"]
    return days, ["run", *said, "--select", *chosen, "--exclude", "config.materialized:view", *without] if days else []


def _project(held: Writer) -> str:
    """Identity of the models, and of the rules that they go by where these are not today's."""
    return dbt.project_version() + ("" if held.rules == RULES else f" rules {held.rules}")


def finish(held: Writer) -> None:
    """Record that the days in ops.build_days are built, post what waited for models, find outdated days."""
    with held.connect() as con:
        _sync_stored_files(con, held.home)
        con.begin()
        con.execute(
            """
            insert or replace into ops.builds (day, build_no, built_at, config, project, file_sequence, deck)
            select
                d.day,
                (select coalesce(max(build_no), 0) + 1 from ops.builds),
                ?,
                (select version from ops.configuration),
                ?,
                coalesce(max(f.file_sequence), 0),
                (select coalesce(max(deck), 0) from ops.decks)
            from ops.build_days as d
            left join ops.file_days as f on d.day = f.day and f.kind in ('cdrs', 'usage')
            group by d.day
            """,
            [now(), _project(held)],
        )
        con.execute("update ops.lookups set complete = true where exists (select 1 from ops.build_days)")
        con.execute("delete from ops.build_days")
        con.execute("delete from ops.project")
        con.execute("insert into ops.project values (?)", [dbt.project_version()])
        post_at_once(con)
        con.commit()
    settle(held)


def _sync_stored_files(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Have the files that were written of the days in ops.build_days on disk before the days count as built."""
    found = con.execute("select path from ops.stored_files where day in (select day from ops.build_days)").fetchall()
    written = {home.root / path for (path,) in found}
    for path in sorted(written | {path.parent for path in written}):
        sync(path)


# Days since the first traffic on which a subscription is charged: the model says it, once it is there.
_CHARGED = """
    select day, 0 from rating.subscription_charges
    where day >= (select min(day) from ops.file_days where kind in ('cdrs', 'usage'))
    union all
"""
# Open days that lack a charge: a day in another time zone than UTC begins when its UTC day was built perhaps.
_DUE = """
    or l.day in (
        select c.day
        from rating.subscription_charges as c
        anti join ops.closings as k on c.day = k.day
        anti join marts.rated_usage as u on c.day = u.day and c.charge_id = u.usage_id and u.kind = 'subscription'
    )
"""


def _pending(con: duckdb.DuckDBPyConnection, config: str, project: str, known: bool) -> list[date]:
    deck = con.execute("select coalesce(max(deck), 0) from ops.decks").fetchone()
    assert deck is not None
    rows = con.execute(
        _PENDING.format(charged=_CHARGED if known else "", due=_DUE if known else ""),
        {"config": config, "project": project, "deck": deck[0]},
    ).fetchall()
    return [row[0] for row in rows]


def _made_for(con: duckdb.DuckDBPyConnection, config: str, project: str, days: list[date]) -> str:
    """Identity of all that the lookups are made of."""
    deck = con.execute("select coalesce(max(deck), 0) from ops.decks").fetchone()
    return " ".join(map(str, [config, project, deck, *days]))


def _gives_allowances(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are consumption profiles, or calls that an earlier build covered by some."""
    row = con.execute(
        """
        select
            exists(select 1 from config.consumption_profiles)
            or exists(select 1 from rating.duration_covered)
            or exists(select 1 from rating.cost_covered)
            or exists(select 1 from ops.stored_files where table_name = 'marts.profile_consumption' and not sealed)
        """
    ).fetchone()
    return row != (False,)


def _with_consumers(con: duckdb.DuckDBPyConnection, days: list[date]) -> list[date]:
    """The days, and where there are consumption profiles all later ones that are open.

    What calls of a day leave of an allowance is what those of later days find.
    """
    if not days or con.execute("select count(*) from config.consumption_profiles").fetchone() == (0,):
        return days
    later = con.execute(
        """
        select day
        from ops.file_days as f
        where kind = 'cdrs' and day > ?
        group by day
        having max(file_sequence)
            > coalesce((select max(k.file_sequence) from ops.closings as k where k.day = f.day), -1)
        """,
        [min(days)],
    ).fetchall()
    return sorted({*days, *(row[0] for row in later)})


def _range(con: duckdb.DuckDBPyConnection, first: date | None, last: date | None) -> list[date]:
    rows = con.execute(
        """
        select distinct day from ops.file_days
        where kind in ('cdrs', 'usage')
            and day >= coalesce($first, day) and day <= coalesce($last, day)
        union
        select day from ops.builds where day >= coalesce($first, day) and day <= coalesce($last, day)
        union
        select day from ops.build_days
        order by day
        """,
        {"first": first, "last": last},
    ).fetchall()
    return [row[0] for row in rows]
