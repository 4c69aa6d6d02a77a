"""Configuration CSVs as text cells: one way of reading for the check and the loader."""

from collections.abc import Iterator
from pathlib import Path

from orchestration.reading import records as text
from orchestration.store.files import what_is

SPACE = " \t"
"""What is taken off both ends of every cell and column name."""


class Unreadable(Exception):
    """What is no UTF-8 CSV: `line` it fails at (None: it is no file), what is `wrong` and would be `right`."""

    def __init__(self, line: int | None, wrong: str, right: str) -> None:
        super().__init__(f"{'' if line is None else f'line {line}: '}{wrong}; {right}")
        self.line = line
        self.wrong = wrong
        self.right = right


def records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every record of the file but blank lines, with the physical line it begins on (from 1).

    The first is the header. Cells are not trimmed. Raises `Unreadable` on the record that
    cannot be read, after those before it.
    """
    return ((line, cells) for line, cells in with_blank_lines(path) if cells)


def with_blank_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """As `records`, with the blank lines as records without cells."""
    try:
        yield from text.records(_text(path))
    except text.BadRecord as bad:
        raise Unreadable(
            bad.line,
            f"the record that begins here cannot be read ({bad})",
            'close every quoted cell, and write a quote inside one as ""',
        ) from None


def refuse_no_file(path: Path) -> None:
    """Raise `Unreadable` for a directory, a link that leads nowhere and whatever else lies where a file may."""
    what = what_is(path)
    if what != "a file":
        raise Unreadable(None, f"it is {what}", "put the file there, or remove it")


def header(cells: list[str]) -> list[str]:
    """Column names as they count: without the white space around them."""
    return [cell.strip(SPACE) for cell in cells]


def _text(path: Path) -> str:
    refuse_no_file(path)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "the file is not UTF-8", "save it as CSV in UTF-8") from error
    zero = text.find("\0")
    if zero >= 0:
        line = text.count("\n", 0, zero) + 1
        raise Unreadable(line, "there is a zero byte", "save the file as CSV in UTF-8")
    return text
