"""The journal: one line for every change of state, on disk before the change takes effect.

A change notes its line's number in ops.journal in its own transaction. So a line without an effect (a crash or an
error between the two) is known for what it is when the next one is written, and is declared void there: the
journal alone says what happened, and in which order.

Each line says the sha256 of the one before (`prev`), and ops.journal the line's own: a line that is altered, taken out
or put in is noticed. Lines of releases before there was a chain are covered as a whole by the first that has one.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import typed
from orchestration.store.database import count
from orchestration.store.files import folder, sync, what_is
from orchestration.store.refused import Refused

VOID = "void"


class Ahead(Exception):
    """The journal has more than one line that the warehouse does not know of; how many."""


class Damaged(Refused):
    """The journal is not as it was written: where, and what is to be done."""


Line = Mapping[str, Any]
BEGIN = "0" * 64
"""What the first line says of the one before it."""
_TAIL = 1 << 16
_SHOWN = 60  # characters of a line that is not one


def append(con: duckdb.DuckDBPyConnection, path: Path, line: dict[str, object]) -> int:
    """Write a line (at, operator, action, arguments) and note its number in the caller's transaction.

    Raises `Ahead`, and writes nothing, where the warehouse is not the one that the journal is about, and `Damaged`.
    """
    last, text = _mend(path)
    known = noted(con)
    number = int(last.get("n", known)) if last else 0
    refuse_shorter(path, number, known)
    _refuse_other(con, path, number, text)
    folder(path.parent)
    written: list[dict[str, object]] = []
    if last.get("n", known) > known and last["action"] != VOID:
        # a crash leaves one line without an effect; more of them had theirs, in another warehouse
        if (ahead := sum(line["n"] > known for line in effective(path))) > 1:
            raise Ahead(ahead)
        number += 1
        written.append({"n": number, "action": VOID, "voids": last["n"]})
        print(
            f"{last['action']}, entered by {last['operator']} at {last['at'][:19]}, had no effect, for it was stopped:"
            " give it again if it is still wanted",
            file=sys.stderr,
        )
    number += 1
    written.append({"n": number, **line})
    prev, texts = checksum(text) if last else BEGIN, []
    for each in written:
        texts.append(_bytes({**each, "prev": prev}))
        prev = checksum(texts[-1])
    with path.open("ab") as journal:
        journal.write(b"".join(text + b"\n" for text in texts))
        journal.flush()
        os.fsync(journal.fileno())
    if number == len(written):  # the first line: the file's name must be on disk too
        sync(path.parent)
    con.execute("insert into ops.journal values (?, ?, ?, ?, ?, ?)", [*note({"n": number, **line}), prev])
    return number


def last_at(path: Path) -> datetime | None:
    """The clock of the last line, naive UTC; None where there is none, or (as writing one says) none can be read."""
    try:
        at = _mend(path)[0].get("at")
    except (Damaged, OSError):
        return None
    return typed.instant(at) if isinstance(at, str) else None


def checksum(text: bytes) -> str:
    """The sha256 of a line's bytes, without the end of the line."""
    return hashlib.sha256(text).hexdigest()


def _bytes(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, sort_keys=True, default=str).encode()


def _refuse_other(con: duckdb.DuckDBPyConnection, path: Path, number: int, text: bytes) -> None:
    """Raise `Damaged` where the warehouse knows the last line as another one."""
    row = con.execute("select sha256 from ops.journal where n = ?", [number]).fetchone()
    if row and row[0] and row[0] != checksum(text):
        raise _damaged(path, f"its last line, number {number}, is not as it was written")


def refuse_shorter(path: Path, last: int, known: int) -> None:
    """Raise `Damaged` where the journal ends before a line that the warehouse knows of."""
    if last < known and not path.exists():
        raise Damaged(f"{path} is gone, and the warehouse knows of {known} lines: bring archive/ back")
    if last < known:
        raise _damaged(path, f"it ends with number {last}, and the warehouse knows of number {known}")


def noted(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last line that took effect in this warehouse; 0 for none."""
    return count(con, "select coalesce(max(n), 0) from ops.journal")


def note_unnumbered(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Note the lines of releases whose warehouses did not know which had taken effect: all had."""
    if noted(con) == 0 and (lines := list(effective(path))):
        con.executemany("insert into ops.journal values (?, ?, ?, ?, ?, null)", [note(line) for line in lines])


@dataclass(frozen=True)
class Head:
    """The last line: its number and the sha256 of its bytes. Whoever keeps it elsewhere can tell all before it."""

    n: int
    sha256: str


def head(path: Path) -> Head | None:
    """The journal's; None where there is no line. Raises `Damaged`."""
    last = None
    for line, text in _written(path):
        last = Head(line["n"], checksum(text))
    return last


def last(path: Path) -> Head | None:
    """As `head`, of the last line alone: nothing of what is before it is looked at."""
    line, text = _mend(path)
    return Head(line["n"], checksum(text)) if line else None


def sums(path: Path) -> dict[int, str]:
    """The sha256 of every line by its number. Raises `Damaged`."""
    return {line["n"]: checksum(text) for line, text in _written(path)}


def noted_lines(path: Path) -> list[list[object]]:
    """The lines that took effect as ops.journal has them: number, instant, operator, action, arguments, sha256."""
    sha256 = sums(path)
    return [[*note(line), sha256[line["n"]]] for line in effective(path)]


def unchained(path: Path) -> dict[str, object] | None:
    """What the first line that has a chain says it `covers`: how many lines without one, and their sha256."""
    written = list(_written(path))
    if not written or "prev" in written[-1][0]:
        return None
    return {"lines": len(written), "sha256": _whole(text for _, text in written)}


def _whole(texts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(text + b"\n" for text in texts)).hexdigest()


def note(line: Line) -> list[object]:
    """A line as ops.journal has it."""
    arguments = {key: value for key, value in line.items() if key not in ("n", "prev", "at", "operator", "action")}
    return [line["n"], line["at"], line["operator"], line["action"], json.dumps(arguments, sort_keys=True, default=str)]


def effective(path: Path) -> Iterator[Line]:
    """The lines that took effect, in order. A last line that was never finished is none.

    The first releases gave them no numbers (`n`): it is their place in the file. Raises `Damaged`.
    """
    lines = [line for line, _ in _written(path)]
    void = {line["voids"] for line in lines if line["action"] == VOID}
    yield from (line for line in lines if line["action"] != VOID and line["n"] not in void)


def _written(path: Path) -> Iterator[tuple[Line, bytes]]:
    """All whole lines and their bytes, each as the next one says that it was written. Raises `Damaged`."""
    if not _is_there(path):
        return
    number, before, is_chained = 0, b"", False
    unchained = hashlib.sha256()
    for place, text in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        line = {"n": place, **_line(path, f"line {place}", text)}
        if line["n"] > number + 1:
            raise _damaged(path, f"line {place} of it has number {line['n']}, and number {number + 1} is missing")
        if line["n"] <= number:
            raise _damaged(path, f"line {place} of it has number {line['n']}, as one before it")
        if is_chained and "prev" not in line:
            raise _damaged(path, f"line {place} of it does not say what line {place - 1} was")
        if "prev" in line and line["prev"] != (checksum(before) if number else BEGIN):
            what = f"line {place - 1} of it is not as it was written" if number else "its first lines are missing"
            raise _damaged(path, f"{what}: line {place} has another sha256 of it")
        covers = line.get("covers")
        if covers and covers["sha256"] != unchained.hexdigest():
            what = f"its first {covers['lines']} lines are not as they were"
            raise _damaged(path, f"{what}: line {place} has another sha256 of them")
        is_chained = "prev" in line
        if not is_chained:
            unchained.update(text + b"\n")
        number, before = line["n"], text
        yield line, text


def since(path: Path, known: int) -> int:
    """How many lines took effect after number `known`; of a long journal only its end is read."""
    size, reach = path.stat().st_size if _is_there(path) else 0, _TAIL
    while reach < size:
        with path.open("rb") as journal:
            journal.seek(size - reach)
            # the first is the rest of a line, the last one that was never finished
            texts = journal.read().split(b"\n")[1:-1]
        lines = [_line(path, "a line", text) for text in texts]
        if lines and 0 < lines[0].get("n", 0) <= known:
            return _count(lines, known)
        reach *= 2
    return _count(list(effective(path)), known)


def _count(lines: Sequence[Line], known: int) -> int:
    void = {line["voids"] for line in lines if line["action"] == VOID}
    return sum(line["action"] != VOID and line["n"] > known and line["n"] not in void for line in lines)


def _is_there(path: Path) -> bool:
    """Whether there is a journal. Raises `Damaged` for what is none: who reads a pipe waits for ever."""
    if path.exists() and not path.is_file():
        raise Damaged(f"{path} is {what_is(path)} and no file: bring archive/journal back from a backup")
    return path.exists()


def _line(path: Path, which: str, text: bytes) -> dict[str, Any]:
    """A line as it was written. Raises `Damaged` for one that this program cannot have written."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if isinstance(line, dict) and isinstance(line.get("n", 0), int):
        if line.get("action") == VOID:
            is_one = isinstance(line.get("voids"), int)
        else:
            covers = line.get("covers")
            is_one = all(isinstance(line.get(name), str) for name in ("at", "operator", "action")) and (
                covers is None or (isinstance(covers, dict) and {"lines", "sha256"} <= covers.keys())
            )
        if is_one:
            return line
    raise _damaged(path, f"{which} of it is not one that tollbook wrote: {_shown(text)}")


def _shown(text: bytes) -> str:
    shown = repr(text.strip())[2:-1]
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _damaged(path: Path, what: str) -> Damaged:
    right = "nothing can be changed until it is restored from a backup, or what was written into it is taken out"
    return Damaged(f"{path} is damaged: {what}; {right}")


def _mend(path: Path) -> tuple[dict[str, Any], bytes]:
    """The last whole line (`{}` where there is none) and its bytes; what a crash left of another one is cut off."""
    if not _is_there(path):
        return {}, b""
    with path.open("r+b") as journal:
        size = journal.seek(0, os.SEEK_END)
        reach = _TAIL
        while True:
            journal.seek(max(0, size - reach))
            tail = journal.read()
            end = tail.rfind(b"\n") + 1
            begin = tail.rfind(b"\n", 0, max(0, end - 1)) + 1
            if begin or reach >= size:
                break
            reach *= 2
        if end != len(tail):
            journal.truncate(size - len(tail) + end)
        text = tail[begin : max(0, end - 1)]
        return (_line(path, "the last line", text), text) if end else ({}, b"")
