"""Text in whatever encoding to the UTF-8 that every reader expects."""

import codecs
from pathlib import Path

from orchestration.landing.split import WRONG_BYTE

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
    """Write the text of `path` to `target`. A row with bytes that it does not have is no UTF-8 there."""
    decoder = codecs.getincrementaldecoder(encoding)("tollbook-wrong")
    with path.open("rb") as file, target.open("wb") as out:
        while chunk := file.read(_CHUNK):
            out.write(_utf8(decoder.decode(chunk)))
        out.write(_utf8(decoder.decode(b"", final=True)))
    return target


def _utf8(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    mark = WRONG_BYTE.encode()
    return data.replace(mark, mark + _INVALID) if mark in data else data
