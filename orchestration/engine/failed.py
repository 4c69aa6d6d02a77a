"""What a person reads of a command, or a run, that failed: one way of saying it for the command line and Dagster."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.engine import excess
from orchestration.engine.dbt import DbtFailed, memory
from orchestration.store.failures import first_line, of_files, what_failed
from orchestration.store.warehouse import Refused

# Failures that are said in words; any other is a fault of ours, and its traceback is wanted.
SAID = (Refused, DbtFailed, OSError, duckdb.Error)

_OUT_OF_MEMORY = "Out of Memory Error"


def in_words(failure: Exception, root: Path | None = None) -> str:
    """What failed and what to do; `root` is the deployment's folder. A model fails for want of a file, too."""
    if isinstance(failure, Refused):
        return str(failure)
    if _OUT_OF_MEMORY in str(failure):
        setting = f"TOLLBOOK_MEMORY is {memory()}"
        return f"{first_line(failure)}\nthere is not enough memory: {setting}; give it more, where the machine has it"
    if isinstance(failure, duckdb.Error) and excess.is_excess(failure):
        return excess.in_words()
    if isinstance(failure, DbtFailed):
        tried = "a model failed, nothing was published; the next build tries again"
        return of_files(failure, root) or f"{tried}\n{failure}"
    return what_failed(failure, root)
