"""What the disk or the rights on it did not allow, in a line: which path, which user, and what to do about it.

Python names the errno and the file; DuckDB says both in words, and how it says them is known here alone.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

_GONE = (errno.ENOENT, errno.ENOTDIR)
_NO_FOLDER = (errno.EEXIST, errno.ENOENT, errno.ENOTDIR)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_FULL = (errno.ENOSPC, errno.EDQUOT)
# what lies in the way of a file, by what would help
_IN_THE_WAY = {
    errno.EISDIR: "is a directory, and a file is needed there: move the directory away",
    errno.ELOOP: "is a link to itself: remove it",
    errno.ENAMETOOLONG: "has a name that is too long for a file: use a shorter one",
    errno.EIO: "cannot be read or written (Input/output error): the disk fails, see the system's log",
    errno.EFBIG: "would become larger than a file may (ulimit -f): raise that",
}
_BY_WORDS = {os.strerror(number): number for number in (*_GONE, *_FORBIDDEN, *_FULL, *_IN_THE_WAY, errno.EROFS)}
# what DuckDB says of a file or a folder, and of one that it was told to read
_OF_A_FILE = re.compile(r'(?:file|directory) "(?P<path>[^"]+)"[^":]*: (?P<why>[^":{}\n]+)')
_NO_FILE = re.compile(r'No files found that match the pattern "(?P<path>[^"]+)"')
_LOCKED = re.compile(r'Could not set lock on file "(?P<path>[^"]+)": Conflicting lock is held in (?P<by>.+?)\. See')
_DAMAGED = (
    re.compile(r'The file "(?P<path>[^"]+)" exists, but it is not a valid DuckDB database file'),
    re.compile(r"No magic bytes found at (?:start|end) of file '(?P<path>[^']+)'"),
    re.compile(r"File '(?P<path>[^']+)' too small to be a Parquet file"),
    re.compile(r'Could not read (?:enough|all) bytes from file "(?P<path>[^"]+)"'),
    re.compile(r'Failed to read file "(?P<path>[^"]+)"'),
    re.compile(r'Failure while replaying WAL file "(?P<path>[^"]+)"'),
)
_NO_SCRATCH = "No usable temporary directory"
_CORRUPT = "Corrupt database file"
_INTERRUPTED = "Query interrupted"
_SPILLED = re.compile(r"max_temp_directory_size")
# what makes the files in a folder of a deployment anew
_REMEDIES = {
    "serving": "run tollbook publish, which writes it anew",
    "tables": "run tollbook rebuild, which makes it anew from archive/",
    "archive": "bring it back from a backup; nothing else has what was in it",
}
# below this, in bytes, a disk on which something could not be written is taken for the full one
_LITTLE = 16 << 20


@dataclass(frozen=True)
class _Fault:
    """An errno, of a path where it is known, in the system's words."""

    number: int
    path: str | None
    why: str


def what_failed(failure: Exception, root: Path | None = None) -> str:
    """Why something could not be read or written, in a line, and what to do.

    `root` is the deployment's folder: what lies elsewhere and is gone was left behind by one that was moved.
    """
    known = of_files(failure, root)
    if known is not None:
        return known
    first = first_line(failure)
    if isinstance(failure, OSError) and failure.strerror:
        path = failure.filename2 or failure.filename
        return f"{path}: {failure.strerror}" if path else failure.strerror
    return f"{type(failure).__name__}: {first}"


def of_files(failure: Exception, root: Path | None = None) -> str | None:
    """The line for a failure that comes of a file, a folder or the disk; None for one of another kind."""
    text = str(failure).replace('\\"', '"')
    if line := _in_use(text) or _damaged(text, root):
        return line
    if _NO_SCRATCH in text:  # Python's words
        return f"{text.partition('] ')[2]}: make room there, or let TMPDIR name a folder that has some"
    fault = (_of_python(failure) if isinstance(failure, OSError) else None) or _of_words(text)
    if fault is None:
        return None
    path = Path(fault.path) if fault.path else None
    if fault.number in _FULL or fault.number == errno.EROFS:
        return _unwritable(path, fault, root)
    if fault.number in _IN_THE_WAY:
        return f"{path or 'a file'} {_IN_THE_WAY[fault.number]}"
    if path is not None and (closed := _closed_to_us(path, fault.number in _FORBIDDEN)):
        return _forbidden(closed)
    if fault.number in _NO_FOLDER and path is not None and (file := _in_the_way(path)):
        return f"{file} is a file, and a directory is needed there: move the file away"
    if fault.number in _GONE and path is not None and path.is_absolute():
        return _gone(path, root)
    if fault.number in _FORBIDDEN and path is not None:
        return f"{path} cannot be made there ({fault.why}); name another place"
    return None


def is_interruption(failure: BaseException) -> bool:
    """Whether somebody stopped a statement: for a signal, such as Ctrl-C, DuckDB raises no `duckdb.Error`."""
    by_signal = isinstance(failure, RuntimeError) and str(failure) == _INTERRUPTED
    return by_signal or isinstance(failure, duckdb.InterruptException)


def user() -> str:
    """The operating system's name for whoever runs this; a number where it has none."""
    return _name(os.geteuid())


def _of_python(failure: OSError) -> _Fault | None:
    if failure.errno is None:
        return None
    path = failure.filename2 or failure.filename
    return _Fault(failure.errno, os.fsdecode(path) if path else None, failure.strerror or "")


def _of_words(text: str) -> _Fault | None:
    if match := _NO_FILE.search(text):
        return _Fault(errno.ENOENT, match["path"], "")
    for match in _OF_A_FILE.finditer(text):
        if (number := _BY_WORDS.get(match["why"].strip())) is not None:
            return _Fault(number, match["path"], match["why"].strip())
    for why in (os.strerror(number) for number in (*_FULL, errno.EIO)):
        if why in text:
            return _Fault(_BY_WORDS[why], None, why)
    return _Fault(errno.ENOSPC, None, "no room for what is put aside") if _SPILLED.search(text) else None


def _unwritable(path: Path | None, fault: _Fault, root: Path | None) -> str:
    if fault.number == errno.EROFS:
        return f"{path or root} cannot be written to ({fault.why}): have the file system mounted for writing"
    what = f"{path} cannot be written" if path else _full_disk(root)
    return f"{what} ({fault.why}): make room on the disk"


def _full_disk(root: Path | None) -> str:
    """Which disk is full: an error that comes of writing names no file."""
    for folder in (root, Path(os.environ.get("TMPDIR") or "/tmp")):
        if folder and _is_there(folder) and shutil.disk_usage(folder).free < _LITTLE:
            return f"the disk of {folder} is full"
    return "a file cannot be written"


def _closed_to_us(path: Path, forbidden: bool) -> Path | None:
    """The file or folder whose rights are in the way: the folder of one that may not be made or removed in it, too, and
    of one that seems not to be there the folder that hides it.
    """
    with suppress(FileNotFoundError):  # the current directory is gone
        path = path.absolute()  # whoever may not enter the current directory cannot ask about "." either
    for place in filter(_is_there, (path, *path.parents)):
        wanted = os.R_OK | (os.X_OK if place.is_dir() else 0) | (os.W_OK if forbidden else 0)
        if not os.access(place, wanted, effective_ids=True):
            return place
        if not forbidden:
            return None
    return path if forbidden and _is_there(path) else None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _in_the_way(path: Path) -> Path | None:
    """What is no directory on the way to `path`, or there where one was to be made."""
    return next((place for place in (path, *path.parents) if _is_there(place) and not place.is_dir()), None)


def _forbidden(path: Path) -> str:
    mine, owner = user(), _name(path.stat().st_uid)
    if owner == mine:
        return f"{path} cannot be read or written by {mine}, to whom it belongs: run chmod -R u+rwX {path}"
    return (
        f"{path} cannot be read or written by {mine}: it belongs to {owner}; run tollbook as {owner}, or give it to"
        f" {mine}: chown -R {mine} {path}"
    )


def _gone(path: Path, root: Path | None) -> str:
    if root is not None and not path.is_relative_to(root) and path.suffix in (".parquet", ".duckdb"):
        return f"{path} is gone, and the deployment is {root}, where it was moved: run tollbook publish"
    return f"{path} is gone: {_remedy(path, root)}"


def _damaged(text: str, root: Path | None) -> str | None:
    for pattern in _DAMAGED:
        if match := pattern.search(text):
            return f"{match['path']} is damaged: {_remedy(Path(match['path']), root)}"
    if _CORRUPT in text:
        warehouse = (root or Path()) / "warehouse.duckdb"
        return f"{warehouse} is damaged: {_remedy(warehouse, root)}"
    return None


def _in_use(text: str) -> str | None:
    if match := _LOCKED.search(text):
        reads = "what is published, serving/tollbook.duckdb, can be read at any time"
        return f"{match['path']} is open in another program, {match['by']}: close it there; {reads}"
    return None


def _remedy(path: Path, root: Path | None) -> str:
    """What makes a file of the deployment `root` anew, by where it lies in it."""
    inside = path.relative_to(root).parts if root is not None and path.is_relative_to(root) else path.parts
    for folder, remedy in _REMEDIES.items():
        if folder in inside[:1] or (root is None and folder in inside):
            return remedy
    if path.name.startswith("warehouse.duckdb"):
        return "move it away, then run tollbook rebuild, which makes it anew from archive/"
    return "bring it back"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def first_line(failure: Exception) -> str:
    """What a failure says, without what is behind its first line; where it says nothing, its kind."""
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0]
