"""What a file looks like that is not what its source is to send: a hint, which decides nothing.

Columns are those of the makers' own samples: Asterisk's cdr_csv.c, cdr_custom.conf.sample and cdr_adaptive_odbc as
FreePBX sets it up, FreeSWITCH's cdr_csv.conf.xml, and the headers of the others' exports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from orchestration.landing import split
from orchestration.landing.canonical import CDRS
from orchestration.reading.records import records

JSON = (".jsonl", ".ndjson", ".json")
_BEGINNINGS = (
    (b"PAR1", "a Parquet file, whose name ends in .parquet"),
    (b"PK\x03\x04", "a spreadsheet or a zip archive: save it as CSV"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save it as CSV"),
    (b"{", "JSON lines, whose name ends in .jsonl"),
    (b"[", "JSON, whose objects are to be one a line, in a file whose name ends in .jsonl"),
    (b"<", "a page of HTML or XML, such as an error page in the place of an export"),
)
_NAMED = {b"PAR1": (".parquet",), b"{": JSON, b"[": JSON}
# Names that only the header of one has, in small letters.
_HEADERS = (
    (set(CDRS.required), "a file with the canonical columns, whose source has no format in sources.csv"),
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
_FREESWITCH = {13: "sql", 15: "example", 17: "linksys", 18: "asterisk", 20: "snom"}


def seen(path: Path, suffix: str, delimiter: str, native: bool) -> str | None:
    """The layout that the file looks like; None where nothing is known of it, or its name says the same."""
    with path.open("rb") as file:
        begins = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, what in _BEGINNINGS:
        if begins.startswith(mark):
            return None if suffix in _NAMED.get(mark, ()) and not native else what
    if suffix != ".csv" and not native:
        return None
    _, text = split.first_record(path, split.Quoting(delimiter))
    first = next((cells for _, cells in records(text, delimiter, strict=False)), [])
    return of_cells(first) or (_ASTERISK.get(len(first)) if native else None)


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
