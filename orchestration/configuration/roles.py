"""Which roles may do what, where operators.csv has rows: here for the commands, for Dagster, and for the check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.rules import Sheets

EVERYTHING = "admin"


class Act(NamedTuple):
    """What needs a role. `of_an_account`: an operator with a list of accounts may do it, for these.

    `changes`: whether it changes anything; what does not anybody may who can read what is published, and is not asked.
    """

    said: str
    by: tuple[str, ...]
    of_an_account: bool = False
    changes: bool = True

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that may."""
        return (*self.by, EVERYTHING)


ASK = Act("ask", ("viewer", "rater", "finance"), of_an_account=True, changes=False)
DRAFT = Act("draft invoices", ("viewer", "rater", "finance"), of_an_account=True)
TAKE_IN = Act("land files", ("rater", "finance"), of_an_account=True)
LAND = Act("land calls, usage and counts", ("rater",))
PAY = Act("land payments", ("finance",), of_an_account=True)
BUILD = Act("build and publish", ("rater",))
CLOSE = Act("close days", ("rater",))
ACCEPT = Act("accept rate decks", ("rater",))
TOP_UP = Act("top up", ("finance",), of_an_account=True)
INVOICE = Act("issue invoices", ("finance",), of_an_account=True)
WAIVE = Act("waive", ("rater", "finance"))
CONFIRM = Act("confirm waivers", ("finance",))
CONFIRM_PAYMENT = Act("confirm refunds and write-offs", ("finance",), of_an_account=True)
WITHDRAW = Act("withdraw files", ("finance",))
CONFIGURE = Act("bring in a changed configuration", ("rater", "finance"), of_an_account=True)
RESTORE = Act("rebuild and repair", ())

ACTS = (LAND, PAY, BUILD, CLOSE, ACCEPT, TOP_UP, INVOICE, WAIVE, CONFIRM, CONFIRM_PAYMENT, WITHDRAW, CONFIGURE, RESTORE)
"""What changes something, in the order of the day; more than that nobody needs."""

LANDS: Mapping[str, Act] = {"cdrs": LAND, "usage": LAND, "payments": PAY, "resources": LAND}
"""What landing a file is, by its kind."""

TOP_UPS = "topups"
"""The source of payments that `tollbook topup` enters, and of nothing else."""

COMMANDS: Mapping[str, Act] = {
    "alerts": ASK,
    "anchor": ASK,
    "anomalies": ASK,
    "balance": ASK,
    "build": BUILD,
    "check": ASK,
    "check-day": BUILD,  # Dagster's alone
    "check-limit": ASK,
    "close": CLOSE,
    "confirm-payment": CONFIRM_PAYMENT,
    "days": ASK,
    "estimate": ASK,
    "evidence": ASK,
    "explain": ASK,
    "formats": ASK,
    "gl": ASK,
    "init": ASK,
    "invoice": INVOICE,
    "invoice --draft": DRAFT,
    "invoice-run": INVOICE,
    "invoices": ASK,
    "land": TAKE_IN,  # and for each file what LANDS says
    "land --dry-run": ASK,
    "publish": BUILD,
    "quote": ASK,
    "rates accept": ACCEPT,
    "rates review": ASK,
    "rebuild": RESTORE,
    "rebuild --check": ASK,
    "receivables": ASK,
    "rejected": ASK,
    "repair": RESTORE,
    "statement": ASK,
    "topup": TOP_UP,
    "trends": ASK,
    "ui": ASK,  # what is started there is asked by itself
    "verify": ASK,
    "waive": WAIVE,
    "waive --confirm": CONFIRM,
    "waivers": ASK,
    "withdraw": WITHDRAW,
}
"""What each command is, and with an option that makes it another act: what `writing` (operations/permitted.py) asks."""


def answering(sheets: Sheets) -> Iterator[Problem]:
    """Who answers for a source's payments may land payments."""
    roles = sheets["operators"].mapping("operator", "role")

    def judge(source: str, operator: str) -> list[CellFault]:
        if operator and source == TOP_UPS:
            wrong = f"{TOP_UPS} is the source of tollbook topup alone: whoever tops up answers for it"
            return [CellFault("operator", wrong, "write nothing")]
        if operator not in roles or roles[operator] in PAY.roles:
            return []
        wrong = (
            f"{operator} is {roles[operator] or 'nothing'} in operators.csv: who answers for payments may {PAY.said}"
        )
        return [CellFault("operator", wrong, f"write an operator with the role {' or '.join(PAY.roles)}")]

    sheet = sheets["sources"]
    yield from sheet.judged(sheet.columns("source", "operator"), judge)


_BY_TWO = {"waiver_limit": CONFIRM, "refund_limit": CONFIRM_PAYMENT}


def without_second(sheets: Sheets) -> Iterator[Problem]:
    """A limit above which a second operator confirms, and only one who may: what he enters himself nobody confirms."""
    sheet = sheets["company"]
    operators = list(sheets["operators"].columns("operator", "role", "accounts"))
    for limit, act in _BY_TWO.items():
        may = [name for name, role, accounts in operators if role in act.roles and (act.of_an_account or not accounts)]
        if len(may) == 1 and any(sheet[limit]):
            wrong = f"only {may[0]} may {act.said}, and nobody what {may[0]} has entered"
            right = f"let another operator be {' or '.join(act.roles)}, or empty it"
            yield Problem(sheet.shown, None, limit, wrong, right)


def nobody_may(sheets: Sheets) -> Iterator[Problem]:
    """What no operator may do, although there are some: without a row everyone may do everything."""
    sheet = sheets["operators"]
    operators = list(sheet.columns("role", "accounts"))
    lacking = [
        act
        for act in ACTS
        if not any(role in act.roles and (act.of_an_account or not accounts) for role, accounts in operators)
    ]
    if operators and lacking:
        wrong = f"nobody may {', '.join(act.said for act in lacking)}"
        right = f"give one of them the role {EVERYTHING}, without a list of accounts"
        yield Problem(sheet.shown, None, "role", wrong, right)
