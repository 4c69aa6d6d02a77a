"""What the files may say already and the rating does not do yet: refused, never ignored.

The one place that knows: delete a rule here when its feature arrives.
"""

from collections.abc import Iterator

from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.rules import Sheets


def not_yet(sheets: Sheets) -> Iterator[Problem]:
    """Problems for every cell that asks for a feature of a later release."""
    yield from _split(sheets)
    yield from _consumption_profiles(sheets)
    yield from _calling_numbers(sheets)


def _split(sheets: Sheets) -> Iterator[Problem]:
    def judge(policy: str) -> list[CellFault]:
        if policy != "split":
            return []
        wrong = "calls cut at band edges come with the next release"
        return [CellFault("band_policy", wrong, "use start")]

    sheet = sheets["rate_tables"]
    yield from sheet.judged_cells("band_policy", judge)


def _consumption_profiles(sheets: Sheets) -> Iterator[Problem]:
    sheet = sheets["consumption_profiles"]
    for row in range(len(sheet)):
        wrong = "consumption profiles come with the next release"
        yield sheet.at(row, None, wrong, "delete the row")


def _calling_numbers(sheets: Sheets) -> Iterator[Problem]:
    sheet = sheets["rates"]
    for column in ("calling_prefix", "jurisdiction"):

        def judge(cell: str, column: str = column) -> list[CellFault]:
            wrong = "rates by the calling number come with a later release"
            return [CellFault(column, wrong, "empty the cell")] if cell else []

        yield from sheet.judged_cells(column, judge)
