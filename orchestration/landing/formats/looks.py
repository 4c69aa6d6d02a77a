"""What a file looks like that is not what its source is to send: a hint, which decides nothing.

Columns are those of the makers' own samples: Asterisk's cdr_csv.c, cdr_custom.conf.sample and cdr_adaptive_odbc as
FreePBX sets it up, FreeSWITCH's cdr_csv.conf.xml, and the headers of the others' exports.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from orchestration.landing.readers import split
from orchestration.landing.rows.canonical import CDRS
from orchestration.reading.records import records

JSON = (".jsonl", ".ndjson", ".json")
_BEGINNINGS = (
    (b"PAR1", "a Parquet file, whose name ends in .parquet"),
    (b"PK\x03\x04", "a spreadsheet or a zip archive: save it as CSV"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save it as CSV"),
    (b"<", "a page of HTML or XML, such as an error page in the place of an export"),
)
_OBJECT = re.compile(rb"\{")
_ARRAY = re.compile(rb"\[\s*[{\]]")
_LOG = re.compile(rb"\[(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2} +\d+) [\d:.]+\]")
_TEXTS = (
    (_OBJECT, "JSON lines, whose name ends in .jsonl"),
    (_ARRAY, "JSON, whose objects are to be one a line, in a file whose name ends in .jsonl"),
    (_LOG, "a log, such as Asterisk's: its CDRs are in cdr-csv/Master.csv"),
)
# Names that only the header of one has, in small letters.
_HEADERS = (
    ({"calldate", "dcontext"}, "a FreePBX table cdr"),
    ({"acctid", "dcontext"}, "a Grandstream UCM export"),
    ({"cdrrecordtype"}, "Cisco CUCM's CDRs"),
    ({"from_tag", "to_tag"}, "an acc table of OpenSIPS or Kamailio"),
    ({"caller_id_name", "start_stamp"}, "FreeSWITCH's or FusionPBX's export"),
    ({"calldate", "sipcallerip"}, "voipmonitor's table cdr"),
    ({"customer price", "vendor price"}, "a YETI export"),
    ({"parent_call_sid"}, "Twilio's calls"),
    ({"timestart", "talkduraction"}, "Yeastar's CDRs"),
)
_DISPOSITIONS = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL"}
_CAUSE = re.compile("[A-Z]+(_[A-Z]+)+")
_ASTERISK = {
    16: "Asterisk's cdr_csv without uniqueid and userfield",
    17: "Asterisk's cdr_csv without uniqueid or without userfield",
    18: "Asterisk's cdr_csv",
    19: "cdr-custom, the sample of Asterisk's cdr_custom",
    21: "Asterisk's cdr_csv with newcdrcolumns",
    25: "a FreePBX table cdr",
    26: "a FreePBX table cdr",
}
# Where of the first four bytes are 0.
_WIDE = {"x0x0": "utf-16", "0x0x": "utf-16", "x000": "utf-32", "000x": "utf-32"}
_FREESWITCH = {13: "sql", 15: "example", 17: "linksys", 18: "asterisk", 20: "snom"}


def seen(path: Path, suffix: str, delimiter: str, native: bool) -> str | None:
    """The layout that the file looks like; None where nothing is known of it, or its name says the same."""
    begins = beginning(path)
    for mark, what in _BEGINNINGS:
        if begins.startswith(mark):
            return None if mark == b"PAR1" and suffix == ".parquet" and not native else what
    for pattern, what in _TEXTS:
        if pattern.match(begins):
            return None if pattern is not _LOG and suffix in JSON and not native else what
    if wide(path):
        return None
    if suffix not in (".csv", *JSON) and not native:
        return None
    _, text = split.first_record(path, split.Quoting(delimiter))
    first = next((cells for _, cells in records(text, delimiter, strict=False)), [])
    if suffix in JSON and not native:
        return "CSV, whose name ends in .csv" if len(first) > 1 else None
    if native and set(CDRS.required) <= {cell.strip().lower() for cell in first}:
        return "a file with the canonical columns, whose source has no format in sources.csv"
    return of_cells(first) or (_ASTERISK.get(len(first)) if native else None)


def beginning(path: Path) -> bytes:
    """How the text of a file begins, without a byte order mark and blanks."""
    with path.open("rb") as file:
        return file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()


def wide(path: Path) -> str | None:
    """`utf-16` or `utf-32` where it is text of that kind, in which ASCII has bytes of 0: no text in UTF-8 begins so."""
    with path.open("rb") as file:
        begins = file.read(4)
    if begins in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if begins[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return _WIDE.get("".join("0" if byte == 0 else "x" for byte in begins))


def is_array(path: Path) -> bool:
    """Whether it is one JSON array of objects."""
    return _ARRAY.match(beginning(path)) is not None


def is_cut(path: Path) -> bool:
    """Whether it begins with a JSON object of more than a line."""
    first = beginning(path).splitlines()[:1]
    return any(_OBJECT.match(line) and b"}" not in line for line in first)


def of_cells(first: Sequence[str]) -> str | None:
    """By the cells of its first row, which may be a header."""
    names = {cell.strip().lower() for cell in first}
    for own, what in _HEADERS:
        if own <= names:
            return what
    width = len(first)
    if _DISPOSITIONS & {cell.strip().upper() for cell in first} and width in _ASTERISK:
        return f"{_ASTERISK[width]} ({width} columns)"
    if any(map(_CAUSE.fullmatch, first)) and width in _FREESWITCH:
        return f"FreeSWITCH's template {_FREESWITCH[width]} ({width} columns)"
    return None
