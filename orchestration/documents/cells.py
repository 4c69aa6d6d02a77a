"""Cells of CSV files that people open: a spreadsheet takes none of them for a formula.

Only a text changes: an apostrophe stands before it. What is a number stays one, a telephone number with its + too.
"""

from __future__ import annotations

import re

# what a formula begins with, also in full width, behind what a spreadsheet passes over or may split a line at
_BEFORE = " \u00a0\u3000\ufeff\t\r\n\v\f'\"`,;|"
FORMULA = f"^(?:[\t\r]|[{_BEFORE}]*[=+@\uff1d\uff0b\uff0d\uff20-])"
NUMBER = r"^[+-]?[0-9]+(?:[.][0-9]+)?$"
_IS_FORMULA, _IS_NUMBER = re.compile(FORMULA), re.compile(f"{NUMBER}(?!\n)")


def plain(cell: str) -> str:
    """The cell, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if _IS_FORMULA.match(cell) and not _IS_NUMBER.match(cell) else cell
