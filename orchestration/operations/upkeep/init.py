"""`tollbook init`: a minimal company in a directory of its own, ready to charge a call."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from string import Template

from orchestration.configuration import example
from orchestration.configuration.schema import FILES
from orchestration.landing.rows.canonical import CDRS
from orchestration.store.files import folder, write
from orchestration.store.warehouse import PROJECT, Refused, now, refuse_odd_path

_TEMPLATES = Path(__file__).with_name("new_company")
# how long before now the calls are, so that their day can close at once
_BEFORE = timedelta(days=2)


def init(directory: Path) -> list[Path]:
    """Write a company to `directory`, which is made; the files, in order. All of them, or nothing.

    Raises `Refused` where something is there already.
    """
    refuse_odd_path("DIR", directory.absolute())
    if directory.exists() and not directory.is_dir():
        raise Refused(f"{directory} is a file; name a new directory")
    if directory.exists() and any(directory.iterdir()):
        raise Refused(f"{directory} is not empty; name a new directory, or empty this one")
    was_there = directory.exists()
    contents = _contents(now() - _BEFORE)
    try:
        folder(directory)
        for name, text in contents.items():
            write(directory / name, text.encode())
    except BaseException:
        for name in {Path(name).parts[0] for name in contents}:
            path = directory / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if not was_there and directory.is_dir():
            directory.rmdir()
        raise
    return [directory / name for name in contents]


def _contents(called_at: datetime) -> dict[str, str]:
    """The text of each file, by its path in the directory."""
    templates = {
        str(path.relative_to(_TEMPLATES)): path.read_text() for path in sorted(_TEMPLATES.rglob("*")) if path.is_file()
    }
    chart, rows = example.chart_of_accounts()
    readme = Template(templates.pop("README.md")).substitute(
        month=f"{called_at:%Y-%m}", docs=PROJECT / "docs", files="\n".join(_required())
    )
    return {
        "README.md": readme,
        ".gitignore": "/var/\n",
        **{f"seeds/{name}": text for name, text in example.seeds(called_at.date()).items()},
        **templates,
        f"accounting/{chart}": rows,
        "calls.csv": example.written(CDRS.names, _calls(called_at)),
    }


def _required() -> Iterator[str]:
    for file in FILES.values():
        names = [f"`{column.name}`" for column in file.columns if column.required]
        yield f"| `{file.csv}` | {', '.join(names) or 'none'} |"


def _calls(called_at: datetime) -> Iterator[example.Row]:
    """One that is answered, and one that is not."""
    for call_id, hour, seconds in (("first", 10, "61"), ("second", 11, "0")):
        at = f"{called_at:%Y-%m-%d}T{hour}:00:00"
        yield {
            "call_id": call_id,
            "started_at": at,
            "answered_at": at if seconds != "0" else "",
            "called_number": "447700900123",
            "duration_s": seconds,
            "ingress_trunk": "in-acme",
            "egress_trunk": "out-carrier",
        }
