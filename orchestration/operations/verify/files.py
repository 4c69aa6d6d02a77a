"""Whether the files of a deployment have the bytes that were written: archive, stored days, exports, publication."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.configuration.load import version
from orchestration.configuration.roles import TOP_UPS
from orchestration.landing import dropped
from orchestration.operations.upkeep.replay import ACTIONS
from orchestration.operations.verify.fault import Fault
from orchestration.store.files import checksum, inside
from orchestration.store.journal import Line
from orchestration.store.warehouse import KINDS, Home

BACKUP = "bring it back from a backup"
_SHA256 = re.compile("[0-9a-f]{64}")
_LANDED = ("land", "land again", "rates accept")

# what a line of an action says as text, of those that files stand behind
_LANDS = ("name", "source", "file_id")
_SAYS: Mapping[str, Sequence[str]] = {
    "land": _LANDS,
    "land again": _LANDS,
    "rates accept": _LANDS,
    "invoice": ("invoice_number", "account", "checksum"),
    "credit note": ("invoice_number", "account", "checksum"),
    "configure": ("version",),
    "close": ("day",),
}


@dataclass(frozen=True)
class Expected:
    """A file as it was written: its sha256, and what to do where it is another one."""

    what: str
    checksum: str
    right: str


def damaged(home: Home, files: Mapping[Path, Expected], report: Callable[[Path], None]) -> Iterator[Fault]:
    """Those of the files that are gone or have other bytes."""
    for path, expected in files.items():
        report(path)
        try:
            found = checksum(path)
        except FileNotFoundError:
            yield Fault(expected.what, _shown(home, path), "it is gone", expected.right)
        except OSError as failure:
            yield Fault(expected.what, _shown(home, path), f"it cannot be read ({failure.strerror})", expected.right)
        else:
            if found != expected.checksum:
                yield Fault(
                    expected.what, _shown(home, path), "its bytes are not those that were written", expected.right
                )


def unlike(line: Line) -> str | None:
    """Why a line is none that a command wrote, in words; None for one that may be."""
    if line["action"] not in ACTIONS:
        return f"no command of this release, or of one before it, writes {line['action']!r}"
    lacking = [name for name in _SAYS.get(line["action"], ()) if not isinstance(line.get(name), str)]
    if line["action"] == "close" and not isinstance(line.get("posted"), int):
        lacking.append("posted")
    return f"it does not say {', '.join(lacking)}, as every {line['action']} does" if lacking else None


def archived(home: Home, lines: Sequence[Line]) -> dict[Path, Expected]:
    """The files of the archive that lines of the journal speak of: what landed, decks' mappings, documents, logos."""
    files: dict[Path, Expected] = {}
    for line in lines:
        if line["action"] in _LANDED:
            kind = str(line.get("kind", "rates"))
            file = dropped.Dropped(Path(line["name"]), kind, line["source"], False)
            files[dropped.archived(home, file, line["file_id"])] = Expected("archive", line["file_id"], BACKUP)
            if mapping := line.get("mapping"):
                path = inside(home.archive, "rates", line["source"], f"{mapping}.toml")
                files[path] = Expected("archive", mapping, BACKUP)
        elif line["action"] in ("invoice", "credit note"):
            path = inside(home.archive, "invoices", f"{line['checksum']}.json")
            files[path] = Expected("archive", line["checksum"], BACKUP)
            if logo := line.get("logo"):
                files[inside(home.archive, "branding", logo)] = Expected("archive", logo, BACKUP)
    return files


def configurations(home: Home, lines: Sequence[Line]) -> Iterator[Fault]:
    """The kept configurations that are not what the journal loaded."""
    for kept in dict.fromkeys(str(line["version"]) for line in lines if line["action"] == "configure"):
        directory = inside(home.archive, "config", kept)
        if not directory.is_dir():
            yield Fault("archive", _shown(home, directory), "it is gone", BACKUP)
        elif version(directory) != kept:
            yield Fault("archive", _shown(home, directory), "its files are not those that were loaded", BACKUP)


def orphans(home: Home, known: Mapping[Path, Expected]) -> Iterator[Fault]:
    """Files that landed, as the archive says, and of which no line of the journal that took effect does.

    A command that was killed in between leaves one: in the inbox its file still waits, and anywhere else somebody has
    to see to it.
    """
    waiting = {sha256 for path in home.inbox.rglob("*") if path.is_file() and (sha256 := _checksum(path))}
    for kind in KINDS:
        for path in sorted((home.archive / kind).rglob("*")):
            named = _SHA256.match(path.name)
            is_begun = path.name.startswith(".") and path.name.endswith(".part")  # by a command that was killed
            if path in known or is_begun or not path.is_file() or (named and named[0] in waiting):
                continue
            right = f"land it (tollbook land {path} --kind {kind} --source {path.parent.name}), or take it out"
            if path.parent.name == TOP_UPS:
                right = "enter it with tollbook topup, where the account does not have it, and take it out"
            wrong = "no line of the journal that took effect speaks of it: what landed it was stopped"
            yield Fault("archive", _shown(home, path), wrong, right)


def _checksum(path: Path) -> str | None:
    """None where another command has taken it away since it was seen, or may not be read."""
    with suppress(OSError):
        return checksum(path)
    return None


def _shown(home: Home, path: Path) -> str:
    return str(path.relative_to(home.root)) if path.is_relative_to(home.root) else str(path)
