"""A small world step by step: after every closing and invoice run the books are those of the independent ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.compare import compare
from tests.proof.play import PUBLISHING, Books, Deployment
from tests.proof.world import small, steps


def test_the_warehouse_and_an_independent_ledger_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry, id, balance, booking day, file and invoice line, after each step that publishes them."""
    for name in ("NOW", "OPERATOR", "HOME", "SEEDS"):
        monkeypatch.setenv(f"TOLLBOOK_{name}", "")  # put back when the test is over
    deployment, books = Deployment(tmp_path), Books(tmp_path / "ledger")
    for step in steps(small()):
        deployment.prepare(step)
        outcome, expected = deployment.perform(step), books.perform(step)
        assert outcome == expected, step
        if step.action in PUBLISHING and outcome is not False:  # what was refused publishes nothing
            differences = compare(deployment.home, books, statuses=step.action == "close")
            assert not differences, "\n".join([str(step), *differences])
    _assert_it_can_fail(deployment, books)
    issued = books.invoicing.documents
    assert {line.kind for document in issued for line in document.lines} >= {
        "calls", "termination", "usage", "subscription", "adjustment", "credit"
    }  # fmt: skip
    assert {entry.kind for entry in books.ledger.entries} >= {
        "calls", "usage", "subscription", "payment", "adjustment", "tax", "rounding", "credit_note"
    }  # fmt: skip


def _assert_it_can_fail(deployment: Deployment, books: Books) -> None:
    """An entry that the ledger does not have, and one that only it has: both are told."""
    entry = books.ledger.entries.pop()
    missing = compare(deployment.home, books, statuses=False)
    books.ledger.entries += [entry, replace(entry, entry_id="0")]
    extra = compare(deployment.home, books, statuses=False)
    books.ledger.entries.pop()
    assert any(line.startswith(f"entry {entry.entry_id}: ") and line.endswith("the ledger None") for line in missing)
    assert any(line.startswith("entry 0: the warehouse says None") for line in extra)
    assert any(line.startswith(f"booking day {entry.account} ") for line in missing)
    assert any(line.startswith(f"balance of {entry.account}: ") for line in extra)
