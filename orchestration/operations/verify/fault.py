"""What is found wrong with a deployment's books and files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written: its kind (journal, ledger, ...), where, what is wrong, what to do."""

    what: str
    where: str
    wrong: str
    right: str
