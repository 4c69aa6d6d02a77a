"""A small company and its calls, for tests of the reference rater."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from orchestration.audit.company import AcceptedDeck, Company
from orchestration.audit.rater import Cdr, Leg, rate

NOON = datetime(2026, 3, 2, 12)  # a Monday

BASE: dict[str, str] = {
    "company": "name,reporting_currency\nMeridian,USD\n",
    "accounts": (
        "account_id,name,kind,currency\ncust,Customer,customer,USD\ncarr,Carrier,carrier,USD\nboth,Both,both,USD\n"
    ),
    "trunks": (
        "trunk_id,direction,account_id,valid_from,valid_to\n"
        "in,ingress,cust,,\n"
        "in,egress,carr,,\n"
        "out,egress,carr,,\n"
        "did,ingress,carr,,\n"
        "home,egress,cust,,\n"
        "twoway,ingress,both,,\n"
    ),
    "rate_tables": ("rate_table_id,kind,currency,grace_s\nsell,per_minute,USD,\nbuy,per_minute,USD,\n"),
    "rates": (
        "rate_table_id,prefix,destination,rate_per_minute\nsell,44,UK,0.6\nsell,447,UK mobile,1.2\nbuy,44,UK,0.3\n"
    ),
    "rate_assignments": (
        "account_id,side,rate_table_id,valid_from,valid_to\ncust,sell,sell,,\nboth,sell,sell,,\ncarr,buy,buy,,\n"
    ),
    "sources": "source,kind,international_prefixes\nsw1,cdrs,00 011\n",
}


def cdr(**changes: object) -> Cdr:
    """An answered minute to 442079460000 from `in` to `out`, noon UTC."""
    base = Cdr(
        source="sw1",
        call_id="c1",
        attempt=1,
        started_at=NOON - timedelta(seconds=9),
        answered_at=NOON,
        ended_at=NOON + timedelta(seconds=60),
        duration_s=Decimal("60.000"),
        calling_number="15550001",
        called_number="+44 20 7946 0000",
        routing_number=None,
        ingress_trunk="in",
        egress_trunk="out",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def unanswered(**changes: object) -> Cdr:
    return cdr(**({"duration_s": Decimal(0), "answered_at": None, "started_at": NOON} | changes))


def company_writer(directory: Path) -> Callable[..., Company]:
    """Writes the base company with some files replaced or, from a `+`, added to, and loads it.

    Named by file: `rates="+sell,1,..."`; `decks` and `numbers` go to `Company.load`.
    """

    def load(decks: Sequence[Path | AcceptedDeck] = (), numbers: Sequence[str] | None = None, **files: str) -> Company:
        contents = dict(BASE)
        for name, text in files.items():
            added = text.startswith("+")
            contents[name] = contents[name] + text[1:] if added else text
        for name, text in contents.items():
            (directory / f"{name}.csv").write_text(text, encoding="utf-8")
        return Company.load(directory, numbers, decks)

    return load


def legs(company: Company, call: Cdr) -> tuple[Leg, Leg]:
    rated = rate(company, [call])[0]
    return rated.sell, rated.buy


def says(leg: Leg) -> tuple[object, ...]:
    return leg.status, leg.reason, leg.amount
