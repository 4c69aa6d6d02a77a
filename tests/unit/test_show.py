"""How amounts are shown to people."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import click
import pytest

from orchestration.cli import cli, main
from orchestration.show import MINOR_UNITS, Unprinted, harmless, harmlessly, money, table
from orchestration.store.warehouse import PROJECT, environment
from tests.support.company import write_company


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("168.60000000", "USD", "168.60 USD"),
        ("-1234.50000000", "EUR", "-1,234.50 EUR"),
        ("50", "GBP", "50.00 GBP"),
        ("0.02356000", "USD", "0.02356 USD"),
        ("0E-8", "USD", "0.00 USD"),
        ("1200.00000000", "JPY", "1,200 JPY"),
        ("1200.5", "JPY", "1,200.5 JPY"),
        ("7.5", "KWD", "7.500 KWD"),
    ],
)
def test_money_has_the_decimals_of_its_minor_unit_at_least(amount: str, currency: str, shown: str) -> None:
    assert money(Decimal(amount), currency) == shown


def test_minor_units_are_those_of_the_books() -> None:
    text = (PROJECT / "macros/money/minor_unit.sql").read_text().partition("endmacro")[0]
    told = {int(n): re.findall("[A-Z]{3}", names) for names, n in re.findall(r"in \(([^)]*)\) then (\d)", text)}
    assert told == MINOR_UNITS


def test_what_callers_dial_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert harmless("a\tb\nü\x1b[2J\r\x9b\u202e") == "a\tb\nü\\x1b[2J\\r\\x9b\\u202e"
    with harmlessly():
        table(["called"], [["\x1bc44"]])
    assert capsys.readouterr().out == "called\n\\x1bc44\n"


def test_nor_does_what_a_command_says_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"TOLLBOOK_HOME": str(tmp_path / "home"), "TOLLBOOK_SEEDS": str(write_company(tmp_path / "seeds"))}
    with environment(**told), pytest.raises(SystemExit) as stop:
        main(["quote", "ac\x1bme", "44"])
    assert "\x1b" not in f"{stop.value}{capsys.readouterr()}"
    assert "ac\\x1bme" in str(stop.value)
    with environment(**told), pytest.raises(SystemExit):
        main(["quote", "acme", "44", "--at", "\x1bsoon"])
    assert "\x1b" not in capsys.readouterr().err


def test_what_cannot_be_printed_is_told_from_what_was_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as stop:
            main(["formats"])
    assert stop.value.code == (
        "the command was carried out, and what it says cannot be written to standard output (No space left on device)"
    )
    with open("/dev/full", "w") as full:  # what would only be said
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys, "stderr", full)
        with harmlessly():
            click.echo("x", err=True)


def test_who_reads_no_more_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        with pytest.raises(Unprinted), harmlessly():
            click.echo("x")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        with pytest.raises(SystemExit, match=r"^1$"):
            main(["formats"])


def _commands(group: click.Group, *above: str) -> Iterator[list[str]]:
    for name, command in group.commands.items():
        yield from _commands(command, *above, name) if isinstance(command, click.Group) else [[*above, name]]


def test_no_command_minds_that_nobody_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`2>&1 | head -0`: what it says of itself, of words that it does not know, and of a deployment that is none."""
    told = {"TOLLBOOK_HOME": str(tmp_path / "home"), "TOLLBOOK_SEEDS": str(write_company(tmp_path / "seeds"))}
    known = [words for words in _commands(cli) if words != ["ui"]]
    assert len(known) > 30
    asked = [[*words, option] for words in known for option in ("--help", "--no-such-option")]
    asked += [["check"], ["check", "--json"], ["formats"], ["verify"], ["anchor"]]
    with environment(**told):
        for words in ([], ["--help"], ["--version"], ["no such command"], *asked):
            for closed in (("stdout",), ("stderr",), ("stdout", "stderr")):
                with monkeypatch.context() as patch, ExitStack() as open_:
                    for name in closed:
                        reading, writing = os.pipe()
                        os.close(reading)
                        patch.setattr(sys, name, open_.enter_context(os.fdopen(writing, "w")))
                    code: object = 0
                    try:
                        main(words)
                    except SystemExit as stop:
                        code = stop.code or 0
                    assert code in (0, 1, 2) or isinstance(code, str), (words, closed)
                    if words[-1:] == ["--no-such-option"]:
                        assert code == 2, (words, closed)


def test_nor_does_a_process_as_it_ends() -> None:
    """Python writes what is left then: no word, nor another exit status than a reader that goes away has."""
    tollbook = Path(sys.executable).with_name("tollbook")
    script = "".join(f"'{tollbook}' {asked} | head -0; echo ${{PIPESTATUS[0]}};" for asked in ("formats", "x 2>&1"))
    done = subprocess.run(["bash", "-c", script], text=True, capture_output=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["1", "2"], "")


def test_a_process_without_streams_writes_into_no_file_in_their_place() -> None:
    code = "from orchestration.show import opened_streams; opened_streams(); import os; print('x'); os._exit(os.dup(0))"
    done = subprocess.run(["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, code], check=False)
    assert done.returncode > 2


def test_a_directory_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit, match="the directory that this is called in is gone: cd to one that is there"):
        main(["check"])
