"""The files to measure with, written by a process of its own: its memory is nobody's peak.

`python -m bench.workload COMPANY FILE CALLS DAY [FILE CALLS DAY ...]` writes the company's configuration
where there is none, and each file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.measuring import measure, python
from demo.bulk import bulk_company, generate_bulk


@dataclass(frozen=True)
class Calls:
    """One UTC day of `calls` rows in one file."""

    path: Path
    calls: int
    day: date


def write(company: Path, files: Sequence[Calls]) -> None:
    """Write the files, and the configuration they go by."""
    words = [word for file in files for word in (str(file.path), str(file.calls), file.day.isoformat())]
    measure(python("bench.workload", str(company), *words), {})


def main(arguments: Sequence[str]) -> None:
    company = Path(arguments[0])
    if not company.exists():
        bulk_company(company)
    for path, calls, day in zip(*[iter(arguments[1:])] * 3, strict=True):
        generate_bulk(Path(path), int(calls), date.fromisoformat(day), 7, company)


if __name__ == "__main__":
    main(sys.argv[1:])
