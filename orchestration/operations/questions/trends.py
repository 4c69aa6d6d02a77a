"""What was found out of the ordinary, from the serving file."""

from __future__ import annotations

from datetime import date
from typing import Any

from orchestration.operations.accounts.unknown import refuse_unpublished
from orchestration.operations.day.published import reading
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, Refused

COLUMNS = (
    "rule", "severity", "account_id", "hour", "destination", "observed", "expected", "threshold", "unit", "calls",
    "amount", "currency", "weeks", "detail", "day", "anomaly_id",
)  # fmt: skip


def anomalies(
    home: Home, first: date | None = None, last: date | None = None, account: str | None = None
) -> list[dict[str, Any]]:
    """The published anomalies of the days `first` to `last` (UTC), latest first: a dict of COLUMNS each.

    Raises `Refused` when nothing is published, the dates are the wrong way round, or the account is unknown.
    """
    if first and last and last < first:
        raise Refused(f"--to {last} is before --from {first}")
    with reading(home) as con:
        if not con.execute("select 1 from duckdb_views() where view_name = 'anomalies'").fetchone():
            raise Refused("what is published knows no anomalies yet; run: tollbook build, then tollbook publish")
        refuse_unpublished(con, account)
        return dict_rows(
            con,
            f"""
            select {", ".join(COLUMNS)}
            from marts.anomalies
            where day >= coalesce($first, day) and day <= coalesce($last, day)
                and account_id = coalesce($account, account_id)
            order by hour desc, severity, account_id, rule, destination
            """,
            {"first": first, "last": last, "account": account},
        )
