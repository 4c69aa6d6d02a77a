"""Checks on balances: whether an account is low or exhausted. They warn and hold nothing back."""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.defs.partitions import WRITERS
from orchestration.defs.resources import Deployment
from orchestration.defs.results import evaluation
from orchestration.store import warehouse
from orchestration.store.warehouse import Home

BALANCES = dg.AssetKey(["marts", "account_balances"])
# by the status that an account must not have
CHECKS = {"exhausted": "no_account_is_exhausted", "low": "no_account_is_low"}
_WORDS = {
    "exhausted": "No account has used up what it paid and its credit.",
    "low": "No account's balance is below its low_balance_threshold.",
}
_SHOWN = 20


def balance_checks() -> dg.AssetChecksDefinition:
    """The checks by themselves, on what was published last; landing and closing evaluate them as they end."""
    specs = [dg.AssetCheckSpec(name, asset=BALANCES, description=_WORDS[s]) for s, name in CHECKS.items()]

    @dg.multi_asset_check(name="check_balances", specs=specs, can_subset=True, pool=WRITERS)
    def check_balances(context: dg.AssetCheckExecutionContext, deployment: Deployment) -> Iterator[dg.AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        for status, name in CHECKS.items():
            if name in chosen:
                yield result(status, accounts(deployment.home, status))

    return check_balances


def evaluations(home: Home) -> Iterator[dg.AssetCheckEvaluation]:
    """What the checks say of what was just published, as events for a run that is not theirs."""
    for status in CHECKS:
        yield evaluation(result(status, accounts(home, status)), blocking=False)


def accounts(home: Home, status: str) -> list[str]:
    """The accounts with a status as last published, by name; none when nothing is published."""
    if not home.serving.exists():
        return []
    with warehouse.serving(home) as con:
        rows = con.execute(
            "select account_id from marts.account_balances where status = ? order by account_id", [status]
        ).fetchall()
    return [name for (name,) in rows]


def result(status: str, holders: Sequence[str]) -> dg.AssetCheckResult:
    """The check against one status, a warning that names the accounts which have it."""
    named = ", ".join(holders[:_SHOWN]) + (f" and {len(holders) - _SHOWN} more" if len(holders) > _SHOWN else "")
    return dg.AssetCheckResult(
        passed=not holders,
        asset_key=BALANCES,
        check_name=CHECKS[status],
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{status}: {named}" if holders else None,
        metadata={"accounts": len(holders)},
    )
