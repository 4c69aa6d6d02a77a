"""Invoices of the independent ledger, from the section on invoices of docs/ledger.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from tests.proof.configured import DAY, Terms
from tests.proof.ledger import ZERO, Entry, Ledger

# a UTC day, what was sold and which service
Part = tuple[date, str, str | None]


@dataclass(frozen=True)
class Line:
    """A line of a document; `amount` above 0 is charged. Lines are compared without their numbers."""

    kind: str
    description: str
    amount: Fraction
    currency: str
    destination: str | None = None
    service: str | None = None
    day: date | None = None
    for_period: date | None = None
    rate: Fraction | None = None
    quantity: Fraction | None = None
    unit_price: Fraction | None = None
    calls: int | None = None
    seconds: Fraction | None = None
    billed: Fraction | None = None


@dataclass(frozen=True)
class Document:
    """An invoice or credit note as it was issued; `entries` are the ids of the postings on it."""

    number: str
    kind: str
    account: str
    start: date
    end: date
    lines: tuple[Line, ...]
    exact: Fraction
    net: Fraction
    tax_rate: Fraction
    tax: Fraction
    total: Fraction
    currency: str
    issued_at: datetime
    due_on: date | None
    entries: frozenset[str]


class Invoicing:
    """Issues what a ledger's periods come to."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.documents: list[Document] = []
        # what was invoiced for a period so far, by day: on its own invoice, and as adjustments on later ones
        self.invoiced: dict[tuple[str, date], dict[Part, Fraction]] = {}
        self.billed: set[str] = set()

    def run(self, at: datetime) -> list[Document]:
        """Issue every period that is over for 24 hours, whose days are closed, and that has something to say."""
        self.ledger.build(at)
        periods = {(key[1], key[0]) for key in self.ledger.targets(at)}
        periods |= {(entry.period, entry.account) for entry in self.ledger.entries if entry.fact}
        # what has changed of an invoiced period is charged with the one in which that was booked
        periods |= {
            (self.ledger.terms[entry.account].period_with(entry.booked_on), entry.account)
            for entry in self.ledger.entries
            if entry.fact and (entry.account, entry.period) in self.invoiced and entry.entry_id not in self.billed
        }
        ready = [
            (account, start)
            for start, account in sorted(periods)
            if (account, start) not in self.invoiced and self._is_ready(at, account, start)
        ]
        found = [self._invoice(at, account, start) for account, start in ready]
        return [document for document in found if document]

    def credit_note(self, at: datetime, account: str, start: date, amount: Fraction) -> Document | None:
        """Credit an amount for a period that was invoiced, with what changed since; None when it cannot be."""
        self.ledger.build(at)
        if (account, start) not in self.invoiced or not self._is_ready(at, account, start):
            return None
        terms = self.ledger.terms[account]
        lines = [*self._adjustments(account, [start]), Line("credit", "Credit", -amount, terms.currency)]
        net = terms.minor(sum((line.amount for line in lines), ZERO))
        charged = terms.minor(
            sum(
                (
                    line.amount
                    for document in self.documents
                    for line in document.lines
                    if document.account == account and (line.for_period or document.start) == start
                ),
                ZERO,
            )
        )
        if net >= 0 or charged + net < 0:
            return None
        rate = next(d.tax_rate for d in self.documents if (d.account, d.start) == (account, start))
        return self._issue(at, terms, start, lines, [start], rate, credit=amount)

    def _is_ready(self, at: datetime, account: str, start: date) -> bool:
        terms = self.ledger.terms[account]
        if terms.kind == "carrier":
            return False
        begins, ends = terms.begins(start), terms.begins(terms.end_of(start) + DAY)
        span = self.ledger.landed.span()
        first = max(begins.date(), span[0]) if span else begins.date()
        # the last UTC day that it touches
        last = ends.date() - (DAY if ends == datetime.combine(ends.date(), datetime.min.time()) else 0 * DAY)
        days = (first + n * DAY for n in range((last - first).days + 1))
        return at >= ends + DAY and all(self.ledger.is_closed(day) for day in days)

    def _invoice(self, at: datetime, account: str, start: date) -> Document | None:
        others = [period for name, period in self.invoiced if name == account]
        own, by_part = self._period_lines(at, account, start)
        lines = [*own, *self._adjustments(account, others)]
        if not lines:
            return None
        terms = self.ledger.terms[account]
        document = self._issue(at, terms, start, lines, [start, *others], terms.tax)
        self.invoiced[account, start] = by_part
        return document

    def _period_lines(self, at: datetime, account: str, start: date) -> tuple[list[Line], dict[Part, Fraction]]:
        """The period's calls by destination and rate, its services by price; and its amounts by day."""
        terms = self.ledger.terms[account]
        groups: dict[Line, list[Fraction | int]] = defaultdict(lambda: [0, ZERO, ZERO, ZERO, ZERO])
        by_part: dict[Part, Fraction] = defaultdict(Fraction)
        for row, rated, leg, sign in self.ledger.legs():
            if leg.account_id != account or terms.period_of(rated.charged_at) != start:
                continue
            amount, cdr = -sign * (leg.account_amount or ZERO), row.cdr()
            by_part[row.day, "calls", None] += amount
            if not cdr.answered and amount == 0:
                continue
            name = leg.destination or "Other destinations"
            kind, words = ("calls", name) if sign < 0 else ("termination", f"Owed to you: {name}")
            line = Line(kind, words, ZERO, leg.currency or "", leg.destination or None, rate=leg.rate_per_minute)
            _add(groups[line], 1, Fraction(cdr.duration_s), leg.billed_s or ZERO, ZERO, amount)
        for charge in self.ledger.services(at):
            if charge.account != account or terms.period_of(charge.at) != start:
                continue
            amount = charge.amount or ZERO
            by_part[charge.day, charge.kind, charge.service] += amount
            words = charge.service
            if charge.days < charge.of_days:
                words += f", {charge.days} of {charge.of_days} days"
            line = Line(charge.kind, words, ZERO, charge.currency or "", None, charge.service,
                        unit_price=charge.unit_price)  # fmt: skip
            _add(groups[line], 0, ZERO, ZERO, charge.quantity, amount)
        lines = []
        for line, (calls, seconds, billed, quantity, charged) in groups.items():
            sums: dict[str, object] = {"quantity": quantity}
            if line.kind in ("calls", "termination"):
                sums = {"calls": calls, "seconds": seconds, "billed": billed}
            lines.append(Line(**{**vars(line), **sums, "amount": charged}))
        return lines, dict(by_part)

    def _adjustments(self, account: str, periods: Iterable[date]) -> list[Line]:
        """What periods that were invoiced come to now less all that was invoiced for them, by day."""
        lines = []
        for period in periods:
            posted = self._posted(account, period)
            before = self.invoiced[account, period]
            for part in {*posted, *before}:
                day, fact, service = part
                amount = posted.get(part, ZERO) - before.get(part, ZERO)
                if amount:
                    words = f"{'Calls' if fact == 'calls' else service} of {day}, changed since it was invoiced"
                    lines.append(Line("adjustment", words, amount, self.ledger.terms[account].currency,
                                      service=service, day=day, for_period=period))  # fmt: skip
        return lines

    def _posted(self, account: str, period: date) -> dict[Part, Fraction]:
        found: dict[Part, Fraction] = defaultdict(Fraction)
        for entry in self.ledger.entries:
            if (entry.account, entry.period) == (account, period) and entry.fact is not None:
                found[entry.day, entry.fact, entry.service] -= entry.amount
        return dict(found)

    def _issue(self, at: datetime, terms: Terms, start: date, lines: list[Line], periods: list[date],
               tax_rate: Fraction, credit: Fraction | None = None) -> Document:  # fmt: skip
        """Number it, post tax, rounding and credit, and tie the postings to it."""
        exact = sum((line.amount for line in lines), ZERO)
        net = terms.minor(exact)
        tax = terms.minor(net * tax_rate)
        series = f"{'INV' if credit is None else 'CN'}-{at.year}-"
        number = f"{series}{1 + sum(d.number.startswith(series) for d in self.documents):06}"
        taken = [
            entry
            for entry in self.ledger.entries
            if entry.account == terms.account_id
            and entry.fact is not None
            and entry.period in periods
            and entry.entry_id not in self.billed
        ]
        own = (("tax", -tax), ("rounding", exact - net), ("credit_note", credit or ZERO))
        taken += [self._post(at, terms, start, kind, amount, number) for kind, amount in own if amount]
        self.billed |= {entry.entry_id for entry in taken}
        for period in periods:
            if (terms.account_id, period) in self.invoiced:
                self.invoiced[terms.account_id, period] = self._posted(terms.account_id, period)
        document = Document(
            number, "invoice" if credit is None else "credit_note", terms.account_id, start, terms.end_of(start),
            tuple(lines), exact, net, tax_rate, tax, net + tax, terms.currency, at,
            at.date() + terms.due_days * DAY if credit is None else None, frozenset(e.entry_id for e in taken),
        )  # fmt: skip
        # the law: the postings of a document come to its total
        assert sum((entry.amount for entry in taken), ZERO) == -document.total, document
        self.documents.append(document)
        return document

    def _post(self, at: datetime, terms: Terms, start: date, kind: str, amount: Fraction, number: str) -> Entry:
        return self.ledger.post(at, terms.account_id, at.date(), start, at.date(), kind, None, None, amount, number)


def _add(sums: list[Fraction | int], *amounts: Fraction | int) -> None:
    for n, amount in enumerate(amounts):
        sums[n] += amount
