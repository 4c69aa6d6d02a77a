"""A small deployment to land files in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing.rows.canonical import CDRS
from orchestration.store.warehouse import Home

SEEDS = {
    "company.csv": "name,legal_name,address,tax_id,reporting_currency\nAcme,,,,USD\n",
    "accounts.csv": "account_id,name,kind,currency\nacme,Acme,customer,USD\nbee,Bee,customer,EUR\n",
    "sources.csv": (
        "source,kind,format,timezone,trunk_pattern\n"
        "pbx,cdrs,asterisk,Europe/Berlin,\n"
        "howe,cdrs,asterisk,Australia/Lord_Howe,\n"
        "utcpbx,cdrs,asterisk,,\n"
        "named,cdrs,asterisk,,^SIP/([a-z]+)\n"
    ),
}


def make(root: Path) -> Home:
    seeds = root / "seeds"
    seeds.mkdir(parents=True)
    for name, text in SEEDS.items():
        (seeds / name).write_text(text)
    return Home(root / "var", seeds)


def drop(home: Home, name: str, data: str | bytes, kind: str = "cdrs", source: str = "sw1") -> Path:
    """Put a file into the inbox."""
    path = home.inbox / kind / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def cdr(**cells: object) -> dict[str, str]:
    row = {
        "call_id": "c1",
        "started_at": "2026-03-01T10:00:00Z",
        "called_number": "4915112345678",
        "duration_s": "63.250",
        "answered_at": "2026-03-01T10:00:05Z",
        "ended_at": "2026-03-01T10:01:08.250Z",
    }
    return row | {name: str(value) for name, value in cells.items()}


def csv_text(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = CDRS.names) -> str:
    """A canonical CSV of rows without anything to quote."""
    lines = [",".join(columns)]
    lines += [",".join(row.get(name, "") for name in columns) for row in rows]
    return "\n".join(lines) + "\n"


def query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def state(home: Home) -> list[list[tuple[Any, ...]]]:
    """All that landing filled, in an order of its own."""
    tables = ("landed.cdrs", "landed.superseded_cdrs", "landed.usage", "landed.payments")
    tables += ("landed.resources", "ops.files", "ops.file_days", "ops.rejected_rows")
    return [query(home, f"select * from {table} order by all") for table in tables]


def adds_up(home: Home) -> bool:
    """rows = landed + duplicates + rejected, and each number is what the tables hold."""
    wrong = query(
        home,
        """
        select * from ops.files f
        where rows <> landed + duplicates + rejected
            or rejected <> (select count(*) from ops.rejected_rows r
                where (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source))
            or (kind = 'cdrs' and landed <> (
                (select count(*) from landed.cdrs c
                    where (c.file_id, c.source) = (f.file_id, f.source))
                + (select count(*) from landed.superseded_cdrs c
                    where (c.file_id, c.source) = (f.file_id, f.source))))
        """,
    )
    return not wrong
