"""A deck's file to rows of rates: temp table `deck_rows`, or all that is wrong with the deck."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration import typed
from orchestration.configuration.problem import Fault
from orchestration.decks import cells, lines, rows, values
from orchestration.decks.cells import Grid
from orchestration.decks.mapping import DeckMapping
from orchestration.decks.problem import Problems
from orchestration.decks.table import locate
from orchestration.store.database import one

_SAY_IT = "say it: --effective 2026-04-01, or see [effective] in the mapping"


@dataclass(frozen=True)
class Deck:
    """A deck that was read: whose, what it replaces and from when. Its rows are in temp table `deck_rows`.

    `unread`: its columns that the mapping does not name; `appeared`: those of them that the deck `before` had not.
    """

    path: Path
    name: str
    file_id: str
    source: str
    mapping: DeckMapping
    effective_at: datetime
    replaces_all: bool
    unread: tuple[str, ...]
    appeared: tuple[str, ...] = ()
    before: str = ""


def load(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    source: str,
    mapping: DeckMapping,
    effective: str | None = None,
    replaces: str | None = None,
) -> Deck:
    """Read a deck into `deck_rows` (landed.rates without `deck`, with `copies`: whether an equal row follows).

    `effective` and `replaces` (full, partial) are what the person says, before what the mapping says. The schema config
    has to be loaded. Raises `UnreadableDeck` with all that is wrong.
    """
    problems = Problems(path.name)
    with _uncollected():
        grid = cells.read(path, path.name, mapping)
        table = locate(grid, mapping, problems)
        at = _effective(grid, mapping, path.name, effective, problems)
        is_taken = lines.fill(con, table, at)
    problems.stop()
    replaces_all = (replaces or mapping.replaces) == "full"
    effective_at = rows.settle(con, problems, at, replaces_all, mapping.rules)
    if effective is not None and mapping.rules > 5 and not (is_taken or replaces_all):
        _refuse_without_effect(con, grid, mapping, effective_at, problems)
    if mapping.rules > 3:
        rows.refuse_left_out(con, problems, mapping)
    problems.stop()
    file_id = hashlib.sha256(path.read_bytes()).hexdigest()
    return Deck(path, path.name, file_id, source, mapping, effective_at, replaces_all, table.unread())


def unread(path: Path, name: str, mapping: DeckMapping) -> tuple[str, ...]:
    """The columns of a deck that the mapping does not name. Raises `UnreadableDeck`."""
    with _uncollected():
        return locate(cells.read(path, name, mapping), mapping, Problems(name)).unread()


def _refuse_without_effect(
    con: duckdb.DuckDBPyConnection, grid: Grid, mapping: DeckMapping, given: datetime, problems: Problems
) -> None:
    """An effective date that a person gives for a partial deck whose rows all have their own.

    One that the deck says itself is no other: a journal's line has it.
    """
    own = _effective(grid, mapping, problems.file, None, Problems(problems.file))
    first = one(con, "select min(valid_from) from deck_rows")[0]
    if given != (datetime.fromisoformat(own) if own else first):
        wrong = f"--effective changes nothing: every row has its own date, the first {first}".removesuffix(" 00:00:00")
        problems.add([], None, (wrong, "leave it out; to have other dates, write them in the deck"))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cyclic garbage: looking through millions of cells for it takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _effective(grid: Grid, mapping: DeckMapping, name: str, given: str | None, problems: Problems) -> str:
    """The deck's effective instant (UTC, ISO 8601) by the command line, a cell or the file's name; or ``."""
    where = mapping.effective
    if given is not None:
        # ISO 8601 is what a person is told to write, whatever is in decks
        is_iso = mapping.rules > 4 and typed.instant(given) is not None
        moment = values.moment(given, replace(mapping, date_formats=()) if is_iso else mapping)
        if isinstance(moment, Fault) or not moment:
            wrong = moment.wrong if isinstance(moment, Fault) else '"" is not a date'
            fault = (f"--effective {wrong}", "write 2026-04-01 or 2026-04-01T06:00:00Z")
            problems.add([], None, fault)
            return ""
        return moment
    if where.cell is not None:
        line, column = where.cell
        row = next((r for n, r in zip(grid.lines, grid.rows, strict=True) if n == line), [])
        text = row[column - 1] if column <= len(row) else ""
        return _effective_text(text, mapping, [line], "its cell", problems)
    if where.file_name is not None:
        return _effective_text(name, mapping, [], "the file's name", problems)
    return ""


def _effective_text(text: str, mapping: DeckMapping, lines: list[int], where: str, problems: Problems) -> str:
    """The date in a text, of which the mapping's patterns take a part, the first that they fit."""
    texts = [text]
    for pattern in (mapping.effective.file_name, mapping.effective.pattern):
        if pattern is not None:
            texts = [match for text in texts for match in pattern.findall(text)]
    moments = [values.moment(text, mapping, mapping.effective.formats) for text in texts]
    moment = moments[0] if moments else ""
    if isinstance(moment, Fault) or not moment:
        wrong = moment.wrong if isinstance(moment, Fault) else "it is not there"
        problems.add(lines, None, (f"the effective date is to be in {where}, and {wrong}", _SAY_IT))
        return ""
    other = next((m for m in moments if not isinstance(m, Fault) and m not in ("", moment)), None)
    if other and mapping.rules > 4:
        wrong = f"there are two dates in {where}, {moment[:10]} and {other[:10]}"
        problems.add(lines, None, (wrong, f"let the pattern under [effective] fit one of them, or {_SAY_IT}"))
    return moment
