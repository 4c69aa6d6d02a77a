"""May an account have more of something: its plan's limit against what was observed last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from orchestration.configuration.nearest import suggestion
from orchestration.operations.accounts.unknown import no_account
from orchestration.operations.day.published import reading
from orchestration.store.database import one
from orchestration.store.warehouse import Home, Refused

# The switch's own count of calls lands as a resource too.
_NO_RESOURCE = "cdrs"


@dataclass(frozen=True)
class Answer:
    """`allow` or `deny` for `asked` more; `count` are there (as of `observed_at`), `limit` None is no limit."""

    account_id: str
    resource: str
    plan_tier: str
    count: Decimal
    limit: int | None
    asked: int
    decision: str
    observed_at: datetime | None


def check_limit(home: Home, account: str, resource: str, asked: int = 1) -> Answer:
    """Whether `account` may have `asked` more of `resource`, as last published.

    What was never observed counts 0. Raises `Refused` for an account or a resource that nobody knows.
    """
    if asked < 1:
        raise Refused(f"--count is {asked}; write how many more there shall be, from 1")
    with reading(home) as con:
        tier = _tier(con, account)
        _refuse_unknown(con, resource)
        count, limit, observed_at, too_many = one(
            con,
            """
            select coalesce(u.count, 0)::DECIMAL(20, 8), t.limit, u.observed_at,
                coalesce(coalesce(u.count, 0) + $asked > t.limit, false)
            from (select 1) as one
            left join marts.plan_usage as u on u.account_id = $account and u.resource = $resource
            left join config.plan_tiers as t on t.plan_tier = $tier and t.resource = $resource
            """,
            {"account": account, "resource": resource, "tier": tier, "asked": asked},
        )
    return Answer(account, resource, tier, count, limit, asked, "deny" if too_many else "allow", observed_at)


def _tier(con: duckdb.DuckDBPyConnection, account: str) -> str:
    row = con.execute("select plan_type from marts.account_balances where account_id = ?", [account]).fetchone()
    if row is None:
        raise no_account(con, account)
    return str(row[0])


def _refuse_unknown(con: duckdb.DuckDBPyConnection, resource: str) -> None:
    known = con.execute(
        "select resource from config.plan_tiers union select resource from marts.plan_usage order by 1"
    ).fetchall()
    names = [name for (name,) in known if name != _NO_RESOURCE]
    if resource not in names:
        there = f"there are {', '.join(names)}" if names else "seeds/plan_tiers.csv has none"
        raise Refused(f"there is no resource {resource}; {suggestion(resource, names, there)}")
