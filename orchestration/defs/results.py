"""A check's result as an event that is reported beside a run."""

from __future__ import annotations

import dagster as dg


def evaluation(result: dg.AssetCheckResult, blocking: bool) -> dg.AssetCheckEvaluation:
    """The event; `blocking`: whether what is downstream waits for the check."""
    assert result.asset_key is not None
    assert result.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        blocking=blocking,
    )
