"""The lines of a document in tables for people, a table a kind, and the call list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.documents.document import Document, DocumentLine, ListedCall
from orchestration.documents.figures import decimals_needed, grouped, minutes
from orchestration.documents.flow import (
    Row,
    Table,
    TableColumn,
    cells_row,
    columns_of,
    detail_row,
    head_row,
    space,
    title_row,
)
from orchestration.documents.paper import BOLD, BOTTOM, GREY, INK, LEFT, RIGHT, TOP, Paper, shortened

_TITLES = {
    "calls": "Calls",
    "termination": "Calls that you terminated for us",
    "usage": "Usage",
    "subscription": "Subscriptions",
    "adjustment": "Adjustments of earlier periods",
    "credit": "Credits",
}
_BEYOND = "Beyond the rate"
_LEAST_ROOM = 110.0  # for a destination, or what is beyond the rate goes below the line
_CALL_STEP = 10.2
_CALL_SIZE = 7.0
_CALLS_A_PAGE = int((TOP - BOTTOM - 42) // _CALL_STEP)
# title, left edge or right edge, stands to the right
_CALL_COLUMNS = (
    ("Line", LEFT + 20, True),
    ("Date and time", LEFT + 29, False),
    ("From", LEFT + 108, False),
    ("To", LEFT + 179, False),
    ("Destination", LEFT + 250, False),
    ("Duration", RIGHT - 114, True),
    ("Billed", RIGHT - 54, True),
    ("Amount", RIGHT, True),
)
# where allowances covered seconds of some
_COVERED_COLUMNS = (
    *_CALL_COLUMNS[:5],
    ("Duration", RIGHT - 147, True),
    ("Billed", RIGHT - 100, True),
    ("Free", RIGHT - 53, True),
    ("Amount", RIGHT, True),
)

# a column: its title, what it says of a line, whether it stands to the right
_LineColumn = tuple[str, Callable[[DocumentLine], str], bool]


def tables(document: Document) -> list[Table]:
    """A table for each kind of line in the order of the document, each with its sum."""
    decimals = decimals_needed((line.amount for line in document.lines), document.minor_unit)
    kinds = list(dict.fromkeys(line.kind for line in document.lines))
    return [_table(document, kind, [line for line in document.lines if line.kind == kind], decimals) for kind in kinds]


def _table(document: Document, kind: str, lines: Sequence[DocumentLine], decimals: int) -> Table:
    amount: _LineColumn = (f"Amount {document.currency}", lambda line: grouped(line.amount, decimals), True)
    by_kind = {"calls": _calls, "termination": _calls, "adjustment": _adjustments, "credit": _adjustments}
    line_columns = by_kind.get(kind, _quantities)(document, lines)
    beside = [_beyond(document, lines)] if any(_is_beyond(document, line) for line in lines) else []
    laid = _laid(document, [*line_columns, *beside, amount], lines, decimals)
    if beside and laid.room < _LEAST_ROOM:
        beside = []
        laid = _laid(document, [*line_columns, amount], lines, decimals)
    title = _TITLES.get(kind, kind.replace("_", " ").capitalize())
    rows: list[Row] = []
    for n, (row, line) in enumerate(zip(laid.cells, lines, strict=True)):
        more, is_last = "; ".join(_details(document, line, told_beyond=bool(beside))), n == len(lines) - 1
        rows.append(cells_row(laid.columns, row, keep=is_last or bool(more), ruled=not more))
        if more:
            rows.append(detail_row(more, keep=is_last))
    return Table(
        [space(10), title_row(title), head_row(laid.columns)],
        [title_row(f"{title}, continued"), head_row(laid.columns)],
        [*rows, cells_row(laid.columns, laid.sums, font=BOLD, ruled=False)],
    )


@dataclass(frozen=True)
class _Laid:
    """A table's columns and cells, and the room that is left for words."""

    columns: Sequence[TableColumn]
    cells: Sequence[Sequence[str]]
    sums: Sequence[str]
    room: float


def _laid(
    document: Document, line_columns: Sequence[_LineColumn], lines: Sequence[DocumentLine], decimals: int
) -> _Laid:
    sums = _sums(document, line_columns, lines, decimals)
    cells = [[say(line) for _, say, _ in line_columns] for line in lines]
    flexible = next(n for n, (title, _, _) in enumerate(line_columns) if title in ("Destination", "Description"))
    columns = columns_of(
        [
            (title, [row[n] for row in (*cells, sums)] if n != flexible else [], right)
            for n, (title, _, right) in enumerate(line_columns)
        ],
        flexible,
    )
    return _Laid(columns, cells, sums, columns[flexible].right - columns[flexible].left)


def notes(document: Document) -> list[str]:
    """What explains free minutes, what is beyond the rate, and amounts in another currency than the prices."""
    if document.rules == 1:
        return []
    lines = document.lines
    applies = {
        "Free minutes are covered by an allowance: the rate is for the other billed minutes.": any(
            line.covered_s for line in lines
        ),
        "Beyond the rate are connection, initial and minimum charges, other rates within a call, and the rounding of "
        "each call.": any(_is_beyond(document, line) for line in lines),
        "Prices in another currency were converted by the exchange rate of the day of each charge.": any(
            line.currency != document.currency for line in lines
        ),
    }
    return [words for words, is_so in applies.items() if is_so]


def _is_beyond(document: Document, line: DocumentLine) -> bool:
    """Whether minutes at the rate miss the amount by as much as can be paid: less is the rounding of calls."""
    return abs(line.beyond_rate or Decimal(0)) >= Decimal(1).scaleb(-document.minor_unit)


def _details(document: Document, line: DocumentLine, told_beyond: bool) -> list[str]:
    """Why billed minutes at the rate are not the amount of a line, each in words; nothing where they are."""

    def amount(value: Decimal) -> str:
        return grouped(value, decimals_needed([value], document.minor_unit))

    words = []
    if line.covered_s:
        words.append(f"{minutes(line.covered_s, decimals_needed([line.covered_s]))} of the billed minutes free")
    if line.beyond_rate and _is_beyond(document, line) and not told_beyond:
        words.append(f"{line.currency} {amount(line.beyond_rate)} beyond the rate")
    if line.covered_amount:
        words.append(f"less an allowance of {document.currency} {amount(line.covered_amount)}")
    return words


def _beyond(document: Document, lines: Sequence[DocumentLine]) -> _LineColumn:
    decimals = decimals_needed((line.beyond_rate for line in lines), document.minor_unit)
    return _BEYOND, lambda line: _price(document, line, line.beyond_rate, decimals), True


def _calls(document: Document, lines: Sequence[DocumentLine]) -> list[_LineColumn]:
    shown = decimals_needed(s for line in lines for s in (line.duration_s, line.billed_s))
    rates = decimals_needed((line.rate_per_minute for line in lines), 4)
    return [
        ("Destination", lambda line: line.destination or line.description, False),
        ("Rate a minute", lambda line: _price(document, line, line.rate_per_minute, rates), True),
        ("Calls", lambda line: _figure(line.calls), True),
        ("Minutes", lambda line: _minutes(line.duration_s, shown), True),
        ("Billed minutes", lambda line: _minutes(line.billed_s, shown), True),
    ]


def _quantities(document: Document, lines: Sequence[DocumentLine]) -> list[_LineColumn]:
    quantities = decimals_needed(line.quantity for line in lines)
    prices = decimals_needed((line.unit_price for line in lines), document.minor_unit)
    return [
        ("Description", lambda line: line.description, False),
        ("Quantity", lambda line: _figure(line.quantity, quantities), True),
        ("Unit price", lambda line: _price(document, line, line.unit_price, prices), True),
    ]


def _adjustments(document: Document, lines: Sequence[DocumentLine]) -> list[_LineColumn]:
    days: list[_LineColumn] = [
        ("Day", lambda line: _day(line.day), False),
        ("Period from", lambda line: _day(line.for_period), False),
    ]
    used = [column for column in days if any(column[1](line) for line in lines)]
    return [*used, ("Description", lambda line: line.description, False)]


def _sums(
    document: Document, line_columns: Sequence[_LineColumn], lines: Sequence[DocumentLine], decimals: int
) -> list[str]:
    """The last row: sums where figures of a column may be added."""
    seconds = decimals_needed(s for line in lines for s in (line.duration_s, line.billed_s))
    added = {
        "Calls": grouped(sum(line.calls or 0 for line in lines)),
        "Minutes": minutes(_sum(line.duration_s for line in lines), seconds),
        "Billed minutes": minutes(_sum(line.billed_s for line in lines), seconds),
    }
    if all(line.currency == document.currency for line in lines):
        beyond = decimals_needed((line.beyond_rate for line in lines), document.minor_unit)
        added[_BEYOND] = grouped(_sum(line.beyond_rate for line in lines), beyond)
    amount = grouped(_sum(line.amount for line in lines), decimals)
    named = [added.get(title, "") for title, _, _ in line_columns]
    named[0], named[-1] = "Sum", amount
    return named


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value or Decimal(0) for value in values), Decimal(0))


def _price(document: Document, line: DocumentLine, price: Decimal | None, decimals: int) -> str:
    if price is None:
        return "\N{EN DASH}"
    return (f"{line.currency} " if line.currency != document.currency else "") + grouped(price, decimals)


def _figure(value: Decimal | int | None, decimals: int = 0) -> str:
    return "" if value is None else grouped(value, decimals)


def _minutes(seconds: Decimal | None, decimals: int) -> str:
    return "" if seconds is None else minutes(seconds, decimals)


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def call_pages(document: Document) -> list[Callable[[Paper], None]]:
    """The call list, a drawing a page; the last one has the sums."""
    calls = document.calls or []
    listed = _Listed(
        document,
        calls,
        any(call.covered_s for call in calls),
        decimals_needed((call.amount for call in calls), document.minor_unit),
        decimals_needed(s for call in calls for s in (call.duration_s, call.billed_s, call.covered_s)),
    )

    def page(first: int) -> Callable[[Paper], None]:
        return lambda paper: _call_page(paper, listed, first)

    return [page(first) for first in range(0, len(calls) + 1, _CALLS_A_PAGE)] if calls else []


@dataclass(frozen=True)
class _Listed:
    """A call list: whether allowances covered seconds of some, and the decimals of its amounts and seconds."""

    document: Document
    calls: Sequence[ListedCall]
    covered: bool
    amounts: int
    seconds: int

    def figures(self, calls: Sequence[ListedCall]) -> list[list[str]]:
        """The cells of the last columns, those of figures."""
        cells = [[minutes(call.duration_s, self.seconds) for call in calls]]
        cells.append([minutes(call.billed_s, self.seconds) for call in calls])
        if self.covered:
            cells.append([minutes(call.covered_s, self.seconds) for call in calls])
        return [*cells, [grouped(call.amount, self.amounts) for call in calls]]

    def sums(self) -> list[str]:
        """What the figures of all calls come to."""
        names = ("duration_s", "billed_s", "covered_s") if self.covered else ("duration_s", "billed_s")
        lengths = [minutes(_sum(getattr(call, name) for call in self.calls), self.seconds) for name in names]
        return [*lengths, grouped(_sum(call.amount for call in self.calls), self.amounts)]


def _call_page(paper: Paper, listed: _Listed, first: int) -> None:
    document, shown = listed.document, listed.calls[first : first + _CALLS_A_PAGE]
    columns = _COVERED_COLUMNS if listed.covered else _CALL_COLUMNS
    room = 55 if listed.covered else 92
    y = TOP - 10
    paper.text(LEFT, y, "Call list" if first == 0 else "Call list, continued", BOLD, 10.5)
    after = ", after allowances" if any(call.covered_amount for call in listed.calls) else ""
    words = f"Times are {document.timezone}, amounts {document.currency}{after}"
    paper.text(RIGHT, y, words, size=7.5, colour=GREY, right=True)
    y -= 18
    for title, x, right in columns:
        paper.text(x, y, title, size=_CALL_SIZE, colour=GREY, right=right)
    paper.rule(y - 4, colour=GREY, weight=0.6)
    y -= 14
    cells = [
        [str(call.line) for call in shown],
        [str(call.charged_at)[:19] for call in shown],
        [shortened(call.calling_number, 66, size=_CALL_SIZE) for call in shown],
        [shortened(call.called_number, 66, size=_CALL_SIZE) for call in shown],
        [shortened(call.destination, room, size=_CALL_SIZE) for call in shown],
        *listed.figures(shown),
    ]
    for (_, x, right), texts in zip(columns, cells, strict=True):
        paper.column(x, y, _CALL_STEP, texts, _CALL_SIZE, right, INK)
    if first + _CALLS_A_PAGE > len(listed.calls):
        y -= len(shown) * _CALL_STEP
        paper.rule(y + 7.2, colour=GREY, weight=0.6)
        paper.text(LEFT, y - 2, f"{len(listed.calls):,} calls", BOLD, _CALL_SIZE)
        for (_, x, right), text in zip(columns[5:], listed.sums(), strict=True):
            paper.text(x, y - 2, text, BOLD, _CALL_SIZE, right=right)
