"""The lines of a document in tables for people, a table a kind, and the call list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from orchestration.documents.document import Call, Document, Line
from orchestration.documents.figures import decimals_needed, grouped, minutes
from orchestration.documents.flow import Table, cells_row, columns_of, head_row, space, title_row
from orchestration.documents.sheet import BOLD, BOTTOM, GREY, INK, LEFT, RIGHT, TOP, Sheet, shortened

_TITLES = {
    "calls": "Calls",
    "termination": "Calls that you terminated for us",
    "usage": "Usage",
    "subscription": "Subscriptions",
    "adjustment": "Adjustments of earlier periods",
    "credit": "Credits",
}
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

# a column: its title, what it says of a line, whether it stands to the right
_Told = tuple[str, Callable[[Line], str], bool]


def tables(document: Document) -> list[Table]:
    """A table for each kind of line in the order of the document, each with its sum."""
    decimals = decimals_needed((line.amount for line in document.lines), document.minor_unit)
    kinds = list(dict.fromkeys(line.kind for line in document.lines))
    return [_table(document, kind, [line for line in document.lines if line.kind == kind], decimals) for kind in kinds]


def _table(document: Document, kind: str, lines: Sequence[Line], decimals: int) -> Table:
    amount: _Told = (f"Amount {document.currency}", lambda line: grouped(line.amount, decimals), True)
    by_kind = {"calls": _calls, "termination": _calls, "adjustment": _adjustments, "credit": _adjustments}
    told = [*by_kind.get(kind, _quantities)(document, lines), amount]
    sums = _sums(told, lines, decimals)
    cells = [[say(line) for _, say, _ in told] for line in lines]
    flexible = next(n for n, (title, _, _) in enumerate(told) if title in ("Destination", "Description"))
    columns = columns_of(
        [
            (title, [row[n] for row in (*cells, sums)] if n != flexible else [], right)
            for n, (title, _, right) in enumerate(told)
        ],
        flexible,
    )
    title = _TITLES.get(kind, kind.replace("_", " ").capitalize())
    rows = [cells_row(columns, row, keep=n == len(cells) - 1) for n, row in enumerate(cells)]
    return Table(
        [space(10), title_row(title), head_row(columns)],
        [title_row(f"{title}, continued"), head_row(columns)],
        [*rows, cells_row(columns, sums, font=BOLD, ruled=False)],
    )


def _calls(document: Document, lines: Sequence[Line]) -> list[_Told]:
    shown = decimals_needed(s for line in lines for s in (line.duration_s, line.billed_s))
    rates = decimals_needed((line.rate_per_minute for line in lines), 4)
    return [
        ("Destination", lambda line: line.destination or line.description, False),
        ("Rate a minute", lambda line: _price(document, line, line.rate_per_minute, rates), True),
        ("Calls", lambda line: _figure(line.calls), True),
        ("Minutes", lambda line: _minutes(line.duration_s, shown), True),
        ("Billed minutes", lambda line: _minutes(line.billed_s, shown), True),
    ]


def _quantities(document: Document, lines: Sequence[Line]) -> list[_Told]:
    quantities = decimals_needed(line.quantity for line in lines)
    prices = decimals_needed((line.unit_price for line in lines), document.minor_unit)
    return [
        ("Description", lambda line: line.description, False),
        ("Quantity", lambda line: _figure(line.quantity, quantities), True),
        ("Unit price", lambda line: _price(document, line, line.unit_price, prices), True),
    ]


def _adjustments(document: Document, lines: Sequence[Line]) -> list[_Told]:
    days: list[_Told] = [
        ("Day", lambda line: _day(line.day), False),
        ("Period from", lambda line: _day(line.for_period), False),
    ]
    said = [told for told in days if any(told[1](line) for line in lines)]
    return [*said, ("Description", lambda line: line.description, False)]


def _sums(told: Sequence[_Told], lines: Sequence[Line], decimals: int) -> list[str]:
    """The last row: sums where figures of a column may be added."""
    seconds = decimals_needed(s for line in lines for s in (line.duration_s, line.billed_s))
    added = {
        "Calls": grouped(sum(line.calls or 0 for line in lines)),
        "Minutes": minutes(sum((line.duration_s or Decimal(0) for line in lines), Decimal(0)), seconds),
        "Billed minutes": minutes(sum((line.billed_s or Decimal(0) for line in lines), Decimal(0)), seconds),
    }
    amount = grouped(sum((line.amount for line in lines), Decimal(0)), decimals)
    named = [added.get(title, "") for title, _, _ in told]
    named[0], named[-1] = "Sum", amount
    return named


def _price(document: Document, line: Line, price: Decimal | None, decimals: int) -> str:
    if price is None:
        return "\N{EN DASH}"
    return (f"{line.currency} " if line.currency != document.currency else "") + grouped(price, decimals)


def _figure(value: Decimal | int | None, decimals: int = 0) -> str:
    return "" if value is None else grouped(value, decimals)


def _minutes(seconds: Decimal | None, decimals: int) -> str:
    return "" if seconds is None else minutes(seconds, decimals)


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def call_pages(document: Document) -> list[Callable[[Sheet], None]]:
    """The call list, a drawing a page; the last one has the sums."""
    calls = document.calls or []
    amounts = decimals_needed((call.amount for call in calls), document.minor_unit)
    seconds = decimals_needed(s for call in calls for s in (call.duration_s, call.billed_s))

    def page(first: int) -> Callable[[Sheet], None]:
        return lambda sheet: _call_page(sheet, document, calls, first, amounts, seconds)

    return [page(first) for first in range(0, len(calls) + 1, _CALLS_A_PAGE)] if calls else []


def _call_page(sheet: Sheet, document: Document, calls: Sequence[Call], first: int, amounts: int, seconds: int) -> None:
    shown = calls[first : first + _CALLS_A_PAGE]
    y = TOP - 10
    sheet.text(LEFT, y, "Call list" if first == 0 else "Call list, continued", BOLD, 10.5)
    sheet.text(
        RIGHT, y, f"Times are {document.timezone}, amounts {document.currency}", size=7.5, colour=GREY, right=True
    )
    y -= 18
    for title, x, right in _CALL_COLUMNS:
        sheet.text(x, y, title, size=_CALL_SIZE, colour=GREY, right=right)
    sheet.rule(y - 4, colour=GREY, weight=0.6)
    y -= 14
    cells = [
        [str(call.line) for call in shown],
        [str(call.charged_at)[:19] for call in shown],
        [shortened(call.calling_number, 66, size=_CALL_SIZE) for call in shown],
        [shortened(call.called_number, 66, size=_CALL_SIZE) for call in shown],
        [shortened(call.destination, 92, size=_CALL_SIZE) for call in shown],
        [minutes(call.duration_s, seconds) for call in shown],
        [minutes(call.billed_s, seconds) for call in shown],
        [grouped(call.amount, amounts) for call in shown],
    ]
    for (_, x, right), texts in zip(_CALL_COLUMNS, cells, strict=True):
        sheet.column(x, y, _CALL_STEP, texts, _CALL_SIZE, right, INK)
    if first + _CALLS_A_PAGE > len(calls):
        y -= len(shown) * _CALL_STEP
        sheet.rule(y + 7.2, colour=GREY, weight=0.6)
        sums = (
            minutes(sum((call.duration_s for call in calls), Decimal(0)), seconds),
            minutes(sum((call.billed_s for call in calls), Decimal(0)), seconds),
            grouped(sum((call.amount for call in calls), Decimal(0)), amounts),
        )
        sheet.text(LEFT, y - 2, f"{len(calls):,} calls", BOLD, _CALL_SIZE)
        for (_, x, right), text in zip(_CALL_COLUMNS[-3:], sums, strict=True):
            sheet.text(x, y - 2, text, BOLD, _CALL_SIZE, right=right)
