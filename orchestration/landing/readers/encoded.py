"""Text in whatever encoding to the UTF-8 that every reader expects."""

import codecs
from pathlib import Path

from orchestration.landing.problem import UnreadableFile
from orchestration.landing.readers.split import WRONG_BYTE

_CHUNK = 1 << 20
# What makes a row no UTF-8, wherever it stands; the bytes that were wrong follow in words.
_INVALID = b"\xff"


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return WRONG_BYTE + "".join(f"\\x{byte:02x}" for byte in wrong), error.end


codecs.register_error("tollbook-wrong", _mark)


def is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def to_utf8(path: Path, target: Path, encoding: str) -> Path:
    """Write the text of `path` to `target`. A row with bytes that it does not have is no UTF-8 there.

    Raises `UnreadableFile` for a text of which not even a row can be told.
    """
    decoder = codecs.getincrementaldecoder(encoding)("tollbook-wrong")
    try:
        with path.open("rb") as file, target.open("wb") as out:
            while chunk := file.read(_CHUNK):
                out.write(_utf8(decoder.decode(chunk)))
            out.write(_utf8(decoder.decode(b"", final=True)))
    except UnicodeError as error:  # of the file, not of a row: UTF-16 without the mark that says which
        raise UnreadableFile(f"it is no text in {encoding} ({error})") from None
    return target


def seems_utf8(path: Path, encoding: str) -> bool:
    """Whether the text can only be UTF-8, of a source whose encoding is one in which even letters are other bytes."""
    if "a".encode(encoding)[-1:] == b"a" and len("a".encode(encoding)) == 1:
        return False
    with path.open("rb") as file:
        begins = file.read(_CHUNK)
    try:
        return b"\0" not in codecs.getincrementaldecoder("utf-8")().decode(begins).encode()
    except UnicodeDecodeError:
        return False


def _utf8(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    mark = WRONG_BYTE.encode()
    return data.replace(mark, mark + _INVALID) if mark in data else data
