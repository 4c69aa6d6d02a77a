"""Make the days that have new or changed input anew: rate, report, accrue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.engine import daily, dbt, models
from orchestration.operations.day.opened import first_built, opened
from orchestration.operations.day.outdated import settle
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.publish import publishing
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import one, transaction
from orchestration.store.files import sync
from orchestration.store.warehouse import RULES, Home, Refused, Writer, new_warehouse, now

LOG = logging.getLogger(__name__)

# Which days want building: every day with rows that landed, or something that a subscription charges, after it was
# built; open days also when configuration or models are others than they were, or the clock was ahead; what an
# interrupted build left.
_PENDING = """
    with landed as (
        select day, max(file_sequence) as file_sequence
        from (
            select day, file_sequence from ops.file_days where kind in ('cdrs', 'usage')
            union all
            -- days since the first traffic on which a subscription is charged
            select day, 0 from rating.subscription_charges
            where day >= (select min(day) from ops.file_days where kind in ('cdrs', 'usage'))
            union all
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
        or l.day in (select day from run.build_days)
        -- open days that lack a charge: a day in another time zone than UTC begins when its UTC day was built perhaps
        or l.day in (
            select c.day
            from rating.subscription_charges as c
            anti join staging.stg_closings as k on c.day = k.day
            anti join marts.rated_usage as u on c.day = u.day and c.charge_id = u.usage_id and u.kind = 'subscription'
        )
        -- open days with a charge that is not due yet: they were built by a clock that was ahead
        or l.day in (
            select u.day
            from marts.rated_usage as u
            anti join staging.stg_closings as k on u.day = k.day
            anti join rating.subscription_charges as c on u.day = c.day and u.usage_id = c.charge_id
            where u.kind = 'subscription' and u.day >= (select clock.now::DATE from staging.stg_clock as clock)
        )
        or (
            l.file_sequence > coalesce(
                (select k.file_sequence from staging.stg_closings as k where k.day = l.day), -1
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
    report: Callable[[str], None] | None = None,
) -> Built:
    """Build every day that wants it, or all days with data from `first` to `last`, and publish.

    Raises `Refused` when the configuration is not good, the dates are the wrong way round or another
    command keeps the warehouse; `dbt.DbtFailed` when a model fails (the next build completes it).
    """
    with publishing(home, "build") as held:
        return build_days(held, first, last, report)


def build_days(
    held: Writer,
    first: date | None = None,
    last: date | None = None,
    report: Callable[[str], None] | None = None,
) -> Built:
    """`build` for a caller that holds the lock and publishes itself."""
    if first and last and last < first:
        raise Refused(f"--to {last} is before --from {first}")
    config = configure(held)
    with held.connect() as con:
        is_modelled = dbt.modelled(con)
    if not is_modelled:
        make_models(held, report)
    with held.connect() as con:
        daily.find_files(con, held.home.root)  # a home that was moved has them elsewhere now
        _say_opened(con)
        days, skipped = _begin(con, config, _project(held), first, last)
        if days:
            daily.build(con, held.home.root, days, skipped, report)
    _finish(held)
    return Built(days)


def _say_opened(con: duckdb.DuckDBPyConnection) -> None:
    days = con.execute("select distinct day from ops.file_days where kind in ('cdrs', 'usage')").fetchall()
    if said := opened(con, first_built(con), {day for (day,) in days}):
        LOG.warning(said)


def make_models(held: Writer, report: Callable[[str], None] | None = None) -> None:
    """Make every model as this release has it, after an upgrade: as they are in the warehouse that `make setup` had dbt
    make, or by dbt where there is none.
    """
    with held.connect() as con:
        told = [
            f"{name} is not kept by the day any more: a view takes the place of the days that it had"
            for name in daily.given_up(con)
        ]
        told += [
            f"{name} is new and lacks the days that have closed: tollbook build --from D --to D makes them"
            for name in daily.prepare(con, held.home.root)
        ]
        if report is not None:
            for line in told:
                report(line)
        # the lookups are made with the others, of no days: they count for no build
        con.execute("update ops.lookups set complete = false")
        if models.take(con, new_warehouse()):
            _drop_others(con)
            return
    held.release()
    dbt.run(held.home, ["run"], report)
    with held.connect() as con:
        _drop_others(con)


def keep_models(held: Writer) -> None:
    """Keep the models that this release made in a warehouse which lay elsewhere then."""
    with held.connect() as con, transaction(con):
        daily.find_files(con, held.home.root)
        con.execute("insert into ops.project values (?)", [dbt.project_version()])


def _drop_others(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what models of an earlier release were and none of this one is."""
    relations = dbt.relations()
    rows = con.execute(
        """
        select table_schema, table_name, case when table_type = 'VIEW' then 'view' else 'table' end
        from information_schema.tables
        where
            table_schema in ('staging', 'rating', 'books', 'marts')
            or (table_schema = 'ops' and table_type = 'VIEW')
        """
    ).fetchall()
    for schema, name, kind in rows:
        if (schema, name) not in relations:
            con.execute(f"drop {kind} {schema}.{name}")


def _begin(
    con: duckdb.DuckDBPyConnection, config: str, project: str, first: date | None, last: date | None
) -> tuple[list[date], Callable[[daily.Daily], bool]]:
    """Note the days to build in run.build_days; return them, and which models their build can do without."""
    days = _range(con, first, last) if first or last else _pending(con, config, project)
    gives = _gives_allowances(con)
    days = _with_consumers(con, days)
    made_for = _made_for(con, config, project, days)
    looked_up = con.execute("select made_for from ops.lookups where complete").fetchone() == (made_for,)
    with transaction(con):
        if days and not looked_up:
            con.execute("delete from ops.lookups")
            con.execute("insert into ops.lookups values (?, false)", [made_for])
        con.execute("delete from run.build_days")
        con.execute("insert into run.build_days select unnest(?::DATE[])", [days])

    def skipped(model: daily.Daily) -> bool:
        if model.folder == "lookups":
            return looked_up and not model.moves
        return not gives and (model.folder == "profiles" or model.name == "marts.profile_consumption")

    return days, skipped


def _project(held: Writer) -> str:
    """Identity of the models, and of the rules that they go by where these are not today's."""
    return dbt.project_version() + ("" if held.rules == RULES else f" rules {held.rules}")


def _finish(held: Writer) -> None:
    """Record that the days in run.build_days are built, post what waited for models, find outdated days."""
    with held.connect() as con:
        _sync_stored_files(con, held.home)
        with transaction(con):
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
                from run.build_days as d
                left join ops.file_days as f on d.day = f.day and f.kind in ('cdrs', 'usage')
                group by d.day
                """,
                [now(), _project(held)],
            )
            con.execute("update ops.lookups set complete = true where exists (select 1 from run.build_days)")
            con.execute("delete from run.build_days")
            con.execute("delete from ops.project")
            con.execute("insert into ops.project values (?)", [dbt.project_version()])
            post_at_once(con)
    settle(held)


def _sync_stored_files(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Have the files that were written of the days in run.build_days on disk before the days count as built."""
    rows = con.execute("select path from ops.stored_files where day in (select day from run.build_days)").fetchall()
    written = {home.root / path for (path,) in rows}
    for path in sorted(written | {path.parent for path in written}):
        sync(path)


def _pending(con: duckdb.DuckDBPyConnection, config: str, project: str) -> list[date]:
    rows = con.execute(_PENDING, {"config": config, "project": project, "deck": _last_deck(con)}).fetchall()
    return [row[0] for row in rows]


def _made_for(con: duckdb.DuckDBPyConnection, config: str, project: str, days: list[date]) -> str:
    """Identity of all that the lookups are made of."""
    return " ".join(map(str, [config, project, _last_deck(con), *days]))


def _last_deck(con: duckdb.DuckDBPyConnection) -> int:
    """Number of the deck that was accepted last; 0 for none."""
    (deck,) = one(con, "select coalesce(max(deck), 0) from ops.decks")
    return int(deck)


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
            > coalesce((select k.file_sequence from staging.stg_closings as k where k.day = f.day), -1)
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
        select day from run.build_days
        order by day
        """,
        {"first": first, "last": last},
    ).fetchall()
    return [row[0] for row in rows]
