"""Delimited text, all of it in memory, as records of cells."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator


class BadRecord(Exception):
    """The record that begins on `line` cannot be cut into cells; the message says why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def records(text: str, delimiter: str = ",", *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line it begins on, from 1, blank lines without cells; lines may end in CR alone.

    `strict`: text behind a closing quote is refused, and an open quote. Raises `BadRecord`, after the records before.
    """
    csv.field_size_limit(sys.maxsize)  # of itself it gives up on cells of more than 128 KiB
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadRecord(line, str(error)) from None
