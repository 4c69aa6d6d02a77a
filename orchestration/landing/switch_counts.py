"""A switch's own count of its CDRs (`cdrs` in resources): whose it is, and of a day that nobody checks."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.configuration.nearest import listed, nearest


def doubts(con: duckdb.DuckDBPyConnection, sequence: int, source: str) -> Iterator[str]:
    """Counts, of the file of `source` that is landing, of what is no source of CDRs: they are taken for its own."""
    known = _names(
        con,
        "select source from config.sources where kind = 'cdrs' union select source from ops.files where kind = 'cdrs'",
    )
    counted = _names(
        con, f"select account_id from landed.resources where resource = 'cdrs' and file_sequence = {sequence}"
    )
    for name in sorted(counted - known - {source}):
        taken = f'"{name}" is no source of CDRs: its count is taken for that of {source}'
        meant = nearest(name, sorted(known))
        if meant and meant != source:
            yield f"{taken}; did you mean {meant}?"
        elif known and source not in known:
            yield f"{taken}, which is none either; write one of {listed(known)}"
    yield from _before_all(con, sequence, known, source)


def _before_all(con: duckdb.DuckDBPyConnection, sequence: int, known: set[str], source: str) -> Iterator[str]:
    """Counts of days before the first traffic: no such day is checked. Of each switch the first."""
    early = con.execute(
        """
        with traffic as (
            select min(day) as began
            from ops.file_days
            where kind in ('cdrs', 'usage')
        )
        select
            case when account_id in (select unnest($known)) then account_id else $source end as switch,
            min(day), arg_min(count, (day, -count))::BIGINT, count(distinct day), any_value(began)
        from landed.resources, traffic
        where resource = 'cdrs' and count > 0 and file_sequence = $sequence and day < began
        group by switch
        order by switch
        """,
        {"known": sorted(known), "source": source, "sequence": sequence},
    ).fetchall()
    for switch, day, count, days, began in early:
        more = f" (and something on {days - 1:,} more)" if days > 1 else ""
        yield (
            f"{switch} counted {count:,} {'CDR' if count == 1 else 'CDRs'} on {day}{more}, before the first traffic"
            f" ({began}): no such day is closed, and nothing is compared with that until calls of it land"
        )


def _names(con: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {name for (name,) in con.execute(query).fetchall()}
