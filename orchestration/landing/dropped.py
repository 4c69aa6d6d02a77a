"""The inbox: what lies there, and where a file goes from it."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration import typed
from orchestration.configuration.nearest import nearest
from orchestration.landing.rows.canonical import LANDING
from orchestration.store.failures import what_failed
from orchestration.store.files import inside, is_there, move, place, what_is, write
from orchestration.store.warehouse import KINDS, Home, Refused

LOG = logging.getLogger(__name__)
_LISTED = ", ".join(KINDS)
_LONGEST = 200  # bytes of a name; file systems take 255, and a reason's name is its file's and more


@dataclass(frozen=True)
class Dropped:
    """A file to land. `moves`: it lies in the inbox, or in rejected/, and leaves it when it is done with.

    `reason`: why it was set aside, the file beside one that lies in rejected/.
    """

    path: Path
    kind: str
    source: str
    moves: bool
    reason: Path | None = None

    @property
    def name(self) -> str:
        return self.path.name


def ripe(path: Path) -> bool:
    """Whether the file is whole, by its name."""
    return not path.name.startswith(".") and not path.name.endswith(".part")


def _sayable(path: Path) -> bool:
    """Whether the books can hold the name of a file or a source; one that they cannot is said, and left alone."""
    sayable = typed.is_text(path.name)
    if not sayable:
        LOG.warning("left alone: the name of %a is not UTF-8; rename it", str(path))
    return sayable


def _is_source(folder: Path) -> bool:
    """Whether a source can be called as a folder is; one that cannot is said, and left alone."""
    named = _sayable(folder)
    if named and not typed.is_source(folder.name):
        LOG.warning("left alone: %s; rename %a", _no_source(folder.name), str(folder))
        return False
    return named


def _no_source(name: str) -> str:
    meant = typed.source(name)
    right = f'; did you mean "{meant}"?' if meant else ""
    return f"{name!a} cannot name a source: it is a folder's name, all of it to be seen{right}"


def _is_theirs(path: Path) -> bool:
    """Whether who put it there could have put there what it is: not a link of another user's to what is not theirs, by
    which they would have us read it for them. Said, and left alone, where it is one.
    """
    try:
        maker, owner = path.lstat().st_uid, path.stat().st_uid
    except OSError:  # gone since
        return True
    if path.is_symlink() and maker not in (0, os.geteuid(), owner):
        LOG.warning("left alone: %s is a link that another user made to what is not theirs: remove it", path)
        return False
    return True


def _files(source: Path) -> list[Path]:
    """The files of a source that can be read; what is neither file nor folder is said, and left alone."""
    files = []
    for path in filter(ripe, _in(source)):
        what = what_is(path)
        if what == "a file" and _sayable(path) and _is_theirs(path):
            files.append(path)
        elif what not in ("a file", "a directory") and is_there(path):
            LOG.warning("left alone: %s is %s; only files land: remove it", path, what)
    return files


def _in(directory: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where it cannot be looked into, which is said."""
    try:
        return sorted(directory.iterdir())
    except OSError as error:
        LOG.warning("left alone: %s cannot be looked into (%s)", directory, what_failed(error))
        return []


def waiting(home: Home) -> list[Dropped]:
    """Every file in the inbox that can land, by kind, source and name; what cannot is said, and left alone."""
    dropped: list[Dropped] = []
    _refuse_a_file(home.inbox)
    _say_if_files(home.inbox, "no kind and no source; put files into inbox/<kind>/<source>/")
    for directory in _directories(home.inbox):
        if directory.name not in KINDS:
            _say_no_kind(directory)
            continue
        _say_if_files(directory, f"no source; put files into inbox/{directory.name}/<source>/")
        for source in filter(_is_source, _directories(directory)):
            files = _files(source)
            if directory.name not in LANDING:
                if files:
                    _later(directory.name, len(files))
                continue
            dropped += [Dropped(p, directory.name, source.name, True) for p in files]
            for deeper in _directories(source):
                LOG.warning("left alone: %s is a directory (%s); files land from its parent", deeper, _held(deeper))
    return sorted(dropped, key=lambda d: (d.kind, d.source, d.name))


def unlanded(home: Home) -> str | None:
    """That files wait in the inbox for `tollbook land`, whether or not they can land; None where there are none.

    What is wrong with them is said as they land.
    """
    inbox = home.inbox
    files = sorted(path for kind in LANDING for path in (inbox / kind).glob("[!.]*/*") if ripe(path) and path.is_file())
    if not files:
        return None
    first, right = files[0].relative_to(inbox), "not in this; to take it in: tollbook land"
    if len(files) == 1:
        return f"1 file waits in the inbox ({first}): what it has is {right}"
    return f"{len(files):,} files wait in the inbox, the first is {first}: what they have is {right}"


def _refuse_a_file(inbox: Path) -> None:
    if is_there(inbox) and not inbox.is_dir():
        raise Refused(f"{inbox} is {what_is(inbox)}, and files land from a directory of that name: move it away")


def decks(home: Home) -> list[Dropped]:
    """Every rate deck that waits in the inbox, by source and name; they are reviewed and accepted, not landed."""
    return sorted(
        (
            Dropped(path, "rates", source.name, True)
            for source in filter(_is_source, _directories(home.inbox / "rates"))
            for path in _files(source)
        ),
        key=lambda d: (d.source, d.name),
    )


def deck(home: Home, file: Path, source: str | None, rules: int) -> Dropped:
    """The deck a person named. Raises `Refused` where its source is not known."""
    path = Path(os.path.abspath(file))
    if not path.is_file():
        raise Refused(f"{path} is not a file")
    inbox = Path(os.path.abspath(home.inbox / "rates"))
    inside = path.is_relative_to(inbox) and len(path.relative_to(inbox).parts) == 2
    if inside:
        source = source or path.relative_to(inbox).parts[0]
    if not source:
        raise Refused(f"say who sent {path.name}: --source NAME (its mapping is decks/NAME.toml)")
    _refuse_names(path, source, rules)
    return Dropped(path, "rates", source, inside)


def asked_for(home: Home, files: Sequence[Path], kind: str | None, source: str | None, rules: int) -> list[Dropped]:
    """The files a person named, under some version of the rules. Raises `Refused` where their kind or source is not
    known.
    """
    return [_asked_for(home, Path(os.path.abspath(path)), kind, source, rules) for path in files]


def _asked_for(home: Home, path: Path, kind: str | None, source: str | None, rules: int) -> Dropped:
    if not path.is_file():
        raise Refused(f"{path} is not a file")
    place = _place(home.inbox, path) or _place(home.rejected, path)
    if place:
        kind, source = kind or place[0], source or place[1]
    if not kind or not source:
        raise Refused(f"say what {path.name} is and who sent it: --kind cdrs --source NAME")
    refuse_kind(kind, path.name)
    _refuse_names(path, source, rules)
    aside = path.with_name(f"{path.name}.reason") if _place(home.rejected, path) else None
    return Dropped(path, kind, source, bool(place), aside)


def _refuse_names(path: Path, source: str, rules: int) -> None:
    """Refuse a file, or a source, that the inbox could not hold by its name."""
    if rules > 3 and not typed.is_source(source):
        raise Refused(_no_source(source))
    if not ripe(path):
        raise Refused(f"{path.name} is still being written, by its name; rename it first")
    if not typed.is_text(path.name):
        raise Refused(f"the name of {str(path)!a} is not UTF-8; rename it")


def refuse_kind(kind: str, name: str = "what is in the inbox") -> None:
    """Refuse a kind of file that does not land; `name` is what stays where it is."""
    if kind == "rates":
        raise Refused(
            f"{name} stays where it is: rate decks are reviewed first, with tollbook rates review FILE,"
            " then tollbook rates accept FILE"
        )
    if kind in KINDS and kind not in LANDING:
        raise Refused(f"{kind} files land in a later release; {name} stays where it is")
    if kind not in LANDING:
        raise Refused(f'"{kind}" is no kind of file; use one of {", ".join(LANDING)}')


def _place(root: Path, path: Path) -> tuple[str, ...] | None:
    """The kind, source and name of a file that lies in one of the folders for them under `root`."""
    root = Path(os.path.abspath(root))
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    return parts if len(parts) == 3 else None


def archived(home: Home, dropped: Dropped, file_id: str) -> Path:
    """Where the accepted file is kept: by its sha256, with the endings that say what it is."""
    return inside(home.archive, dropped.kind, dropped.source, file_id + _endings(dropped.name))


def archive(home: Home, dropped: Dropped, file_id: str) -> None:
    """Put the file's bytes into the archive; a person's own file is copied, never linked."""
    own = dropped.moves and not dropped.path.is_symlink()
    place(dropped.path.resolve(), archived(home, dropped, file_id), link=own)


def forget(dropped: Dropped) -> None:
    """Take an archived file out of the inbox, or out of rejected/ with its reason."""
    if dropped.moves:
        dropped.path.unlink(missing_ok=True)
    if dropped.reason:
        dropped.reason.unlink(missing_ok=True)


def refuse(home: Home, dropped: Dropped, problem: str, keep: bool = False) -> None:
    """Move a file that did not land out of the inbox, to rejected/ with the reason beside it.

    `keep`: of a person's own file, which stays where it is, put a copy there.
    """
    if dropped.reason:  # there already
        write(dropped.reason, f"{problem}\n".encode())
        return
    if not dropped.moves and not keep:
        return
    directory = inside(home.rejected, dropped.kind, dropped.source)
    name = dropped.name.encode()[:_LONGEST].decode(errors="ignore")
    number, endings = 1, _endings(name)
    target = directory / name
    while target.exists():
        number += 1
        target = directory / f"{name.removesuffix(endings)}.{number}{endings}"
    # The reason first: a file in rejected/ never lies there without one.
    write(target.with_name(f"{target.name}.reason"), f"{problem}\n".encode())
    if dropped.moves:
        move(dropped.path, target)
    else:
        place(dropped.path.resolve(), target, link=False)


def _endings(name: str) -> str:
    packed = ".gz" if name.endswith(".gz") else ""
    return Path(name.removesuffix(".gz")).suffix + packed


def _directories(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    inside = (path for path in _in(parent) if not path.name.startswith("."))
    return [path for path in inside if what_is(path) == "a directory" and _is_theirs(path)]


def _say_if_files(directory: Path, advice: str) -> None:
    if not directory.is_dir():
        return
    for path in filter(ripe, _in(directory)):
        what = what_is(path)
        if what == "a file":
            LOG.warning("left alone: %s has %s", path, advice)
        elif what != "a directory" and is_there(path):
            LOG.warning("left alone: %s is %s; files land from a directory of that name: remove it", path, what)


def _say_no_kind(directory: Path) -> None:
    meant = nearest(directory.name.lower(), KINDS)
    right = (
        f"did you mean inbox/{meant}/?" if meant else f"put files into inbox/<kind>/<source>/, kind one of {_LISTED}"
    )
    LOG.warning("left alone: inbox/%s is no kind of file (%s); %s", directory.name, _held(directory), right)


def _held(directory: Path) -> str:
    """What lies in a folder from which nothing lands, in words: the first file, and how many more."""
    inside = (Path(at, name) for at, _, names in os.walk(directory) for name in names)
    files = sorted(path.relative_to(directory) for path in inside if ripe(path))
    if not files:
        return "empty"
    return f"{files[0]} in it" + (f", and {len(files) - 1:,} more" if files[1:] else "")


def _later(kind: str, count: int) -> None:
    if kind == "rates":
        LOG.warning("left alone: %d rate deck(s) in inbox/rates: see tollbook rates review", count)
        return
    LOG.warning("left alone: %d file(s) in inbox/%s: they land in a later release", count, kind)
