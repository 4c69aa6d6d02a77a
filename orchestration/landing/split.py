"""A text file cut into records, each with the line it begins on, for files with bad rows.

DuckDB's reader cannot say where a row came from and gives up on an open quote, so a file it
did not read to the last record is cut here first. No record is lost, however broken: one that
cannot be a record is written with the reason and the next line starts a new one.
"""

import codecs
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from orchestration.landing.sql import literal

_ESCAPE = "\x1f"
_BETWEEN = _ESCAPE + "1"
_ESCAPES = {_ESCAPE: _ESCAPE + "3", "\n": _ESCAPE + "2", "\r": _ESCAPE + "4"}
_WRONG_BYTE = "\ufdd0"  # a noncharacter: no text has it
_LONGEST = 1 << 20
_SHOWN = 10_000
_MOST_LINES = 1_000  # of one quoted cell


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return "".join(f"{_WRONG_BYTE}\\x{byte:02x}" for byte in wrong), error.end


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
    Blank lines are none. Uses memory for one record.
    """
    count = 0
    with path.open("rb") as lines, target.open("w", encoding="utf-8", newline="") as out:
        records = _records(lines, quoting)
        if header:
            next(records, None)
        for line, raw, broken in records:
            out.write(_line(line, raw, broken))
            count += 1
    return count


def recordsliteral(target: Path) -> str:
    """SQL: line BIGINT, raw VARCHAR, broken VARCHAR ('' or a key of checked.BROKEN)."""
    raw = "raw"
    for plain, escaped in _ESCAPES.items():
        if plain != _ESCAPE:
            raw = f"replace({raw}, {literal(escaped)}, {literal(plain)})"
    raw = f"replace({raw}, {literal(_ESCAPES[_ESCAPE])}, {literal(_ESCAPE)})"
    return (
        f"select line, case when contains(raw, {literal(_ESCAPE)}) then {raw} else raw end as raw,"
        f" coalesce(broken, '') as broken from read_csv({literal(str(target))},"
        " columns = {'line': 'BIGINT', 'broken': 'VARCHAR', 'raw': 'VARCHAR'}, header = false,"
        f" auto_detect = false, delim = {literal(_BETWEEN)}, quote = '', escape = '')"
    )


def first_record(path: Path, quoting: Quoting) -> tuple[int, str]:
    """The line and text of a file's first record; (0, '') when it has none."""
    with path.open("rb") as lines:
        for line, raw, _ in _records(lines, quoting):
            return line, raw.decode("utf-8", "replace")
    return 0, ""


def _records(lines: BinaryIO, quoting: Quoting | None) -> Iterator[tuple[int, bytes, str]]:
    waiting: deque[bytes] = deque()
    number = 0
    whole = quoting.whole() if quoting else None
    open_ = quoting.open() if quoting else None
    while True:
        line = waiting.popleft() if waiting else lines.readline()
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        raw = line.rstrip(b"\r\n")
        if not raw:
            continue
        if whole and open_ and raw.count(b'"') % 2 and not whole.match(raw):
            taken = _to_closing_quote(line, waiting, lines, whole, open_)
            if taken is None:
                yield number, raw, "quotes"
                continue
            raw, more = taken
            yield number, raw, ""
            number += more
            continue
        yield number, raw, ""


def _to_closing_quote(
    line: bytes,
    waiting: deque[bytes],
    lines: BinaryIO,
    whole: re.Pattern[bytes],
    open_: re.Pattern[bytes],
) -> tuple[bytes, int] | None:
    """The record that `line` opens and how many lines more it has, or None if it never closes."""
    joined, more = line, 0
    while open_.match(joined) and more < _MOST_LINES and len(joined) < _LONGEST:
        while True:  # only a line with a quote can close it
            if more == len(waiting):
                following = lines.readline()
                if not following:
                    return None
                waiting.append(following)
            joined += waiting[more]
            more += 1
            if b'"' in waiting[more - 1] or more >= _MOST_LINES:
                break
        raw = joined.rstrip(b"\r\n")
        if whole.match(raw):
            for _ in range(more):
                waiting.popleft()
            return raw, more
    return None


def _line(line: int, raw: bytes, broken: str) -> str:
    if len(raw) > _LONGEST:
        raw, broken = raw[:_SHOWN], broken or "long"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "tollbook-mark").replace(_WRONG_BYTE, "")
        broken = "encoding"
    if _ESCAPE in text or "\n" in text or "\r" in text:
        for plain, escaped in _ESCAPES.items():
            text = text.replace(plain, escaped)
    return f"{line}{_BETWEEN}{broken}{_BETWEEN}{text}\n"

