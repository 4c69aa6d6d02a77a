"""The registry of CDR formats: canonical, and what switches write themselves.

A native format is a module with a `NativeFormat`: which columns its files have and the SQL that
makes canonical cells of them. Everything else (types, zones, duplicates, rejected rows) is the
same for all.
"""

from collections.abc import Mapping

from orchestration.configuration.schema import CANONICAL
from orchestration.landing.formats import asterisk
from orchestration.landing.formats.native import NativeFormat, SourceSettings
from orchestration.landing.rows.canonical import LANDING

NATIVE: Mapping[str, NativeFormat] = {native.name: native for native in (asterisk.FORMAT,)}


def native(settings: SourceSettings) -> NativeFormat | None:
    """The source's native format, None for canonical. Raises KeyError for an unknown name."""
    return None if settings.format == CANONICAL else NATIVE[settings.format]


def formats() -> list[dict[str, object]]:
    """Name, what and columns of every format, for people: canonical ones by kind, then native."""
    canonical: list[dict[str, object]] = [
        {
            "name": f"{CANONICAL} {kind.name}",
            "what": "CSV with a header, Parquet or JSON lines (.gz too); ! must not be empty",
            "columns": [f"{c.name}{'!' if c.required else ''}: {c.what}" for c in kind.columns],
        }
        for kind in LANDING.values()
    ]
    native: list[dict[str, object]] = [
        {"name": f.name, "what": f.what, "columns": list(f.columns)} for f in NATIVE.values()
    ]
    return canonical + native
