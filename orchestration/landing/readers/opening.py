"""A file to the `Readable` that its name, its first bytes and its source's format call for."""

import codecs
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.configuration.nearest import close_match, nearest, unit_in
from orchestration.landing.formats import known, looks
from orchestration.landing.formats.native import NativeFormat, SourceSettings
from orchestration.landing.problem import OtherLayout, UnreadableFile
from orchestration.landing.readers import encoded, json_lines, parquet, split
from orchestration.landing.readers.delimited import Delimited
from orchestration.landing.readers.readable import Cells, Layout, Readable
from orchestration.landing.readers.scan import Scan, scan
from orchestration.landing.rows.canonical import Kind
from orchestration.landing.rows.values import trimmed
from orchestration.reading import packed, spreadsheets
from orchestration.reading.records import records
from orchestration.store.failures import first_line
from orchestration.store.sql import quoted

SUFFIXES = (".csv", ".parquet", *looks.JSON)
# What a compressed file holds, in the scratch directory.
_PLAIN = "plain"
_SHOWN = 100  # characters of a first line
_MOST_KEYS = 1000  # of a JSON object, and of all of a file: reading them takes time by the square of their number
_NO_HEADER = "the file is empty; its first line must name the columns"


@dataclass(frozen=True)
class Content:
    """What is in a file that came as `name`: at `path`, unpacked. `scratch` is a directory of its own."""

    name: str
    path: Path
    scan: Scan
    scratch: Path


def open_file(con: duckdb.DuckDBPyConnection, content: Content, kind: Kind, settings: SourceSettings) -> Readable:
    """Open what is in a file (`unpacked`). Raises `UnreadableFile`."""
    try:
        return _opened(con, content, kind, settings)
    except OtherLayout:
        raise
    except UnreadableFile as unreadable:
        problem = f"{unreadable}{_hint(content, settings)}"
        is_as_sent = content.path != content.scratch / _PLAIN
        if content.name.lower().endswith(".gz") and not packed.is_packed(content.path) and is_as_sent:
            raise UnreadableFile(
                f"its name ends in .gz, and it is not a gzip file; send it again, without .gz if it is plain"
                f" (read as it is: {problem})"
            ) from None
        raise UnreadableFile(problem) from None


def _hint(content: Content, settings: SourceSettings) -> str:
    native = known.native(settings)
    delimiter = native.delimiter if native else ","
    if encoded.seems_utf8(content.path, settings.encoding):
        return f"; it looks like UTF-8, and encoding is {settings.encoding} for its source in sources.csv"
    looks_like = looks.seen(content.path, packed.suffix(content.name), delimiter, native is not None)
    return f"; it looks like {looks_like}" if looks_like else ""


def _opened(con: duckdb.DuckDBPyConnection, content: Content, kind: Kind, settings: SourceSettings) -> Readable:
    native = known.native(settings)
    suffix = packed.suffix(content.name)
    is_text = native is not None or suffix != ".parquet"
    if is_text and (native is None or settings.rules > 3):
        _refuse_wide(content.path, settings)
    if is_text and not encoded.is_utf8(settings.encoding):
        content = _with_content(content, encoded.to_utf8(content.path, content.scratch / "utf-8", settings.encoding))
    if content.scan.returns and is_text and settings.rules > 1:
        content = _with_line_feeds(content)
    if native:
        return _native(content, kind, native, settings)
    if suffix == ".csv":
        return _csv(content, kind, settings)
    if suffix in looks.JSON:
        return _json(con, content, kind, settings)
    if suffix == ".parquet":
        return _parquet(con, content.path, kind, settings)
    raise UnreadableFile(
        f"a name ending in {suffix or 'nothing'} does not say what is in the file; use one of"
        f" {' '.join(SUFFIXES)}, with .gz behind it when compressed"
    )


def _refuse_wide(path: Path, settings: SourceSettings) -> None:
    """Raise `UnreadableFile` for text in UTF-16 or UTF-32 that its source is not said to write."""
    wide, said = looks.wide(path), codecs.lookup(settings.encoding).name
    if wide is None or said.startswith(wide):
        return
    not_so = "is not UTF-8 text" if encoded.is_utf8(settings.encoding) else f"is no text in {settings.encoding}"
    raise UnreadableFile(
        f"the file {not_so} ({wide.upper()}?); save it as UTF-8, or write encoding {wide} for its source in sources.csv"
    )


def unpacked(path: Path, name: str, scanned: Scan, scratch: Path) -> Content:
    """The file itself, or what it holds when it is compressed, as a file in `scratch`. Raises `UnreadableFile`.

    Compressed text cannot be read by two threads: it is faster unpacked first.
    """
    if not packed.is_packed(path):
        return Content(name, path, scanned, scratch)
    target = scratch / _PLAIN
    try:
        with packed.plain(path) as file, target.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
    except packed.Damaged as damaged:
        raise UnreadableFile(f"{damaged}; send it again") from None
    if packed.is_packed(target):
        raise UnreadableFile("it is compressed twice; send it compressed once, or as it is")
    return Content(name, target, scan(target), scratch)


def _with_line_feeds(content: Content) -> Content:
    """The same lines, ended as everything that reads them expects ("CSV (Macintosh)" has carriage returns)."""
    target = content.scratch / "lines"
    with content.path.open("rb") as file, target.open("wb") as out:
        while chunk := file.read(1 << 20):
            out.write(chunk.replace(b"\r", b"\n"))
    return _with_content(content, target)


def _without_mark(content: Content) -> Content:
    """The same text without the byte order mark, if it begins with one: to DuckDB it makes the first line no JSON."""
    target = content.scratch / "unmarked"
    with content.path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            return content
        with target.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
    return _with_content(content, target)


def _with_content(content: Content, path: Path) -> Content:
    return replace(content, path=path, scan=scan(path))


def _csv(content: Content, kind: Kind, settings: SourceSettings) -> Readable:
    names = _header_cells(content.path)
    layout = _canonical(kind, names, settings)
    return Delimited(
        content.path, kind, tuple(names), True, layout, _most(content.scan, 1), content.scratch, settings.rules > 2
    )


def _most(scanned: Scan, headers: int) -> int | None:
    return max(scanned.lines - headers, 0) if scanned.plain else None


def _header_cells(path: Path) -> list[str]:
    _, text = split.first_record(path, split.Quoting())
    if not text:
        raise UnreadableFile(_NO_HEADER)
    if "\0" in text:
        raise UnreadableFile("there are zero bytes in its first line, which no text has: save it as UTF-8")
    if separator := spreadsheets.separator(text):
        raise UnreadableFile(f"its first line is {separator!r}, which only Excel knows: delete it")
    cells = _cells(text, ",")
    if len(cells) == 1:
        for mark, what in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in text:
                raise UnreadableFile(f"the header is separated by {what}; use commas")
    return cells


def _cells(text: str, delimiter: str) -> list[str]:
    found = [cells for _, cells in records(text, delimiter, strict=False)]
    if len(found) > 1:
        raise UnreadableFile(
            "the first line cannot be cut into cells; a carriage return is in it: end lines with LF or CRLF throughout"
        )
    return found[0] if found else []


def _native(content: Content, kind: Kind, native: NativeFormat, settings: SourceSettings) -> Readable:
    quoting = split.Quoting(native.delimiter)
    _, text = split.first_record(content.path, quoting)
    if native.has_header and not text:
        raise UnreadableFile(_NO_HEADER)
    first = _cells(text, native.delimiter)
    names = native.header(first, settings) if text else native.columns

    def canonical(cells: Cells) -> dict[str, str]:
        return dict(native.canonical(cells, settings))

    def extra(cells: Cells) -> Cells:
        return native.extra(cells, settings)

    renewed = native.renewed(settings) if settings.rules > 1 else {}
    layout = Layout(canonical, extra, settings.zone, renewed)
    most = _most(content.scan, int(native.has_header))
    is_strict = settings.rules > 2
    return Delimited(content.path, kind, names, native.has_header, layout, most, content.scratch, is_strict, quoting)


def _meant(kind: Kind, name: str, other: str) -> str:
    """What to do about a column that is called nearly as one that is missing."""
    if unit := unit_in(other, name):
        what = next(column.what for column in kind.columns if column.name == name)
        return f'; "{other}" is by its name ({unit}) something else than {name}, {what}: convert it, and write it so'
    return f'; "{other}" is probably {name}: write it so'


def _doubts(kind: Kind, names: Sequence[str]) -> Iterator[str]:
    """Columns that are nearly one that a file need not have, and has not: `egress_trunks`, `egress`."""
    absent = [column for column in kind.columns if column.name not in names]
    for name in names:
        if name in kind.names:
            continue
        meant = close_match(name, [column.name for column in absent])
        named = (column.name for column in absent if column.is_id and column.name.startswith(f"{name}_"))
        if (meant := meant or next(named, None)) and not unit_in(name, meant):
            yield f'column "{name}" is kept, and nothing is charged by it; did you mean {meant}?'


def _others(names: Sequence[str], kind: Kind, settings: SourceSettings) -> str:
    """What the first line of a file says that names none of a kind's columns."""
    text = " ".join(names)
    if not text or set(names) & set(kind.names):
        return ""
    if sum(c == "\ufffd" or not c.isprintable() for c in text) * 4 > len(text):
        return (
            f"; its first line is no text in {settings.encoding}: save it as UTF-8, or write its encoding for its"
            " source in sources.csv (cp037 of a mainframe, for example)"
        )
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"; its first line says: {shown}"


def _json(con: duckdb.DuckDBPyConnection, content: Content, kind: Kind, settings: SourceSettings) -> Readable:
    if settings.rules > 2:
        content = _without_mark(content)
    path, lines = content.path, content.scan.lines
    most = _MOST_KEYS if settings.rules > 4 else None
    if looks.is_array(path):
        raise UnreadableFile("the file is one JSON array; write one object a line instead")
    try:
        names = json_lines.keys(con, path, most) if lines else kind.names
    except duckdb.Error as error:
        raise UnreadableFile(f"not JSON lines: {first_line(error)}") from None
    if most is not None and len(names) > most:
        raise UnreadableFile(
            f"its rows have {len(names):,} different keys, and those of calls have the same few: write what differs"
            " from row to row as values"
        )
    if not names and json_lines.keys(con, path, None):
        raise UnreadableFile(f"each row of it has more than {most:,} keys, and no call has: are they several in one?")
    if not names:
        over = ", for it is written over several lines" if looks.is_cut(path) else ""
        raise UnreadableFile(f"no line of it is a JSON object{over}: write each object alone on a line")
    wrong = _wrong_keys(kind, names) if settings.rules > 2 else {}
    names = tuple(name for name in names if name not in wrong)
    layout, is_strict = _canonical(kind, names, settings), settings.rules > 2
    texts = tuple(name for name in kind.texts if name in names) if settings.rules > 3 else ()
    return json_lines.JsonLines(path, kind, names, layout, lines, content.scratch, is_strict, wrong, texts, most)


def _wrong_keys(kind: Kind, names: Sequence[str]) -> dict[str, str]:
    """What single rows call otherwise than the others do, or do not name at all: the rows are wrong, not the file."""
    wrong = {
        name: f'the key "{name}" must be written {near}' for name, near in _respelled(kind, names) if near in names
    }
    return {**wrong, "": "a key of it has no name; name it, or leave it out"} if "" in names else wrong


def _respelled(kind: Kind, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The names that are those of columns but for how they are written, each with the column's."""
    for name in names:
        near = name.strip().lower().replace(" ", "_").replace("-", "_")
        if name not in kind.names and near in kind.names:
            yield name, near


def _parquet(con: duckdb.DuckDBPyConnection, path: Path, kind: Kind, settings: SourceSettings) -> Readable:
    try:
        types, rows = parquet.columns(con, path)
    except duckdb.Error as error:
        raise UnreadableFile(f"not a Parquet file: {first_line(error)}") from None
    layout, is_strict = _canonical(kind, list(types), settings), settings.rules > 3
    if is_strict:
        _refuse_no_texts(kind, types)
        if name := parquet.inexact(con, path, [name for name in kind.texts if types.get(name) == "DOUBLE"]):
            raise UnreadableFile(f'column "{name}" is DOUBLE with fractions, or of too many digits; write texts')
        if lasting := {name: unit for name, unit in parquet.durations(path).items() if name in kind.names}:
            name, unit = next(iter(lasting.items()))
            raise UnreadableFile(f'column "{name}" is {unit}, a time that lasts; write seconds as a number')
    return parquet.Parquet(path, kind, types, layout, rows, is_strict)


def _refuse_no_texts(kind: Kind, types: Mapping[str, str]) -> None:
    """Raise `UnreadableFile` for columns of names and words whose cells are no texts, and no numbers of many digits."""
    wrong = [
        f'column "{name}" is {types[name]}; write texts'
        for name in kind.texts
        if types.get(name, "").startswith(("STRUCT", "MAP", "UNION", "BOOLEAN", "FLOAT"))
        or types.get(name, "").endswith("]")
    ]
    if wrong:
        raise UnreadableFile("; ".join(wrong))


def _canonical(kind: Kind, names: Sequence[str], settings: SourceSettings) -> Layout:
    """The layout of a canonical file with these columns. Raises `UnreadableFile` for all."""
    problems = []
    if twice := sorted({name for name in names if name and list(names).count(name) > 1}):
        problems.append(f"columns named twice: {', '.join(twice)}")
    if unnamed := [str(at) for at, name in enumerate(names, 1) if not name]:
        columns = f"column {unnamed[0]} has" if len(unnamed) == 1 else f"columns {', '.join(unnamed)} have"
        right = (
            "" if any(names[int(unnamed[0]) :]) else ": delete the commas at the end of the first line, and of the rows"
        )
        problems.append(f"{columns} no name{right}")
    respelled = dict(_respelled(kind, names))
    problems += [f'column "{name}" must be written {near}' for name, near in respelled.items()]
    missing = [name for name in kind.required if name not in {*names, *respelled.values()}]
    if missing:
        others = [name for name in names if name not in kind.names]
        meant = {name: other for name in missing if (other := nearest(name, others))}
        hint = "".join(_meant(kind, name, column) for name, column in meant.items())
        needs = f"a {kind.name} file needs {', '.join(kind.required)}"
        problems.append(f"missing columns: {', '.join(missing)} ({needs}){hint or _others(names, kind, settings)}")
    if problems:
        raise UnreadableFile("; ".join(problems))

    ids = {column.name: column for column in kind.columns if column.is_id and settings.rules > 2}

    def canonical(cells: Cells) -> dict[str, str]:
        own = {name: cells[name] for name in names if name in kind.names}
        return {name: trimmed(ids[name], cell) if name in ids else cell for name, cell in own.items()}

    def extra(cells: Cells) -> Cells:
        return {name: cells[name] for name in names if name not in kind.names}

    renewed = {name: trimmed(column, quoted(name)) for name, column in ids.items()}
    absent = tuple(name for name in kind.names if name not in names)
    return Layout(canonical, extra, renewed=renewed, doubts=tuple(_doubts(kind, names)), absent=absent)
