"""How amounts are shown to people."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.show import MINOR_UNITS, harmless, harmlessly, money, table
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
