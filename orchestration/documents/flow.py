"""Tables over pages: rows that stay together, headings that are repeated, no heading alone at the foot of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.documents.paper import BOLD, BOTTOM, GREY, INK, LEFT, REGULAR, RIGHT, RULE, Paper, width, wrapped

SIZE = 8.5
LEADING = 11.0
_PADDING = 5.0


@dataclass(frozen=True)
class Row:
    """So much height, drawn from its upper edge; `keep`: on the same page as the next one."""

    height: float
    draw: Callable[[Paper, float], None]
    keep: bool = False


@dataclass(frozen=True)
class Table:
    """Rows below a heading; `again` is the heading on the pages that it goes on to."""

    heading: Sequence[Row]
    again: Sequence[Row]
    rows: Sequence[Row]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: its title, where it begins and ends, and whether it stands to the right."""

    title: str
    left: float
    right: float
    is_right: bool = False


def pages(tables: Sequence[Table], first_top: float, top: float) -> list[list[tuple[float, Row]]]:
    """Where each row goes: for each page the rows with their upper edges."""
    laid: list[list[tuple[float, Row]]] = [[]]
    y = first_top

    def place(rows: Sequence[Row]) -> None:
        nonlocal y
        for row in rows:
            laid[-1].append((y, row))
            y -= row.height

    for table in tables:
        waiting = list(table.heading)
        for together in _together(table.rows):
            if y - sum(row.height for row in (*waiting, *together)) < BOTTOM and laid[-1]:
                laid.append([])
                y = top
                waiting = waiting or list(table.again)
            place(waiting)
            place(together)
            waiting = []
    return laid


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    units: list[list[Row]] = []
    kept = False
    for row in rows:
        if kept:
            units[-1].append(row)
        else:
            units.append([row])
        kept = row.keep
    return units


def space(height: float) -> Row:
    """Nothing, so high."""
    return Row(height, lambda paper, y: None, keep=True)


def title_row(text: str) -> Row:
    """The name of a table."""
    return Row(17.0, lambda paper, y: paper.text(LEFT, y - 10, text, BOLD, 10.5), keep=True)


def head_row(columns: Sequence[TableColumn]) -> Row:
    """The titles of the columns."""

    def draw(paper: Paper, y: float) -> None:
        for column in columns:
            paper.text(
                column.right if column.is_right else column.left,
                y - 9.5,
                column.title,
                REGULAR,
                7.5,
                GREY,
                column.is_right,
            )
        paper.rule(y - 14, colour=GREY, weight=0.6)

    return Row(15.0, draw, keep=True)


def cells_row(
    columns: Sequence[TableColumn], cells: Sequence[str], keep: bool = False, font: str = REGULAR, ruled: bool = True
) -> Row:
    """A row of cells; text to the left wraps, a rule closes the row."""
    wraps = [
        [text] if column.is_right else wrapped(text, column.right - column.left, font, SIZE)
        for column, text in zip(columns, cells, strict=True)
    ]
    height = max(len(lines) for lines in wraps) * LEADING + _PADDING

    def draw(paper: Paper, y: float) -> None:
        for column, lines in zip(columns, wraps, strict=True):
            for n, line in enumerate(lines):
                x = column.right if column.is_right else column.left
                paper.text(x, y - 10.5 - n * LEADING, line, font, SIZE, INK, column.is_right)
        if ruled:
            paper.rule(y - height, colour=RULE, weight=0.35)

    return Row(height, draw, keep)


def detail_row(text: str, keep: bool = False) -> Row:
    """What there is to say of the row above, across the page."""
    lines = wrapped(text, RIGHT - LEFT - 10, size=7.5)
    height = 9.5 * len(lines) + 3

    def draw(paper: Paper, y: float) -> None:
        for n, line in enumerate(lines):
            paper.text(LEFT + 10, y - 6 - n * 9.5, line, size=7.5, colour=GREY)
        paper.rule(y - height, colour=RULE, weight=0.35)

    return Row(height, draw, keep)


def columns_of(wanted: Sequence[tuple[str, Sequence[str], bool]], flexible: int = 0) -> list[TableColumn]:
    """Columns across the page from (title, cells, stands to the right), each as wide as it needs, one what is left."""
    gap = 12.0
    wide = [
        max([width(title, REGULAR, 7.5), *(width(cell, BOLD, SIZE) for cell in cells)]) for title, cells, _ in wanted
    ]
    others = sum(wide) - wide[flexible] + gap * (len(wide) - 1)
    wide[flexible] = max(RIGHT - LEFT - others, 60.0)
    placed, x = [], LEFT
    for (title, _, is_right), room in zip(wanted, wide, strict=True):
        placed.append(TableColumn(title, x, x + room, is_right))
        x += room + gap
    return placed
