"""What a question is answered from: what was published last, or the company as it begins where nothing has landed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.store import journal
from orchestration.store.warehouse import Home, environment, serving

# Lines of the journal that leave nothing in the books.
_WITHOUT_EFFECT = ("configure", "upgrade")


@contextmanager
def answering(home: Home) -> Iterator[Home]:
    """The deployment, or where nothing has landed and nothing is published one that its configuration begins, in a
    folder that is thrown away. Changes nothing in `home`. Raises `Refused` where the configuration is not good.
    """
    if home.serving.exists() or has_landed(home):
        yield home
        return
    print(f"nothing has landed in {home.root}: this is answered from the configuration alone", file=sys.stderr)
    # a publication reads questions of its own, and only the first question of all needs one
    from orchestration.operations.day.build import build

    with tempfile.TemporaryDirectory(prefix="tollbook-") as scratch:
        begun = Home(Path(scratch) / "home", home.seeds)
        with environment(TOLLBOOK_ALERTS=""):
            build(begun)
        yield begun


@contextmanager
def reading(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to what is published there. Raises `Refused` where something has landed and nothing is."""
    with answering(home) as read, serving(read) as con:
        yield con


def has_landed(home: Home) -> bool:
    """Whether anything ever has, by the journal."""
    return any(line["action"] not in _WITHOUT_EFFECT for line in journal.effective(home.journal))


def unpublished(home: Home) -> int:
    """How many changes the journal has that were not published yet, since something was first."""
    if not home.serving.exists():
        return 0
    with serving(home) as con:
        return journal.since(home.journal, journal.noted(con))
