"""What a check warns of about rows that landed files go by, and that have another name now, or are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from orchestration.configuration.nearest import nearest
from orchestration.configuration.problem import Problem
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import Sheet, read

# what a row of sources.csv says of files that have landed; the rest is about how the next ones are read
_OF_LANDED = ("country_code", "national_prefix", "international_prefixes", "not_numbers", "expected_every_minutes")
_WITHOUT = {
    "cdrs": "calls of open days are rated, and days checked,",
    "usage": "days are checked",
    "payments": "days are checked",
    "resources": "days are checked",
}


def sources(sheet: Sheet, landed: Collection[tuple[str, str]], kept: Iterable[Path]) -> Iterator[Problem]:
    """Kinds and sources with files of open days whose row is gone: what it said of them is said no more.

    `kept`: the directories of the configurations that were loaded, the latest first. A source need not have a row.
    """
    files = {(source, kind) for kind, source in landed}
    missing = sorted(files.difference(sheet.columns("source", "kind")))
    if not missing or not sheet.whole:
        return
    before = _last_rows(kept, missing)
    for source, kind in missing:
        said = {column: cell for column, cell in before.get((source, kind), {}).items() if cell}
        of_landed = [f"{column} {said[column]}" for column in _OF_LANDED if column in said]
        others = {name: row for row, (name, of) in enumerate(sheet.columns("source", "kind")) if of == kind}
        unused = {name: row for name, row in others.items() if (name, kind) not in files}
        meant = _meant(source, said, sheet, unused)
        if not of_landed and not (said and meant):
            continue
        lacking = f": {_WITHOUT[kind]} without its {', '.join(of_landed)}" if of_landed else ""
        wrong = f"{kind} have landed from {source}, which has no row any more{lacking}"
        back = f"put its row back ({','.join(before[source, kind].values())})"
        if meant is None:
            yield Problem(sheet.shown, None, "source", wrong, back)
        else:
            yield sheet.at(unused[meant], "source", wrong, f"is {meant} meant by it? Name that {source}, or {back}")


def _meant(source: str, said: Mapping[str, str], sheet: Sheet, unused: Mapping[str, int]) -> str | None:
    """The row, of those that no file landed by, that stands for a source: by its cells, or by nearly its name."""
    names = [name for name in FILES["sources"].names if name != "source"]
    alike = (name for name, row in unused.items() if all(sheet[of][row] == said.get(of, "") for of in names))
    return nearest(source, unused) or next(alike, None)


def _last_rows(kept: Iterable[Path], wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """The cells of each row as it was last, by source and kind."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    names = FILES["sources"].names
    for directory in kept:
        for cells in read(FILES["sources"], directory).columns(*names):
            row = dict(zip(names, cells, strict=True))
            if (key := (row["source"], row["kind"])) in wanted:
                found.setdefault(key, row)
        if len(found) == len(wanted):
            break
    return found


def rate_tables(sheet: Sheet, priced: Collection[str]) -> Iterator[Problem]:
    """Tables that accepted decks have prices for, and that have no row any more: no call is rated by these."""
    known = sheet.known("rate_table_id")
    for table in sorted(set(priced) - known) if sheet.whole else ():
        near = nearest(table, known - set(priced))
        wrong = f"{table} has prices of accepted decks, and no row any more: no call is rated by them"
        right = "put its row back"
        yield Problem(
            sheet.shown, None, "rate_table_id", wrong, f"is it {near} now? Name it {table}" if near else right
        )
