"""A clock that is behind what was entered last: by it, money would be booked on days of long ago.

Which day a payment, a late call or a closing is booked on goes by the clock. So a command that enters something is
refused where its clock is before the journal's last line, unless the operator says why (`--clock-back REASON`); the
lines that it writes then have the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.store import journal
from orchestration.store.refused import Refused

_CLOCKS_DIFFER = timedelta(minutes=5)  # two machines'


@dataclass
class _Reason:
    text: str
    is_used: bool = False


_REASON: ContextVar[_Reason | None] = ContextVar("clock_back", default=None)


@contextmanager
def allowed(why: str) -> Iterator[None]:
    """Let what is entered meanwhile go by a clock that is behind."""
    before = _REASON.set(_Reason(why))
    try:
        yield
    finally:
        _REASON.reset(before)


def reason() -> str | None:
    """Why what is entered goes by a clock that is behind; None where it does not."""
    given = _REASON.get()
    return given.text if given and given.is_used else None


def refuse_behind(path: Path, now: datetime) -> None:
    """Raise `Refused` where `now` (naive UTC) is more than five minutes before the last line of the journal at `path`,
    unless that is allowed; and where it is allowed and the clock was not behind.
    """
    last, given = journal.last_at(path), _REASON.get()
    if last is not None and now < last - _CLOCKS_DIFFER:
        if given is None:
            raise Refused(
                f"the clock says {now:%Y-%m-%d %H:%M} UTC, and the last change was entered at {last:%Y-%m-%d %H:%M}:"
                " set the clock (TOLLBOOK_NOW). If this is to be entered at that time, say why: --clock-back REASON"
            )
        given.is_used = True
    elif given and not given.is_used:
        raise Refused("the clock is not behind the last change that was entered: leave --clock-back out")
