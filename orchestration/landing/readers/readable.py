"""What every file format offers: a fast relation of all it can read, and a slow one of all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import duckdb

from orchestration.landing.rows.canonical import Kind
from orchestration.store.sql import literal, quoted

Cells = Mapping[str, str]
"""The columns of a file: name to the SQL of its cell, a VARCHAR, NULL when empty."""


@dataclass(frozen=True)
class Layout:
    """How the cells of a file become canonical ones.

    `canonical`: for each column of the kind that the file has, SQL over the cells. `extra`:
    the other cells, by the name under which they are kept. `zone`: of stamps without offset.
    `renewed`: SQL of the columns of a row that landed by older rules, as today's read its record. `doubts`: in words,
    columns that are kept with the others and are hardly meant to be. `absent`: those of the kind that the file has not.
    """

    canonical: Callable[[Cells], Mapping[str, str]]
    extra: Callable[[Cells], Cells]
    zone: str = "UTC"
    renewed: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Readable(Protocol):
    """A file of one kind, opened.

    Both relations have the kind's columns and `extra`, all VARCHAR. The fast one leaves out
    what its reader cannot read; `most` is how many records there are at most (None: unknown),
    and the fast relation has as many rows only if it left nothing out. The slow one has every
    record, with `line` (where it begins), `raw` and `broken` ('' or why its cells cannot be
    told apart).
    """

    @property
    def layout(self) -> Layout: ...

    @property
    def most(self) -> int | None: ...

    def fast(self) -> str: ...

    def slow(self) -> str: ...

    def count(self, con: duckdb.DuckDBPyConnection) -> int:
        """How many records there are, exactly."""
        ...

    def wrong_text(self) -> str | None:
        """Which cell has bytes that are no text, and that keep the file from being read; None where none does."""
        ...

    def cells(self, raw: str) -> str:
        """SQL: the cells of a record (`raw`, SQL of its text), a list of texts, also of one that is no sound record."""
        ...


def relation(kind: Kind, layout: Layout, cells: Cells, source: str, keep: Sequence[str]) -> str:
    """SQL: the kind's columns, `extra` and `keep`, of `source`, which has the cells."""
    present = layout.canonical(cells)
    columns = [f"{present.get(name, 'cast(null as VARCHAR)')} as {quoted(name)}" for name in kind.names]
    extra = f"{json_object(layout.extra(cells))} as extra"
    return f"select {', '.join([*columns, extra, *keep])} from {source}"


def json_cells(raw: str) -> str:
    """SQL: the members of a JSON object as texts, in the order of their names; of no object its text."""
    members = f"map_entries(try_cast(try_cast({raw} as JSON) as MAP(VARCHAR, JSON)))"
    texts = f"list_transform(list_sort({members}), lambda m: m.key || '=' || coalesce(m.value::VARCHAR, ''))"
    return f"coalesce({texts}, [{raw}])"


def json_object(cells: Cells) -> str:
    """SQL: the cells that are not empty as JSON text, in the order of names; NULL if none is."""
    if not cells:
        return "cast(null as VARCHAR)"
    pairs = ", ".join(f"{literal(name)}, {cells[name]}" for name in sorted(cells))
    # A merge patch drops the empty ones; the names' order makes equal rows of any file equal.
    return f"nullif(cast(json_merge_patch('{{}}', json_object({pairs})) as VARCHAR), '{{}}')"
