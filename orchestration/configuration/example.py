"""The smallest company that can charge a call: one customer, one carrier, a row or two of each configuration file.

The headers are the schema's, so that a new file has every column there is; a row names the cells that say something.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from orchestration.configuration.chart import CHART, KINDS
from orchestration.configuration.schema import FILES

Row = Mapping[str, str]


def seeds(since: date) -> dict[str, str]:
    """The text of every configuration file, by its name. What needs a date has it of `since`, its month or year."""
    rows = _rows(since)
    return {file.csv: written(file.names, rows.get(name, ())) for name, file in FILES.items()}


def chart_of_accounts() -> tuple[str, str]:
    """The name and text of a chart in which every posting has a place; adjustments go where what they correct goes."""
    contra = {"payment": "1000", "refund": "1000", "tax": "2200", "write_off": "6900", "rounding": "6950"}
    rows = [
        {"kind": kind, "control_account": "1200", "contra_account": contra.get(kind, "4000")}
        for kind in KINDS
        if kind != "adjustment"
    ]
    rows += [
        {"kind": kind, "account_kind": "carrier", "control_account": "2100", "contra_account": contra.get(kind, "5000")}
        for kind in ("calls", "payment", "refund", "write_off")
    ]
    return CHART.csv, written(CHART.names, rows)


def written(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A CSV of a header and rows. A cell of a column that there is not raises ValueError."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _rows(since: date) -> dict[str, list[Row]]:
    month, year = f"{since:%Y-%m}", f"{since:%Y}"
    call = {"destination": "United Kingdom", "prefix": "44"}
    return {
        "company": [{"name": "New Telecom", "reporting_currency": "EUR"}],
        "accounts": [
            {"account_id": "acme", "name": "Acme", "kind": "customer", "currency": "EUR", "payment_terms_days": "14",
             "tax_pct": "19", "plan_tier": "basic", "department": "Sales"},
            {"account_id": "carrier", "name": "Carrier", "kind": "carrier", "currency": "EUR"},
        ],
        "trunks": [
            {"trunk_id": "in-acme", "direction": "ingress", "account_id": "acme"},
            {"trunk_id": "out-carrier", "direction": "egress", "account_id": "carrier"},
        ],
        "rate_tables": [
            {"rate_table_id": "retail", "name": "Retail", "kind": "per_minute", "currency": "EUR",
             "timetable_id": "office", "initial_s": "60", "increment_s": "60"},
            {"rate_table_id": "cost", "name": "What the carrier charges", "kind": "per_minute", "currency": "EUR",
             "initial_s": "1", "increment_s": "1"},
        ],
        "rates": [
            {"rate_table_id": "retail", **call, "rate_per_minute": "0.06"},
            {"rate_table_id": "cost", **call, "rate_per_minute": "0.03"},
        ],
        "rate_assignments": [
            {"account_id": "acme", "side": "sell", "rate_table_id": "retail"},
            {"account_id": "carrier", "side": "buy", "rate_table_id": "cost"},
        ],
        "prefix_regions": [{"prefix": "1212", "region": "NY"}],
        "timetables": [
            {"timetable_id": "office", "priority": "1", "band": "day", "days": "mon-fri", "starts_at": "08:00",
             "ends_at": "18:00"},
        ],
        "holidays": [{"timetable_id": "office", "date": f"{year}-12-25", "band": "holiday"}],
        "consumption_profiles": [
            {"profile_id": "acme-london", "account_id": "acme", "rule": "duration", "allowance": "600",
             "period": "month", "prefixes": "4420"},
        ],
        "service_rates": [{"service": "number", "unit_price": "1", "currency": "EUR"}],
        "subscriptions": [
            {"subscription_id": "acme-number", "account_id": "acme", "service": "number", "charge": "monthly",
             "valid_from": f"{since}"},
        ],
        "plan_tiers": [{"plan_tier": "basic", "resource": "extensions", "limit": "10"}],
        "budgets": [{"department": "Sales", "month": month, "amount": "1000", "currency": "EUR"}],
        "fx_rates": [{"from_currency": "USD", "to_currency": "EUR", "valid_from": f"{year}-01-01", "rate": "0.9"}],
        "sources": [{"source": "sw1", "kind": "cdrs", "format": "canonical", "international_prefixes": "00"}],
        # with a row only those in it may act: an empty file lets everyone
        "operators": [],
    }  # fmt: skip
