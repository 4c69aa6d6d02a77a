"""All that is wrong with a configuration directory, at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from orchestration.configuration.column import Column
from orchestration.configuration.nearest import nearest
from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.reading import Unreadable, records
from orchestration.configuration.roles import answering
from orchestration.configuration.rules import RULES, Sheets, known_formats
from orchestration.configuration.schema import FILES, LATER_FILES
from orchestration.configuration.sheet import Sheet, read
from orchestration.configuration.values import fault, odd, plain

__all__ = ["Problem", "check"]


Held = Callable[[str, str], bool]
"""Whether an id of a file (rates.csv) was held by an earlier configuration, and so may be in the books."""


def check(
    directory: Path, formats: Mapping[str, str] = MappingProxyType({}), held: Held = lambda csv, cell: False
) -> list[Problem]:
    """Every problem of the configuration CSVs in `directory`, by file and line; [] when good.

    `formats` are the native formats that `sources.format` may hold, with the kind of file each is of. A known file
    that is missing counts as empty, but for `company.csv`. An id, name or text that earlier releases took and this
    one does not is refused, unless it is `held`. Reads files only; never raises for what is in them.
    """
    if not directory.is_dir():
        return [Problem(str(directory), None, None, "there is no such directory", "make it")]
    sheets: Sheets = {name: read(file, directory) for name, file in FILES.items()}
    problems = [problem for sheet in sheets.values() for problem in sheet.problems]
    for sheet in sheets.values():
        problems.extend(bad_cells(sheet))
        problems.extend(odd_cells(sheet, held))
    for rule in RULES:
        problems.extend(rule(sheets))
    problems.extend(known_formats(sheets, formats))
    problems.extend(answering(sheets))
    problems.extend(_other_files(directory))
    return _in_order(problems, [sheet.shown for sheet in sheets.values()])


def bad_cells(sheet: Sheet) -> Iterator[Problem]:
    """The cells of a file that do not hold what their column may."""
    for column in sheet.file.columns:
        # A column that is missing is reported as such, not once more for each row.
        if column.name not in sheet.absent:
            yield from _bad_cells_of(sheet, column)


def _bad_cells_of(sheet: Sheet, column: Column) -> Iterator[Problem]:
    is_plain = plain(column)

    def judge(cell: str) -> Sequence[CellFault]:
        if is_plain(cell):
            return ()
        wrong = fault(column, cell)
        return [CellFault(column.name, *wrong)] if wrong else []

    return sheet.judged_cells(column.name, judge)


def odd_cells(sheet: Sheet, held: Held) -> Iterator[Problem]:
    """Ids, names and texts that earlier releases took, but those that are held."""
    for column in sheet.file.columns:
        yield from _odd_cells_of(sheet, column, held)


def _odd_cells_of(sheet: Sheet, column: Column, held: Held) -> Iterator[Problem]:
    def judge(cell: str) -> Sequence[CellFault]:
        wrong = odd(column, cell)
        return [CellFault(column.name, *wrong)] if wrong and not held(sheet.file.csv, cell) else []

    return sheet.judged_cells(column.name, judge)


def kept_all_the_same(directory: Path) -> Iterator[Problem]:
    """What `check` lets pass of ids, names and texts since it is held, to be warned of."""
    for file in FILES.values():
        for wrong in odd_cells(read(file, directory), lambda csv, cell: False):
            right = f"it may stay, for the books know it; of a new one: {wrong.right}"
            yield Problem(wrong.file, wrong.line, wrong.column, wrong.wrong, right)


def _other_files(directory: Path) -> Iterator[Problem]:
    """CSV files that are no configuration: a misspelt name must not pass for an empty file."""
    for path in sorted(directory.iterdir()):
        name = path.stem if path.suffix.lower() == ".csv" else ""
        shown = f"{directory.resolve().name}/{path.name}"
        if name in LATER_FILES:
            yield from _has_rows(path, shown)
        elif name and not name.startswith(".") and path.name not in {f.csv for f in FILES.values()}:
            meant = nearest(name.lower(), FILES)
            right = f"did you mean {meant}.csv?" if meant else "move it out of the directory"
            yield Problem(shown, None, None, "this is no configuration file", right)


def _has_rows(path: Path, shown: str) -> Iterator[Problem]:
    try:
        rows = list(records(path))[1:]
    except Unreadable as error:
        yield Problem(shown, error.line, None, error.wrong, error.right)
        return
    for line, _cells in rows:
        yield Problem(shown, line, None, "channel billing comes later", "delete the row")


def _in_order(problems: list[Problem], shown: list[str]) -> list[Problem]:
    rank = {name: at for at, name in enumerate(shown)}
    return sorted(problems, key=lambda problem: (rank.get(problem.file, len(rank)), problem.line or 0))
