"""Which of a file's rows land: it is probed, and only what was there before is looked at more closely."""

import shlex
from datetime import date

from orchestration.landing.identity.fresh import Fresh
from orchestration.landing.rows.checked import read_again
from orchestration.store.database import count
from orchestration.store.sql import literal


def settle(fresh: Fresh) -> None:
    """Leave of the fresh rows those that land, move superseded ones, and list conflicts.

    Temp table `conflicts` (line, day, raw, row_id, attempt, reason, detail) has the conflicting rows
    and `replaced` (day) the days that lost a row; both may be empty.
    """
    con, kind = fresh.con, fresh.kind
    fresh.run("results")
    span = con.execute(f"select min(day), max(day) from {kind.table} where file_sequence = {fresh.sequence}").fetchone()
    if span is None or span[0] is None:
        return
    fresh.look_back(*span)
    if not _probe(fresh):
        return
    fresh.run("drop_landed")
    if fresh.compares_superseded:
        fresh.run("drop_superseded")
    fresh.run("drop_repeated")
    if fresh.compares_elsewhere:
        fresh.run("found_elsewhere", found="disputed")
    if fresh.may_await_second:
        fresh.run("found_awaiting", found="disputed")
    if count(con, "select count(*) from disputed"):
        again = read_again(kind, fresh.file, fresh.source, fresh.file_id, fresh.sequence, fresh.limits)
        fresh.run("staged_disputed", read_again=again)
        _decide(fresh)


def settle_staged(fresh: Fresh, first: date, last: date) -> None:
    """Land what can land of temp table `staged` (columns of the table, line, raw, state '', detail), of these days.

    Temp tables as of `settle`.
    """
    fresh.run("results")
    fresh.look_back(first, last)
    _decide(fresh)


def _probe(fresh: Fresh) -> int:
    """Temp table `hits`: the identities that occur more than once; how many there are."""
    con = fresh.con
    fresh.run("hits")
    if count(con, "select count(*) from (select 1 from landed_before limit 1)"):
        fresh.run("hits_before")
    if fresh.compares_elsewhere:
        fresh.run("found_elsewhere", found="hits")
    if fresh.may_await_second:
        fresh.run("found_awaiting", found="hits")
    return count(con, "select count(*) from hits")


def _decide(fresh: Fresh) -> None:
    """Take the staged rows one version at a time."""
    fresh.run("standing")
    if fresh.compares_elsewhere:
        again = f"tollbook land FILE --kind {fresh.kind.name} --source {shlex.quote(fresh.source)} --again"
        fresh.run("staged_elsewhere", again=literal(again))
    while _round(fresh):
        pass
    fresh.run("conflicting")
    if fresh.may_await_second:
        fresh.run("awaiting")
    fresh.run("landed")
    if fresh.supersede:
        fresh.run("replaced")


def _round(fresh: Fresh) -> int:
    """How many rows came to stand."""
    if fresh.compares_superseded:
        fresh.run("round_superseded")
    fresh.run("round")
    return count(fresh.con, "select count(*) from first")
