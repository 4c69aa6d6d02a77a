"""`python -m tests.readme HOME`: what README.md and pages of docs/ say of the demo's deployment is what it says today.

Each SQL query is asked of the serving file, each `$ ` command is run, in order; what comes out is compared with the
block that follows, cell by cell. The commands change HOME: give it a demo's of its own, just made.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

PROJECT = Path(__file__).parent.parent
Cells = list[list[str]]
# The pages, and how their commands about the demo begin. The last two are last: their commands change HOME.
PAGES = {
    "docs/quoting.md": "tollbook",
    "docs/decks.md": "tollbook rates review demo/",
    "README.md": "",
    "docs/tour-analyst.md": "",
    "docs/tour-finance.md": "",
    "docs/tour-operator.md": "",
    "docs/queries.md": "",
}


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks of a page: language and text."""
    found: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", (PROJECT / page).read_text(), re.M | re.S)
    yield from found


def cells(text: str) -> Cells:
    """A printed table: what two blanks part."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]


def asked(home: Path, query: str) -> Cells:
    """The answer of the serving file, as it would be printed; an empty cell shows as none."""
    with duckdb.connect(str(home / "serving" / "tollbook.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(query)
        names = [column[0] for column in con.description or []]
        rows = [[str(cell) for cell in row if cell is not None] for row in con.fetchall()]
    return [names, *rows]


def run(home: Path, command: str, environment: dict[str, str]) -> str:
    """What a command prints, on both streams."""
    words = shlex.split(command)
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        environment[name] = value
        return ""
    # `tollbook` is the one beside this Python
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    told = {**os.environ, **environment, "TOLLBOOK_HOME": str(home), "PATH": path}
    done = subprocess.run(words, cwd=PROJECT, env=told, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def played(home: Path, text: str, begins: str) -> Iterator[tuple[str, str, str]]:
    """Each `$ ` command of a block that begins so: the command, what the page says it prints, what it does."""
    environment = {"TOLLBOOK_NOW": "2026-03-30T06:00:00"}
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, said = part.partition("\n")
        if command.startswith(begins):
            yield command, said, run(home, command, environment)


def differences(home: Path, page: str, begins: str) -> Iterator[str]:
    """What a page says and what is so, where they differ."""
    query = None
    for language, text in blocks(page):
        if query is not None and not language:
            found, said = asked(home, query), cells(text)
            if found != said:
                yield f"{query}\n{page} says\n{text}\nit is\n" + "\n".join("  ".join(row) for row in found)
            query = None
        elif language == "sql":
            query = text if text.lstrip().startswith("select") else None
        elif text.startswith("$ "):
            for command, said_text, printed in played(home, text, begins):
                if cells(said_text) != cells(printed):
                    yield f"$ {command}\n{page} says\n{said_text}\nit is\n{printed}"


def main() -> None:
    home = Path(sys.argv[1]).absolute()
    found = [said for page, begins in PAGES.items() for said in differences(home, page, begins)]
    print("\n".join(found) or f"{', '.join(PAGES)} say what is so")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
