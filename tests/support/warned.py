"""What a check warns of, of the small company with some files changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from orchestration.configuration.check import check
from orchestration.configuration.warnings import warnings
from tests.support.company import write_company

NOW = datetime(2026, 5, 6, 9)


def warned(directory: Path, *priced: str, **changed: str) -> list[str]:
    """What is warned of the small company with some files changed; all of it is good enough to build by."""
    seeds = write_company(directory / "seeds", **changed)
    assert check(seeds) == []
    return [str(warning) for warning in warnings(seeds, NOW, priced)]
