"""A small world step by step: after every closing and invoice run the books are those of the independent ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.compare import compare
from tests.proof.play import Books, Deployment
from tests.proof.world import small, steps


def test_the_warehouse_and_an_independent_ledger_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry, id, balance, booking day, file and invoice line, after each step that publishes them."""
    for name in ("NOW", "OPERATOR", "HOME", "SEEDS"):
        monkeypatch.setenv(f"TOLLBOOK_{name}", "")  # put back when the test is over
    deployment, books = Deployment(tmp_path), Books(tmp_path / "ledger")
    for step in steps(small()):
        deployment.prepare(step)
        assert deployment.perform(step) == books.perform(step), step
        if step.action in ("close", "invoice", "credit_note"):
            differences = compare(deployment.home, books, statuses=step.action == "close")
            assert not differences, "\n".join([str(step), *differences])
    issued = books.invoicing.documents
    assert {line.kind for document in issued for line in document.lines} >= {
        "calls", "termination", "usage", "subscription", "adjustment", "credit"
    }  # fmt: skip
    assert {entry.kind for entry in books.ledger.entries} >= {
        "calls", "usage", "subscription", "payment", "adjustment", "tax", "rounding", "credit_note"
    }  # fmt: skip
