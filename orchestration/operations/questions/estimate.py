"""What a campaign of calls will cost, as far as can be expected, and what has to be on the account for it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

import duckdb

from orchestration import typed
from orchestration.operations.questions.price import SOURCE, Call, Price, Prices, account_of
from orchestration.operations.questions.rated_again import configured, published
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, Refused, now

# The account's own history: so many days back, of them those with so many calls.
HISTORY_DAYS = 30
ENOUGH_CALLS = 20
# a campaign is made, not received: calls to the account's own numbers came in by somebody else's trunk
_OWN_TRUNKS = "(select trunk_id from config.trunks where direction = 'ingress' and account_id = $account)"
_WIDE = Context(prec=60)


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
class _Share:
    """A part of the calls: to what number or prefix, as `source` writes it, and how much of all."""

    number: str
    share: Fraction
    source: str = SOURCE


@dataclass(frozen=True)
class _Day:
    day: date
    calls: int
    answered: int
    ms: int


def estimate(
    home: Home,
    account: str,
    targets: int,
    answer_rate: Fraction,
    seconds: Decimal,
    retries: int = 0,
    number: str | None = None,
    mix: Path | None = None,
    carrier: str | None = None,
    calling: str | None = None,
    at: datetime | None = None,
) -> Estimate:
    """Expect what `targets` calls of the account cost, of which one of `answer_rate` is answered for `seconds`.

    A target is tried until it answers, at most 1 + `retries` times. The numbers are like `number` (or a prefix), or
    as in the file `mix` (CSV: number,share), or else as the account's answered calls were of late. Allowances are
    not taken into account. Raises `Refused` with what is missing.
    """
    if targets < 1 or retries < 0 or not 0 <= answer_rate <= 1 or seconds <= 0:
        raise Refused("targets and seconds are 1 or more, retries 0 or more, the answer rate is 0 to 1 (or 0% to 100%)")
    moment = at or now()
    with published(home) as con:
        configured(con, home)
        account_of(con, account, moment)
        days = _history(con, account, moment)
        shares, mix_from = _mix(con, account, moment, number, mix)
        call = Call(account, shares[0].number, moment, carrier, calling)
        prices = Prices(con, call, [part.number for part in shares], allowances=False)
        low, high = _ends(days)
        lengths = [seconds, *([low[1], high[1]] if days else [])]
        asked = prices.prices([(part.number, part.source, s) for s in [*lengths, Decimal(0)] for part in shares])
        funds = prices.funds()
    by_length = [asked[i : i + len(shares)] for i in range(0, len(asked), len(shares))]
    weights, attempts = [part.share for part in shares], by_length[-1]
    expected = _expect(targets, retries, answer_rate, seconds, weights, by_length[0], attempts)
    spread = (
        Range(
            len(days),
            days[0].day,
            _expect(targets, retries, low[0], low[1], weights, by_length[1], attempts),
            _expect(targets, retries, high[0], high[1], weights, by_length[2], attempts),
        )
        if days
        else None
    )
    parts = [
        Destination(
            number=part.number,
            share=_rounded(part.share, 6),
            prefix=one.prefix,
            destination=one.destination,
            band=one.band,
            rate_table_id=one.rate_table_id,
            billed_s=one.billed_s,
            call_cost=one.amount,
            attempt_cost=attempt.amount,
            currency=one.currency,
            account_call_cost=one.account_amount,
            account_attempt_cost=attempt.account_amount,
        )
        for part, one, attempt in zip(shares, by_length[0], attempts, strict=True)
    ]
    shortfall = max(Decimal("0E-8"), expected.cost - funds.available) if funds.limited else None
    return Estimate(
        account_id=account,
        targets=targets,
        retries=retries,
        expected=expected,
        currency=funds.currency,
        balance=funds.balance,
        available=funds.available,
        required_balance=expected.cost,
        shortfall=shortfall,
        mix=parts,
        mix_from=mix_from,
        range=spread,
        steps=_steps(targets, retries, expected, parts, funds.currency),
    )


def _expect(
    targets: int,
    retries: int,
    answer_rate: Fraction,
    seconds: Decimal,
    weights: Sequence[Fraction],
    calls: Sequence[Price],
    attempts: Sequence[Price],
) -> Expected:
    """Exact expectations, rounded half up only as they are shown: counts to 3 decimals, amounts to 8."""
    missed = 1 - answer_rate
    tries = targets * sum((missed**n for n in range(retries + 1)), Fraction(0))
    answered = targets * (1 - missed ** (retries + 1))
    billed = _weighted(weights, [price.billed_s for price in calls])
    call_charges = answered * _weighted(weights, [price.account_amount for price in calls])
    attempt_charges = (tries - answered) * _weighted(weights, [price.account_amount for price in attempts])
    return Expected(
        answer_rate=_rounded(answer_rate, 6),
        seconds=seconds,
        calls=_rounded(tries, 3),
        answered=_rounded(answered, 3),
        minutes=_rounded(answered * Fraction(seconds) / 60, 3),
        billed_minutes=_rounded(answered * billed / 60, 3),
        call_charges=_rounded(call_charges, 8),
        attempt_charges=_rounded(attempt_charges, 8),
        cost=_rounded(call_charges + attempt_charges, 8),
    )


def _weighted(weights: Sequence[Fraction], values: Sequence[Decimal]) -> Fraction:
    return sum((weight * Fraction(value) for weight, value in zip(weights, values, strict=True)), Fraction(0))


def _rounded(value: Fraction, decimals: int) -> Decimal:
    # half up on the exact value; nothing here is negative
    units = (2 * value.numerator * 10**decimals + value.denominator) // (2 * value.denominator)
    return Decimal(units).scaleb(-decimals, _WIDE)


def _mix(
    con: duckdb.DuckDBPyConnection, account: str, at: datetime, number: str | None, mix: Path | None
) -> tuple[list[_Share], str]:
    if number is not None and mix is not None:
        raise Refused("say either --number or --mix, not both")
    if number is not None:
        return [_Share(number, Fraction(1))], f"calls to {number}"
    if mix is not None:
        found, told = _mix_file(mix), f"as in {mix.name}"
    else:
        found, told = _mix_of_history(con, account, at), f"as the answered calls of the {HISTORY_DAYS} days before"
    total = sum((part.share for part in found), Fraction(0))
    return [replace(part, share=part.share / total) for part in found], told


def _mix_file(path: Path) -> list[_Share]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            read = [(reader.line_num, row["number"], row["share"]) for row in reader]
    except (OSError, KeyError, ValueError, csv.Error) as problem:
        raise Refused(f"{path} cannot be read as CSV with the columns number and share: {problem}") from None
    shares = []
    for line, number, share in read:
        if not number:
            raise Refused(f"{path} line {line}, column number: the cell is empty; write a number, or a prefix")
        part = typed.number(share or "")
        if part is None or part < 0:
            raise Refused(f'{path} line {line}, column share: "{share}" is not a share; write it like 0.35')
        shares.append(_Share(number, Fraction(part)))
    if not any(part.share for part in shares):
        raise Refused(f"{path} has no shares; write a number and a share above 0 on each line")
    return shares


def _mix_of_history(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> list[_Share]:
    # a prefix stands for the numbers that it was charged for; the default route has none, so that a number does, as the
    # source of its call wrote it
    found = dict_rows(
        con,
        f"""
        select
            coalesce(nullif(sell_prefix, ''), min(called_number)) as number,
            case sell_prefix when '' then arg_min(source, (called_number, source)) else '{SOURCE}' end as source,
            count(*) as calls
        from serving.marts.rated_calls
        where sell_account_id = $account and day >= $first and day <= $last and ingress_trunk in {_OWN_TRUNKS}
            and answered and sell_status = 'rated' and sell_prefix is not null
        group by sell_prefix
        order by calls desc, number
        """,
        {"account": account, "first": at.date() - timedelta(days=HISTORY_DAYS), "last": at.date()},
    )
    if not found:
        raise Refused(f"{account} has no answered calls of late to take the numbers from: say --number or --mix")
    return [_Share(row["number"], Fraction(row["calls"]), row["source"]) for row in found]


def _history(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> list[_Day]:
    found = dict_rows(
        con,
        f"""
        select
            day,
            count(*) as calls,
            count(*) filter (where answered) as answered,
            (coalesce(sum(duration_s) filter (where answered), 0) * 1000)::BIGINT as ms
        from serving.marts.rated_calls
        where sell_account_id = $account and day >= $first and day <= $last and ingress_trunk in {_OWN_TRUNKS}
            and sell_status <> 'none'
        group by day
        having count(*) >= $enough and count(*) filter (where answered) > 0
        order by day
        """,
        {
            "account": account,
            "first": at.date() - timedelta(days=HISTORY_DAYS),
            "last": at.date(),
            "enough": ENOUGH_CALLS,
        },
    )
    return [_Day(**row) for row in found] if len(found) > 1 else []


def _ends(days: Sequence[_Day]) -> tuple[tuple[Fraction, Decimal], tuple[Fraction, Decimal]]:
    """The 10th and 90th percentile (nearest rank) by day of answer rate and of average seconds, each by itself."""
    if not days:
        return (Fraction(0), Decimal(0)), (Fraction(0), Decimal(0))
    rates = sorted(Fraction(day.answered, day.calls) for day in days)
    lengths = sorted(Fraction(day.ms, day.answered) / 1000 for day in days)
    low, high = (-(-len(days) * tenths // 10) - 1 for tenths in (1, 9))
    return (rates[low], _rounded(lengths[low], 3)), (rates[high], _rounded(lengths[high], 3))


def _steps(targets: int, retries: int, expected: Expected, parts: Sequence[Destination], currency: str) -> list[str]:
    """The estimate in words, in order."""
    rate = f"{expected.answer_rate.normalize():f}"
    missed = f"{(1 - expected.answer_rate).normalize():f}"
    tries = 1 + retries
    said = [
        f"each of {targets} targets is tried until it answers, at most {tries} times",
        f"answered: {targets} x (1 - {missed}^{tries}) = {expected.answered}",
        f"calls: {targets} x (1 + ... + {missed}^{retries}) = {expected.calls}"
        if retries
        else f"calls: {targets} x 1 = {expected.calls}",
        f"minutes: {expected.answered} x {expected.seconds} s / 60 = {expected.minutes}",
    ]
    said += [
        f"a call of {expected.seconds} s to {part.number} ({part.destination or 'prefix ' + (part.prefix or '')},"
        f" {part.rate_table_id}): {part.billed_s} s billed, {part.account_call_cost:f} {currency};"
        f" without an answer {part.account_attempt_cost:f}"
        for part in parts[:10]
    ]
    if len(parts) > 10:
        said.append(f"... and {len(parts) - 10} more destinations")
    said += [
        f"answered calls: {expected.answered} at an answer rate of {rate} = {expected.call_charges:f} {currency}",
        f"without an answer: {expected.calls - expected.answered} = {expected.attempt_charges:f} {currency}",
        f"together {expected.cost:f} {currency}; allowances of consumption profiles are not taken into account",
    ]
    return said
