"""The journal: one line for every change of state, on disk before the change takes effect.

A change notes its line's number in ops.journal in its own transaction. So a line without an effect (a crash or an
error between the two) is known for what it is when the next one is written, and is declared void there: the
journal alone says what happened, and in which order.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import typed
from orchestration.store.database import count
from orchestration.store.files import folder, sync
from orchestration.store.refused import Refused

VOID = "void"


class Ahead(Exception):
    """The journal has more than one line that the warehouse does not know of; how many."""


class Damaged(Refused):
    """The journal is not as it was written: where, and what is to be done."""


Line = Mapping[str, Any]
_TAIL = 1 << 16
_SHOWN = 60  # characters of a line that is not one


def append(con: duckdb.DuckDBPyConnection, path: Path, line: dict[str, object]) -> int:
    """Write a line (at, operator, action, arguments) and note its number in the caller's transaction.

    Raises `Ahead`, and writes nothing, where the warehouse is not the one that the journal is about, and `Damaged`.
    """
    last = _mend(path)
    known = noted(con)
    number = int(last.get("n", known)) if last else 0
    refuse_shorter(path, number, known)
    folder(path.parent)
    written = []
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
    with path.open("a", encoding="utf-8") as journal:
        journal.writelines(json.dumps(each, sort_keys=True, default=str) + "\n" for each in written)
        journal.flush()
        os.fsync(journal.fileno())
    if number == len(written):  # the first line: the file's name must be on disk too
        sync(path.parent)
    con.execute("insert into ops.journal values (?, ?, ?, ?, ?)", note({"n": number, **line}))
    return number


def last_at(path: Path) -> datetime | None:
    """The clock of the last line, naive UTC; None where there is none, or (as writing one says) none can be read."""
    try:
        at = _mend(path).get("at")
    except (Damaged, OSError):
        return None
    return typed.instant(at) if isinstance(at, str) else None


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
        con.executemany("insert into ops.journal values (?, ?, ?, ?, ?)", [note(line) for line in lines])


def note(line: Line) -> list[object]:
    """A line as ops.journal has it."""
    arguments = {key: value for key, value in line.items() if key not in ("n", "at", "operator", "action")}
    return [line["n"], line["at"], line["operator"], line["action"], json.dumps(arguments, sort_keys=True, default=str)]


def effective(path: Path) -> Iterator[Line]:
    """The lines that took effect, in order. A last line that was never finished is none.

    The first releases gave them no numbers (`n`): it is their place in the file.
    """
    if not path.exists():
        return
    lines: list[Line] = []
    for place, text in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        line = {"n": place, **_line(path, f"line {place}", text)}
        if line["n"] > (before := lines[-1]["n"] if lines else 0) + 1:
            raise _damaged(path, f"line {place} of it has number {line['n']}, and number {before + 1} is missing")
        lines.append(line)
    void = {line["voids"] for line in lines if line["action"] == VOID}
    yield from (line for line in lines if line["action"] != VOID and line["n"] not in void)


def since(path: Path, known: int) -> int:
    """How many lines took effect after number `known`; of a long journal only its end is read."""
    size, reach = path.stat().st_size if path.exists() else 0, _TAIL
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


def _line(path: Path, which: str, text: bytes) -> dict[str, Any]:
    """A line as it was written. Raises `Damaged` for one that this program cannot have written."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if isinstance(line, dict) and isinstance(line.get("n", 0), int):
        needed = ("n", "voids") if line.get("action") == VOID else ("at", "operator", "action")
        if all(name in line for name in needed):
            return line
    raise _damaged(path, f"{which} of it is not one that tollbook wrote: {_shown(text)}")


def _shown(text: bytes) -> str:
    shown = repr(text.strip())[2:-1]
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _damaged(path: Path, what: str) -> Damaged:
    right = "nothing can be changed until it is restored from a backup, or what was written into it is taken out"
    return Damaged(f"{path} is damaged: {what}; {right}")


def _mend(path: Path) -> dict[str, Any]:
    """The last whole line, `{}` where there is none; what a crash left of an unfinished one is cut off."""
    if not path.exists():
        return {}
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
        return _line(path, "the last line", tail[begin:end]) if end else {}
