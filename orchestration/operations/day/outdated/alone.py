"""Which rows of asked_rates made a day's difference: those that alone make one of its legs come out otherwise.

Alone means: put into the configuration of the closing, or taken back from today's. Rows are tried in groups; of a
group that makes a difference each half. Of rows that make one only together all are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from orchestration.configuration.changes import meant
from orchestration.configuration.schema import FILES
from orchestration.engine.rating_sql import blank, rate
from orchestration.operations.day.outdated import again
from orchestration.operations.day.outdated.words import key_names

# So often calls are rated again to find what made a difference, and of so many rows; where that is not enough, a day
# names what was found before.
_RUNS, _ROWS = 24, 64
# Legs of a group that are rated, and how many of each row and day where there are more.
_LEGS, _OF_EACH = 5_000, 20
# What is put in or taken back at a time: a file and what names a row in it.
Unit = tuple[str, tuple[str, ...]]
# Of decks the rows of a table are what is tried.
_OF_DECKS = {"landed.rates": "landed_rates", "ops.deck_tables": "deck_tables"}


@dataclass
class _Trial:
    """Legs under the configuration of their closing (`was`) and today's (`now`), on a connection of its own."""

    con: duckdb.DuckDBPyConnection
    runs: int = 0
    days: dict[Unit, set[date]] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)

    def start(self, deck: int) -> None:
        """Keep both configurations: `was` is what config.* holds, `now` is in the schema of that name already."""
        for name in FILES:
            self.con.execute(f'create or replace table was."{name}" as from config."{name}"')
        for table, kept in _OF_DECKS.items():
            self.con.execute(f"create or replace table now.{kept} as from {table}")
            self.con.execute(f"create or replace table was.{kept} as from {table} where deck <= {deck}")
        self.con.execute("create or replace table picked (file VARCHAR, key VARCHAR[])")

    def differing(self, units: Sequence[Unit], days: set[date]) -> set[date]:
        """Which of these days have a leg that changes when the units are put in, or taken back, together."""
        self.con.execute("delete from picked")
        self.con.execute(
            "insert into picked select unnest(?::VARCHAR[]), unnest(?::VARCHAR[][])",
            [[file for file, _ in units], [list(key) for _, key in units]],
        )
        differing_days: set[date] = set()
        for base, other in (("was", "now"), ("now", "was")):
            if differing_days >= days:
                break
            self._all(base)
            if base not in self.rated:
                self._rate()
                self.con.execute(f"create table {base}.result as from rating.rated_calls")
                self.rated.add(base)
            for file in {file for file, _ in units}:
                self._mix(file, base, other)
            self._rate()
            rows = self.con.execute(
                f"select distinct day from (from {base}.result except from rating.rated_calls)"
            ).fetchall()
            differing_days |= {day for (day,) in rows}
        return differing_days & days

    def search(self, units: Sequence[Unit], days: set[date]) -> None:
        """Find of each unit of a group, which makes a difference on `days`, on which it makes one alone."""
        if len(units) == 1:
            self.days[units[0]] = days
            return
        halves = (units[: len(units) // 2], units[len(units) // 2 :])
        of_halves = [self.differing(half, days) for half in halves]
        for half, of_half in zip(halves, of_halves, strict=True):
            if of_half:
                self.search(half, of_half)
        for day in days - of_halves[0] - of_halves[1]:
            for unit in units:
                self.days.setdefault(unit, set()).add(day)

    def _all(self, base: str) -> None:
        for name in FILES:
            self.con.execute(f'create or replace table config."{name}" as from {base}."{name}"')
        for table, kept in _OF_DECKS.items():
            self.con.execute(f"create or replace table {table} as from {base}.{kept}")

    def _mix(self, file: str, base: str, other: str) -> None:
        if file == "decks":
            pairs = [(table, kept, "[deck::VARCHAR, rate_table_id]") for table, kept in _OF_DECKS.items()]
        else:
            pairs = [(f'config."{file}"', f'"{file}"', _key(file))]
        for table, kept, key in pairs:
            picked = f"{key} in (select key from picked where file = '{file}')"
            self.con.execute(
                f"create or replace table {table} as from {base}.{kept} where not {picked} "
                f"union all by name from {other}.{kept} where {picked}"
            )

    def _rate(self) -> None:
        if self.runs >= _RUNS:
            raise _EnoughError
        self.runs += 1
        rate(self.con, again.COVERED)


class _EnoughError(Exception):
    """The runs that a search may take are used up."""


def name(con: duckdb.DuckDBPyConnection, scratch: Path, kept: Path) -> None:
    """Let `outdated_by` name of asked_rates what made a difference alone, of the days that are in it.

    `kept` holds the configurations of before. The last closings are looked at first.
    """
    runs = 0
    for config, deck in con.execute(
        """
        select config, deck
        from closed_under
        where day in (select day from outdated_by) and (day, lo) in (select (day, lo) from asked_rates)
        group by config, deck
        order by max(day) desc
        """
    ).fetchall():
        if not (kept / config).is_dir():
            continue
        has_all = _touch(con, config, deck)
        units = [(file, tuple(key)) for file, key in con.execute("select distinct file, key from tried").fetchall()]
        if len(units) > _ROWS:
            continue
        with duckdb.connect() as beside:
            blank(beside, kept / config)
            beside.execute("create schema was")
            beside.execute("create schema now")
            again.take(con, beside, scratch, "now")
            trial = _Trial(beside, runs)
            try:
                trial.start(deck)
                asked = {day for (day,) in con.execute("select distinct day from tried").fetchall()}
                if days := trial.differing(units, asked):
                    trial.search(sorted(units), days)
            except _EnoughError:
                return
            runs = trial.runs
        _replace(con, trial.days, has_all)


def _touch(con: duckdb.DuckDBPyConnection, config: str, deck: int) -> bool:
    """Temp tables `tried` (the rows of asked_rates that legs of these closings touch) and `touched`: are all in it?"""
    con.execute(
        """
        create or replace temp table touched as
        select t.day, t.source, t.call_id, t.attempt, t.side, t.file, t."row", t.sign, t.is_likely
        from touching as t
        semi join (from closed_under where config = $config and deck = $deck) as c on t.day = c.day and t.lo = c.lo
        where t.day in (select day from outdated_by)
        """,
        {"config": config, "deck": deck},
    )
    keys = " ".join(f"when '{file}' then {key}" for file, key in _keys())
    con.execute(
        f"""
        create or replace temp table tried as
        select distinct day, file, "row", sign, case file {keys} end as key
        from touched
        """
    )
    (legs,) = con.execute("select count(*) from touched").fetchone() or (0,)
    if legs <= _LEGS:
        return True
    con.execute(
        f"""
        create or replace temp table touched as
        from touched
        qualify
            row_number() over (
                partition by day, file, "row", sign order by is_likely desc, hash(call_id, attempt)
            ) <= {_OF_EACH}
        """
    )
    return False


def _replace(con: duckdb.DuckDBPyConnection, days: dict[Unit, set[date]], has_all: bool) -> None:
    by_day = [(file, list(key), day) for (file, key), on in days.items() for day in on]
    # only what could matter to the day: it never loses its last row
    con.execute(
        """
        create or replace temp table alone as
        with by_day as (
            select
                unnest($files::VARCHAR[]) as file,
                unnest($keys::VARCHAR[][]) as key,
                unnest($days::DATE[]) as day,
        )

        select d.*
        from by_day as d
        semi join tried using (day, file, key)
        """,
        {"files": [f for f, _, _ in by_day], "keys": [k for _, k, _ in by_day], "days": [d for _, _, d in by_day]},
    )
    # a day of which no row is found keeps what it has, unless all its legs say that something else is behind it
    con.execute(
        """
        create or replace temp table others as
        select distinct day
        from outdated_by
        where $has_all and (day, file, "row", sign) not in (select (day, file, "row", sign) from tried)
        """,
        {"has_all": has_all},
    )
    con.execute(
        """
        delete from outdated_by
        where
            (day in (select day from alone) or day in (select day from others))
            and (day, file, "row", sign) in (select (day, file, "row", sign) from tried)
        """
    )
    con.execute(
        """
        insert into outdated_by
        select t.day, t.file, t."row", t.sign
        from tried as t
        semi join alone using (day, file, key)
        """
    )


def _keys() -> Iterator[tuple[str, str]]:
    """SQL of a row's key by its JSON, for each file of asked_rates."""
    yield "decks", """["row" ->> 'deck', "row" ->> 'rate_table_id']"""
    for file in ("rates", "timetables", "holidays", "prefix_regions", "sources"):
        yield file, "[" + ", ".join(f"""coalesce("row" ->> '{name}', '')""" for name in _names(file)) + "]"


def _key(file: str) -> str:
    """SQL of the same key by the columns of the file."""
    columns = {column.name: column for column in FILES[file].columns}
    return "[" + ", ".join(f"coalesce(({meant(columns[name])})::VARCHAR, '')" for name in _names(file)) + "]"


def _names(file: str) -> list[str]:
    return [name for name in key_names(file) if name not in ("valid_from", "valid_to", "kind")]
