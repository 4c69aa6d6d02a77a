"""What a check warns of about the times of rows: a day that falls between two of them, and rows that never hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from orchestration.configuration.column import File
from orchestration.configuration.in_force import in_force, joined
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets, span
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import Sheet
from orchestration.configuration.values import may_be_true
from orchestration.typed import day, instant, month

# One row follows another that has the same of these, where the file's key does not say so.
_FOLLOWS = {
    "rates": ("rate_table_id", "prefix", "band", "calling_prefix", "jurisdiction"),
    "consumption_profiles": ("account_id", "rule", "period", "prefixes"),
    "subscriptions": ("account_id", "service", "prorate"),
}
# The longest that is taken for a slip: a day, also the one on which the clock is set back.
_DAY = timedelta(hours=25)
# How far away something may begin of which nothing says that it has not begun.
_FAR = timedelta(days=548)
# The same of what is planned for years: an end, a holiday, a budget. And the years by which "no end" is written.
_LONG = timedelta(days=5 * 365)
_NO_END = (2099, 2100)
_WITHOUT = {"subscriptions": "nothing is charged by it", "consumption_profiles": "nothing is free by it"}


def odd_times(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Days between two rows of the same; rows that never hold, or only far from now."""
    for name, file in FILES.items():
        if {"valid_from", "valid_to"} <= {*file.names}:
            if name != "rate_assignments":  # of whose account a trunk needs a table, sides.py says when there is none
                yield from _gaps(sheets[name], _follows(file), now)
            if "account_id" in file.names and name != "subscriptions":
                yield from _after_the_end(sheets, sheets[name], now)
    yield from _never_charged(sheets, now)
    for sheet in sheets.values():
        yield from _far_away(sheet, now)


def _follows(file: File) -> tuple[str, ...]:
    return _FOLLOWS.get(file.name) or tuple(column.name for column in file.keys if column.name != "valid_from")


def _gaps(sheet: Sheet, key: tuple[str, ...], now: datetime) -> Iterator[Problem]:
    """A day or less, later than now, between two rows: who writes the last day as `valid_to` leaves that day out.

    Once for all rows of the file that end and begin so.
    """
    times = list(sheet.columns("valid_from", "valid_to"))
    spans_of = {cells: span(*cells) for cells in set(times)}
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    ended = set()
    for row, (end, *cells) in enumerate(sheet.columns("valid_to", *key)):
        rows[tuple(cells)].append(row)
        if end:
            ended.add(tuple(cells))
    told: dict[tuple[datetime, datetime], list[tuple[int, int, str]]] = defaultdict(list)
    for cells_ in sorted(ended):
        if sheet.file.name == "subscriptions" and not may_be_true(cells_[-1]):
            continue  # what is charged in full is charged the same
        spans = {row: held for row in rows[cells_] if (held := spans_of[times[row]])}
        whole = joined(spans.values())
        for (_, until), (since, _) in pairwise(whole):
            if since > now and since - until <= _DAY:
                ends = next(row for row, held in spans.items() if held[1] == until)
                begins = next(row for row, held in spans.items() if held[0] == since)
                told[until, since].append((ends, begins, " ".join(filter(None, cells_))))
    for found in told.values():
        ends, begins, whose = min(found)
        more = f" (and {len(found) - 1:,} more)" if found[1:] else ""
        since_ = sheet["valid_from"][begins]
        wrong = f'"{sheet["valid_to"][ends]}" is not included, and {whose} begins again at {since_} on line '
        wrong += f"{sheet.lines[begins]}: there is none between{more}"
        yield sheet.at(ends, "valid_to", wrong, f"write {since_}, where the one begins when the other ends")


def _after_the_end(sheets: Sheets, sheet: Sheet, now: datetime) -> Iterator[Problem]:
    """Rows, not over yet, that begin when their account has ended; once an account."""
    ends, told = sheets["accounts"].mapping("account_id", "valid_to"), set()
    for held, (account, since) in in_force(sheet, now, "account_id", "valid_from"):
        end = instant(ends.get(account, ""))
        if end and account not in told and (instant(since) or datetime.min) >= end:
            told.add(account)
            yield _ended(sheet, held.row, account, ends[account], "the row never holds")


def _never_charged(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """A subscription, not over yet, whose account has ended on its first day: both are days of the account's."""
    sheet, accounts = sheets["subscriptions"], sheets["accounts"]
    ends, zones = accounts.mapping("account_id", "valid_to"), accounts.mapping("account_id", "timezone")
    for held, (account, since) in in_force(sheet, now, "account_id", "valid_from"):
        end, begins = instant(ends.get(account, "")), day(since)
        if end and begins and _first_day_without(end, zones[account] or "UTC") <= begins:
            yield _ended(sheet, held.row, account, ends[account], "it is never charged")


def _first_day_without(end: datetime, zone: str) -> date:
    """An account that ends within a day still has that day."""
    local = end.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return (local + timedelta(days=1) - timedelta(microseconds=1)).date()


def before_the_books(sheets: Sheets, first: date) -> Iterator[Problem]:
    """What is charged once, on a day before the first of the books: no day of theirs has it. Once for all of them."""
    zones, sheet = sheets["accounts"].mapping("account_id", "timezone"), sheets["subscriptions"]
    early = [
        row
        for row, (account, charge, since) in enumerate(sheet.columns("account_id", "charge", "valid_from"))
        if charge == "once" and (begins := day(since)) and _utc_day(begins, zones.get(account) or "UTC") < first
    ]
    if early:
        more = f" (and {len(early) - 1:,} more)" if early[1:] else ""
        wrong = f"the books begin on {first}, so that this is never charged{more}"
        yield sheet.at(early[0], "valid_from", wrong, "write a day of theirs, or delete the row")


def _utc_day(local: date, zone: str) -> date:
    return datetime.combine(local, time.min, ZoneInfo(zone)).astimezone(UTC).date()


def _ended(sheet: Sheet, row: int, account: str, end: str, so: str) -> Problem:
    wrong = f"{account} ends at {end} in accounts.csv: {so}"
    return sheet.at(row, "valid_from", wrong, "correct one of the two, or delete the row")


def _far_away(sheet: Sheet, now: datetime) -> Iterator[Problem]:
    """What begins, ends or is only in years: nothing else would say that a year is mistyped. Once for all alike."""
    without = _WITHOUT.get(sheet.file.name, "it does not count")
    is_meant = "correct the year, or leave it if that is meant"
    for column, far, wrong, right in (
        ("valid_from", _FAR, f"{without} before", is_meant),
        ("valid_to", _LONG, "it does not end before", "correct the year, or write nothing for no end"),
        ("date", _LONG, "the holiday is not before", is_meant),
        ("month", _LONG, "nothing is compared with it before", is_meant),
    ):
        if column in sheet.file.names:
            yield from _far_cells(sheet, column, now + far, wrong, right)


def _far_cells(sheet: Sheet, column: str, far: datetime, wrong: str, right: str) -> Iterator[Problem]:
    times = {cell: _begins(cell) for cell in set(sheet[column]) - {""}}
    told: dict[datetime, list[int]] = defaultdict(list)
    for row, cell in enumerate(sheet[column]):
        at = times.get(cell)
        if at and at > far and not (column == "valid_to" and at.year in _NO_END):
            told[at].append(row)
    for rows in told.values():
        more = f" (and {len(rows) - 1:,} more)" if rows[1:] else ""
        yield sheet.at(rows[0], column, f"{wrong} {sheet[column][rows[0]]}, which is far away{more}", right)


def _begins(cell: str) -> datetime | None:
    """The instant of a time, or the first one of a day or month."""
    first = month(cell)
    return datetime.combine(first, time.min) if first else instant(cell)
