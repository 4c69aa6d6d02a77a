"""A company small enough to work out by hand: two customers, a carrier, one price each way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SEEDS = {
    "company": "name,reporting_currency\nHand Made,USD\n",
    "accounts": (
        "account_id,name,kind,currency,timezone,payment_model,credit_limit,low_balance_threshold\n"
        "acme,Acme,customer,USD,UTC,prepaid,,1\n"
        "bolt,Bolt,customer,EUR,Europe/Paris,postpaid,,\n"
        "carrier,Carrier,carrier,USD,UTC,,,\n"
    ),
    "trunks": (
        "trunk_id,direction,account_id,valid_from,valid_to\n"
        "in-a,ingress,acme,2026-01-01,\n"
        "in-b,ingress,bolt,2026-01-01,\n"
        "out,egress,carrier,2026-01-01,\n"
    ),
    "rate_tables": (
        "rate_table_id,kind,currency,initial_s,increment_s\nretail,per_minute,USD,60,60\ncost,per_minute,USD,1,1\n"
    ),
    # 0.06 a minute a whole minute begun; costs 0.03 a minute by the second
    "rates": (
        "rate_table_id,prefix,destination,band,valid_from,rate_per_minute\n"
        "retail,44,United Kingdom,,2026-01-01,0.06\n"
        "cost,44,United Kingdom,,2026-01-01,0.03\n"
    ),
    "rate_assignments": (
        "account_id,side,rate_table_id,valid_from\n"
        "acme,sell,retail,2026-01-01\n"
        "bolt,sell,retail,2026-01-01\n"
        "carrier,buy,cost,2026-01-01\n"
    ),
    "service_rates": ("service,account_id,unit_price,currency,valid_from\nmessage,,0.01,USD,2026-01-01\n"),
    "fx_rates": "from_currency,to_currency,valid_from,rate\nUSD,EUR,2026-01-01,0.5\n",
    "sources": "source,kind,format\nsw1,cdrs,canonical\n",
}
CDR_HEADER = "call_id,started_at,answered_at,called_number,duration_s,ingress_trunk,egress_trunk"


def write_company(directory: Path, **changed: str) -> Path:
    """Write the configuration files to `directory`, some of them `changed`, and return it."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in {**SEEDS, **changed}.items():
        (directory / f"{name}.csv").write_text(text)
    return directory


def write_operators(seeds: Path, *rows: str) -> None:
    """List operators (`ann,admin,`), and let TOLLBOOK_OPERATOR say which of them acts."""
    write_text(seeds / "operators.csv", "operator,role,accounts", *rows)
    header, *company = (seeds / "company.csv").read_text().splitlines()
    if "trust_operator_variable" not in header:
        trusting = (f"{line},true" for line in company)
        write_text(seeds / "company.csv", f"{header},trust_operator_variable", *trusting)


def write_calls(path: Path, calls: Iterable[tuple[str, str, str, str]]) -> Path:
    """Write (call_id, started_at, seconds, ingress trunk) as a canonical CDR file to 447700900123."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{call_id},{at},{at if float(seconds) > 0 else ''},447700900123,{seconds},{trunk},out"
        for call_id, at, seconds, trunk in calls
    ]
    path.write_text("\n".join([CDR_HEADER, *lines]) + "\n")
    return path


def write_text(path: Path, *lines: str) -> Path:
    """Write lines to `path`, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
