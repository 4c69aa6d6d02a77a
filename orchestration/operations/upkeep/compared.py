"""Two configurations beside each other, the one that is loaded and another, and the books that stand on the first."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.configuration.problem import Problem
from orchestration.configuration.reading import records
from orchestration.configuration.sheet import Sheet
from orchestration.typed import instant

Key = tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """The books (tables of the schemas marts and ops, of a warehouse or as published), and two configurations.

    `kept`: the directory of the one that is loaded.
    """

    con: duckdb.DuckDBPyConnection
    kept: Path
    old: Mapping[str, Sheet]
    new: Mapping[str, Sheet]

    def gone(self, file: str, *names: str) -> dict[Key, list[int]]:
        """The keys that `new` has no row of any more, with their rows of `old`; none of a file that is not whole."""
        if not self.new[file].whole:
            return {}
        left = set(self.new[file].columns(*names))
        rows: dict[Key, list[int]] = {}
        for row, key in enumerate(self.old[file].columns(*names)):
            if key not in left:
                rows.setdefault(key, []).append(row)
        return rows

    def taken_out(self, file: str, names: Key, lost: set[str]) -> list[int]:
        """The rows of `old` whose cells no row of `new` has, but those of accounts that are `lost` as a whole.

        Another validity is no other row: what is rated otherwise by it makes days outdated.
        """
        if not self.new[file].whole:
            return []
        left, accounts = set(self.new[file].columns(*names)), self.old[file]["account_id"]
        rows = enumerate(self.old[file].columns(*names))
        return [row for row, cells in rows if cells not in left and accounts[row] not in lost]

    def uncovered(self, query: str, file: str, names: Key, gone: Sequence[int]) -> list[tuple[int, object, object]]:
        """`query` over gone (n, key, since, until) and left_over, as much of `new`: rows, their first and last day."""
        if not gone:
            return []
        spans = [_spans(self.old[file], names, gone), _spans(self.new[file], names, range(len(self.new[file])))]
        return self.con.execute(
            f"""
            with rows as (select unnest($gone::VARCHAR[][]) as r, true as is_gone
                union all select unnest($left::VARCHAR[][]), false
            ),

            spans as (
                select
                    is_gone,
                    r[1]::INTEGER as n,
                    r[4:] as key,
                    coalesce(r[2]::TIMESTAMP, timestamp '0001-01-01') as since,
                    coalesce(r[3]::TIMESTAMP, timestamp '9999-12-31') as until,
                from rows
            ),

            gone as (from spans where is_gone),

            left_over as (from spans where not is_gone)

            {query}
            """,
            {"gone": spans[0], "left": spans[1]},
        ).fetchall()

    def missing(self, file: str, column: str, what: str, why: str, rows: Sequence[int], ends: str) -> Problem:
        """A row that is gone and must not be: what, why, and how to put it back."""
        wrong = f"{what} is missing: {why}"
        lines = {self.old[file].lines[row] for row in rows}
        back = "put its row back"
        if lines:
            texts = [_text(cells) for line, cells in records(self.kept / f"{file}.csv") if line in lines]
            back += f" as it was ({texts[-1]})"
        return Problem(self.new[file].shown, None, column, wrong, f"{back}; {ends}")


def _spans(sheet: Sheet, names: Key, rows: Iterable[int]) -> list[list[str | None]]:
    """The rows as text: their number, from when and until when they hold (UTC), and the cells of `names`."""
    return [
        [
            str(row),
            *(str(at) if (at := instant(sheet[name][row])) else None for name in ("valid_from", "valid_to")),
            *(sheet[name][row] for name in names),
        ]
        for row in rows
    ]


def _text(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
