"""Whose a failure is while one file is opened and read: the file's own, wherever it came from, or the machine's.

The one place that says so. A file's own sets it aside; a file that cannot be read now is named and stays where it is;
both stop no other file. What is left is the warehouse's, and stops the command.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from orchestration.landing.problem import LandedElsewhere, NotNow, NotPermitted, UnreadableFile
from orchestration.landing.readers.readable import Readable
from orchestration.store.failures import first_line, is_interruption, what_failed
from orchestration.store.warehouse import Refused

# After these the connection is lost, or has no memory left: the file is read again on another.
_LOST = (duckdb.FatalException, duckdb.InternalException, duckdb.OutOfMemoryException, MemoryError)


@contextmanager
def own_fault(con: duckdb.DuckDBPyConnection, file: Readable | None = None) -> Iterator[None]:
    """Raise `UnreadableFile` or `NotNow` for a failure within that is the file's own.

    Without `file` it is only looked at, and whatever fails is its own. While it lands, with `file`, a statement that
    fails may have read it or written to the warehouse; reading it alone tells which.
    """
    try:
        yield
    except (UnreadableFile, LandedElsewhere, NotNow, NotPermitted, Refused):
        raise
    except OSError as failure:
        raise NotNow(f"it cannot be read now ({what_failed(failure)})") from failure
    except Exception as failure:
        if is_interruption(failure):
            raise
        if file is None or not isinstance(failure, (duckdb.Error, MemoryError)):
            raise UnreadableFile(_damaged(failure)) from failure
        if problem := _alone(con, file, failure):
            raise UnreadableFile(problem) from failure
        if isinstance(failure, (duckdb.OutOfMemoryException, MemoryError)):
            raise NotNow(f"there is not enough memory to land it ({first_line(failure)})") from failure
        raise


def _alone(con: duckdb.DuckDBPyConnection, file: Readable, failure: Exception) -> str | None:
    """What keeps `file` from being read to its end; None if nothing does."""
    if isinstance(failure, duckdb.DataError):  # of a value: the only ones that are new are the file's
        return file.wrong_text() or _damaged(failure)
    if isinstance(failure, _LOST):
        with duckdb.connect() as fresh:
            return _fault(fresh, file)
    with suppress(duckdb.Error):
        con.execute("rollback")
    con.execute("begin")
    return _fault(con, file)


def _fault(con: duckdb.DuckDBPyConnection, file: Readable) -> str | None:
    try:
        file.count(con)
        con.execute(f"select count(columns(*)) from ({file.slow()})")
    except OSError as failure:
        raise NotNow(f"it cannot be read now ({what_failed(failure)})") from failure
    except Exception as failure:
        if is_interruption(failure):
            raise
        return file.wrong_text() or _damaged(failure)
    return None


def _damaged(failure: Exception) -> str:
    return f"the file is damaged: {first_line(failure)}"
