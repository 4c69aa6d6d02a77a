"""What an earlier release did: the rules that it read, checked and posted by."""

from __future__ import annotations

from functools import partialmethod

import pytest

from orchestration.store.warehouse import Writer


def go_by(patch: pytest.MonkeyPatch, rules: int) -> None:
    """Have every command go by an earlier version of the rules, until the patch ends."""
    patch.setattr(Writer, "__init__", partialmethod(Writer.__init__, rules=rules))
