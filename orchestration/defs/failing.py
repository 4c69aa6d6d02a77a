"""How a run fails: with the words a person at the command line would read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.engine.dbt import DbtFailed
from orchestration.store.warehouse import Refused


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a refusal or a failed model into a failed step whose description says it."""
    try:
        yield
    except Refused as refusal:
        raise dg.Failure(description=str(refusal), allow_retries=False) from refusal
    except DbtFailed as failure:
        words = f"a model failed, nothing was published; the next build tries again\n{failure}"
        raise dg.Failure(description=words, allow_retries=False) from failure
