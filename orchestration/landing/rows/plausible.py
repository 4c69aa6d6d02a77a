"""Wild values: times, durations and amounts that can be read and cannot be right, as SQL.

Judged by the clock at landing, which the journal has, so that a rebuild judges alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import duckdb

from orchestration.landing.landed import first_traffic
from orchestration.landing.rows.canonical import CanonicalColumn, CanonicalType
from orchestration.landing.rows.numbers import digits_to_have
from orchestration.landing.rows.values import value
from orchestration.store.database import one
from orchestration.store.sql import literal, quoted

REASON = "implausible"
TRAFFIC = ("cdrs", "usage")
"""The kinds of which the days of the books are."""
_AGE_DAYS, _DURATION_S = 400, 172_800
_AHEAD = timedelta(hours=24)
BEFORE_ALL = timedelta(days=31)
"""How long before the first traffic there is a row may be of; one of before that is of a clock that was wrong."""
# A telephone number in the wrong column would be summed with the rest, where only 12 digits fit before the point.
_TOO_MUCH = {"amount": 10_000_000_000, "quantity": 1_000_000_000, "carrier_amount": 100_000_000}
_NUMBERS = ("called_number", "calling_number", "routing_number")
_BEFORE_ALL_ADVICE = (
    f"correct it, or, where this is history that is meant, write max_age_days of the source ({_AGE_DAYS}, or more) in "
    "sources.csv and land the row in a file again"
)
_NO_NUMBER = (
    """'called_number is "' || left("called_number", 100) || '", which is no number: not 1 to 15 digits; land the """
    """call with the number as it should be, or let not_numbers of the source in sources.csv be ignore and land """
    """the row in a file again'"""
)


@dataclass(frozen=True)
class Limits:
    """`at`: the clock, naive UTC. `max_age_days`, `max_duration_s`: the source's, of sources.csv.

    `called`: SQL of the called number as digits, of a source that calls to no number are rejected of. `began`: the
    first traffic that there is, where a row of long before it is none that is meant.
    """

    at: datetime
    max_age_days: int
    max_duration_s: int
    called: str | None = None
    began: date | None = None

    def times(self, instant: str) -> str:
        """SQL: whether the TIMESTAMP is plausible; NULL where it is NULL."""
        return f"{instant} between {self._earliest} and {self._latest}"

    def fits(self, column: CanonicalColumn) -> str:
        """SQL: true when the row need not be rejected for this column's value."""
        if column.type is CanonicalType.TIME:
            return f"coalesce({self.times(value(column))}, true)"
        if column.type is CanonicalType.SECONDS:
            return f"coalesce({value(column)} <= {self.max_duration_s}, true)"
        if most := _TOO_MUCH.get(column.name):
            return f"coalesce(abs({value(column)}) < {most}, true)"
        tests = [_filled(column)] if column.type is CanonicalType.TEXT and column.required else []
        if column.name in _NUMBERS:
            tests.append(f"not coalesce({_is_decimal(column)}, false)")
        if self._is_called(column):
            tests.append(f"{self.called} is not null")
        return " and ".join(tests) or "true"

    def problems(self, column: CanonicalColumn) -> list[tuple[str, str, str]]:
        """SQL: condition, reason and detail of all that can be implausible of this column's value."""
        if column.type is CanonicalType.TEXT:
            return self._problems_of_text(column)
        tests = []
        if column.type is CanonicalType.TIME:
            old = f"more than {self.max_age_days} days before it landed"
            too_old = f"{value(column)} < {_stamp(self._oldest)}"
            tests.append((too_old, old, f"correct it{_or_raise('max_age_days')}"))
            if self.began is not None:
                tests.append((f"{value(column)} < {self._earliest}", _before(self.began), _BEFORE_ALL_ADVICE))
            ahead = f"more than 24 hours ahead of the clock ({self.at:%Y-%m-%d %H:%M:%S} UTC)"
            tests.append((f"{value(column)} > {self._latest}", ahead, "correct it"))
        if column.type is CanonicalType.SECONDS:
            long = f"longer than {self.max_duration_s} seconds"
            advice = f"correct it{_or_raise('max_duration_s')}"
            tests.append((f"{value(column)} > {self.max_duration_s}", long, advice))
        if most := _TOO_MUCH.get(column.name):
            tests.append((f"abs({value(column)}) >= {most}", f"{most} or more, which is too much", "correct it"))
        return [
            (
                test,
                literal(REASON),
                f"{literal(column.name + ' is ' + chr(34))} || {quoted(column.name)}"
                f" || {literal(f'{chr(34)}, {wrong}; {advice}')}",
            )
            for test, wrong, advice in tests
        ]

    def _problems_of_text(self, column: CanonicalColumn) -> list[tuple[str, str, str]]:
        tests = []
        if column.required:
            detail = literal(f"{column.name} is blank; every row needs it")
            tests.append((f"not {_filled(column)}", literal("missing_value"), detail))
        if column.name in _NUMBERS:
            detail = (
                f"{literal(column.name + ' is ' + chr(34))} || {quoted(column.name)}"
                f""" || '", a decimal number; write its digits, as text'"""
            )
            tests.append((_is_decimal(column), literal("bad_number"), detail))
        if self._is_called(column):
            tests.append((f"{self.called} is null", literal("bad_number"), _NO_NUMBER))
        return tests

    def _is_called(self, column: CanonicalColumn) -> bool:
        return self.called is not None and column.name == "called_number"

    @property
    def _earliest(self) -> str:
        if self.began is None:
            return _stamp(self._oldest)
        return _stamp(max(self._oldest, datetime.combine(self.began, time()) - BEFORE_ALL))

    @property
    def _oldest(self) -> datetime:
        return self.at - timedelta(days=self.max_age_days)

    @property
    def _latest(self) -> str:
        return _stamp(self.at + _AHEAD)


def source_limits(con: duckdb.DuckDBPyConnection, kind: str, source: str, at: datetime) -> Limits:
    """What sources.csv says of the source, or what an empty cell there means."""
    row = con.execute(
        "select max_age_days, max_duration_s from config.sources where source = ? and kind = ?", [source, kind]
    ).fetchone()
    days, seconds = row or (None, None)
    called = digits_to_have(con, source) if kind == "cdrs" else None
    began = _began(con, kind) if days is None else None
    return Limits(at, days or _AGE_DAYS, seconds or _DURATION_S, called, began)


def _began(con: duckdb.DuckDBPyConnection, kind: str) -> date | None:
    """The first traffic, of a deployment in whose books it is: some day has closed. Before rules 5 nobody asked."""
    asked = "select rules > 4 and exists (select 1 from ops.closings) from run.clock"
    return first_traffic(con) if kind in TRAFFIC and one(con, asked) == (True,) else None


def _before(began: date) -> str:
    return (
        f"more than {BEFORE_ALL.days} days before the first traffic that there is ({began}): each day since would "
        "open, with what subscriptions charge on it"
    )


def _filled(column: CanonicalColumn) -> str:
    """SQL: whether a text has more than blanks, which name nothing; for nearly all the first comparison is enough."""
    return f"coalesce({quoted(column.name)} >= '!' or trim({quoted(column.name)}, {literal(' ' + chr(9))}) <> '', true)"


def _is_decimal(column: CanonicalColumn) -> str:
    """SQL: whether a telephone number is what a program makes of a column of numbers: digits and `.0` or `.00`, which
    would leave zeros too many. With other marks the point is a mark, too. Before rules 4 nobody looked.
    """
    number = quoted(column.name)
    is_one = f"contains({number}, '.') and regexp_full_match({number}, '[0-9]+[.]0+')"
    return f"{is_one} and (select coalesce(rules, 1) from run.clock) > 3"


def _or_raise(column: str) -> str:
    return f", or raise {column} of the source in sources.csv and land the row in a file again"


def _stamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
