"""What an invoice, a credit note or a draft says, before it is a file. Says it all: nothing else is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Party:
    """Who sends or gets it; `address` has " / " between its lines. Empty where not known."""

    name: str
    legal_name: str = ""
    address: str = ""
    tax_id: str = ""


@dataclass(frozen=True)
class DocumentLine:
    """A line. `amount` is in the document's currency and exact, up to 8 decimals; above 0 it is charged.

    `kind`: calls, termination, usage, subscription, adjustment or credit. `rate_per_minute` and `unit_price` are in
    `currency`, which may be another than the document's. An adjustment is about `day` of the period that begins on
    `for_period`.

    Of `billed_s` allowances covered `covered_s`; `covered_amount` is what they took off in money, in the document's
    currency. What is left of the seconds at `rate_per_minute` (rounded half even to 8 decimals), and `beyond_rate`, are
    what the calls cost in `currency`; what we owe for calls is below 0.
    """

    line: int
    kind: str
    description: str
    currency: str
    amount: Decimal
    destination: str | None = None
    service: str | None = None
    day: date | None = None
    for_period: date | None = None
    rate_per_minute: Decimal | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    calls: int | None = None
    duration_s: Decimal | None = None
    billed_s: Decimal | None = None
    covered_s: Decimal | None = None
    covered_amount: Decimal | None = None
    beyond_rate: Decimal | None = None


# what lines did not say by the rules of before
SINCE_RULES_2 = ("covered_s", "covered_amount", "beyond_rate")


@dataclass(frozen=True)
class ListedCall:
    """A call of the call list: `charged_at` is in the account's time zone, `amount` in the document's currency.

    Allowances covered `covered_s` of its billed seconds, and took `covered_amount` off.
    """

    line: int
    charged_at: datetime
    calling_number: str
    called_number: str
    destination: str
    duration_s: Decimal
    billed_s: Decimal
    amount: Decimal
    covered_s: Decimal = Decimal(0)
    covered_amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Document:
    """An invoice or credit note (`number` set) or a draft (`number` None).

    `exact` is the sum of the lines' amounts, `net` that rounded to `minor_unit` decimals, `total` = `net` + `tax`.
    `calls` is the call list where it was asked for. `logo` is a PNG or JPEG file's bytes. `rules` is the version of the
    rules it was issued by: a document that is made again says what it said. `raw`: its CSV has its texts as they are.
    """

    number: str | None
    kind: str  # invoice, credit_note
    seller: Party
    buyer: Party
    account_id: str
    period_start: date
    period_end: date
    timezone: str
    issued_on: date
    due_on: date | None
    currency: str
    minor_unit: int
    lines: Sequence[DocumentLine]
    exact: Decimal
    net: Decimal
    tax_pct: Decimal
    tax: Decimal
    total: Decimal
    reason: str | None = None
    corrects: str | None = None  # of a credit note: the number of the period's invoice
    calls: Sequence[ListedCall] | None = None
    logo: bytes | None = None
    rules: int = 2
    raw: bool = False
