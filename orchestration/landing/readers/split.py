"""A text file cut into records, each with the line it begins on, for files with bad rows.

DuckDB's reader cannot say where a row came from and gives up on an open quote, so a file it
did not read to the last record is cut here first. No record is lost, however broken: one that
cannot be a record is written with the reason and the next line starts a new one.
"""

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from orchestration.store.sql import literal, reader

_ESCAPE = "\x1f"
_BETWEEN = _ESCAPE + "1"
_ESCAPES = {_ESCAPE: _ESCAPE + "3", "\n": _ESCAPE + "2", "\r": _ESCAPE + "4"}
WRONG_BYTE = "\ufdd0"  # a noncharacter: no text has it
LONGEST = 1 << 20  # bytes of a record
_SHOWN = 10_000
_BLOCK = 1 << 22
_MOST_LINES = 1_000  # of one quoted cell


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return "".join(f"{WRONG_BYTE}\\x{byte:02x}" for byte in wrong), error.end


codecs.register_error("tollbook-mark", _mark)


@dataclass(frozen=True)
class Quoting:
    """How cells of a delimited file may look."""

    delimiter: str = ","

    @property
    def cell(self) -> str:
        """A pattern for one cell, for Python and RE2: quoted, bare, or empty."""
        mark = re.escape(self.delimiter)
        return f'(?:"(?:[^"]|"")*"|[^"{mark}][^{mark}]*|)'

    def whole(self) -> re.Pattern[bytes]:
        return re.compile(self._cells() + rb"\Z")

    def open(self) -> re.Pattern[bytes]:
        return re.compile(b"(?:" + self._cell() + self._mark() + rb')*+"[^"]*+(?:""[^"]*+)*+\Z')

    def _cells(self) -> bytes:
        return self._cell() + b"(?:" + self._mark() + self._cell() + b")*+"

    def _cell(self) -> bytes:
        mark = self._mark()
        return b'(?>"[^"]*+(?:""[^"]*+)*+"|[^"' + mark + b"][^" + mark + b"]*+|)"

    def _mark(self) -> bytes:
        return re.escape(self.delimiter).encode()


def split(path: Path, target: Path, quoting: Quoting | None, header: bool) -> int:
    """Write the records of `path` to `target` for `records_sql`; how many there are.

    `quoting` None: every line is a record. `header`: the first record is left out.
    Blank lines are none. Constant memory; 5 M plain rows take 3 s.
    """
    count = 0
    with path.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
        lines = _Lines(file)
        if header:
            next(_records(lines, quoting), None)
        while lines.fill():
            if lines.number and (plain := _plain(lines.waiting, quoting)) is not None:
                first = lines.number + 1
                between = f"{_BETWEEN}{_BETWEEN}"
                out.write("".join([f"{n}{between}{text}\n" for n, text in enumerate(plain, first)]))
                count += len(plain)
                lines.number += len(plain)
                lines.waiting.clear()
                continue
            for line, raw, broken in _records(lines, quoting):
                out.write(_line(line, raw, broken))
                count += 1
                if not lines.waiting:
                    break
    return count


def records_sql(target: Path) -> str:
    """SQL: line BIGINT, raw VARCHAR, broken VARCHAR ('' or a key of checked.BROKEN)."""
    raw = "raw"
    for plain, escaped in _ESCAPES.items():
        if plain != _ESCAPE:
            raw = f"replace({raw}, {literal(escaped)}, {literal(plain)})"
    raw = f"replace({raw}, {literal(_ESCAPES[_ESCAPE])}, {literal(_ESCAPE)})"
    written = reader(
        "read_csv",
        [target],
        "columns = {'line': 'BIGINT', 'broken': 'VARCHAR', 'raw': 'VARCHAR'}, header = false, auto_detect = false",
        f"delim = {literal(_BETWEEN)}, quote = '', escape = ''",
    )
    return (
        f"select line, case when contains(raw, {literal(_ESCAPE)}) then {raw} else raw end as raw,"
        f" coalesce(broken, '') as broken from {written}"
    )


def first_record(path: Path, quoting: Quoting) -> tuple[int, str]:
    """The line and text of a file's first record; (0, '') when it has none."""
    with path.open("rb") as file:
        for line, raw, _ in _records(_Lines(file), quoting):
            return line, raw.decode("utf-8", "replace")
    return 0, ""


class _Lines:
    """A file's lines, some of them read ahead. `number`: how many have been taken."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.waiting: deque[bytes] = deque()
        self.number = 0

    def fill(self) -> bool:
        """Read a block ahead if nothing is waiting; whether anything is."""
        if not self.waiting:
            self.waiting.extend(self._file.readlines(_BLOCK))
        return bool(self.waiting)

    def ahead(self, distance: int) -> bytes:
        """The line that follows the next `distance` ones; empty behind the end."""
        while len(self.waiting) <= distance:
            line = self._file.readline()
            if not line:
                return b""
            self.waiting.append(line)
        return self.waiting[distance]

    def take(self) -> bytes:
        line = self.ahead(0)
        if line:
            self.waiting.popleft()
            self.number += 1
        return line.removeprefix(codecs.BOM_UTF8) if self.number == 1 else line


def _plain(block: Iterable[bytes], quoting: Quoting | None) -> list[str] | None:
    """The texts of lines that are each a whole, sound record, None where some may not be."""
    data = b"".join(block)
    if quoting and b'"' in data and any(line.count(b'"') & 1 for line in block):
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    try:
        lines = data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return None
    if b"\r" in data or _ESCAPE.encode() in data or "" in lines:
        return None
    return None if len(data) > LONGEST and max(map(len, lines)) > LONGEST // 4 else lines


def _records(lines: _Lines, quoting: Quoting | None) -> Iterator[tuple[int, bytes, str]]:
    """Line, bytes and what is wrong ('' if nothing is) of each record."""
    whole = quoting.whole() if quoting else None
    open_ = quoting.open() if quoting else None
    while line := lines.take():
        number, raw, broken = lines.number, line.rstrip(b"\r\n"), ""
        if not raw:
            continue
        if whole and open_ and raw.count(b'"') & 1 and not whole.match(raw):
            closed = _to_closing_quote(line, lines, whole, open_)
            raw, broken = (raw, "quotes") if closed is None else (closed, "")
        yield number, raw, broken


def _to_closing_quote(line: bytes, lines: _Lines, whole: re.Pattern[bytes], open_: re.Pattern[bytes]) -> bytes | None:
    """The record that `line` opens, its other lines taken; None if it never closes."""
    joined, more = line, 0
    while open_.match(joined) and more < _MOST_LINES and len(joined) < LONGEST:
        following = b""
        while b'"' not in following and more < _MOST_LINES:
            following = lines.ahead(more)
            if not following:
                return None
            joined += following
            more += 1
        raw = joined.rstrip(b"\r\n")
        if whole.match(raw):
            for _ in range(more):
                lines.take()
            return raw
    return None


def _line(line: int, raw: bytes, broken: str) -> str:
    if len(raw) > LONGEST:
        raw, broken = raw[:_SHOWN], broken or "long"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "tollbook-mark")
        # of a file that was not UTF-8 (encoded.py) the wrong bytes are in words already
        text = text.replace(f"{WRONG_BYTE}{WRONG_BYTE}\\xff", "").replace(WRONG_BYTE, "")
        broken = "encoding"
    if _ESCAPE in text or "\n" in text or "\r" in text:
        for plain, escaped in _ESCAPES.items():
            text = text.replace(plain, escaped)
    return f"{line}{_BETWEEN}{broken}{_BETWEEN}{text}\n"
