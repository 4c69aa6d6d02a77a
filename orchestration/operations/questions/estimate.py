"""What a campaign of calls will cost, as far as can be expected, and what has to be on the account for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from orchestration.operations.day.published import answering
from orchestration.operations.questions.company import Call, account_of
from orchestration.operations.questions.history import HistoryDay, ends, history
from orchestration.operations.questions.mix import MixPart, mix_of
from orchestration.operations.questions.price import Price, Prices
from orchestration.operations.questions.rated_again import configured, published
from orchestration.operations.questions.rounding import rounded
from orchestration.store.warehouse import Home, Refused, now


@dataclass(frozen=True)
class Campaign:
    """`targets` numbers are called, each until it answers, at most 1 + `retries` times; of the calls one of
    `answer_rate` is answered, for `seconds`.

    The numbers are like `number` (or a prefix), or as in the file `mix` (CSV: number,share), or else as the account's
    answered calls were of late. `carrier` takes the calls, `calling` makes them, `at` an instant (UTC; now).
    """

    targets: int
    answer_rate: Fraction
    seconds: Decimal
    retries: int = 0
    number: str | None = None
    mix: Path | None = None
    carrier: str | None = None
    calling: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Destination:
    """A part of the campaign's calls: its `share`, and what one call, and one try without an answer, come to."""

    number: str
    share: Decimal
    prefix: str | None
    destination: str | None
    band: str | None
    rate_table_id: str
    billed_s: Decimal
    call_cost: Decimal
    attempt_cost: Decimal
    currency: str
    account_call_cost: Decimal
    account_attempt_cost: Decimal


@dataclass(frozen=True)
class Expected:
    """What is expected at an answer rate and length of call; amounts are in the account's currency.

    `calls` are all tries, `answered` those that are; `minutes` spoken, `billed_minutes` as charged.
    """

    answer_rate: Decimal
    seconds: Decimal
    calls: Decimal
    answered: Decimal
    minutes: Decimal
    billed_minutes: Decimal
    call_charges: Decimal
    attempt_charges: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Range:
    """What is expected at the answer rates and lengths of the account's own days, from low to high."""

    days: int
    since: date
    low: Expected
    high: Expected


@dataclass(frozen=True)
class Estimate:
    """A campaign: what is expected, what has to be available for it, and how that differs from what is.

    `shortfall` is None where the account has no limit; `range` is None where it has too little history.
    """

    account_id: str
    targets: int
    retries: int
    expected: Expected
    currency: str
    balance: Decimal
    available: Decimal
    required_balance: Decimal
    shortfall: Decimal | None
    mix: list[Destination]
    mix_from: str
    range: Range | None
    steps: list[str]


@dataclass(frozen=True)
class _Asked:
    """The parts of the calls, and the price of a call to each: as long as was said, low, high; and of a try."""

    shares: Sequence[MixPart]
    calls: Sequence[Price]
    low: Sequence[Price]
    high: Sequence[Price]
    tries: Sequence[Price]


def estimate(home: Home, account: str, campaign: Campaign) -> Estimate:
    """Expect what the calls of a campaign cost the account.

    Allowances are not taken into account. Raises `Refused` with what is missing.
    """
    _refuse_odd(campaign)
    moment = campaign.at or now()
    with answering(home) as asked_of, published(asked_of) as con:
        configured(con, asked_of)
        account_of(con, account, moment)
        days = history(con, account, moment)
        shares, mix_from = mix_of(con, account, moment, campaign.number, campaign.mix)
        call = Call(account, shares[0].number, moment, campaign.carrier, campaign.calling)
        prices = Prices(con, call, [part.number for part in shares], allowances=False)
        asked = _ask(prices, shares, campaign.seconds, days)
        funds = prices.funds()
    expected = _expect(campaign, campaign.answer_rate, campaign.seconds, asked, asked.calls)
    mix = [_destination(*part) for part in zip(shares, asked.calls, asked.tries, strict=True)]
    return Estimate(
        account_id=account,
        targets=campaign.targets,
        retries=campaign.retries,
        expected=expected,
        currency=funds.currency,
        balance=funds.balance,
        available=funds.available,
        required_balance=expected.cost,
        shortfall=max(Decimal("0E-8"), expected.cost - funds.available) if funds.limited else None,
        mix=mix,
        mix_from=mix_from,
        range=_range(campaign, asked, days),
        steps=_steps(campaign, expected, mix, funds.currency),
    )


def _refuse_odd(campaign: Campaign) -> None:
    counts = campaign.targets >= 1 and campaign.retries >= 0
    if not counts or not 0 <= campaign.answer_rate <= 1 or campaign.seconds <= 0:
        raise Refused("targets and seconds are 1 or more, retries 0 or more, the answer rate is 0 to 1 (or 0% to 100%)")


def _ask(prices: Prices, shares: Sequence[MixPart], seconds: Decimal, days: Sequence[HistoryDay]) -> _Asked:
    """Price calls of all lengths at once; low and high are as long as was said where there is no history."""
    lengths = [seconds, *([length for _, length in ends(days)] if days else []), Decimal(0)]
    priced = prices.prices([(part.number, part.source, length) for length in lengths for part in shares])
    by_length = [priced[i : i + len(shares)] for i in range(0, len(priced), len(shares))]
    return _Asked(shares, by_length[0], by_length[1 if days else 0], by_length[2 if days else 0], by_length[-1])


def _range(campaign: Campaign, asked: _Asked, days: Sequence[HistoryDay]) -> Range | None:
    if not days:
        return None
    low, high = ends(days)
    return Range(
        len(days),
        days[0].day,
        _expect(campaign, *low, asked, asked.low),
        _expect(campaign, *high, asked, asked.high),
    )


def _destination(part: MixPart, call: Price, attempt: Price) -> Destination:
    return Destination(
        number=part.number,
        share=rounded(part.share, 6),
        prefix=call.prefix,
        destination=call.destination,
        band=call.band,
        rate_table_id=call.rate_table_id,
        billed_s=call.billed_s,
        call_cost=call.amount,
        attempt_cost=attempt.amount,
        currency=call.currency,
        account_call_cost=call.account_amount,
        account_attempt_cost=attempt.account_amount,
    )


def _expect(
    campaign: Campaign, answer_rate: Fraction, seconds: Decimal, asked: _Asked, calls: Sequence[Price]
) -> Expected:
    """Exact expectations at an answer rate and length, of which `calls` are the prices.

    Rounded half up only as they are shown: counts to 3 decimals, amounts to 8.
    """
    missed = 1 - answer_rate
    tries = campaign.targets * sum((missed**n for n in range(campaign.retries + 1)), Fraction(0))
    answered = campaign.targets * (1 - missed ** (campaign.retries + 1))
    billed = _weighted(asked.shares, [price.billed_s for price in calls])
    call_charges = answered * _weighted(asked.shares, [price.account_amount for price in calls])
    attempt_charges = (tries - answered) * _weighted(asked.shares, [price.account_amount for price in asked.tries])
    return Expected(
        answer_rate=rounded(answer_rate, 6),
        seconds=seconds,
        calls=rounded(tries, 3),
        answered=rounded(answered, 3),
        minutes=rounded(answered * Fraction(seconds) / 60, 3),
        billed_minutes=rounded(answered * billed / 60, 3),
        call_charges=rounded(call_charges, 8),
        attempt_charges=rounded(attempt_charges, 8),
        cost=rounded(call_charges + attempt_charges, 8),
    )


def _weighted(shares: Sequence[MixPart], values: Sequence[Decimal]) -> Fraction:
    return sum((part.share * Fraction(value) for part, value in zip(shares, values, strict=True)), Fraction(0))


def _steps(campaign: Campaign, expected: Expected, mix: Sequence[Destination], currency: str) -> list[str]:
    """The estimate in words, in order."""
    targets, retries = campaign.targets, campaign.retries
    rate = f"{expected.answer_rate.normalize():f}"
    missed = f"{(1 - expected.answer_rate).normalize():f}"
    tries = 1 + retries
    steps = [
        f"each of {targets} targets is tried until it answers, at most {tries} times",
        f"answered: {targets} x (1 - {missed}^{tries}) = {expected.answered}",
        f"calls: {targets} x (1 + ... + {missed}^{retries}) = {expected.calls}"
        if retries
        else f"calls: {targets} x 1 = {expected.calls}",
        f"minutes: {expected.answered} x {expected.seconds} s / 60 = {expected.minutes}",
    ]
    steps += [
        f"a call of {expected.seconds} s to {part.number} ({part.destination or 'prefix ' + (part.prefix or '')},"
        f" {part.rate_table_id}): {part.billed_s} s billed, {part.account_call_cost:f} {currency};"
        f" without an answer {part.account_attempt_cost:f}"
        for part in mix[:10]
    ]
    if len(mix) > 10:
        steps.append(f"... and {len(mix) - 10} more destinations")
    steps += [
        f"answered calls: {expected.answered} at an answer rate of {rate} = {expected.call_charges:f} {currency}",
        f"without an answer: {expected.calls - expected.answered} = {expected.attempt_charges:f} {currency}",
        f"together {expected.cost:f} {currency}; allowances of consumption profiles are not taken into account",
    ]
    return steps
