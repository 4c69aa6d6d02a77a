"""Files that are there whole and on disk, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from orchestration.store.refused import Refused

_NOT_OTHERS = 0o027  # what nobody but the owner may: files are 0640 and folders 0750, the group reads them

_LONGEST = 150  # of a name that more is put before and behind; file systems take 255
_KINDS = {stat.S_IFREG: "a file", stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def inside(folder: Path, *names: str) -> Path:
    """The path of names, as data has them, in a folder. Raises `Refused` for one that leads out of it.

    What is looked at is the path alone: a link in the folder is whoever's who may write there.
    """
    path = folder.joinpath(*names)
    if "\0" in str(path) or Path(os.path.normpath(folder)) not in Path(os.path.normpath(path)).parents:
        raise Refused(f"{'/'.join(names)!a} leads out of {folder}: nothing is read or written there")
    return path


def safe(name: str) -> str:
    """A file's name for what is called `name`: itself where it can be one, else one that no other name has.

    What cannot be in a file's name is written as in an address (`%2F`); a long one ends in a part of its sha256.
    """
    quoted = quote(name, safe=" ")
    if quoted.startswith("."):
        quoted = f"%2E{quoted[1:]}"
    if len(quoted) <= _LONGEST:
        return quoted
    return f"{quoted[: _LONGEST - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


@contextmanager
def guarded() -> Iterator[None]:
    """For as long as it lasts, files are made 0640 and folders 0750, the database's own too, whatever the umask was."""
    before = os.umask(_NOT_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def rights_too_many(path: Path) -> int:
    """The rights that others than the owner have and should not; a link has none of its own, nor what is gone."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return 0
    return 0 if stat.S_ISLNK(mode) else mode & _NOT_OTHERS


def _narrow(path: Path) -> None:
    """Take from a file that another program made the rights that none of ours gives."""
    with suppress(PermissionError):  # another user's: verify says so
        if rights_too_many(path):
            path.chmod(path.stat().st_mode & ~_NOT_OTHERS & 0o777)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A name beside `target` to write to. At the end `target` has what was written; after an error it is as it was."""
    folder(target.parent)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        sync(part)
        os.replace(part, target)
        sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def write(target: Path, content: bytes) -> None:
    """Write `target` whole, in place of the one there was."""
    with whole(target) as part:
        part.write_bytes(content)


def add_line(target: Path, line: str) -> None:
    """Add a line to the file, or begin it with one."""
    is_new = not target.exists()
    with target.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())
        os.fsync(file.fileno())
    if is_new:
        sync(target.parent)


def place(source: Path, target: Path, link: bool = True) -> None:
    """Copy `source` to `target`, unless that is there.

    `link` False: never share the bytes with a file that its owner may go on to change.
    """
    if target.exists():
        return
    with whole(target) as part:
        try:
            if not link:
                raise OSError("a copy is wanted")
            os.link(source, part)  # same file system: no bytes move
            _narrow(part)
        except OSError:
            shutil.copyfile(source, part)


def copy(source: Path, target: Path) -> None:
    """Copy the bytes of `source` to `target`, in place of the file there was."""
    with whole(target) as part:
        shutil.copyfile(source, part)


def move(source: Path, target: Path) -> None:
    """Give a file another name, in place of the file that had it. From another file system it is there copied first."""
    folder(target.parent)
    sync(source)
    try:
        os.replace(source, target)
    except OSError as failure:
        if failure.errno != errno.EXDEV:
            raise
        copy(source, target)
        source.unlink()
    _narrow(target)
    sync(target.parent)
    if source.parent != target.parent:
        sync(source.parent)


def what_is(path: Path) -> str:
    """What lies there, or what a link leads to: a file, a directory, or another thing in words."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"{'a link that leads nowhere' if path.is_symlink() else 'out of reach'} ({error.strerror})"
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def is_there(path: Path) -> bool:
    """Whether something lies there, be it a link that leads nowhere. A folder that is closed to us is an OSError."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def checksum(path: Path) -> str:
    """The sha256 (hex) of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def state(path: Path) -> tuple[int, ...]:
    """What changes when a file is written to."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def csv_files(directory: Path) -> list[Path]:
    """The CSV files in a folder, by name. Raises `OSError` where it cannot be looked into; a glob would find none."""
    return sorted(path for path in directory.iterdir() if path.suffix == ".csv")


def folder(path: Path) -> None:
    """Make a folder and those above it, so that they too are there after a power cut."""
    if path.is_dir():
        return
    folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
    except FileNotFoundError:  # its parent is there: no folder is made in /proc
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path)) from None
    sync(path.parent)


def sync(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, on disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
