"""The ledger kept a second time, in exact fractions, from docs/ledger.md alone.

It is told the steps of a world in order and says what the books must be: entries with their ids, days, balances,
invoices. Calls are rated by the reference rater (orchestration/audit); everything else is said here. Nothing is
shared with the SQL and nothing is asked of the warehouse.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from orchestration.audit.rater import rate
from orchestration.audit.records import NO_LEG, NONE, RATED, UNRATED, Leg, RatedAttempt
from tests.proof.configured import DAY, Configured, Terms
from tests.proof.landed import Landed, Row
from tests.proof.services import Charge, subscribed, used
from tests.proof.world import PAYMENT, TOPUPS, File, Step, csv_text

ZERO = Fraction(0)
LATE = "landed after the day was closed"

Call = tuple[Row, RatedAttempt]
# an account's period, and within it a UTC day, what was sold and which service
Target = tuple[str, date, date, str, str | None]


def _booked(day: date, at: datetime) -> date:
    """What is posted by the end of D + 2 is booked on D, later on the day of posting."""
    return day if at.date() <= day + 2 * DAY else at.date()


@dataclass(frozen=True)
class Entry:
    """A posting; `fact` is calls, usage or subscription, None for what is none of these."""

    entry_id: str
    account: str
    day: date
    period: date
    booked_on: date
    posted_at: datetime
    kind: str
    fact: str | None
    service: str | None
    amount: Fraction
    currency: str
    reference: str | None


@dataclass(frozen=True)
class Balance:
    """What is owed to an account."""

    balance: Fraction
    accrued: Fraction
    available: Fraction
    status: str


def amount_text(amount: Fraction) -> str:
    """An amount as it goes into an id: 8 decimals."""
    units = amount * 10**8
    assert units.denominator == 1, amount
    return f"{Decimal(units.numerator).scaleb(-8):.8f}"


class Ledger:
    """The books. `directory` takes the configuration as it is read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.configured: Configured | None = None
        self.landed = Landed()
        self.entries: list[Entry] = []
        self.by_key: dict[tuple[object, ...], int] = defaultdict(int)
        # what closed days hold, which no later configuration changes
        self.closed_calls: dict[tuple[object, ...], Call] = {}
        self.closed_services: dict[tuple[object, ...], Charge] = {}
        self.closings: dict[date, int] = {}
        self.failed: set[date] = set()
        self.waived: set[tuple[str, str, str]] = set()
        self.built = False
        self.unposted: list[Row] = []
        self._calls: list[Call] | None = None

    # -- what is told --------------------------------------------------------------------------

    @property
    def terms(self) -> Mapping[str, Terms]:
        return self.now_configured.terms

    @property
    def now_configured(self) -> Configured:
        assert self.configured is not None
        return self.configured

    def configure(self, seeds: Mapping[str, str]) -> None:
        """The files of the configuration that change."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for name, text in seeds.items():
            (self.directory / f"{name}.csv").write_text(text)
        self.configured = Configured.load(self.directory)
        self._calls = None

    def land(self, at: datetime, step: Step) -> None:
        """Files land, by kind, source and name; payments post at once."""
        for file in step.files:
            self._land(at, file, step.action == "supersede")

    def topup(self, at: datetime, account: str, amount: str, reference: str) -> None:
        """A payment that is entered by hand: it is posted and published at once."""
        cells = (reference, at.isoformat() + "Z", account, amount, self.terms[account].currency, "", "proof")
        text = csv_text(PAYMENT, [dict(zip(PAYMENT, cells, strict=True))])
        self._land(at, File("payments", TOPUPS, reference, text), False)
        self.build(at)

    def _land(self, at: datetime, file: File, supersede: bool) -> None:
        known = {row.identity for row in self.landed.all("payments")}
        for row in self.landed.land(file, self.now_configured.currencies, supersede):
            self.closed_calls.pop((*row.identity, row.day), None)
        self._calls = None
        if file.kind == "payments":
            self.unposted += [row for row in self.landed.all("payments") if row.identity not in known]
        if self.built:
            self._post_payments(at)

    def waive(self, day: str, row: str = "", call: str = "") -> None:
        """One rejected row, or what is unrated of one call."""
        self.waived.add((day, "row", row) if row else (day, "call", call))

    def build(self, at: datetime) -> None:
        """With the first build the payments that landed before it post."""
        self.built = True
        self._post_payments(at)

    def close(self, at: datetime) -> dict[date, str]:
        """Close all days that are due; what became of each that had ended and was not closed."""
        self.build(at)
        calls, services = self._calls_now(), self._services_now(at)
        targets = self.targets(at)
        done: dict[date, str] = {}
        for day in self._ended(at):
            if self._held_back(day, calls, services):
                done[day] = "failed"
                self.failed.add(day)
                continue
            self.failed.discard(day)
            done[day] = "ready" if at.date() < day + 2 * DAY else "closed"
            if done[day] == "closed":
                self._post_day(at, day, targets)
                self.closed_calls |= {(*r.identity, day): (r, rated) for r, rated in calls if r.day == day}
                self.closed_services |= {c.identity: c for c in services if c.day == day}
                self.closings[day] = self.landed.last_touched(day)
        self._calls = None
        return done

    # -- rating ----------------------------------------------------------------------------------

    def _calls_now(self) -> list[Call]:
        """Every attempt with its legs: of closed days as they were closed, else by today's configuration."""
        if self._calls is None:
            self._calls = [*self.closed_calls.values(), *self._open_calls()]
        return self._calls

    def _open_calls(self) -> Iterator[Call]:
        company = self.now_configured.company
        rows = [row for row in self.landed.all("cdrs") if (*row.identity, row.day) not in self.closed_calls]
        sold: dict[tuple[object, ...], list[bool]] = defaultdict(list)
        kept: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
        for row, rated in self.closed_calls.values():
            if rated.sell.status != NONE:
                sold[row.source, row.key[0], row.day].append(row.cdr().answered)
            for cover in rated.covers:
                kept[cover.profile_id, cover.period] += cover.seconds + cover.amount
        usual: list[Row] = []
        unsold: list[Row] = []
        for row in rows:
            stored = sold.get((row.source, row.key[0], row.day))
            # a late attempt is sold only if it is answered and no answered one was
            late = stored is not None and (any(stored) or not row.cdr().answered)
            (unsold if late else usual).append(row)
        yield from zip(usual, rate(company, [row.cdr() for row in usual], kept=kept), strict=True)
        for row in unsold:
            yield row, replace(rate(company, [row.cdr()])[0], sell=NO_LEG, covers=())

    def _services_now(self, at: datetime) -> list[Charge]:
        """Usage and what subscriptions charge, since the first traffic; a closed day takes no new subscription."""
        span = self.landed.span()
        rows = [r for r in self.landed.all("usage") if r.identity not in self.closed_services]
        charges = [used(self.now_configured, row) for row in rows]
        if span:
            charges += [
                charge
                for charge in subscribed(self.now_configured, at)
                if charge.day >= span[0] and charge.day not in self.closings
            ]
        return [*self.closed_services.values(), *charges]

    def legs(self) -> Iterator[tuple[Row, RatedAttempt, Leg, int]]:
        """Every rated leg with an account, and its sign in the account's favour."""
        for row, rated in self._calls_now():
            for leg, sign in ((rated.sell, -1), (rated.buy, 1)):
                if leg.status == RATED and leg.account_id is not None:
                    yield row, rated, leg, sign

    def targets(self, at: datetime) -> dict[Target, Fraction]:
        """What the rated facts come to now, also where that is 0."""
        found: dict[Target, Fraction] = defaultdict(Fraction)
        for row, rated, leg, sign in self.legs():
            account = leg.account_id or ""
            period = self.terms[account].period_of(rated.charged_at)
            found[account, period, row.day, "calls", None] += sign * (leg.account_amount or ZERO)
        for charge in self._services_now(at):
            if charge.amount is not None:
                period = self.terms[charge.account].period_of(charge.at)
                found[charge.account, period, charge.day, charge.kind, charge.service] -= charge.amount
        return dict(found)

    def services(self, at: datetime) -> list[Charge]:
        """Usage and subscriptions that have a price."""
        return [charge for charge in self._services_now(at) if charge.amount is not None]

    # -- days ------------------------------------------------------------------------------------

    def _ended(self, at: datetime) -> list[date]:
        """Days that have ended and are not closed, or have late rows."""
        span = self.landed.span()
        if span is None:
            return []
        days = (span[0] + n * DAY for n in range((at.date() - span[0]).days))
        return [day for day in days if not self.is_closed(day)]

    def is_closed(self, day: date) -> bool:
        """Whether the day is closed and nothing has landed in it since."""
        return day in self.closings and self.landed.last_touched(day) <= self.closings[day]

    def _held_back(self, day: date, calls: list[Call], services: list[Charge]) -> bool:
        rejected = [
            r
            for r in self.landed.rejected
            if r.day == day
            and not self.landed.settled(r)
            and (str(day), "row", f"{r.file_id}:{r.line}") not in self.waived
        ]
        unrated = [
            row
            for row, rated in calls
            if row.day == day
            and UNRATED in (rated.sell.status, rated.buy.status)
            and (str(day), "call", row.key[0]) not in self.waived
        ]
        return bool(rejected or unrated or any(c.day == day and c.amount is None for c in services))

    def statuses(self, at: datetime) -> dict[date, str]:
        """The days' status right after closing."""
        span = self.landed.span()
        if span is None:
            return {}
        last = max(span[1], at.date())
        return {
            day: "closed" if self.is_closed(day) else "failed" if day in self.failed else
            "ready" if day < at.date() else "open"
            for day in (span[0] + n * DAY for n in range((last - span[0]).days + 1))
        }  # fmt: skip

    # -- posting ---------------------------------------------------------------------------------

    def _post_day(self, at: datetime, day: date, targets: Mapping[Target, Fraction]) -> None:
        """The difference between what is and what was posted, for everything of the day."""
        posted = self._posted()
        again = day in self.closings
        for key in sorted({k for k in (*targets, *posted) if k[2] == day}, key=lambda k: (*k[:4], k[4] or "")):
            account, period, _, fact, service = key
            amount = targets.get(key, ZERO) - posted.get(key, ZERO)
            if amount == 0:
                continue
            reference = None
            if again:
                kind = "cdrs" if fact == "calls" else fact
                reference = " ".join(self.landed.files_since(day, kind, self.closings[day])) or None
            self.post(at, account, day, period, _booked(day, at), "adjustment" if again else fact, fact, service,
                      amount, reference)  # fmt: skip

    def _posted(self) -> dict[Target, Fraction]:
        found: dict[Target, Fraction] = defaultdict(Fraction)
        for entry in self.entries:
            if entry.fact is not None:
                found[entry.account, entry.period, entry.day, entry.fact, entry.service] += entry.amount
        return found

    def _post_payments(self, at: datetime) -> None:
        """A payment is about the day it was paid on; it is booked by the same rule as calls."""
        for row in self.unposted:
            account, method = row.cells["account_id"], row.cells.get("method")
            kind = method if method in ("refund", "write_off") else "payment"
            self.post(at, account, row.day, self.terms[account].period_of(row.at), _booked(row.day, at), kind,
                      None, None, Fraction(row.cells["amount"]), f"{row.source}:{row.key[0]}")  # fmt: skip
        self.unposted = []

    def post(self, at: datetime, account: str, day: date, period: date, booked_on: date, kind: str,
             fact: str | None, service: str | None, amount: Fraction, reference: str | None) -> Entry:  # fmt: skip
        """Write an entry. Its id is a hash of what it says and of how many equal ones there are."""
        currency = self.terms[account].currency
        key = (account, day, period, kind, service or "", amount_text(amount), currency, reference or "")
        text = "|".join(str(part) for part in (*key, self.by_key[key]))
        self.by_key[key] += 1
        entry = Entry(hashlib.sha256(text.encode()).hexdigest(), account, day, period, booked_on, at, kind, fact,
                      service, amount, currency, reference)  # fmt: skip
        self.entries.append(entry)
        return entry

    # -- balances --------------------------------------------------------------------------------

    def balances(self, at: datetime) -> dict[str, Balance]:
        """Each account's balance: all that was posted and all that would be."""
        posted: dict[str, Fraction] = defaultdict(Fraction)
        for entry in self.entries:
            posted[entry.account] += entry.amount
        accrued: dict[str, Fraction] = defaultdict(Fraction)
        for key, amount in self.targets(at).items():
            accrued[key[0]] += amount
        for entry in self.entries:
            if entry.fact is not None:
                accrued[entry.account] -= entry.amount
        return {name: self._balance(terms, posted[name], accrued[name]) for name, terms in self.terms.items()}

    def _balance(self, terms: Terms, posted: Fraction, accrued: Fraction) -> Balance:
        balance = posted + accrued
        available = balance + (terms.credit_limit or ZERO) - terms.buffer
        status = "ok"
        if terms.kind != "carrier":
            if (terms.prepaid or terms.credit_limit is not None) and available <= 0:
                status = "exhausted"
            elif terms.prepaid and terms.threshold is not None and balance < terms.threshold:
                status = "low"
        return Balance(balance, accrued, available, status)

    def daily(self) -> dict[tuple[str, date], tuple[Fraction, Fraction, Fraction, Fraction]]:
        """By account and booking day: opening, debits, credits, closing."""
        changes: dict[tuple[str, date], list[Fraction]] = defaultdict(list)
        for entry in self.entries:
            changes[entry.account, entry.booked_on].append(entry.amount)
        running: dict[str, Fraction] = defaultdict(Fraction)
        found = {}
        for account, day in sorted(changes):
            amounts, opening = changes[account, day], running[account]
            debits, credits = sum((a for a in amounts if a < 0), ZERO), sum((a for a in amounts if a > 0), ZERO)
            running[account] = opening + debits + credits
            found[account, day] = (opening, debits, credits, running[account])
        return found
