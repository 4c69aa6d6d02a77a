"""What did not land and still holds a day: rows that were rejected, files that could not be read."""

from __future__ import annotations

from datetime import date
from typing import Any

from orchestration.operations.day.published import reading
from orchestration.store import journal
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, serving


def rejected(home: Home, day: date | None = None) -> list[dict[str, Any]]:
    """As last published, by day: a row for each record and file that is neither landed corrected nor waived.

    `line` is that of a rejected row, None for an unreadable file. Raises `Refused` where nothing is published.
    """
    with reading(home) as con:
        return dict_rows(
            con,
            """
            select day, kind, source, name, file_id, line, reason, detail
            from marts.unsettled_rows
            where day = coalesce($day, day)
            union all
            select day, kind, source, name, file_id, null, 'unreadable', problem
            from marts.unsettled_files
            where day = coalesce($day, day)
            order by day, kind, source, name, file_id, line
            """,
            {"day": day},
        )


def unpublished(home: Home) -> int:
    """How many changes the journal has that were not published yet, since something was first."""
    if not home.serving.exists():
        return 0
    with serving(home) as con:
        known = journal.noted(con)
    return sum(line["n"] > known for line in journal.effective(home.journal))
