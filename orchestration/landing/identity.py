"""Rows that were there before: duplicates, conflicts, and versions that supersede others.

Rows have the same identity when the kind's identity columns and the source are equal and their
UTC days are the same or neighbours: switches reuse their ids. Sequentially, each row in the
order of the file is compared with the rows that have landed: equal in every column is a
duplicate, else a conflict. Here that is done in sets, and almost always ends with the probe.
"""

from dataclasses import dataclass

import duckdb

from orchestration.landing.canonical import Kind
from orchestration.landing.checked import checked, landed_row, valid
from orchestration.landing.plausible import Limits
from orchestration.landing.readable import Readable
from orchestration.store.sql import literal, quoted


@dataclass(frozen=True)
class Fresh:
    """The rows that one file has just put into its kind's table."""

    con: duckdb.DuckDBPyConnection
    kind: Kind
    source: str
    file_id: str
    sequence: int
    file: Readable
    supersede: bool
    limits: Limits | None

    @property
    def mine(self) -> str:
        return f"file_sequence = {self.sequence}"

    def same(self, left: str, right: str, columns: tuple[str, ...]) -> str:
        return " and ".join(f"{left}.{quoted(c)} is not distinct from {right}.{quoted(c)}" for c in columns)

    def identical(self, left: str, right: str) -> str:
        """Equality joins on the identity first, so that the join can hash it."""
        rest = tuple(c for c in self.kind.stored if c not in (*self.kind.identity, "source"))
        return f"{self.keyed(left, right)} and {self.same(left, right, rest)}"

    def keyed(self, left: str, right: str) -> str:
        return self.same(left, right, self.kind.identity)

    def near(self, left: str, right: str) -> str:
        return f"{self.keyed(left, right)} and abs({left}.day - {right}.day) <= 1"

    def landed(self, where: str) -> str:
        """SQL: the landed rows, with their rid; those of older rules as their records are read today."""
        return f"({self.today(f'(select *, rowid as rid from {self.kind.table} where {where})')})"

    @property
    def superseded(self) -> str:
        """SQL: the source's rows that were superseded, likewise; not those that were withdrawn while they counted."""
        where = f"source = {literal(self.source)} and superseded_by <> ''"
        return f"({self.today(f'(select * from landed.superseded_cdrs where {where})')})"

    def today(self, rows: str) -> str:
        """SQL: rows as they landed, those of older rules as their records are read today."""
        renewed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in self.file.layout.renewed.items())
        return f"select * replace ({renewed}) from {rows}" if renewed else f"select * from {rows}"

    @property
    def keys(self) -> str:
        return ", ".join(quoted(c) for c in self.kind.identity)


def settle(fresh: Fresh) -> None:
    """Leave of the fresh rows those that land, move superseded ones, and list conflicts.

    Temp table `conflicts` (line, day, detail, raw, row_id, attempt) has the conflicting rows
    and `replaced` (day) the days that lost a row; both may be empty.
    """
    con, kind = fresh.con, fresh.kind
    create_results(con)
    span = con.execute(f"select min(day), max(day) from {kind.table} where {fresh.mine}").fetchone()
    if span is None or span[0] is None:
        return
    # Literal days let DuckDB skip all row groups of other days.
    old = fresh.landed(
        f"not {fresh.mine} and source = {literal(fresh.source)}"
        f" and day between DATE '{span[0]}' - 1 and DATE '{span[1]}' + 1"
    )
    if not _probe(fresh, old):
        return
    _drop_known(fresh, old)
    _drop_repeated(fresh, old)
    if _count(con, "select count(*) from disputed"):
        _decide(fresh, old)


def create_results(con: duckdb.DuckDBPyConnection) -> None:
    """The empty temp tables `conflicts` and `replaced`."""
    con.execute(
        "create or replace temp table conflicts (line BIGINT, day DATE, raw VARCHAR, row_id VARCHAR, attempt INTEGER)"
    )
    con.execute("create or replace temp table replaced (day DATE)")


def _probe(fresh: Fresh, old: str) -> int:
    """Temp table `hits`: the identities that occur more than once; how many there are."""
    con, table, keys = fresh.con, fresh.kind.table, fresh.keys
    parts = [f"select {keys} from {table} where {fresh.mine} group by all having count(*) > 1"]
    if _count(con, f"select count(*) from (select 1 from {old} limit 1)"):
        parts.append(
            f"select {_of('n', fresh)} from {table} n where n.{fresh.mine} and exists"
            f" (select 1 from {old} o where {fresh.near('n', 'o')})"
        )
    con.execute(f"create or replace temp table hits as {' union '.join(parts)}")
    return _count(con, "select count(*) from hits")


def _drop_known(fresh: Fresh, old: str) -> None:
    """Rows equal to a landed one, or to one that was superseded: nothing new."""
    kind = fresh.kind
    known = [f"(select {_all(fresh)} from {old} x)"]
    if kind.name == "cdrs" and not fresh.supersede:
        known.append(f"(select {_all(fresh)} from {fresh.superseded} x)")
    for seen in known:
        fresh.con.execute(
            f"delete from {kind.table} where rowid in (select n.rowid from {kind.table} n"
            f" join {seen} o on {fresh.identical('n', 'o')} where n.{fresh.mine})"
        )


def _drop_repeated(fresh: Fresh, old: str) -> None:
    """Of rows that only repeat each other the first stays. Temp table `disputed`: the rest."""
    con, table, keys = fresh.con, fresh.kind.table, fresh.keys
    con.execute(
        f"create or replace temp table left_over as select n.*, n.rowid as rid"
        f" from {table} n where n.{fresh.mine}"
        f" and exists (select 1 from hits h where {fresh.keyed('n', 'h')})"
    )
    con.execute(
        f"create or replace temp table disputed as"
        f" select {keys} from left_over group by {keys}"
        f" having count(distinct ({_all(fresh)})) > 1"
        f" union select {_of('n', fresh)} from left_over n"
        f" where exists (select 1 from {old} o where {fresh.near('n', 'o')})"
    )
    con.execute(
        f"delete from {table} where rowid in (select rid from (select rid,"
        f" row_number() over (partition by {keys} order by rid) as nth from left_over n"
        f" where not exists (select 1 from disputed d where {fresh.keyed('n', 'd')}))"
        " where nth > 1)"
    )


def _decide(fresh: Fresh, old: str) -> None:
    """Read the disputed rows again, with their lines, and take them one version at a time."""
    con, kind = fresh.con, fresh.kind
    rows = checked(kind, fresh.file.slow(), fresh.file.layout.zone, fresh.limits, ("line", "raw", "broken"))
    con.execute(
        "create or replace temp table staged as select *, '' as state from (select"
        f" {landed_row(kind, fresh.source, fresh.file_id, fresh.sequence)}, line, raw"
        f" from ({rows}) where broken = '' and {valid(kind, fresh.limits)}) s"
        f" where exists (select 1 from disputed d where {fresh.keyed('s', 'd')})"
    )
    con.execute(
        f"delete from {kind.table} n where n.{fresh.mine}"
        f" and exists (select 1 from disputed d where {fresh.keyed('n', 'd')})"
    )
    decide_staged(fresh, old)


def decide_staged(fresh: Fresh, old: str) -> None:
    """Land what can land of temp table `staged` (columns of the table, line, raw, state '')."""
    con, kind = fresh.con, fresh.kind
    con.execute(
        f"create or replace temp table standing as select {_all(fresh)}, rid"
        f" from {old} o where exists (select 1 from staged s where {fresh.near('o', 's')})"
    )
    con.execute("create or replace temp table outgoing (rid BIGINT)")
    while _round(fresh):
        pass
    con.execute(
        f"insert into {kind.table} by name"
        " select * exclude (line, raw, state) from staged where state = 'landed' order by line"
    )
    row_id = quoted(kind.row_id) if kind.row_id else "null"
    attempt = "attempt" if kind.name == "cdrs" else "null"
    con.execute(
        f"insert into conflicts select line, day, raw, {row_id}, {attempt} from staged where state = 'conflict'"
    )
    if fresh.supersede:
        _replace(fresh)


def _round(fresh: Fresh) -> int:
    """Decide on every row with a standing neighbour, then let the first of the others stand.

    A standing row without rid is this file's own. How many rows came to stand.
    """
    con = fresh.con
    if fresh.kind.name == "cdrs" and not fresh.supersede:
        con.execute(
            "update staged s set state = 'duplicate' where state = '' and exists (select 1 from"
            f" {fresh.superseded} b where {fresh.identical('b', 's')})"
        )
    con.execute(
        "update staged s set state = 'duplicate' where state = '' and exists"
        f" (select 1 from standing b where {fresh.identical('b', 's')})"
    )
    own = " and b.rid is null" if fresh.supersede else ""
    con.execute(
        "update staged s set state = 'conflict' where state = '' and exists"
        f" (select 1 from standing b where {fresh.near('b', 's')}{own})"
    )
    con.execute(
        "create or replace temp table first as select min(line) as line from staged"
        f" where state = '' group by {fresh.keys}"
    )
    chosen = "line in (select line from first)"
    con.execute(
        f"insert into outgoing select distinct rid from standing b where exists"
        f" (select 1 from staged s where s.{chosen} and {fresh.near('b', 's')})"
    )
    con.execute("delete from standing where rid in (select rid from outgoing)")
    con.execute(f"insert into standing select {_all(fresh)}, null from staged where {chosen}")
    con.execute(f"update staged set state = 'landed' where {chosen}")
    return _count(con, "select count(*) from first")


def _replace(fresh: Fresh) -> None:
    con, table = fresh.con, fresh.kind.table
    gone = "rowid in (select rid from outgoing)"
    con.execute(f"insert into replaced select day from {table} where {gone}")
    by_this = f"{literal(fresh.file_id)} as superseded_by"
    con.execute(f"insert into landed.superseded_cdrs by name select *, {by_this} from {table} where {gone}")
    con.execute(f"delete from {table} where {gone}")


def _all(fresh: Fresh) -> str:
    return ", ".join(quoted(c) for c in fresh.kind.stored)


def _of(alias: str, fresh: Fresh) -> str:
    return ", ".join(f"{alias}.{quoted(c)}" for c in fresh.kind.identity)


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0
