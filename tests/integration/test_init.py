"""A new company, as `tollbook init` makes it: good without a warning, and its README's commands do what it says."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import main
from orchestration.configuration import example
from orchestration.configuration.schema import FILES
from orchestration.operations.upkeep import init as module
from orchestration.operations.upkeep.init import init
from tests.readme import blocks, cells

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`tollbook` in a directory of its own, with no setting but the clock."""
    for name in ("TOLLBOOK_HOME", "TOLLBOOK_SEEDS"):
        monkeypatch.delenv(name, raising=False)
    # a Monday: the call is on a Saturday of the month before
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-02T00:00:05")
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> str:
        main(arguments)
        return capsys.readouterr().out

    return called


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return str(stop.value.code)


def test_a_new_company_goes_from_its_readme_to_an_invoice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "my company")
    monkeypatch.chdir("my company")
    readme = Path("README.md").read_text()
    (commands,) = re.findall(r"^```\n(.*?)^```$", readme, re.M | re.S)
    said: dict[str, Any] = {}
    for line in commands.splitlines():
        program, command, *arguments = line.split()
        assert program == "tollbook"
        said[command] = json.loads(run(command, *arguments, "--json"))
    assert said["check"] == {"problems": [], "warnings": [], "notes": []}
    # 61 s by minutes begun at 0.06, by the second at 0.03
    assert [said["explain"][side]["amount"] for side in ("sell", "buy")] == ["0.12000000", "0.03050000"]
    assert [(day["day"], day["status"]) for day in said["close"]] == [("2026-02-28", "closed"), ("2026-03-01", "ready")]
    # the number is due on the day that it is held from, and on 1 March; what the carrier is owed is above 0
    assert [(a["account_id"], a["balance"], a["accrued_unposted"]) for a in said["balance"]] == [
        ("acme", "-2.12000000", "-1.00000000"), ("carrier", "0.03050000", "0.00000000"),
    ]  # fmt: skip
    # and 19 % of 1.12 are 0.2128
    assert (said["invoice"]["total"], said["invoice"]["period_start"]) == ("1.33000000", "2026-02-01")
    assert json.loads(run("gl", "--from", "2026-02-01", "--to", "2026-03-31", "--json"))["postings"] == 3
    assert sorted(path.name for path in Path().iterdir()) == [
        ".gitignore", "README.md", "accounting", "branding", "calls.csv", "decks", "seeds", "var",
    ]  # fmt: skip


def test_the_page_for_beginners_says_what_is_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOLLBOOK_NOW")
    here = str(Path.cwd())
    for _, text in blocks("docs/getting-started.md"):
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
            program, *arguments = shlex.split(command)
            printed = ""
            if program == "tollbook":
                printed = run(*arguments)
            elif program == "export":
                monkeypatch.setenv(*arguments[0].split("="))
            elif program == "cd":
                monkeypatch.chdir(arguments[0])
            else:
                subprocess.run([program, *arguments], check=True)
            assert cells(printed.replace(here, "/home/you")) == cells(said), command


def test_what_lies_beside_the_seeds_under_another_name_is_warned_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "new")
    monkeypatch.chdir("new")
    Path("branding/logo.svg").touch()
    Path("accounting").rename("Accounting")
    Path("Decks").mkdir()  # decks/ is there: this one is the company's own affair
    assert json.loads(run("check", "--json"))["warnings"] == [
        "Accounting/: nothing in it is read; name it accounting",
        "branding/logo.svg: no invoice has it; if it is the logo, name it logo.png, saved as PNG",
    ]


def test_every_configuration_file_has_all_its_columns_and_a_row(run: Run) -> None:
    """But for operators: with a row only those in it may act."""
    run("init", "new")
    found = {path.stem: list(csv.reader(path.open())) for path in Path("new/seeds").iterdir()}
    assert {name: tuple(header) for name, (header, *_) in found.items()} == {f.name: f.names for f in FILES.values()}
    assert {name for name, rows in found.items() if len(rows) < 2} == {"operators"}
    assert all(f"`{file.csv}`" in Path("new/README.md").read_text() for file in FILES.values())


def test_a_row_of_the_example_names_columns_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a renamed column is not lost in silence."""
    monkeypatch.setattr(example, "_rows", lambda since: {"company": [{"nme": "New Telecom"}]})
    with pytest.raises(ValueError, match="nme"):
        example.seeds(date(2026, 3, 1))


def test_a_directory_with_something_in_it_is_left_alone(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Path("kept")
    kept.mkdir()
    (kept / ".hidden").write_text("mine")
    right = "name a new directory, or empty this one"
    assert refusal(capsys, "init", "kept") == f"kept is not empty; {right}"
    assert refusal(capsys, "init", ".") == f". is not empty; {right}"
    assert refusal(capsys, "init", "kept/.hidden") == "kept/.hidden is a file; name a new directory"
    assert [path.name for path in kept.iterdir()] == [".hidden"]
    assert refusal(capsys, "init", "/proc/x").startswith("/proc/x cannot be made there (")


def test_an_empty_directory_and_one_within_others_will_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    assert json.loads(run("init", ".", "--json"))["files"][0] == "README.md"
    run("init", "within/others")
    assert Path("within/others/seeds/company.csv").exists()


@pytest.mark.parametrize("was_there", [True, False])
def test_all_of_it_or_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, was_there: bool) -> None:
    directory, real = Path("new"), module.write
    if was_there:
        directory.mkdir()

    def full(target: Path, content: bytes) -> None:
        if target.name == "sources.csv":
            raise OSError(28, "No space left on device", str(target))
        real(target, content)

    monkeypatch.setattr(module, "write", full)
    with pytest.raises(OSError, match="No space"):
        init(directory)
    assert list(directory.iterdir()) == [] if was_there else not directory.exists()


def test_it_says_when_commands_would_go_on_with_another_company(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("init", "one").count("\n") == 1
    monkeypatch.setenv("TOLLBOOK_SEEDS", "/other/seeds")
    assert "TOLLBOOK_SEEDS is /other/seeds: unset it" in run("init", "two")
