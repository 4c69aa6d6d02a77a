"""Anchors: number and sha256 of the journal's last line, kept where nobody who can write the journal can.

Whoever can write all of a deployment can make a journal that is whole, and another one: of that only an anchor tells.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.operations.messages import Message, deliver, urls
from orchestration.operations.verify.fault import Fault
from orchestration.store import journal
from orchestration.store.files import add_line
from orchestration.store.warehouse import Home, Refused

VARIABLE = "TOLLBOOK_ANCHOR"
_WHOLE, _SHA256 = re.compile("[0-9]{1,18}"), re.compile("[0-9a-f]{64}")
_RIGHT = "write the whole path of a file in a folder that is there, or an Apprise URL"


def anchor(home: Home) -> journal.Head:
    """The journal's last line, to be kept elsewhere. Raises `Refused` where there is none, or it is damaged."""
    if (head := journal.head(home.journal)) is None:
        raise Refused(f"nothing has landed in {home.root}: there is no line to keep")
    return head


def refuse_odd() -> None:
    """Raise `Refused` where `TOLLBOOK_ANCHOR` names nothing that an anchor can be kept in."""
    path = _file()
    if path and not (path.is_absolute() and path.parent.is_dir() and not path.is_dir()):
        raise Refused(f"{VARIABLE} is {str(path)!r}; {_RIGHT}")


def keep(home: Home) -> None:
    """Write the journal's last line to what `TOLLBOOK_ANCHOR` names: a line of a file, or a message.

    Where that fails the command has happened all the same: it is said on standard error, and the next one tells of all
    before it.
    """
    head, path = journal.last(home.journal), _file()
    if head is None:
        return
    line = shown(head)
    messages = [Message(url, f"{home.root}: {line}", VARIABLE) for url in ([] if path else urls(VARIABLE))]
    deliver(messages)
    problems = [message.problem for message in messages if not message.took]
    if path:
        try:
            add_line(path, line)
        except OSError as failure:
            problems.append(f"{path}: {failure.strerror}")
    if problems:
        print(f"the anchor {line} was not kept ({'; '.join(problems)}): keep it by hand", file=sys.stderr)


def shown(head: journal.Head) -> str:
    """An anchor as it is printed and kept."""
    return f"{head.n} {head.sha256}"


def kept(path: Path | None) -> list[journal.Head]:
    """The anchors in a file, and in that which `TOLLBOOK_ANCHOR` names. Raises `Refused` for a line that is none."""
    of_closes = _file()
    anchors = _read(path) if path else []
    return anchors + (_read(of_closes) if of_closes and of_closes != path and of_closes.exists() else [])


def faults(sums: Mapping[int, str], anchors: Sequence[journal.Head]) -> list[Fault]:
    """The lines, of a journal with these `sums`, that are not those of which somebody kept the sha256."""
    right = "restore archive/ and the warehouse from a backup: a journal was put in the place of the one there was"
    return [
        Fault("journal", f"line {each.n}", "it is not the one that was kept elsewhere", right)
        for each in anchors
        if sums.get(each.n) != each.sha256
    ]


def _file() -> Path | None:
    setting = os.environ.get(VARIABLE, "").strip()
    return Path(setting) if setting and "://" not in setting else None


def _read(path: Path) -> list[journal.Head]:
    anchors = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        n, _, sha256 = line.strip().partition(" ")
        if line.strip() and not (_WHOLE.fullmatch(n) and _SHA256.fullmatch(sha256)):
            raise Refused(
                f"{path} line {number} is no anchor: write what tollbook anchor prints, a number and a sha256"
            )
        if line.strip():
            anchors.append(journal.Head(int(n), sha256))
    return anchors
