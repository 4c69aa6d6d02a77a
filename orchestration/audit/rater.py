"""Rates attempts of calls, leg by leg: who, which table, which rate, how much.

A leg is built up step by step. A step that fails ends it: `StepFailedError` carries the reason and
what the leg already says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from orchestration.audit.charge import (
    ZERO,
    billed_seconds,
    bounded,
    has_price,
    markup_charge,
    own_charge,
    rounded,
    split_charge,
    within_grace,
)
from orchestration.audit.company import Account, Company, Lookup, RateRow, RateTable
from orchestration.audit.consumption import Allowances, Claim, Kept, Listed
from orchestration.audit.money import CONVERTED_DECIMALS, round_amount
from orchestration.audit.number import WRITTEN_IN_FULL, clean_number
from orchestration.audit.profiles import COST, DURATION
from orchestration.audit.records import NO_LEG, NONE, RATED, UNRATED, Cdr, Cover, Leg, RatedAttempt

BLOCKED = "blocked"


def rate(
    company: Company, cdrs: Sequence[Cdr], *, kept: Kept | None = None, covers: Listed | None = None
) -> list[RatedAttempt]:
    """Rate attempts; the results are in the order given.

    Which attempt of a call has its sell leg is decided among the attempts passed in, per
    (source, call_id, UTC day): pass all of a call's attempts of a day.

    Sell legs consume the account's profiles in order of (charged_at, source, call_id, attempt):
    pass all calls of open days, and as `kept` what those of closed days have consumed, by
    (profile_id, first local date of the period), seconds or amount. Without the other calls of
    the period (a sample) pass `covers`: by (source, call_id, attempt) the (profile_id, seconds or
    amount) that the leg took. Other legs then take nothing. What a leg cannot have taken (the
    profile does not apply, the leg or the allowance has less) is not taken, and it is said in
    the attempt's `problem`. Covers of attempts that are not passed in do not matter.
    """
    sold = _sold_attempts(cdrs)
    allowances = Allowances(kept, covers)
    rated = {
        index: _rate_attempt(company, cdrs[index], id(cdrs[index]) in sold, allowances)
        for index in sorted(range(len(cdrs)), key=lambda index: _turn(cdrs[index]))
    }
    return [rated[index] for index in range(len(cdrs))]


def _turn(cdr: Cdr) -> tuple[datetime, str, str, int]:
    """When it is an attempt's turn to consume."""
    return cdr.charged_at, cdr.source, cdr.call_id, cdr.attempt


def _sold_attempts(cdrs: Sequence[Cdr]) -> set[int]:
    """The identities of the attempts that have their call's sell leg."""
    calls: dict[tuple[str, str, date], list[Cdr]] = defaultdict(list)
    for cdr in cdrs:
        calls[cdr.source, cdr.call_id, cdr.charged_at.date()].append(cdr)
    return {id(_sold_attempt(attempts)) for attempts in calls.values()}


def _sold_attempt(attempts: Sequence[Cdr]) -> Cdr:
    """The first answered attempt by number, else the last attempt."""
    answered = [cdr for cdr in attempts if cdr.answered]
    if answered:
        return min(answered, key=lambda cdr: cdr.attempt)
    return max(attempts, key=lambda cdr: cdr.attempt)


def _rate_attempt(company: Company, cdr: Cdr, sold: bool, allowances: Allowances) -> RatedAttempt:
    t = cdr.charged_at
    seller, buyer = _parties(company, cdr, t)
    buy = _buy_leg(company, cdr, buyer) if cdr.egress_trunk else NO_LEG
    sell, claim = _sell_leg(company, cdr, seller, buy, allowances) if sold else (NO_LEG, allowances.claim(cdr))
    margin = _margin(sell, buy)
    key = cdr.source, cdr.call_id, cdr.attempt
    return RatedAttempt(*key, t, t.date(), sell, buy, margin, tuple(claim.covers), claim.problem)


def _parties(company: Company, cdr: Cdr, t: datetime) -> tuple[Account | None, Account | None]:
    """The accounts of the sell and of the buy leg."""
    ingress = company.account_of_trunk("ingress", cdr.ingress_trunk, t)
    egress = company.account_of_trunk("egress", cdr.egress_trunk, t)
    inbound = ingress and egress and (ingress.kind, egress.kind) == ("carrier", "customer")
    return (egress, ingress) if inbound else (ingress, egress)


def _margin(sell: Leg, buy: Leg) -> Fraction | None:
    """Sell less buy in the reporting currency; a leg of status none counts as 0."""
    earned = ZERO if sell.status == NONE else sell.reporting_amount
    spent = ZERO if buy.status == NONE else buy.reporting_amount
    return None if earned is None or spent is None else earned - spent


class StepFailedError(Exception):
    """A step of rating a leg failed: why, and what the leg says so far."""

    def __init__(self, reason: str, leg: Leg) -> None:
        super().__init__(reason)
        self.reason = reason
        self.leg = leg


@dataclass(frozen=True)
class _Rating:
    """One leg being rated: its call, account and table, and the buy leg it may mark up.

    The first `covered_s` billed seconds are free.
    """

    company: Company
    cdr: Cdr
    t: datetime
    account: Account
    table: RateTable
    lookup: Lookup
    buy: Leg | None
    covered_s: Fraction = ZERO

    @property
    def duration_s(self) -> Fraction:
        return Fraction(self.cdr.duration_s)

    def rate_of(self, band: str | None) -> RateRow | None:
        """The rate of the number at `t` for the band."""
        return self.company.find_rate(self.table, self.lookup, band)


def _buy_leg(company: Company, cdr: Cdr, account: Account | None) -> Leg:
    """What the attempt costs us."""
    try:
        return _priced(*_identified(company, cdr, "buy", account, None))
    except StepFailedError as failure:
        return _failed(company, cdr, failure)


def _sell_leg(
    company: Company, cdr: Cdr, account: Account | None, buy: Leg, allowances: Allowances
) -> tuple[Leg, Claim]:
    """What we earn on the attempt, whose buy leg it may mark up, and what it takes from profiles."""
    try:
        rating, identified = _identified(company, cdr, "sell", account, buy)
        leg = _priced(rating, identified)
    except StepFailedError as failure:
        return _failed(company, cdr, failure), allowances.claim(cdr)
    claim = _claim(rating, identified.band, allowances)
    # The leg is rated: whatever part of it is covered, it stays so.
    covered_s = claim.take(DURATION, leg.billed_s or ZERO)
    if covered_s > 0:
        leg = _priced(replace(rating, covered_s=covered_s), identified)
    return _less(rating, leg, claim.take(COST, leg.account_amount or ZERO)), claim


def _claim(rating: _Rating, band: str | None, allowances: Allowances) -> Claim:
    """The profiles that apply to a rated sell leg: none unless it is answered and past grace. `band` is that at `t`."""
    kind, t = rating.table.kind, rating.t
    in_grace = kind != "markup" and within_grace(rating.table, rating.rate_of(band), rating.duration_s)
    if in_grace or not rating.cdr.answered:
        return allowances.claim(rating.cdr)
    profiles = [
        (profile, profile.period_of(t, rating.account.timezone))
        for profile in rating.company.profiles.get(rating.account.account_id, ())
        if profile.applies(rating.lookup.number, t) and (profile.rule == COST or kind in ("per_minute", "block"))
    ]
    return allowances.claim(rating.cdr, profiles)


def _less(rating: _Rating, leg: Leg, covered: Fraction) -> Leg:
    """The leg with the covered amount (account's currency) off its account amount."""
    if leg.account_amount is None or covered == 0:
        return leg
    account_amount = leg.account_amount - covered
    fx_rate = rating.company.fx_rate(rating.account.currency, rating.company.reporting_currency, rating.t.date())
    return replace(
        leg,
        account_amount=account_amount,
        reporting_amount=_at_rate(account_amount, fx_rate),
        covered_amount=covered,
    )


def _priced(rating: _Rating, leg: Leg) -> Leg:
    """The leg charged and converted."""
    return _converted(rating, _CHARGES[rating.table.kind](rating, leg))


def _failed(company: Company, cdr: Cdr, failure: StepFailedError) -> Leg:
    """What is left of a leg when a step failed: null amounts, or 0 when it was not answered; none if ignored."""
    is_ignored = failure.reason == "bad_number" and _is_ignored(company, cdr)
    nothing = None if cdr.answered or is_ignored else ZERO
    return replace(
        failure.leg,
        status=NONE if is_ignored else UNRATED if cdr.answered else RATED,
        reason=failure.reason,
        billed_s=nothing,
        amount=nothing,
        account_amount=nothing,
        reporting_amount=nothing,
        covered_s=nothing,
        covered_amount=nothing,
    )


def _is_ignored(company: Company, cdr: Cdr) -> bool:
    """Whether the call is to what is no number, and its source says that such calls have no legs."""
    numbering = company.numbering.get(cdr.source, WRITTEN_IN_FULL)
    return cdr.source in company.ignoring and clean_number(cdr.called_number, numbering) is None


def _identified(company: Company, cdr: Cdr, side: str, account: Account | None, buy: Leg | None) -> tuple[_Rating, Leg]:
    """Account, rate table, band and number of a leg."""
    t = cdr.charged_at
    leg = Leg(status=RATED)
    if account is None:
        raise StepFailedError("no_account", leg)
    leg = replace(leg, account_id=account.account_id)
    table = company.table_of_account(account.account_id, side, t)
    if table is None:
        raise StepFailedError("no_rate_table", leg)
    leg = replace(
        leg,
        rate_table_id=table.rate_table_id,
        currency=table.currency,
        band=company.band_at(table, t),
    )
    lookup = _lookup(company, cdr, table)
    if lookup is None:
        raise StepFailedError("bad_number", leg)
    return _Rating(company, cdr, t, account, table, lookup, buy), leg


def _lookup(company: Company, cdr: Cdr, table: RateTable) -> Lookup | None:
    """What the table's rates are looked up with, None if its number is bad."""
    numbering = company.numbering.get(cdr.source, WRITTEN_IN_FULL)
    caller = clean_number(cdr.calling_number, numbering)
    routed = table.number_basis == "routing" and cdr.routing_number
    called = clean_number(cdr.routing_number if routed else cdr.called_number, numbering)
    number = caller if table.number_basis == "calling" else called
    # Whatever number the rates are looked up by, the jurisdiction is that from the caller to the called.
    return None if number is None else Lookup(number, caller, company.jurisdiction(caller, called), cdr.charged_at)


def _own_price(rating: _Rating, leg: Leg) -> Leg:
    """A leg of a per_minute or block table: charged from its own rates."""
    table = rating.table
    row = rating.rate_of(leg.band)
    if row is None:
        raise StepFailedError("no_rate", leg)
    leg = replace(
        leg,
        prefix=row.prefix,
        destination=row.destination,
        rate_per_minute=row.rate_per_minute if table.kind == "per_minute" else None,
        reason=BLOCKED if row.blocked else None,
    )
    if not rating.cdr.answered:
        if not _chargeable(table, row):
            raise StepFailedError(BLOCKED, leg)
        return replace(leg, billed_s=ZERO, amount=rounded(table, table.attempt_charge))
    billed, covered = billed_seconds(table, row, rating.duration_s), rating.covered_s
    if table.band_policy == "split" and table.kind == "per_minute":
        rows = _rows_by_band(rating, leg, row, billed)
        if any(part.blocked for part, _ in rows):
            leg = replace(leg, reason=BLOCKED)
        charge = split_charge(table, row, rows)
    elif not _chargeable(table, row):
        raise StepFailedError(BLOCKED, leg)
    else:
        charge = own_charge(table, row, billed, covered)
    if within_grace(table, row, rating.duration_s):
        return replace(leg, billed_s=ZERO, amount=ZERO)
    if 0 < covered == billed:
        return replace(leg, billed_s=billed, amount=ZERO)
    return replace(leg, billed_s=billed, amount=bounded(table, row, rounded(table, charge)))


def _chargeable(table: RateTable, row: RateRow) -> bool:
    """A blocked row charges only when it has a price."""
    return not row.blocked or has_price(table, row)


def _rows_by_band(rating: _Rating, leg: Leg, first: RateRow, billed: Fraction) -> list[tuple[RateRow, Fraction]]:
    """The rate and seconds to pay of each band that the billed seconds touch, and of the first."""
    timetable = rating.company.timetables.get(rating.table.timetable_id or "")
    seconds: dict[str | None, Fraction] = {leg.band: billed - rating.covered_s}
    if timetable is not None:
        seconds = timetable.cut_after(rating.covered_s, rating.t, billed, rating.table.timezone)
    parts = [(first, seconds.pop(leg.band, ZERO))]
    for band, part in seconds.items():
        row = rating.rate_of(band)
        if row is None:
            raise StepFailedError("no_rate", leg)
        parts.append((row, part))
    if not all(_chargeable(rating.table, row) for row, _ in parts):
        raise StepFailedError(BLOCKED, leg)
    return parts


def _given_price(rating: _Rating, leg: Leg) -> Leg:
    """A leg that costs what the carrier says; a rate row is only a label, or a block."""
    cdr, table = rating.cdr, rating.table
    row = rating.rate_of(leg.band)
    if row is not None:
        leg = replace(
            leg,
            prefix=row.prefix,
            destination=row.destination,
            reason=BLOCKED if row.blocked else None,
        )
    if cdr.carrier_amount is None or cdr.carrier_currency != table.currency:
        # What the carrier says is the price here: a blocked row without one is blocked.
        raise StepFailedError(leg.reason or "no_cost", leg)
    amount = rounded(table, Fraction(cdr.carrier_amount))
    if cdr.answered and not within_grace(table, row, rating.duration_s):
        amount = bounded(table, row, amount)
    billed = cdr.duration_s if cdr.carrier_billed_s is None else cdr.carrier_billed_s
    return replace(leg, billed_s=Fraction(billed), amount=amount)


def _markup_price(rating: _Rating, leg: Leg) -> Leg:
    """A leg that costs its call's buy leg and a percentage, answered or not."""
    buy, table, row = rating.buy or NO_LEG, rating.table, rating.rate_of(leg.band)
    if row is not None and row.blocked:
        raise StepFailedError(BLOCKED, _labelled(leg, row))
    if buy.status != RATED or buy.amount is None:
        raise StepFailedError("no_cost", leg if row is None else _labelled(leg, row))
    leg = replace(
        leg,
        prefix=buy.prefix,
        destination=buy.destination,
        band=buy.band,
        billed_s=buy.billed_s,
    )
    leg = leg if row is None else _labelled(leg, row)
    cost = _cost_in(rating, buy, table.currency)
    if cost is None:
        raise StepFailedError("no_fx", leg)
    amount = rounded(table, markup_charge(table, row, cost))
    if rating.cdr.answered and buy.amount != 0:
        amount = bounded(table, row, amount)
    return replace(leg, amount=amount)


def _labelled(leg: Leg, row: RateRow) -> Leg:
    """The leg with a markup row's prefix and destination; an empty destination inherits."""
    return replace(leg, prefix=row.prefix, destination=row.destination or leg.destination)


def _cost_in(rating: _Rating, buy: Leg, currency: str) -> Fraction | None:
    """The buy amount converted to the currency, exact; None without an fx rate."""
    if buy.amount is None or buy.currency is None:
        # An unanswered leg that failed before it had a rate table: its 0 has no currency.
        return buy.amount
    fx_rate = rating.company.fx_rate(buy.currency, currency, rating.t.date())
    return None if fx_rate is None else buy.amount * fx_rate


_CHARGES = {
    "per_minute": _own_price,
    "block": _own_price,
    "given": _given_price,
    "markup": _markup_price,
}


def _converted(rating: _Rating, leg: Leg) -> Leg:
    """The leg with its amount in the account's and in the reporting currency."""
    company, currency = rating.company, rating.table.currency
    account_rate = company.fx_rate(currency, rating.account.currency, rating.t.date())
    if account_rate is None:
        raise StepFailedError("no_fx", leg)
    reporting_rate = company.fx_rate(currency, company.reporting_currency, rating.t.date())
    return replace(
        leg,
        account_amount=_at_rate(leg.amount, account_rate),
        reporting_amount=_at_rate(leg.amount, reporting_rate),
        covered_s=rating.covered_s,
        covered_amount=ZERO,
    )


def _at_rate(amount: Fraction | None, fx_rate: Fraction | None) -> Fraction | None:
    """A converted amount; null where the amount or the rate is."""
    if amount is None or fx_rate is None:
        return None
    return round_amount(amount * fx_rate, CONVERTED_DECIMALS, "half_even")


__all__ = ["Cdr", "Cover", "Leg", "RatedAttempt", "rate"]
