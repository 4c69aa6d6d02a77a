"""What did not land: rows that were rejected, files that could not be read, and what became of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb

from orchestration.operations.day.published import reading
from orchestration.operations.day.sources import refuse_no_source
from orchestration.operations.day.waivers import IN_FORCE
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, Refused

_REJECTED = f"""
    with waived as (
        select distinct what, case what when 'row' then day end as day, key, kind, source
        from ops.waivers
        where
            what in ('row', 'file') and {IN_FORCE}
    ),

    rejected as (
        select
            r.day, r.kind, r.source, f.name, r.file_id, r.line, r.reason, r.detail, r.raw,
            case
                when u.line is not null then 'open'
                when exists (
                    from waived as w
                    where
                        (
                            (w.what = 'row' and w.day = r.day and w.key = r.file_id || ':' || r.line)
                            or (w.what = 'file' and w.key = r.file_id)
                        )
                        and coalesce(w.kind, r.kind) = r.kind and coalesce(w.source, r.source) = r.source
                ) then 'waived'
                else 'settled'
            end as state,
        from ops.rejected_rows as r
        left join ops.files as f on (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source)
        left join marts.unsettled_rows as u
            on (r.file_id, r.kind, r.source, r.line) = (u.file_id, u.kind, u.source, u.line)

        union all

        select
            x.day, x.kind, x.source, x.name, x.file_id, null, 'unreadable', x.problem, null,
            case
                when u.file_id is not null then 'open'
                when exists (
                    from waived as w
                    where
                        w.what = 'file' and w.key = x.file_id
                        and coalesce(w.kind, x.kind) = x.kind and coalesce(w.source, x.source) = x.source
                ) then 'waived'
                else 'settled'
            end,
        from (select *, unnest(days) as day from ops.unreadable_files) as x
        left join marts.unsettled_files as u
            on (x.day, x.file_id, x.kind, x.source, x.seen_at) = (u.day, u.file_id, u.kind, u.source, u.seen_at)
    )

    from rejected
    where
        day = coalesce($day, day) and kind = coalesce($kind, kind) and source = coalesce($source, source)
        and reason = coalesce($reason, reason) and starts_with(file_id, coalesce($file, ''))
        and (state = 'open' or $settled)
"""


@dataclass(frozen=True)
class Asked:
    """Which rows and files: of a day, a kind, a source, a reason (`unreadable`: files), a FILE_ID or its beginning.

    `settled`: also those that are waived or settled in another way (landed corrected, or withdrawn since).
    """

    day: date | None = None
    kind: str | None = None
    source: str | None = None
    reason: str | None = None
    file: str | None = None
    settled: bool = False


def rejected(home: Home, asked: Asked = Asked()) -> list[dict[str, Any]]:
    """As last published, by day: a row for each record and file that did not land and (but for `settled`) is open.

    `line` is that of a rejected row, None for an unreadable file. Raises `Refused` where nothing is published.
    """
    with reading(home) as con:
        _refuse_unknown(con, home, asked)
        query = f"{_REJECTED} order by day, kind, source, name, file_id, line"
        return dict_rows(con, query, asdict(asked))


def rejected_by_file(home: Home, asked: Asked = Asked()) -> list[dict[str, Any]]:
    """The same counted: a row for each day, file, reason and state, with the first of them. Refuses alike."""
    with reading(home) as con:
        _refuse_unknown(con, home, asked)
        return dict_rows(
            con,
            f"""
            select
                day, kind, source, name, file_id, reason, state, count(*) as rows, min(line) as line,
                min_by(detail, coalesce(line, 0)) as detail,
            from ({_REJECTED})
            group by all
            order by day, kind, source, name, file_id, reason, state
            """,
            asdict(asked),
        )


def _refuse_unknown(con: duckdb.DuckDBPyConnection, home: Home, asked: Asked) -> None:
    if asked.file is not None:
        known_file = "select file_id from ops.files union all select file_id from ops.unreadable_files"
        if not con.execute(f"from ({known_file}) where starts_with(file_id, ?) limit 1", [asked.file]).fetchall():
            raise Refused(f"no file {asked.file} is published; tollbook rejected --all lists them")
    refuse_no_source(con, home, asked.source)
