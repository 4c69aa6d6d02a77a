"""The cells of a sheet of .xlsx that have no value: an error, or a formula that was never worked out.

calamine reads them as empty cells, and an empty price is "not offered".
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.parsers import expat

_REFERENCE = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")
_ROWS, _COLUMNS = 1_048_576, 16_384  # what a sheet has at most
_MOST = 40_000_000  # cells: calamine fills a sheet up to its last row and column, 24 bytes a cell
_WIDE = re.compile(rb"""\sr=["'][A-Za-z]{2,3}[0-9]""")
_AT = re.compile(rb"""\sr=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
# what a sheet has in it that has such cells, and most sheets have not: those are not read twice
_MARKS = (b'="e"', b"='e'", b"<f", b":f")


@dataclass(frozen=True)
class NoValue:
    """A cell without a value, rows and columns counted from 1; `text`: the error, or the formula with its =."""

    row: int
    column: int
    text: str
    is_formula: bool


class TooLarge(Exception):
    """A sheet that reaches too far to be read whole: up to where."""


def without_values(data: bytes, sheet: str) -> list[NoValue]:
    """The cells without a value of a sheet, in order. Raises `TooLarge`, and what a damaged workbook fails with."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        names = {name.lower().replace("\\", "/"): name for name in parts.namelist()}
        workbook = ElementTree.fromstring(parts.read(names["xl/workbook.xml"]))
        relations = ElementTree.fromstring(parts.read(names["xl/_rels/workbook.xml.rels"]))
        part_id = next(
            value
            for entry in _named(workbook, "sheet")
            if entry.get("name") == sheet
            for key, value in entry.attrib.items()
            if key.endswith("}id")
        )
        target = next(entry.attrib["Target"] for entry in relations if entry.get("Id") == part_id)
        xml = parts.read(names[posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()])
    _refuse_too_large(xml)
    if xml.lstrip(b"\xef\xbb\xbf").startswith(b"<") and not any(mark in xml for mark in _MARKS):
        return []
    # scripts ask for it that leave the work to whoever opens the file, and some write 0 until then
    to_be_worked_out = any(entry.get("fullCalcOnLoad") in ("1", "true") for entry in _named(workbook, "calcPr"))
    return _Cells(("", "0") if to_be_worked_out else ("",)).of(xml)


def _refuse_too_large(xml: bytes) -> None:
    if not _WIDE.search(xml):
        return
    columns, rows = b"A", 1
    for letters, row in _AT.findall(xml):
        columns, rows = max(columns, letters.upper(), key=lambda c: (len(c), c)), max(rows, int(row))
    if rows * _number(columns.decode()) > _MOST:
        raise TooLarge(f"it has cells up to column {columns.decode()} and row {rows:,}")


def _named(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (entry for entry in root.iter() if entry.tag.rpartition("}")[2] == name)


@dataclass
class _Cells:
    """Goes through a sheet's XML. `unworked`: the values that a formula has which was never worked out."""

    unworked: tuple[str, ...]
    found: list[NoValue] = field(default_factory=list)
    row: int = 0
    column: int = 0
    kind: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    inside: str = ""

    def of(self, xml: bytes) -> list[NoValue]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)
        return self.found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif name == "c":
            at = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.row, self.column = (int(at[2]), _number(at[1])) if at else (self.row, self.column + 1)
            if not (0 < self.row <= _ROWS and 0 < self.column <= _COLUMNS):
                raise ValueError(f"there is no cell {attributes.get('r', '')}")
            self.kind, self.texts = attributes.get("t", ""), {}
        elif name in ("f", "v"):
            self.inside = name
            self.texts[name] = ""

    def _text(self, text: str) -> None:
        if self.inside:
            self.texts[self.inside] += text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name in ("f", "v"):
            self.inside = ""
        if name != "c":
            return
        value = self.texts.get("v", "").strip()
        if self.kind == "e":
            self.found.append(NoValue(self.row, self.column, value or "#ERROR!", False))
        # a text that was worked out may be empty
        elif "f" in self.texts and self.kind != "str" and value in self.unworked:
            self.found.append(NoValue(self.row, self.column, "=" + self.texts["f"].strip(), True))


def _number(letters: str) -> int:
    """The column's number: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
