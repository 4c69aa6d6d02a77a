"""Reasons have one list: what commands take is what docs/landing.md explains."""

from __future__ import annotations

import re

from orchestration.landing.reasons import REASONS
from orchestration.landing.rows import checked, values
from orchestration.store.warehouse import PROJECT


def test_every_reason_is_explained_and_every_one_that_is_explained_is_known() -> None:
    (table,) = re.findall(
        r"^## Reasons\n(.*?)^$\n^Identity", (PROJECT / "docs" / "landing.md").read_text(), re.M | re.S
    )
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(REASONS)


def test_what_rows_are_refused_for_is_one_of_them() -> None:
    own = {values.TIME_REASON, *(rule.reason for rule in values.RULES.values())}
    own |= {reason for reason, _ in checked.BROKEN.values()}
    assert own <= set(REASONS)
