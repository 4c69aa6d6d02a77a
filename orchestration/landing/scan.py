"""One pass over a file's bytes: its sha256 and how many records it can have at most."""

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 22
_OTHERS = bytes(byte for byte in range(256) if byte not in b'\n"')


@dataclass(frozen=True)
class Scan:
    """`lines`: line ends outside quotes and a last line without one; blank lines are among them."""

    sha256: str
    lines: int
    size: int


def scan(path: Path) -> Scan:
    """Read the file once, in constant memory, hashing in a second thread (1 GB/s).

    Line ends are counted by quote parity: what is neither quote nor line end is dropped,
    then pairs of quotes; the few single ones that stay enclose quoted line ends.
    """
    digest = hashlib.sha256()
    lines = size = 0
    inside, last = False, b""
    hashed: Future[None] | None = None
    with path.open("rb") as file, ThreadPoolExecutor(1) as hasher:
        while chunk := file.read(_CHUNK):
            if hashed:
                hashed.result()
            hashed = hasher.submit(digest.update, chunk)
            parts = chunk.translate(None, _OTHERS).replace(b'""', b"").split(b'"')
            lines += sum(len(part) for part in parts[inside::2])
            inside ^= len(parts) % 2 == 0
            size += len(chunk)
            last = chunk[-1:]
    return Scan(digest.hexdigest(), lines + (last not in (b"", b"\n")), size)
