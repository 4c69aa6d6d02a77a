"""How a run fails: with the words a person at the command line would read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from orchestration.engine import failed


@contextmanager
def in_words(root: Path) -> Iterator[None]:
    """Turn a failure that has words (`failed.SAID`) into a failed step whose description says it.

    `root` is the deployment's folder.
    """
    try:
        yield
    except failed.SAID as failure:
        raise dg.Failure(description=failed.in_words(failure, root), allow_retries=False) from failure
