"""How the files of a source are to be read, as sources.csv says."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.configuration.schema import CANONICAL, FILES
from orchestration.configuration.sheet import read
from orchestration.landing.formats.known import NATIVE
from orchestration.landing.formats.native import SourceSettings
from orchestration.store.warehouse import Refused

_READ = ("format", "timezone", "trunk_pattern", "encoding")


def settings_of(con: duckdb.DuckDBPyConnection, kind: str, source: str, rules: int) -> SourceSettings:
    """The source's row of sources.csv, to read a file by. Raises `Refused` for a format that is not there."""
    row = con.execute(
        f"select {', '.join(_READ)} from config.sources where source = ? and kind = ?", [source, kind]
    ).fetchone()
    return _settings(kind, source, row, rules)


def settings_under(directory: Path, kind: str, source: str, rules: int) -> SourceSettings:
    """The same by the configuration in `directory`."""
    sheet = read(FILES["sources"], directory)
    rows = sheet.columns("source", "kind", *_READ)
    own = [tuple(cell or None for cell in row[2:]) for row in rows if row[:2] == (source, kind)]
    return _settings(kind, source, own[0] if own else None, rules)


def _settings(kind: str, source: str, row: tuple[str | None, ...] | None, rules: int) -> SourceSettings:
    if row is None:
        return SourceSettings(rules=rules)
    form, zone, pattern, encoding = row
    settings = SourceSettings(form or CANONICAL, zone or "UTC", pattern, encoding or "utf-8", rules)
    if settings.format == CANONICAL:
        return settings
    native = NATIVE.get(settings.format)
    if native is None or native.kind != kind:
        known = ", ".join(n for n, f in NATIVE.items() if f.kind == kind)
        raise Refused(
            f'sources.csv: "{settings.format}" is no format for {kind} of {source};'
            f" write {', '.join(filter(None, (CANONICAL, known)))}"
        )
    return settings
