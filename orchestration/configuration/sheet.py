"""A configuration file read column by column, and what is wrong with its shape."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from orchestration.configuration.column import File
from orchestration.configuration.nearest import nearest, suggestion, unit_in
from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.reading import SPACE, Unreadable, header, with_blank_lines
from orchestration.reading import spreadsheets
from orchestration.store.files import is_there

_Cells = TypeVar("_Cells", bound=Hashable)

CellFaults = Sequence[CellFault]

Judge = Callable[..., CellFaults]
"""Takes one tuple of cells, spread; gives what is wrong with them."""


@dataclass(slots=True)
class Sheet:
    """The rows of one file that have the right number of cells, as trimmed columns of text.

    `shown` is the file's name for people. `cells` has every column of the schema, empty where
    the file leaves it out; row `i` (from 0) begins on `lines[i]`. `absent` are the columns the
    header lacks. `loose` holds rows left out as misshapen, by column name: references to them
    are not complained about as well. `blank` are the lines with nothing on them. `whole` is False
    when the file could not be read to its end or lacks a column it must have, so that nothing can
    be said to be missing in it.
    """

    file: File
    shown: str
    lines: list[int] = field(default_factory=list)
    cells: dict[str, Sequence[str]] = field(default_factory=dict)
    loose: list[dict[str, str]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    absent: frozenset[str] = frozenset()
    whole: bool = True
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> Sequence[str]:
        return self.cells[column]

    def known(self, column: str) -> set[str]:
        """The non-empty values of a column."""
        values = set(self.cells[column])
        values.update(row.get(column, "") for row in self.loose)
        values.discard("")
        return values

    def at(self, row: int, column: str | None, wrong: str, right: str) -> Problem:
        """A problem in a row."""
        return Problem(self.shown, self.lines[row], column, wrong, right)

    def judged(self, rows: Iterable[tuple[object, ...]], judge: Judge) -> Iterator[Problem]:
        """The problems `judge` finds in `rows`, one tuple of cells for each row of the sheet.

        Equal tuples are judged once: among 400,000 rates few are distinct in what matters.
        """
        return self._judged(list(rows), lambda cells: judge(*cells))

    def judged_cells(self, column: str, judge: Callable[[str], CellFaults]) -> Iterator[Problem]:
        """The problems `judge` finds in the cells of one column; equal cells are judged once."""
        return self._judged(self.cells[column], judge)

    def _judged(self, rows: Sequence[_Cells], judge: Callable[[_Cells], CellFaults]) -> Iterator[Problem]:
        bad = {cells: faults for cells in set(rows) if (faults := judge(cells))}
        if not bad:
            return
        for row, cells in enumerate(rows):
            for column, wrong, right in bad.get(cells, ()):
                yield self.at(row, column, wrong, right)

    def columns(self, *names: str) -> Iterator[tuple[str, ...]]:
        """The rows, with only these columns."""
        return zip(*(self.cells[name] for name in names), strict=True)

    def mapping(self, key: str, value: str) -> dict[str, str]:
        """One column's cells by another's; of equal keys the last row counts."""
        return dict(zip(self.cells[key], self.cells[value], strict=True))


def read(file: File, directory: Path) -> Sheet:
    """The file as a sheet, with the problems of its encoding, header and row lengths in it.

    A file that is not there is one without rows.
    """
    path = directory / file.csv
    sheet = Sheet(file, f"{directory.resolve().name}/{file.csv}")
    names: list[str] = []
    rows: list[list[str]] = []
    if is_there(path):
        try:
            _read(sheet, path, names, rows)
        except Unreadable as error:
            sheet.whole = False
            sheet.problems.append(Problem(sheet.shown, error.line, None, error.wrong, error.right))
    _to_columns(sheet, names, rows)
    return sheet


def _read(sheet: Sheet, path: Path, names: list[str], rows: list[list[str]]) -> None:
    """Fill `names` from the header and `rows` with the well-shaped ones, as far as they go."""
    lines = _without_blank(sheet, path)
    line, first = next(lines, (1, []))
    if not _header_is_usable(sheet, line, header(first)):
        sheet.whole = False
        return
    names.extend(header(first))
    width = len(names)
    for line, cells in lines:
        if len(cells) == width and any(cells):
            rows.append(cells)
            sheet.lines.append(line)
        else:
            _misshapen(sheet, line, names, cells)


def _without_blank(sheet: Sheet, path: Path) -> Iterator[tuple[int, list[str]]]:
    for line, cells in with_blank_lines(path):
        if cells:
            yield line, cells
        else:
            sheet.blank.append(line)


def _header_is_usable(sheet: Sheet, line: int, names: list[str]) -> bool:
    """Report what is wrong with the header; False when no column can be made out."""

    def say(column: str | None, wrong: str, right: str) -> None:
        sheet.problems.append(Problem(sheet.shown, line, column, wrong, right))

    allowed = sheet.file.names
    if separator := spreadsheets.separator(",".join(names)):
        say(None, f'"{separator}" is no header; only Excel knows it', "delete the line")
        return False
    if not any(names):
        say(None, "there is no header", f"begin with the line {','.join(allowed)}")
        return False
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            say(None, f"the columns are separated by {called}", "save the file with commas")
            return False
    for at, name in enumerate(names):
        if not name:
            say(None, f"column {at + 1} has no name", "name it, or delete it")
        elif name in names[:at]:
            say(name, "the column is there twice", "delete one of the two")
        elif name not in allowed:
            others = set(allowed) - set(names)
            right = suggestion(name, others, f"the columns are {', '.join(allowed)}")
            if (meant := nearest(name, others)) and unit_in(name, meant):
                right = f"did you mean {meant}? It is not in {unit_in(name, meant)}: convert it"
            say(name, "there is no such column", right)
    for column in sheet.file.columns:
        if column.must_be_present and column.name not in names:
            sheet.whole = False
            say(column.name, "the column is missing", "add it to the header")
    return True


def _misshapen(sheet: Sheet, line: int, names: list[str], cells: list[str]) -> None:
    if not any(cell.strip(SPACE) for cell in cells):
        wrong, right = "the row is empty", "delete the line"
    else:
        wrong = f"the row has {len(cells)} cells where the header has {len(names)}"
        first = cells[0].lstrip(SPACE)
        more = 'put a cell that holds a comma in quotes, like "a, b", or delete the extra commas'
        right = more if len(cells) > len(names) else "write a comma for each cell left empty"
        if first.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            right = "it is a mark of git, of two versions that were not merged: settle which is right"
        elif first.startswith("#"):
            right = "there are no comments: delete the row"
        sheet.loose.append(dict(zip(names, (cell.strip(SPACE) for cell in cells), strict=False)))
    sheet.problems.append(Problem(sheet.shown, line, None, wrong, right))


def _to_columns(sheet: Sheet, names: list[str], rows: list[list[str]]) -> None:
    by_name = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    empty = ("",) * len(rows)
    sheet.absent = frozenset(sheet.file.names) - set(names)
    for name in sheet.file.names:
        sheet.cells[name] = _trimmed(by_name.get(name, empty))


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """The cells without white space around them; the very same object when there is none."""
    distinct = set(cells)
    if all(cell == cell.strip(SPACE) for cell in distinct):
        return cells
    return [cell.strip(SPACE) for cell in cells]
