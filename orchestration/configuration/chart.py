"""`accounting/chart.csv`: which accounts of the general ledger a posting goes to."""

from __future__ import annotations

from pathlib import Path

from orchestration.configuration.check import bad_cells
from orchestration.configuration.column import Column, File, Type
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import duplicate_keys
from orchestration.configuration.sheet import Sheet, read

KINDS = (
    "calls", "usage", "subscription", "channel_fee", "minimum_charge", "payment", "refund", "write_off",
    "adjustment", "tax", "rounding", "credit_note",
)  # fmt: skip

_WITHOUT_SERVICE = ("calls", "payment", "refund", "write_off", "tax", "rounding", "credit_note")

CHART = File(
    "chart",
    (
        Column("kind", Type.ENUM, key=True, required=True, values=KINDS),
        # an empty cell of these three is any
        Column("account_kind", Type.ENUM, key=True, values=("customer", "carrier", "both")),
        Column("service", Type.NAME, key=True),
        Column("sign", Type.ENUM, key=True, values=("positive", "negative")),
        Column("control_account", Type.NAME, required=True),
        Column("contra_account", Type.NAME, required=True),
        Column("text", Type.TEXT),
    ),
)


def chart(directory: Path) -> tuple[Sheet, list[Problem]]:
    """The rows of `directory`/chart.csv, none when it is not there, and all that is wrong with them."""
    sheet = read(CHART, directory)
    problems = [*sheet.problems, *bad_cells(sheet), *duplicate_keys({CHART.name: sheet})]
    for row, (control, contra) in enumerate(sheet.columns("control_account", "contra_account")):
        if control and control == contra:
            wrong, right = f'"{contra}" is the control account too', "write the account on the other side"
            problems.append(sheet.at(row, "contra_account", wrong, right))
    for row, (kind, service) in enumerate(sheet.columns("kind", "service")):
        if service and kind in _WITHOUT_SERVICE:
            problems.append(sheet.at(row, "service", f"no posting of kind {kind} has a service", "write nothing"))
    return sheet, sorted(problems, key=lambda problem: problem.line or 0)
