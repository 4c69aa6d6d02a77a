"""How far each day is, as last published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, Refused

STATUSES = ("open", "ready", "closed", "failed", "stale", "outdated")
"""What marts.days says of a day: docs/ledger.md."""


def days(
    home: Home, first: date | None = None, last: date | None = None, statuses: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Rows of marts.days from `first` to `last`, of these `statuses` (none: of all), in order.

    Raises `Refused` when nothing is published or the dates are the wrong way round.
    """
    if first and last and last < first:
        raise Refused(f"--to {last} is before --from {first}")
    with reading(home) as con:
        return dict_rows(
            con,
            """
            select *
            from marts.days
            where
                day between coalesce($first, day) and coalesce($last, day)
                and status in (select unnest($statuses::VARCHAR[]))
            order by day
            """,
            {"first": first, "last": last, "statuses": list(statuses or STATUSES)},
        )
