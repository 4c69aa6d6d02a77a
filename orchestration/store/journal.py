"""The journal: one line for every change of state, on disk before the change takes effect.

A change notes its line's number in ops.journal in its own transaction. So a line without an effect (a crash or an
error between the two) is known for what it is when the next one is written, and is declared void there: the
journal alone says what happened, and in which order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.store.files import folder, sync

VOID = "void"


class Ahead(Exception):
    """The journal has more than one line that the warehouse does not know of; how many."""


Line = Mapping[str, Any]
_TAIL = 1 << 16


def append(con: duckdb.DuckDBPyConnection, path: Path, line: dict[str, object]) -> int:
    """Write a line (at, operator, action, arguments) and note its number in the caller's transaction.

    Raises `Ahead`, and writes nothing, where the warehouse is not the one that the journal is about.
    """
    folder(path.parent)
    last = _mend(path)
    known = noted(con)
    number = max(int(last.get("n", known)), known)
    written = []
    if last.get("n", known) > known and last["action"] != VOID:
        # a crash leaves one line without an effect; more of them had theirs, in another warehouse
        if (ahead := sum(line["n"] > known for line in effective(path))) > 1:
            raise Ahead(ahead)
        number += 1
        written.append({"n": number, "action": VOID, "voids": last["n"]})
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


def noted(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last line that took effect in this warehouse; 0 for none."""
    row = con.execute("select coalesce(max(n), 0) from ops.journal").fetchone()
    return int(row[0]) if row else 0


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
    texts = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines = [{"n": place, **json.loads(text)} for place, text in enumerate(texts, start=1) if text[-1] == "\n"]
    void = {line["voids"] for line in lines if line["action"] == VOID}
    yield from (line for line in lines if line["action"] != VOID and line["n"] not in void)


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
        line: dict[str, Any] = json.loads(tail[begin:end]) if end else {}
        return line
