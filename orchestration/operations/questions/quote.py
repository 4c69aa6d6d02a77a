"""Say what a call would cost before it is made, whether the account may make it, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orchestration.operations.day.published import answering
from orchestration.operations.questions.company import COPIES, SOURCE, Call
from orchestration.operations.questions.price import Funds, Price, Prices
from orchestration.operations.questions.rated_again import Origin, Step, configured, published
from orchestration.store.warehouse import Home, Refused, now

# What can be afforded for longer (28 years; 115 days of a table that cuts calls at band edges, for which every minute
# until the end of the longest is looked at) is not limited. A series of lengths goes up to the first, then further.
LONGEST_S = 900_000_000
_LONGEST_SPLIT_S = 10_000_000
_FIRST_S = 1_000_000
_SERIES = 10_000


@dataclass(frozen=True)
class Quote:
    """`cost` is in the table's `currency`; balances and `account_cost` are in the account's.

    `affordable_s`: the longest call, in whole seconds, that `available` covers; None where nothing limits it.
    """

    account_id: str
    number: str
    at: datetime
    seconds: Decimal
    rate_table_id: str
    prefix: str | None
    destination: str | None
    band: str | None
    rate_per_minute: Decimal | None
    rate: Origin | None
    billed_s: Decimal
    cost: Decimal
    currency: str
    account_cost: Decimal
    account_currency: str
    covered_s: Decimal
    covered_amount: Decimal
    balance: Decimal
    available: Decimal
    limited: bool
    decision: str
    reason: str
    affordable_s: int | None
    steps: list[Step]


def quote(
    home: Home,
    account: str,
    number: str,
    seconds: Decimal = Decimal(60),
    carrier: str | None = None,
    calling: str | None = None,
    at: datetime | None = None,
    source: str | None = None,
) -> Quote:
    """Rate a call of `seconds` that the account would make at `at` (UTC; now), with what is published.

    `carrier` takes the call (a markup needs to know), `calling` makes it. Numbers are international unless `source`
    says whose way of writing them it is. Raises `Refused` with what is missing when the call cannot be rated.
    """
    if not 0 < seconds <= LONGEST_S:
        raise Refused(f"a call of {seconds} s cannot be quoted; say 1 to {LONGEST_S} seconds")
    call = Call(account, number, at or now(), carrier, calling, source or SOURCE)
    with answering(home) as asked_of, published(asked_of) as con:
        configured(con, asked_of)
        prices = Prices(con, call)
        funds = prices.funds()
        price, affordable = priced(prices, seconds, funds)
    decision, reason = decide(price, funds)
    return Quote(
        account_id=account,
        number=number,
        at=call.at,
        seconds=seconds,
        rate_table_id=price.rate_table_id,
        prefix=price.prefix,
        destination=price.destination,
        band=price.band,
        rate_per_minute=price.rate_per_minute,
        rate=price.rate,
        billed_s=price.billed_s,
        cost=price.amount,
        currency=price.currency,
        account_cost=price.account_amount,
        account_currency=price.account_currency,
        covered_s=price.covered_s,
        covered_amount=price.covered_amount,
        balance=funds.balance,
        available=funds.available,
        limited=funds.limited,
        decision=decision,
        reason=reason,
        affordable_s=affordable,
        steps=price.steps,
    )


def decide(price: Price, funds: Funds) -> tuple[str, str]:
    """`proceed` or `deny`, and why, in words."""
    if price.blocked:
        return "deny", "the destination is blocked"
    if not funds.limited:
        return "proceed", "a postpaid account without a limit"
    if price.account_amount <= funds.available:
        return "proceed", "what is available covers the cost"
    return "deny", "what is available does not cover the cost"


def priced(prices: Prices, seconds: Decimal, funds: Funds) -> tuple[Price, int | None]:
    """The price of a call of `seconds`, and the longest call, in whole seconds, that costs no more than is available.

    A whole series of lengths is rated at once, then those around the first that is too dear: a longer call never
    costs less. A length that cannot be rated (it touches a band without a rate) cannot be afforded either. None: all
    can, or the account has no limit.
    """
    if not funds.limited or funds.available < 0:
        return prices.price(seconds)[0], 0 if funds.limited else None
    most = (COPIES if prices.has_allowances else _SERIES) - 1
    lengths = _spread(0, _FIRST_S, most)
    price, costs = prices.price(seconds, lengths)
    fits, dear = _narrowed(lengths, costs, funds.available, 0)
    if dear is None:
        lengths = _spread(fits, _LONGEST_SPLIT_S if prices.splits else LONGEST_S, most)
        fits, dear = _narrowed(lengths, prices.account_amounts(lengths), funds.available, fits)
    while dear is not None and dear - fits > 1:
        lengths = list(range(fits, dear, -(-(dear - fits) // most)))[1:]
        fits, nearer = _narrowed(lengths, prices.account_amounts(lengths), funds.available, fits)
        dear = nearer or dear
    return price, None if dear is None else fits


def _narrowed(
    lengths: Sequence[int], costs: Sequence[Decimal | None], available: Decimal, fits: int
) -> tuple[int, int | None]:
    """The last length before the first that is too dear, and that one, if any."""
    for length, cost in zip(lengths, costs, strict=True):
        if cost is None or cost > available:
            return fits, length
        fits = length
    return fits, None


def _spread(after: int, longest: int, most: int) -> list[int]:
    """At most so many lengths up to `longest`, each by the same share longer than the one before."""
    start = max(after, 1)
    spread = {int(start * (longest / start) ** (n / most)) for n in range(1, most - 1)}
    return [length for length in sorted({1, *spread, longest}) if length > after]
