"""Which roles may do what, where operators.csv has rows: here for the commands, and for the check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets

_EVERYTHING = "admin"


class Act(NamedTuple):
    """What needs a role. `of_an_account`: an operator with a list of accounts may do it, for these."""

    said: str
    by: tuple[str, ...]
    of_an_account: bool

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that may."""
        return (*self.by, _EVERYTHING)


TOP_UP = Act("top up", ("finance",), of_an_account=True)
INVOICE = Act("issue invoices", ("finance",), of_an_account=True)
WAIVE = Act("waive", ("rater", "finance"), of_an_account=False)
CONFIRM = Act("confirm waivers", ("finance",), of_an_account=False)
WITHDRAW = Act("withdraw files", ("finance",), of_an_account=False)


def nobody_may(sheets: Sheets) -> Iterator[Problem]:
    """What no operator may do, although there are some: without a row everyone may do everything."""
    sheet = sheets["operators"]
    operators = list(sheet.columns("role", "accounts"))
    lacking = [
        act
        for act in (TOP_UP, INVOICE, WAIVE, CONFIRM, WITHDRAW)
        if not any(role in act.roles and (act.of_an_account or not accounts) for role, accounts in operators)
    ]
    if operators and lacking:
        wrong = f"nobody may {', '.join(act.said for act in lacking)}"
        right = f"give one of them the role {' or '.join(lacking[-1].roles)}, without a list of accounts"
        yield Problem(sheet.shown, None, "role", wrong, right)
