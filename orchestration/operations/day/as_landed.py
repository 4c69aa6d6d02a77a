"""A file that has landed, read once more from the archive as it was read then."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.landing import dropped
from orchestration.landing.own_fault import own_fault
from orchestration.landing.problem import UnreadableFile
from orchestration.landing.readers.opening import open_file, unpacked
from orchestration.landing.readers.readable import Readable
from orchestration.landing.readers.scan import scan
from orchestration.landing.settings import settings_under
from orchestration.landing.store import FileKey
from orchestration.operations.day.land import SCRATCH
from orchestration.store.warehouse import Writer

_LANDED = """
    select
        coalesce(try_cast(json_extract_string(arguments, '$.rules') as INTEGER), 1),
        coalesce(try_cast(json_extract_string(arguments, '$.again') as BOOLEAN), false),
        (
            select arg_max(json_extract_string(c.arguments, '$.version'), c.n)
            from ops.journal as c
            where c.action = 'configure' and c.n < l.n
        ) as configuration
    from ops.journal as l
    where
        action = 'land'
        and json_extract_string(arguments, '$.file_id') = $file
        and json_extract_string(arguments, '$.kind') = $kind
        and json_extract_string(arguments, '$.source') = $source
    order by n desc
    limit 1
"""


@contextmanager
def as_landed(con: duckdb.DuckDBPyConnection, held: Writer, key: FileKey) -> Iterator[tuple[Readable, bool]]:
    """The file by the rules and the sources.csv that it landed by, and whether what conflicts was meant (`again`).

    Its rows are compared with others as they were then. Raises `UnreadableFile` and `NotNow`.
    """
    home, kind, source = held.home, key.kind.name, key.source
    row = con.execute(_LANDED, {"file": key.file_id, "kind": kind, "source": source}).fetchone()
    path = dropped.archived(home, dropped.Dropped(Path(key.name), kind, source, False), key.file_id)
    configuration = home.archive / "config" / str(row[2] if row else None)
    if row is None or not path.exists() or not configuration.is_dir():
        raise UnreadableFile(f"{configuration if path.exists() else path} is not there")
    settings = settings_under(configuration, kind, source, row[0])
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=home.root) as scratch:
        with own_fault(con):
            content = unpacked(path, key.name, scan(path), Path(scratch))
            file = open_file(con, content, key.kind, settings)
        con.execute("update run.clock set rules = ?", [settings.rules])
        with own_fault(con, file):
            yield file, row[1]
        con.execute("update run.clock set rules = ?", [held.rules])
