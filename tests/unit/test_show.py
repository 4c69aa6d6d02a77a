"""How amounts are shown to people."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from orchestration.show import MINOR_UNITS, money
from orchestration.store.warehouse import PROJECT


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
