"""Files that may be compressed: told by their first bytes, whatever they are called."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

GZIP = b"\x1f\x8b"


class Damaged(Exception):
    """The gzip data is damaged or cut short; the message says how."""


def is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


@contextmanager
def plain(path: Path) -> Iterator[BinaryIO]:
    """What is in the file, unpacked, to read while it lasts: that raises `Damaged`, too."""
    with gzip.open(path) if is_packed(path) else path.open("rb") as file:
        try:
            yield cast(BinaryIO, file)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Damaged(f"the gzip data is damaged or cut short ({error})") from None


def suffix(name: str) -> str:
    """The ending that says what is in the file, without .gz and in small letters: A.CSV.gz is a .csv."""
    lower = Path(name.lower())
    return Path(lower.stem).suffix if lower.suffix == ".gz" else lower.suffix
