"""Where the header and the rates of a deck are in its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.configuration.nearest import nearest, suggestion
from orchestration.decks.cells import Grid
from orchestration.decks.mapping import DeckColumn, DeckMapping
from orchestration.decks.problem import Problems
from orchestration.reading import spreadsheets


@dataclass(frozen=True)
class DeckTable:
    """The rates of a deck: their `lines` in the file, their cells, and the `header` (none: an empty one).

    `fractions`: as in `Grid`.
    """

    mapping: DeckMapping
    header: list[str]
    lines: list[int]
    rows: list[list[str]]
    problems: Problems
    fractions: frozenset[tuple[int, int]] = frozenset()

    def title(self, column: DeckColumn) -> str:
        """What the deck calls a column."""
        if isinstance(column, str):
            return column
        return (column <= len(self.header) and self.header[column - 1]) or f"{column}"

    def cells(self, columns: tuple[DeckColumn, ...]) -> list[str] | None:
        """The cells of a column (of several joined by ` - `); None where the deck does not have it."""
        indexes = [index for column in columns if (index := self._index(column)) is not None]
        if not indexes:
            return None
        for column, index in zip(columns, indexes, strict=False):
            if index >= len(self.rows[0]):
                fault = ("there is no such column", f"the rows have {len(self.rows[0])} cells")
                self.problems.add([], self.title(column), fault)
                return None
        if len(indexes) == 1:
            return [row[indexes[0]] for row in self.rows]
        return [" - ".join(filter(None, (row[index] for index in indexes))) for row in self.rows]

    def unread(self) -> tuple[str, ...]:
        """The columns with something in them that the mapping does not name."""
        everywhere = [*self.mapping.columns.values(), *(c for fan in self.mapping.fans for c in fan.columns.values())]
        read = {self._index(column) for columns in everywhere for column in columns}
        return tuple(
            " ".join(self.title(index + 1).split()) if self.header else f"column {index + 1}"
            for index in range(len(self.rows[0]))
            if index not in read and any(row[index] for row in self.rows)
        )

    def prices(self, columns: tuple[DeckColumn, ...]) -> list[str] | None:
        """The cells of a column of prices, all with the mapping's decimal separator; None where there is no column."""
        cells, index = self.cells(columns), self._index(columns[0])
        if cells is None or not self.fractions:
            return cells
        return [
            cell.replace(".", self.mapping.decimal) if (line, index) in self.fractions else cell
            for line, cell in zip(self.lines, cells, strict=True)
        ]

    def _index(self, column: DeckColumn) -> int | None:
        if isinstance(column, int):
            return column - 1
        compared = (lambda text: text) if self.mapping.is_canonical else _plain
        names = [compared(name) for name in self.header]
        return names.index(compared(column)) if compared(column) in names else None


def locate(grid: Grid, mapping: DeckMapping, problems: Problems) -> DeckTable:
    """The table in a deck's cells. Raises `UnreadableDeck` where it has none, or not the columns it is to have."""
    at = _header(grid, mapping, problems)
    problems.stop()
    header = grid.rows[at] if at >= 0 else []
    lines, rows = _rates(grid, at + 1, mapping)
    if not rows:
        fault = ("there are no rates in it", "ask for the file again, or see header and ends_before")
        problems.add([], None, fault)
    else:
        _widen(lines, rows, len(header) if at >= 0 else None, grid.is_sheet, problems)
    problems.stop()
    table = DeckTable(mapping, header, lines, rows, problems, grid.fractions)
    if grid.formulas:
        _refuse_formulas(table, grid.formulas)
    return table


def _refuse_formulas(table: DeckTable, formulas: frozenset[str]) -> None:
    """Nothing is worked out here: neither an empty cell nor 0 is what a formula stands for."""
    everywhere = [*table.mapping.columns.values(), *(c for fan in table.mapping.fans for c in fan.columns.values())]
    for column in dict.fromkeys(column for columns in everywhere for column in columns):
        for line, cell in zip(table.lines, table.cells((column,)) or [], strict=False):
            if cell in formulas:
                fault = (
                    f'"{cell}" is a formula whose value is not in the file',
                    "open it in a spreadsheet program and save it there",
                )
                table.problems.add([line], table.title(column), fault)
    table.problems.stop()


def _header(grid: Grid, mapping: DeckMapping, problems: Problems) -> int:
    """Index of the header in the grid; -1: none."""
    if mapping.header == 0:
        return -1
    if mapping.is_canonical:
        _refuse_uncanonical(grid, mapping, problems)
        return 0
    wanted = {_plain(column) for column in _named(mapping)}
    best, most = 0, -1
    for at, (line, row) in enumerate(zip(grid.lines, grid.rows, strict=True)):
        if mapping.header is not None and line != mapping.header:
            continue
        hits = len(wanted & {_plain(cell) for cell in row})
        if hits > most:
            best, most = at, hits
        if hits == len(wanted):
            break
    if most < 0:
        fault = (f"line {mapping.header} has no header", "set header to its line in the mapping")
        problems.add([], None, fault)
        return -1
    if not most:
        _refuse_none_named(grid, mapping, problems)
    else:
        _refuse_missing(grid, best, mapping, problems)
    _refuse_twice(grid, best, mapping, problems)
    return best


def _named(mapping: DeckMapping) -> Iterator[str]:
    """The columns that the mapping calls by name."""
    everywhere = [*mapping.columns.values(), *(c for fan in mapping.fans for c in fan.columns.values())]
    return (column for columns in everywhere for column in columns if isinstance(column, str))


def _refuse_none_named(grid: Grid, mapping: DeckMapping, problems: Problems) -> None:
    columns = list(_named(mapping))
    if not columns:
        return
    marks = [m for m in ";\t|," if m != mapping.delimiter and any(m in cell for row in grid.rows for cell in row)]
    right = f"are the cells separated by {marks[0]!r}? see delimiter" if marks else "see [columns] in the mapping"
    problems.add([], None, (f"no line has the columns {', '.join(columns)}", right))


def _refuse_missing(grid: Grid, at: int, mapping: DeckMapping, problems: Problems) -> None:
    header = [cell for cell in grid.rows[at] if cell]
    names = {_plain(cell) for cell in header}
    for column in _named(mapping):
        if _plain(column) not in names:
            meant = nearest(column, header)
            right = f'did you mean "{meant}"?' if meant else f"the columns are {', '.join(header)}"
            fault = (f"{mapping.shown} names it, and it is not there", right)
            problems.add([grid.lines[at]], column, fault)


def _refuse_twice(grid: Grid, at: int, mapping: DeckMapping, problems: Problems) -> None:
    names = [_plain(cell) for cell in grid.rows[at]]
    for column in sorted({column for column in _named(mapping) if names.count(_plain(column)) > 1}):
        problems.add([grid.lines[at]], column, ("the column is there twice", "name it by its position"))


def _refuse_uncanonical(grid: Grid, mapping: DeckMapping, problems: Problems) -> None:
    known = [str(column) for columns in mapping.columns.values() for column in columns]
    line, names = grid.lines[0], grid.rows[0]
    if separator := spreadsheets.separator(",".join(names)):
        problems.add([line], None, (f'"{separator}" is no header; only Excel knows it', "delete the line"))
        return
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        problems.add([line], None, ("the columns are not separated by commas", "save the file with commas"))
        return
    for at, name in enumerate(names):
        if not name:
            problems.add([line], None, (f"column {at + 1} has no name", "name it, or delete it"))
        elif name not in known:
            right = suggestion(name, known, f"the columns are {', '.join(known)}")
            if not set(names) & {"rate_table_id", "prefix"}:
                right = "a carrier's own deck needs a mapping, decks/<source>.toml; see docs/decks.md"
            problems.add([line], name or None, ("there is no such column", right))
        elif names.count(name) > 1:
            problems.add([line], name, ("the column is there twice", "delete one of the two"))
    for name in ("rate_table_id", "prefix"):
        if name not in names:
            problems.add([line], name, ("the column is missing", "add it to the header"))


def _rates(grid: Grid, first: int, mapping: DeckMapping) -> tuple[list[int], list[list[str]]]:
    """Lines and rows from `first` on, up to where the mapping says that rates end."""
    lines, rows = grid.lines[first:], grid.rows[first:]
    if mapping.ends_before is not None:
        for at, row in enumerate(rows):
            if mapping.ends_before.search(next(filter(None, row), "")):
                return lines[:at], rows[:at]
    return lines, rows


def _widen(lines: list[int], rows: list[list[str]], header: int | None, is_sheet: bool, problems: Problems) -> None:
    """Give every row as many cells as the `header`, or else the widest row, has."""
    width = max(map(len, rows)) if header is None else header
    for line, row in zip(lines, rows, strict=True):
        cells = len(row)
        if cells < width:
            row.extend([""] * (width - cells))
        if cells > width and any(row[width:]):
            right = "put a cell that holds a comma in quotes"
        elif cells < width and header is not None and not is_sheet:
            right = "write every cell; what stands below the rates is left out by ends_before in the mapping"
        else:
            continue
        problems.add([line], None, (f"the row has {cells} cells where the header has {width}", right))


def _plain(name: str) -> str:
    """A column's name as compared."""
    return " ".join(name.split()).casefold()
