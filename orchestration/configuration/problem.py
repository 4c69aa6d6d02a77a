"""What a check has to say about one place in one configuration file."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what would be right.

    `file` is the path to show (`seeds/rates.csv`), `line` the physical line the record begins
    on (1 is usually the header; None for the whole file), `column` None for the whole row.
    """

    file: str
    line: int | None
    column: str | None
    wrong: str
    right: str

    def __str__(self) -> str:
        line = "" if self.line is None else f" line {self.line}"
        column = "" if self.column is None else f", column {self.column}"
        return f"{self.file}{line}{column}: {self.wrong}; {self.right}"


class Fault(NamedTuple):
    """What is wrong with a value, and what would be right, wherever it stands."""

    wrong: str
    right: str


class CellFault(NamedTuple):
    """A fault found by looking at several cells of a row, and the column to show it at."""

    column: str
    wrong: str
    right: str
