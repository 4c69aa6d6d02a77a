"""An invoice, a credit note or a draft as a PDF that one would send: A4, fonts embedded, the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from orchestration.documents.document import Document, Party
from orchestration.documents.figures import decimals_needed, fixed, grouped
from orchestration.documents.flow import LEADING, SIZE, Row, Table, pages, space
from orchestration.documents.paper import (
    ACCENT,
    BOLD,
    BOTTOM,
    GREY,
    HEIGHT,
    INK,
    LEFT,
    REGULAR,
    RIGHT,
    TOP,
    Paper,
    clean,
    shortened,
    width,
    wrapped,
)  # fmt: skip
from orchestration.documents.tables import call_pages, notes, tables

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MIDDLE = LEFT + 178
_FACTS = LEFT + 356


def pdf_bytes(document: Document) -> bytes:
    """The document as a PDF. Raises nothing for characters or pictures it cannot set: they are left out or boxed."""
    name = _name(document)
    paper = Paper(f"{name} {document.seller.name}", document.seller.name, f"{document.account_id} {document.currency}")
    opening, first_top = _opening(document)
    flowing = pages([*tables(document), _totals(document)], first_top, TOP)
    listed = call_pages(document)
    count = len(flowing) + len(listed)
    for n in range(count):
        if document.number is None:
            paper.stamp("DRAFT")
        if n == 0:
            for y, row in opening:
                row.draw(paper, y)
        else:
            _running_head(paper, document, name)
        if n < len(flowing):
            for y, row in flowing[n]:
                row.draw(paper, y)
        else:
            listed[n - len(flowing)](paper)
        _foot(paper, document, name, n + 1, count)
        paper.next_page()
    return paper.done()


def _title(document: Document) -> str:
    kind = "Credit note" if document.kind == "credit_note" else "Invoice"
    return kind if document.number else f"Draft {kind.lower()}"


def _name(document: Document) -> str:
    return f"{_title(document)} {document.number or ''}".rstrip()


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _total_words(document: Document) -> str:
    return "Total in your favour" if document.total < 0 else "Total due"


def _tax_words(document: Document) -> str:
    return f"Tax {grouped(document.tax_pct, decimals_needed([document.tax_pct]))} %"


def _opening(document: Document) -> tuple[list[tuple[float, Row]], float]:
    """What the first page begins with, and where the tables may begin."""
    drawn: list[tuple[float, Row]] = []
    top = HEIGHT - 48
    drawn.append((top, Row(52, lambda paper, y: _letterhead(paper, document, y))))
    y = top - 84
    blocks = [
        (LEFT, "From", _party_lines(document.seller, _MIDDLE - LEFT - 16)),
        (_MIDDLE, "Credit to" if document.kind == "credit_note" else "Bill to",
         _party_lines(document.buyer, _FACTS - _MIDDLE - 16)),
    ]  # fmt: skip
    facts = _facts(document)
    drawn.append((y, Row(0, lambda paper, at: _blocks(paper, at, blocks, facts))))
    y -= 16 + LEADING * max(len(facts), *(len(lines) for _, _, lines in blocks))
    if document.reason:
        reason = wrapped(f"Reason: {document.reason}", RIGHT - LEFT, REGULAR, 9)
        drawn.append((y, Row(0, lambda paper, at: _paragraph(paper, at - 6, reason, 9, INK))))
        y -= 12 * len(reason) + 6
    drawn.append((y, Row(54, lambda paper, at: _summary(paper, document, at))))
    return drawn, y - 54 - 10


def _letterhead(paper: Paper, document: Document, y: float) -> None:
    room = 290.0
    if not (document.logo and paper.picture(document.logo, LEFT, y, 180, 50)):
        for n, line in enumerate(wrapped(document.seller.name, room, BOLD, 18)[:2]):
            paper.text(LEFT, y - 17 - 22 * n, line, BOLD, 18, INK)
    paper.text(RIGHT, y - 19, _title(document), BOLD, 24, ACCENT, right=True)
    if document.number:
        paper.text(RIGHT, y - 36, document.number, REGULAR, 11, INK, right=True)
    paper.rule(y - 60, colour=ACCENT, weight=1.2)


def _party_lines(party: Party, room: float) -> list[tuple[str, str]]:
    """The lines of a party: font and text."""
    lines = [(BOLD, line) for line in wrapped(party.legal_name or party.name, room, BOLD, SIZE)]
    for part in party.address.split(" / "):
        lines += [(REGULAR, line) for line in wrapped(part, room) if line]
    if party.tax_id:
        lines += [(REGULAR, line) for line in wrapped(f"Tax ID {party.tax_id}", room)]
    return lines


def _facts(document: Document) -> list[tuple[str, str]]:
    dates = [("Number", document.number or "none: a draft"), ("Date", _day(document.issued_on))]
    dates += [("Due", _day(document.due_on))] if document.due_on else []
    dates += [("Corrects", document.corrects)] if document.corrects else []
    return [
        *dates,
        ("Period", _day(document.period_start)),
        ("to", _day(document.period_end)),
        ("Time zone", document.timezone),
        ("Account", document.account_id),
        ("Currency", document.currency),
    ]


def _blocks(
    paper: Paper, y: float, blocks: Sequence[tuple[float, str, list[tuple[str, str]]]], facts: Sequence[tuple[str, str]]
) -> None:
    for left, title, lines in blocks:
        paper.text(left, y, title, size=7.5, colour=GREY)
        for n, (font, line) in enumerate(lines):
            paper.text(left, y - 13 - n * LEADING, line, font)
    for n, (title, text) in enumerate(facts):
        paper.text(_FACTS, y - n * LEADING, title, size=7.5, colour=GREY)
        paper.text(RIGHT, y - n * LEADING, shortened(text, RIGHT - _FACTS - 44), right=True)


def _paragraph(paper: Paper, y: float, lines: Sequence[str], size: float, colour: str) -> None:
    for n, line in enumerate(lines):
        paper.text(LEFT, y - n * (size + 3), line, size=size, colour=colour)


def _summary(paper: Paper, document: Document, y: float) -> None:
    paper.box(LEFT, y - 50, RIGHT, y)
    units = document.minor_unit
    figures = [("Net", grouped(document.net, units)), (_tax_words(document), grouped(document.tax, units))]
    for n, (title, text) in enumerate(figures):
        paper.text(LEFT + 14 + 125 * n, y - 17, title, size=8, colour=GREY)
        paper.text(LEFT + 14 + 125 * n, y - 36, text, REGULAR, 13)
    total = f"{document.currency} {grouped(document.total, units)}"
    by = f", by {_day(document.due_on)}" if document.due_on and document.total > 0 else ""
    paper.text(RIGHT - 14, y - 17, _total_words(document) + by, size=8, colour=GREY, right=True)
    size = 19.0
    while width(total, BOLD, size) > 215:
        size -= 1
    paper.text(RIGHT - 14, y - 38, total, BOLD, size, ACCENT, right=True)


def _totals(document: Document) -> Table:
    """How the lines come to the total, kept on one page."""
    units = document.minor_unit
    exact = decimals_needed([document.exact, *(line.amount for line in document.lines)], units)
    rounding = document.net - document.exact
    written = fixed(rounding, exact)
    rows: list[Row] = []
    if not document.lines:
        rows.append(
            Row(24, lambda paper, y: paper.text(LEFT, y - 12, "There is nothing to charge in this period."), True)
        )

    def row(
        title: str, text: str, font: str = REGULAR, size: float = 9.0, colour: str = INK, ruled: bool = False
    ) -> None:
        def draw(paper: Paper, y: float) -> None:
            if ruled:
                paper.rule(y, left=_MIDDLE + 60, colour=GREY, weight=0.6)
            paper.text(_MIDDLE + 60, y - size - 3, title, font, size, colour)
            paper.text(RIGHT, y - size - 3, text, font, size, colour, right=True)

        rows.append(Row(size + 7, draw, keep=True))

    row("Sum of the lines, exact", grouped(document.exact, exact), ruled=True)
    how = f"Rounded half up to {units} decimals" if units else "Rounded half up to whole units"
    if rounding:
        row(how, ("+" if not written.startswith("-") else "") + grouped(rounding, exact))
    row("Net", grouped(document.net, units))
    row(_tax_words(document), grouped(document.tax, units))
    row(_total_words(document), f"{document.currency} {grouped(document.total, units)}", BOLD, 12, ACCENT, ruled=True)
    note = (
        "Every call and every use was charged by itself and rounded once; a line is the exact sum of its charges."
        " Minutes are minutes and seconds."
    )
    text = wrapped(" ".join([note, *notes(document)]), RIGHT - LEFT, REGULAR, 7.5)
    rows.append(space(8))
    rows.append(Row(10.5 * len(text), lambda paper, y: _paragraph(paper, y - 8, text, 7.5, GREY)))
    return Table([space(14)], [], rows)


def _running_head(paper: Paper, document: Document, name: str) -> None:
    y = HEIGHT - 54
    paper.text(LEFT, y, shortened(document.seller.name, 280, BOLD, 9), BOLD, 9)
    paper.text(RIGHT, y, name, REGULAR, 9, INK, right=True)
    paper.rule(y - 8, colour=ACCENT, weight=0.8)


def _foot(paper: Paper, document: Document, name: str, page: int, count: int) -> None:
    y = BOTTOM - 24
    seller = document.seller
    words = " · ".join(clean(part) for part in (seller.legal_name or seller.name, seller.tax_id) if part)
    paper.rule(y + 12)
    paper.text(LEFT, y, shortened(words, 290, size=7.5), size=7.5, colour=GREY)
    paper.text(RIGHT, y, f"{name} · page {page:,} of {count:,}", size=7.5, colour=GREY, right=True)
