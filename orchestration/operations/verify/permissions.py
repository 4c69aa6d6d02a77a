"""Who else may read or change a deployment: its files are its owner's, the group reads, others do nothing."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from orchestration.operations.verify.fault import Fault
from orchestration.store.files import rights_too_many
from orchestration.store.warehouse import Home

_WHAT = "permissions"
_OWN = ("archive", "dbt", "exports", "inbox", "rejected", "serving", "tables", "warehouse.*")
"""What commands make in a deployment's folder; what lies beside it is somebody else's."""


def too_open(home: Home) -> Iterator[Fault]:
    """What others may read or write, or the group may write: one fault for each thing in the deployment's folder.

    That folder is made by whoever sets it up: what counts is whether others may put files into it. Into the inbox the
    group may put files, and whoever does so decides who reads them: only everybody may not.
    """
    if home.root.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        wrong = "others than its owner may put files into it, and take them away"
        yield Fault(_WHAT, home.root.name, wrong, f"run chmod go-w {shlex.quote(str(home.root))}")
    for path in (path for name in _OWN for path in sorted(home.root.glob(name))):
        is_inbox = path == home.inbox
        counts = stat.S_IWOTH if is_inbox else ~0
        if found := [each for each in _all(path) if rights_too_many(each) & counts]:
            more = f" (and {len(found) - 1:,} more in {path.name})" if found[1:] else ""
            who = "everybody may write" if is_inbox else "others may read, or the group may write"
            wrong = f"its permissions are {stat.S_IMODE(found[0].lstat().st_mode):04o}: {who}{more}"
            right = f"run chmod -R {'o-w' if is_inbox else 'g-w,o-rwx'} {shlex.quote(str(path))}"
            yield Fault(_WHAT, str(found[0].relative_to(home.root)), wrong, right)


def _all(top: Path) -> Iterator[Path]:
    """A file, or a folder and all that is in it."""
    yield top
    for directory, folders, files in os.walk(top):
        yield from (Path(directory, name) for name in sorted([*folders, *files]))
