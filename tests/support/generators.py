"""Random companies and random traffic, the same for the same seed on any machine.

`random_company` writes a valid configuration, `random_deck` rate decks that change its prices, and
`random_traffic` a file of CDRs that goes for its edges: rates, trunks, assignments, bands, periods and
clocks that change within the day, durations that sit on an increment, numbers that equal a prefix.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orchestration.audit.company import AcceptedDeck, Company, RateTable
from orchestration.audit.number import WRITTEN_IN_FULL, Numbering
from orchestration.audit.rater import Cdr
from orchestration.audit.times import in_force, parse_instant

# Over the night from the first to the second of these days Europe's clocks go forward.
START = date(2026, 3, 28)
SOURCE = "sw1"

EPOCH = datetime(2026, 1, 1)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

CURRENCIES = ("USD", "EUR", "GBP", "INR")
ZONES = (
    "UTC",
    "Europe/Paris",
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
)
BANDS = ("day", "eve", "night")
JURISDICTIONS = ("intrastate", "interstate", "indeterminate")
REGIONS = ("NY", "NJ", "CA")
ROUNDINGS = ("up", "down", "half_up", "half_down", "half_even")

CUSTOMERS = tuple(f"cust{number}" for number in range(7))
CARRIERS = tuple(f"carr{number}" for number in range(4))
BOTH = "both0"

# The first kinds are certain, so that every company has every kind.
TABLE_KINDS = ("per_minute", "block", "given", "markup")

COLUMNS: Mapping[str, Sequence[str]] = {
    "company": ("name", "legal_name", "address", "tax_id", "reporting_currency"),
    "accounts": (
        *("account_id", "name", "kind", "currency", "timezone", "billing_model"),
        *("payment_model", "plan_tier", "credit_limit", "buffer", "low_balance_threshold"),
        *("billing_cycle", "payment_terms_days", "tax_pct", "department", "legal_name"),
        *("address", "tax_id", "customer_id", "valid_to"),
    ),
    "trunks": ("trunk_id", "direction", "account_id", "valid_from", "valid_to"),
    "rate_tables": (
        *("rate_table_id", "name", "kind", "currency", "timezone", "timetable_id"),
        *("band_policy", "number_basis", "initial_s", "increment_s", "increment_from"),
        *("seconds_rounding", "amount_decimals", "amount_rounding", "grace_s", "free_s"),
        *("connect_charge", "attempt_charge", "min_charge", "max_charge", "markup_pct"),
    ),
    "rates": (
        *("rate_table_id", "prefix", "destination", "band", "valid_from", "valid_to"),
        *("rate_per_minute", "initial_rate_per_minute", "initial_s", "increment_s"),
        *("initial_charge", "increment_charge", "connect_charge", "markup_pct", "blocked"),
        *("calling_prefix", "jurisdiction", "min_charge", "max_charge", "grace_s", "free_s"),
    ),
    "rate_assignments": (*("account_id", "side", "rate_table_id", "valid_from", "valid_to", "notice_days"),),
    "prefix_regions": ("prefix", "region"),
    "timetables": ("timetable_id", "priority", "band", "days", "starts_at", "ends_at"),
    "holidays": ("timetable_id", "date", "band"),
    "consumption_profiles": (
        *("profile_id", "account_id", "rule", "allowance", "period", "prefixes", "priority"),
        *("valid_from", "valid_to"),
    ),
    "service_rates": (
        *("service", "account_id", "unit_price", "currency", "amount_decimals"),
        *("amount_rounding", "valid_from", "valid_to"),
    ),
    "subscriptions": (
        *("subscription_id", "account_id", "service", "quantity", "charge", "prorate"),
        *("valid_from", "valid_to"),
    ),
    "plan_tiers": ("plan_tier", "resource", "limit"),
    "budgets": ("department", "month", "amount", "currency"),
    "fx_rates": ("from_currency", "to_currency", "valid_from", "rate"),
    "sources": (
        *("source", "kind", "format", "timezone", "country_code", "national_prefix", "international_prefixes"),
        *("expected_every_minutes", "not_numbers"),
    ),
    "operators": ("operator", "role", "accounts"),
}

CDR_COLUMNS = (
    *("call_id", "attempt", "started_at", "answered_at", "ended_at", "duration_s"),
    *("calling_number", "called_number", "routing_number", "ingress_trunk", "egress_trunk"),
    *("disposition", "hangup_cause", "pdd_ms", "carrier_amount", "carrier_currency"),
    "carrier_billed_s",
)

Row = dict[str, str]
Files = dict[str, list[Row]]


# -- companies ---------------------------------------------------------------------------------


def random_company(
    seed: int,
    directory: Path,
    *,
    split: bool = False,
    origin: bool = False,
    profiles: bool = False,
    national: bool = False,
    ended: bool = False,
    start: date = START,
) -> None:
    """Write a random, valid configuration whose changes fall on `start` and the day after.

    Every company has tables of all four kinds; with `split` some per_minute tables cut calls at
    band edges, with `origin` some tables have rates by calling prefix and jurisdiction, with
    `profiles` every customer has consumption profiles, with `national` the source writes numbers of
    its own country without the country code, with `ended` two customers and a carrier end within the
    two days. Creates `directory`.
    """
    random = Random(f"company {seed} {split} {start}")
    files: Files = {name: [] for name in COLUMNS}
    files["company"].append({"name": f"Company {seed}", "reporting_currency": _currency(random)})
    files["sources"].append(
        {
            "source": SOURCE,
            "kind": "cdrs",
            "format": "canonical",
            "timezone": "UTC",
            "international_prefixes": "00 011",
        }
    )
    _add_timetables(random, files, start)
    _add_tables(random, files, split=split)
    _add_rates(random, files, start)
    _add_accounts(random, files)
    _add_trunks(random, files, start)
    _add_assignments(random, files, start)
    _add_fx(random, files, start)
    # Streams of their own: the rest of the company is the same with and without.
    _add_bounds(Random(f"bounds {seed} {split} {start}"), files["rate_tables"], files["rates"])
    if origin:
        _add_origin(Random(f"origin {seed} {split} {start}"), files, start)
    if profiles:
        _add_profiles(Random(f"profiles {seed} {split} {start}"), files, start)
    if national:
        at_home = Random(f"national {seed} {split} {start}")
        files["sources"][0] |= {
            "country_code": at_home.choice(("1", "44", "49", "33", "7")),
            "national_prefix": at_home.choice(("", "", "", "0", "none")),
            "not_numbers": at_home.choice(("", "ignore")),
        }
    if ended:
        ends = Random(f"ended {seed} {split} {start}")
        leaving = {*ends.sample(CUSTOMERS, 2), ends.choice(CARRIERS)}
        for account in files["accounts"]:
            if account["account_id"] in leaving:
                account["valid_to"] = _cell(ends, _instant(ends, start))
    directory.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        _write_csv(directory / f"{name}.csv", columns, files[name])


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _currency(random: Random) -> str:
    return random.choices(CURRENCIES, (4, 4, 2, 1))[0]


def _decimal(random: Random, high: str, decimals: int) -> str:
    """A number in [0, high] with up to `decimals` decimals, not always padded with zeros."""
    steps = random.randint(0, int(Decimal(high).scaleb(decimals)))
    value = Decimal(steps).scaleb(-decimals)
    return f"{value:f}" if random.random() < 0.7 else f"{value.normalize():f}"


def _instant(random: Random, start: date) -> datetime:
    """An instant of the two days: mostly whole minutes, at times midnight or a millisecond."""
    midnight = datetime.combine(start, time())
    kind = random.random()
    if kind < 0.1:
        return midnight + DAY
    if kind < 0.2:
        return midnight + random.randrange(2 * 86_400_000) * MILLISECOND
    return midnight + random.randrange(1, 2 * 1440) * timedelta(minutes=1)


def _cell(random: Random, instant: datetime | None) -> str:
    """An instant as a validity cell: with or without offset, a date alone where that says it."""
    if instant is None:
        return ""
    kind = random.random()
    if kind < 0.15 and instant.time() == time():
        return instant.date().isoformat()
    if kind < 0.3:
        return instant.isoformat() + "Z"
    if kind < 0.45:
        zone = ZoneInfo(random.choice(("Europe/Paris", "America/New_York", "Asia/Kolkata")))
        return instant.replace(tzinfo=UTC).astimezone(zone).isoformat()
    return instant.isoformat()


def _spans(random: Random, start: date, *, longest: int = 3) -> list[tuple[datetime | None, datetime | None]]:
    """Half-open spans that do not overlap, in order: one to `longest`, at times with a gap."""
    edges = sorted({_instant(random, start) for _ in range(random.randrange(longest))})
    first = EPOCH if random.random() < 0.9 else None
    bounds: list[datetime | None] = [first, *edges, None]
    spans: list[tuple[datetime | None, datetime | None]] = []
    for begin, end in itertools.pairwise(bounds):
        if begin is not None and end is not None and random.random() < 0.1:
            # Ends early: until the next span begins nothing is in force.
            end = max(begin + MILLISECOND, end - random.randrange(1, 180) * timedelta(minutes=1))
        spans.append((begin, end))
    return spans


def _add_timetables(random: Random, files: Files, start: date) -> None:
    for number in range(3):
        name = f"tt{number}"
        for priority in range(1, random.randint(2, 5)):
            files["timetables"].append(
                {
                    "timetable_id": name,
                    # Tens, and some lines out of order below: the priority decides, not the line.
                    "priority": str(priority * 10),
                    "band": random.choice(BANDS),
                    "days": random.choice(("all", "mon-fri", "sat,sun", "sat", "sun", "fri-sat", "fri,mon-wed")),
                    "starts_at": _clock(random),
                    "ends_at": _clock(random),
                }
            )
        for day in range(-1, 3):
            if random.random() < 0.12:
                on = (start + day * DAY).isoformat()
                band = random.choice(BANDS)
                files["holidays"].append({"timetable_id": name, "date": on, "band": band})
    random.shuffle(files["timetables"])


def _clock(random: Random) -> str:
    """A wall time on a whole minute; often an hour that DST skips or repeats."""
    if random.random() < 0.3:
        return random.choice(("00:00", "01:00", "02:00", "02:30", "03:00"))
    return f"{random.randrange(24):02}:{random.choice((0, 0, 30, 15, 59)):02}"


def _add_tables(random: Random, files: Files, *, split: bool) -> None:
    kinds = [*TABLE_KINDS, *random.choices(TABLE_KINDS, (6, 3, 1, 2), k=6)]
    for number, kind in enumerate(kinds):
        files["rate_tables"].append(_table(random, f"rt{number}", kind, split=split))


def _table(random: Random, name: str, kind: str, *, split: bool) -> Row:
    decimals = random.choice((0, 2, 2, 3, 4, 4, 5, 6, 8))
    row = {
        "rate_table_id": name,
        "name": f"Table {name}",
        "kind": kind,
        "currency": _currency(random),
        "timezone": random.choice(("", *ZONES)),
        "timetable_id": random.choice(("", "tt0", "tt1", "tt2")),
        "band_policy": random.choice(("", "start")),
        "number_basis": random.choice(("", "called", "called", "routing", "calling")),
        "initial_s": random.choice(("", "0", "1", "6", "12", "30", "60", "2.5")),
        "increment_s": random.choice(("", "1", "6", "7", "30", "60", "0.1")),
        "increment_from": random.choice(("", "initial")),
        "seconds_rounding": random.choice(("", "none", "up", "down", "half_up", "half_down")),
        "amount_decimals": "" if decimals == 4 else str(decimals),
        "amount_rounding": random.choice(("", *ROUNDINGS)),
        "grace_s": random.choice(("", "", "0", "3", "2.5")),
        "free_s": random.choice(("", "", "0", "10", "4.25")),
        "connect_charge": random.choice(("", "", "0.01", "0.00000005", "0.125")),
        "attempt_charge": random.choice(("", "", "0.0007", "0.005")),
    }
    if random.random() < 0.25:
        row["min_charge"] = f"{Decimal(random.randint(1, 20)).scaleb(-decimals):f}"
    if random.random() < 0.25:
        row["max_charge"] = f"{Decimal(random.randint(30, 9000)).scaleb(-decimals):f}"
    if kind == "per_minute":
        row["increment_s"] = random.choice((row["increment_s"], "0"))
        row["increment_from"] = random.choice(("", "initial", "zero"))
        if split and random.random() < 0.6:
            row |= {"band_policy": "split", "timetable_id": row["timetable_id"] or "tt0"}
    if kind == "markup":
        row["markup_pct"] = random.choice(("", "5", "12.5", "33.33333333"))
    return row


def _tree(random: Random) -> list[str]:
    """Prefixes of rates."""
    return _nested(random, ("1", "44", "49", "33", "7", "8816"), 30)


def _nested(random: Random, roots: Sequence[str], n: int) -> list[str]:
    """`n` prefixes of 1 to 10 digits that lie inside one another."""
    prefixes = {*roots}
    while len(prefixes) < n:
        grown = random.choice(sorted(prefixes)) + "".join(
            random.choice("0123456789") for _ in range(random.choice((1, 1, 2, 3)))
        )
        prefixes.add(grown[:10])
    return sorted(prefixes)


def _add_rates(random: Random, files: Files, start: date) -> None:
    prefixes = _tree(random)
    bands: dict[str, set[str]] = {"": set()}
    for row in (*files["timetables"], *files["holidays"]):
        bands.setdefault(row["timetable_id"], set()).add(row["band"])
    for table in files["rate_tables"]:
        share = {"given": 0.2, "markup": 0.3}.get(table["kind"], 0.7)
        chosen = [prefix for prefix in prefixes if random.random() < share]
        if random.random() < 0.4:
            chosen.append("")
        known = sorted(bands[table["timetable_id"]])
        rows = [row for prefix in chosen for row in _prefix_rows(random, table, prefix, known, start)]
        random.shuffle(rows)
        files["rates"].extend(rows)


def _prefix_rows(random: Random, table: Row, prefix: str, known: Sequence[str], start: date) -> list[Row]:
    """The rows of one prefix: without band and for some bands, each in one or more versions."""
    bands = [band for band in known if random.random() < 0.35]
    if random.random() < 0.9 or not bands:
        bands.append("")
    blocked = random.random() < 0.08
    rows = []
    for band in bands:
        begins = set()
        for begin, end in _rate_spans(random, start):
            # (rate_table_id, prefix, band, valid_from) is a key.
            if begin in begins:
                continue
            begins.add(begin)
            row = {
                "rate_table_id": table["rate_table_id"],
                "prefix": prefix,
                "destination": f"Destination {prefix or 'other'}",
                "band": band,
                "valid_from": _cell(random, begin),
                "valid_to": _cell(random, end),
            }
            rows.append(row | _price(random, table, blocked=blocked))
    return rows


def _rate_spans(random: Random, start: date) -> list[tuple[datetime | None, datetime | None]]:
    """Versions of a rate; they may overlap, and then the later one wins."""
    spans = _spans(random, start)
    if random.random() < 0.15:
        spans.append((_instant(random, start), None))
    if random.random() < 0.05:
        spans.append((_instant(random, start), datetime.combine(start, time()) + 2 * DAY))
    # A row that ends before it begins would not be valid.
    return [(begin, end) for begin, end in spans if not (begin and end and begin >= end)]


def _price(random: Random, table: Row, *, blocked: bool) -> Row:
    """The price cells that the table's kind has, and overrides of its terms."""
    row: Row = {"blocked": "true"} if blocked else {}
    kind = table["kind"]
    priced = not blocked or random.random() < 0.5
    if kind == "markup" and random.random() < 0.7:
        row["markup_pct"] = random.choice(("0", "5", "33.3", "12.34567891"))
    if kind == "per_minute" and priced:
        row["rate_per_minute"] = _decimal(random, "0.9", random.choice((2, 4, 6, 8)))
        if table["band_policy"] != "split" and random.random() < 0.2:
            row["initial_rate_per_minute"] = _decimal(random, "0.9", 6)
    if kind == "block" and priced:
        row["initial_charge"] = _decimal(random, "0.2", random.choice((2, 5, 8)))
        row["increment_charge"] = _decimal(random, "0.05", random.choice((3, 6, 8)))
    if kind in ("per_minute", "block"):
        row |= _overrides(random, kind)
    return row


def _overrides(random: Random, kind: str) -> Row:
    row: Row = {}
    if random.random() < 0.15:
        row["initial_s"] = random.choice(("0", "1", "6", "30"))
    if random.random() < 0.15:
        pulses = ("1", "6", "7", "60") if kind == "block" else ("0", "1", "6", "7")
        row["increment_s"] = random.choice(pulses)
    if random.random() < 0.15:
        row["connect_charge"] = random.choice(("0", "0.02", "0.00000123"))
    return row


def _add_bounds(random: Random, tables: Sequence[Row], rates: Sequence[Row]) -> None:
    """Bounds, grace and free seconds of a rate's own, where calls go by them; a least amount is below 25 units."""
    by_id = {table["rate_table_id"]: table for table in tables}
    for row in rates:
        table = by_id[row["rate_table_id"]]
        decimals = int(table["amount_decimals"] or 4)
        for column, low, high in (("min_charge", 1, 20), ("max_charge", 30, 9000)):
            if random.random() < 0.12:
                row[column] = random.choice(("0", f"{Decimal(random.randint(low, high)).scaleb(-decimals):f}"))
        if table["kind"] != "markup" and random.random() < 0.12:
            row["grace_s"] = random.choice(("0", "2", "4.5"))
        if table["kind"] in ("per_minute", "block") and random.random() < 0.12:
            row["free_s"] = random.choice(("0", "7", "0.75"))


def _add_accounts(random: Random, files: Files) -> None:
    kinds = dict.fromkeys(CUSTOMERS, "customer") | dict.fromkeys(CARRIERS, "carrier")
    for name, kind in (kinds | {BOTH: "both"}).items():
        files["accounts"].append(
            {
                "account_id": name,
                "name": f"Account {name}",
                "kind": kind,
                "currency": _currency(random),
                "timezone": random.choice(("", "UTC", "Europe/Paris")),
                "billing_model": random.choice(("", "per_minute")),
                "payment_model": random.choice(("prepaid", "postpaid")),
            }
        )


def _add_trunks(random: Random, files: Files, start: date) -> None:
    groups = [
        *((f"in{number}", "ingress", (*CUSTOMERS, BOTH)) for number in range(7)),
        *((f"out{number}", "egress", (*CARRIERS, BOTH)) for number in range(5)),
        ("did_in", "ingress", CARRIERS),
        ("did_out", "egress", CUSTOMERS),
        # A trunk of both directions may have an owner on each.
        ("peer", "ingress", (BOTH,)),
        ("peer", "egress", (BOTH,)),
    ]
    for trunk, direction, owners in groups:
        for begin, end in _spans(random, start):
            files["trunks"].append(
                {
                    "trunk_id": trunk,
                    "direction": direction,
                    "account_id": random.choice(owners),
                    "valid_from": _cell(random, begin),
                    "valid_to": _cell(random, end),
                }
            )


def _add_assignments(random: Random, files: Files, start: date) -> None:
    tables = {row["rate_table_id"]: row["kind"] for row in files["rate_tables"]}
    sellable = [table for table, kind in tables.items() if kind != "given"]
    # Selling at what the carrier says is odd but allowed; once is enough.
    sellable.append(next(table for table, kind in tables.items() if kind == "given"))
    buyable = [table for table, kind in tables.items() if kind != "markup"]
    for side, accounts, choices in (
        ("sell", (*CUSTOMERS, BOTH), sellable),
        ("buy", (*CARRIERS, BOTH), buyable),
    ):
        for account in accounts:
            for begin, end in _spans(random, start):
                files["rate_assignments"].append(
                    {
                        "account_id": account,
                        "side": side,
                        "rate_table_id": random.choice(choices),
                        "valid_from": _cell(random, begin),
                        "valid_to": _cell(random, end),
                    }
                )


def _add_fx(random: Random, files: Files, start: date) -> None:
    for source in CURRENCIES:
        for target in CURRENCIES:
            if source == target or random.random() < 0.08:
                continue
            days = [EPOCH.date()] if random.random() < 0.95 else []
            days += [start + day * DAY for day in (0, 1, 2) if random.random() < 0.3]
            for day in days:
                files["fx_rates"].append(
                    {
                        "from_currency": source,
                        "to_currency": target,
                        "valid_from": day.isoformat(),
                        "rate": f"{Decimal(random.randint(10**6, 3 * 10**8)).scaleb(-8):f}",
                    }
                )
    random.shuffle(files["fx_rates"])


def _add_origin(random: Random, files: Files, start: date) -> None:
    """Rates by where a call comes from, and the regions of prefixes."""
    callers = _nested(random, ("1", "44", "33"), 14)
    called = {row["prefix"] for row in files["rates"]} - {""}
    for prefix in sorted({*callers, *called}):
        if random.random() < 0.5:
            files["prefix_regions"].append({"prefix": prefix, "region": random.choice(REGIONS)})
    random.shuffle(files["prefix_regions"])
    for number, table in enumerate(files["rate_tables"]):
        # The first, of every kind one, are certain.
        if number >= len(TABLE_KINDS) and random.random() < 0.4:
            continue
        own = sorted({row["prefix"] for row in files["rates"] if row["rate_table_id"] == table["rate_table_id"]})
        chosen = [prefix for prefix in own if random.random() < 0.5]
        # A prefix that has no other rates: who does not match them falls through to a shorter one.
        chosen += {(prefix + random.choice("0123456789"))[:10] for prefix in own if random.random() < 0.2} - {*own}
        for prefix in sorted(chosen):
            files["rates"].extend(_origin_rows(random, table, prefix, callers, _bands(files, table), start))
    random.shuffle(files["rates"])


def _origin_rows(
    random: Random, table: Row, prefix: str, callers: Sequence[str], known: Sequence[str], start: date
) -> list[Row]:
    """Rows of one prefix for some callers, for the jurisdictions, or for both."""
    caller = random.choice(callers)
    nested = sorted({caller[:length] for length in range(1, len(caller) + 1) if random.random() < 0.6} | {caller})
    kind = random.random()
    origins = [(calling, "") for calling in nested if kind < 0.7]
    if kind > 0.4:
        origins += [("", jurisdiction) for jurisdiction in JURISDICTIONS if random.random() < 0.9]
    if random.random() < 0.2:
        origins.append((random.choice(nested), random.choice(JURISDICTIONS)))
    rows = []
    for calling, jurisdiction in origins:
        for band in ("", *known) if random.random() < 0.15 else (random.choice(("", "", "", *known)),):
            begin = EPOCH if random.random() < 0.8 else _instant(random, start)
            row = {
                "rate_table_id": table["rate_table_id"],
                "prefix": prefix,
                "destination": f"Destination {prefix or 'other'} from {calling or 'any'} {jurisdiction}".rstrip(),
                "band": band,
                "valid_from": _cell(random, begin),
                "calling_prefix": calling,
                "jurisdiction": jurisdiction,
            }
            rows.append(row | _price(random, table, blocked=random.random() < 0.05))
    return rows


def _add_profiles(random: Random, files: Files, start: date) -> None:
    """Several profiles an account, small enough to be used up within the day."""
    # Short ones more often than long ones: of a list many may begin the same number.
    prefixes = [row["prefix"][: random.randint(1, 4)] for row in files["rates"] if row["prefix"]]
    names = [f"p{number}" for number in range(100)]
    random.shuffle(names)
    for account in files["accounts"]:
        account["timezone"] = random.choice(("", *ZONES))
        if account["kind"] == "carrier":
            continue
        for _ in range(random.randint(5, 12)):
            rule = random.choice(("duration", "duration", "cost"))
            begin, end = _rate_spans(random, start)[0] if random.random() < 0.4 else (None, None)
            files["consumption_profiles"].append(
                {
                    # Not in order of the lines: of equal priorities the line decides, not the name.
                    "profile_id": names.pop(),
                    "account_id": account["account_id"],
                    "rule": rule,
                    "allowance": _allowance(random, rule),
                    "period": random.choice(("day", "day", "day", "week", "month")),
                    "prefixes": " ".join(sorted(set(random.sample(prefixes, k=random.choice((0, 1, 2, 5, 8)))))),
                    "priority": random.choice(("", "0", "1", "1", "7")),
                    "valid_from": _cell(random, begin),
                    "valid_to": _cell(random, end),
                }
            )
    random.shuffle(files["consumption_profiles"])


def _allowance(random: Random, rule: str) -> str:
    """Seconds (up to 3 decimals) or an amount (up to 8): a few calls' worth, at times nothing or plenty."""
    if random.random() < 0.05:
        return "0"
    worth = random.choices((1, 20, 1000), (60, 12, 1))[0]
    low, high, most = (30, 2000, 3) if rule == "duration" else (0, 2, 8)
    decimals = random.choice((0, 1, most)) if rule == "duration" else random.choice((2, 5, most))
    return _decimal(random, str(high * worth), decimals) if random.random() < 0.8 else str(max(low, worth))


def _bands(files: Files, table: Row) -> list[str]:
    """The bands that a table's timetable and its holidays name."""
    rows = (*files["timetables"], *files["holidays"])
    return sorted({row["band"] for row in rows if row["timetable_id"] == table["timetable_id"]})


# -- decks -------------------------------------------------------------------------------------

DECK_COLUMNS = (*COLUMNS["rates"], "ended")


class RandomDeck(NamedTuple):
    """An accepted deck: for the reference, as canonical rows (DECK_COLUMNS), and as a file of them."""

    deck: AcceptedDeck
    rows: list[Row]
    path: Path


def random_deck(seed: int, directory: Path, start: date) -> list[RandomDeck]:
    """One or two decks, in order of acceptance, for per_minute and block tables of a company's directory.

    Each is full for some of its tables and partial for others, and has prefixes that are new,
    changed (now, later, twice), ended, or absent. A full deck's effective instant is the
    earliest `valid_from` that it has for the table. Every row has a `valid_from` (naive UTC).
    Writes `<directory>-deck-<seed>-<number>.csv` beside the directory.
    """
    random = Random(f"deck {seed} {start}")
    files = {name: _read_csv(directory / f"{name}.csv") for name in COLUMNS}
    tables = [row for row in files["rate_tables"] if row["kind"] in ("per_minute", "block")]
    callers = sorted({row["calling_prefix"] for row in files["rates"]} - {""})
    known: dict[str, set[str]] = {table["rate_table_id"]: set() for table in tables}
    for row in files["rates"]:
        known.get(row["rate_table_id"], set()).add(row["prefix"])
    decks = []
    for number in range(1, random.randint(1, 2) + 1):
        rows: list[Row] = []
        replaces: dict[str, datetime] = {}
        for table in random.sample(tables, k=random.randint(1, len(tables))):
            name = table["rate_table_id"]
            effective = _instant(random, start) + random.choice((-4, 0, 0, 0, 1)) * DAY
            added = _deck_rows(random, table, sorted(known[name]), callers, _bands(files, table), effective)
            if random.random() < 0.5:
                replaces[name] = min(parse_instant(row["valid_from"]) for row in added)
            known[name].update(row["prefix"] for row in added)
            rows.extend(added)
        random.shuffle(rows)
        priced = [row for row in rows if not row.get("ended")]
        _add_bounds(Random(f"deck bounds {seed} {number} {start}"), tables, priced)
        path = directory.parent / f"{directory.name}-deck-{seed}-{number}.csv"
        _write_csv(path, DECK_COLUMNS, rows)
        decks.append(RandomDeck(AcceptedDeck(rows, replaces), rows, path))
    return decks


def _deck_rows(
    random: Random,
    table: Row,
    known: Sequence[str],
    callers: Sequence[str],
    bands: Sequence[str],
    effective: datetime,
) -> list[Row]:
    """What a deck says of one table; at least one row, and none before the effective instant."""
    grown = {(prefix + random.choice("0123456789"))[:10] for prefix in known if random.random() < 0.15}
    rows: dict[tuple[str, ...], Row] = {}
    for prefix in sorted({*known, *grown, "882"}):
        # The last of these says nothing, and so ends the prefix where the deck is full.
        versions = random.choices((("new",), ("new", "new"), ("ended",), ("new", "ended"), ()), (8, 3, 3, 1, 5))[0]
        for version in versions:
            begin = effective + random.choice((0, 0, 0, 1, 700, 1500)) * timedelta(minutes=1)
            row = {"rate_table_id": table["rate_table_id"], "prefix": prefix, "valid_from": begin.isoformat()}
            if version == "ended":
                row |= {"destination": f"Ended {prefix or 'other'}", "ended": "true"}
            else:
                row |= {"destination": f"Deck {prefix or 'other'}", "band": random.choice(("", "", "", *bands))}
                if callers and random.random() < 0.2:
                    row["calling_prefix"] = random.choice(callers)
                if callers and random.random() < 0.2:
                    row["jurisdiction"] = random.choice(JURISDICTIONS)
                if random.random() < 0.1:
                    row["valid_to"] = (begin + random.randrange(1, 3000) * timedelta(minutes=1)).isoformat()
                row |= _price(random, table, blocked=random.random() < 0.05)
            key = tuple(
                row.get(part, "") for part in ("prefix", "band", "valid_from", "calling_prefix", "jurisdiction")
            )
            rows.setdefault(key, row)
    return list(rows.values()) or [
        {
            "rate_table_id": table["rate_table_id"],
            "prefix": "882",
            "destination": "Deck 882",
            "valid_from": effective.isoformat(),
        }
        | _price(random, table, blocked=False)
    ]


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- traffic -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Edges:
    """What traffic can hit: instants (UTC), durations (s), prefixes, trunks, currencies."""

    changes: Sequence[datetime]
    clocks: Sequence[datetime]
    durations: Sequence[Decimal]
    prefixes: Sequence[str]
    ingress: Sequence[str]
    egress: Sequence[str]
    given: Sequence[str]
    callers: Sequence[str]
    numbering: Numbering
    ties: bool


def random_traffic(
    seed: int, n: int, directory: Path, start: date, days: int = 2, decks: Sequence[AcceptedDeck] = ()
) -> Path:
    """Write `n` attempts of calls charged in `[start, start + days)` for a company's directory.

    `decks` are accepted rate decks. Where the company has consumption profiles many calls are
    charged at the very same instant. Returns the path of a canonical CDR file beside the
    directory: `<directory>-cdrs-<seed>.csv`.
    """
    random = Random(f"traffic {seed} {n} {start} {days}")
    edges = _edges(Company.load(directory, decks=decks), start, days)
    rows: list[Row] = []
    instants: list[datetime] = []
    while len(rows) < n:
        rows.extend(_call(random, edges, f"c{len(rows)}", instants, start, days))
    rows = rows[:n]
    # Switches write attempts as they end, not in order.
    random.shuffle(rows)
    path = directory.parent / f"{directory.name}-cdrs-{seed}.csv"
    _write_csv(path, CDR_COLUMNS, rows)
    return path


def read_cdrs(path: Path, company: Company, source: str | None = None) -> list[Cdr]:
    """Read a canonical CDR file as records, of the company's first source unless one is named."""
    name = source or next(iter(company.numbering), SOURCE)
    with path.open(encoding="utf-8", newline="") as file:
        return [_cdr(name, row) for row in csv.DictReader(file)]


def _cdr(source: str, row: Mapping[str, str]) -> Cdr:
    def instant(column: str) -> datetime | None:
        return parse_instant(row[column]) if row[column] else None

    def decimal(column: str) -> Decimal | None:
        return Decimal(row[column]) if row[column] else None

    return Cdr(
        source=source,
        call_id=row["call_id"],
        attempt=int(row["attempt"] or 1),
        started_at=parse_instant(row["started_at"]),
        answered_at=instant("answered_at"),
        ended_at=instant("ended_at"),
        duration_s=Decimal(row["duration_s"]),
        calling_number=row["calling_number"] or None,
        called_number=row["called_number"] or None,
        routing_number=row["routing_number"] or None,
        ingress_trunk=row["ingress_trunk"] or None,
        egress_trunk=row["egress_trunk"] or None,
        carrier_amount=decimal("carrier_amount"),
        carrier_currency=row["carrier_currency"] or None,
        carrier_billed_s=decimal("carrier_billed_s"),
    )


def _edges(company: Company, start: date, days: int) -> _Edges:
    begin = datetime.combine(start, time())
    end = begin + days * DAY
    rates = [row for table in company.rates.values() for rows in table.values() for row in rows]
    holdings = [*company.trunks.values(), *company.assignments.values()]
    spans = [(row.valid_from, row.valid_to) for row in rates]
    spans += [(held.valid_from, held.valid_to) for group in holdings for held in group]
    profiles = [profile for held in company.profiles.values() for profile in held]
    spans += [(profile.valid_from, profile.valid_to) for profile in profiles]
    changes = {bound for span in spans for bound in span if bound is not None}
    changes |= {begin + day * DAY for day in range(days + 1)}
    clocks = {edge for table in company.tables.values() for edge in _band_edges(company, table, start, days)}
    for account in company.profiles:
        clocks |= _midnights(company.accounts[account].timezone, start, days)
    return _Edges(
        changes=sorted(instant for instant in changes if in_force(begin, end, instant)),
        clocks=sorted(instant for instant in clocks if in_force(begin, end, instant)) or [begin],
        durations=_edge_durations(company),
        prefixes=sorted({row.prefix for row in rates}),
        ingress=_trunks(company, "ingress"),
        egress=_trunks(company, "egress"),
        given=[table.currency for table in company.tables.values() if table.kind == "given"],
        callers=sorted({row.calling_prefix for row in rates if row.calling_prefix} | {*company.regions} - {""}),
        numbering=next(iter(company.numbering.values()), WRITTEN_IN_FULL),
        ties=bool(profiles),
    )


def _trunks(company: Company, towards: str) -> list[str]:
    """The trunks of a direction, without those of inbound calls, which `_route` deals out."""
    return sorted(trunk for direction, trunk in company.trunks if direction == towards and not trunk.startswith("did"))


def _midnights(timezone: ZoneInfo, start: date, days: int) -> set[datetime]:
    """Where days (and with them weeks and months) begin in a time zone, in UTC."""
    dates = (start + day * DAY for day in range(-1, days + 2))
    return {datetime.combine(on, time(), timezone).astimezone(UTC).replace(tzinfo=None) for on in dates}


def _band_edges(company: Company, table: RateTable, start: date, days: int) -> set[datetime]:
    """Where a table's bands change and where its zone changes its clocks."""
    timetable = company.timetables.get(table.timetable_id or "")
    edges: set[datetime] = set()
    for day in range(-1, days + 1):
        midnight = datetime.combine(start + day * DAY, time(), table.timezone)
        for window in timetable.windows if timetable else ():
            for at in (window.starts_at, window.ends_at):
                for fold in (0, 1):
                    wall = (midnight + timedelta(seconds=at % 86_400)).replace(fold=fold)
                    edges.add(wall.astimezone(UTC).replace(tzinfo=None))
        first = midnight.astimezone(UTC)
        for quarter in range(96):
            now = first + quarter * timedelta(minutes=15)
            before = now - SECOND
            offsets = {moment.astimezone(table.timezone).utcoffset() for moment in (now, before)}
            if len(offsets) > 1:
                edges.add(now.replace(tzinfo=None))
    return edges


def _edge_durations(company: Company) -> list[Decimal]:
    """Durations on, just before and just after every grace, free, initial and increment."""
    exact: set[Decimal] = {Decimal("0.5"), Decimal(1), Decimal("59.5"), Decimal(60)}
    for table in company.tables.values():
        free, first, pulse = (
            Decimal(seconds.numerator) / seconds.denominator
            for seconds in (table.free_s, table.initial_s, table.increment_s)
        )
        exact.add(Decimal(table.grace_s.numerator) / table.grace_s.denominator)
        exact |= {free, free + first}
        exact |= {free + first + times * pulse for times in (1, 2, 7)}
        exact |= {free + times * pulse for times in (1, 5)}
    rows = [row for rates in company.rates.values() for found in rates.values() for row in found]
    own = {seconds for row in rows for seconds in (row.grace_s, row.free_s) if seconds is not None}
    exact |= {Decimal(seconds.numerator) / seconds.denominator for seconds in own}
    thousandth = Decimal("0.001")
    around = {value + step for value in exact for step in (-thousandth, 0, thousandth)}
    around |= {value + Decimal("0.5") for value in exact}
    return sorted(value for value in around if value > 0)


def _call(random: Random, edges: _Edges, call_id: str, instants: list[datetime], start: date, days: int) -> list[Row]:
    """The attempts of one call, in order: usually one, else some that failed over.

    `instants` are those of the calls before; the call's own is added.
    """
    attempts = random.choices((1, 2, 3), (7, 2, 1))[0]
    tie = edges.ties and instants and random.random() < 0.25
    t = random.choice(instants) if tie else _charged_at(random, edges, start, days)
    instants.append(t)
    common = _numbers(random, edges)
    common["ingress_trunk"], egress = _route(random, edges)
    # Two answered attempts of a call happen: a transfer, or a switch that bridged both.
    answered = {random.randrange(1, attempts + 1)} if random.random() < 0.8 else set()
    if attempts > 1 and random.random() < 0.2:
        answered = {random.randrange(1, attempts + 1), attempts}
    rows = []
    for attempt in range(1, attempts + 1):
        row = {"call_id": call_id, "attempt": str(attempt)} | common
        row["egress_trunk"] = egress if attempt == 1 else random.choice(edges.egress)
        row |= _times(random, edges, t, answered=attempt in answered)
        rows.append(row | _carrier(random, edges))
        later = _charged_at(random, edges, start, days)
        t = later if random.random() < 0.1 else min(t + SECOND, _last(start, days))
    if attempts == 1 and random.random() < 0.3:
        rows[0]["attempt"] = ""
    return rows


def _last(start: date, days: int) -> datetime:
    return datetime.combine(start, time()) + days * DAY - MILLISECOND


def _charged_at(random: Random, edges: _Edges, start: date, days: int) -> datetime:
    """An instant of the days: most of them at an edge or a millisecond beside it."""
    first, last = datetime.combine(start, time()), _last(start, days)
    kind = random.random()
    if kind < 0.6:
        near = random.choice(edges.changes if kind < 0.35 else edges.clocks)
        near += random.choice((-1, 0, 1)) * MILLISECOND
        if kind > 0.5:
            # Before the edge, so that the call goes on across it.
            near -= random.randrange(180_000) * MILLISECOND
        return min(max(near, first), last)
    return first + random.randrange((last - first) // MILLISECOND) * MILLISECOND


def _times(random: Random, edges: _Edges, t: datetime, *, answered: bool) -> Row:
    """Times and duration of an attempt that is charged at `t`."""
    if not answered:
        ended = t + random.randrange(60_000) * MILLISECOND if random.random() < 0.7 else None
        # Some switches stamp an answer on a call that nobody answered: it does not count.
        stamped = t + SECOND if random.random() < 0.05 else None
        return {
            "started_at": _stamp(random, t),
            "answered_at": _stamp(random, stamped),
            "ended_at": _stamp(random, ended),
            "duration_s": random.choice(("0", "0.000")),
            "disposition": "NO ANSWER",
            "hangup_cause": "19",
        }
    duration = _duration(random, edges)
    started = t - random.randrange(30_000) * MILLISECOND
    ended_at: datetime | None = t + int(duration * 1000) * MILLISECOND
    answered_at: datetime | None = t
    kind = random.random()
    if kind < 0.1:
        answered_at = None
    elif kind < 0.15:
        answered_at, ended_at, started = None, None, t
    elif kind < 0.25:
        # When the answer is known the end does not matter, even where it does not add up.
        ended_at = None if random.random() < 0.5 else t + 7 * SECOND
    return {
        "started_at": _stamp(random, started),
        "answered_at": _stamp(random, answered_at),
        "ended_at": _stamp(random, ended_at),
        "duration_s": f"{duration:f}",
        "disposition": "ANSWERED",
        "hangup_cause": "16",
    }


def _duration(random: Random, edges: _Edges) -> Decimal:
    kind = random.random()
    if kind < 0.05:
        return Decimal("0.001")
    if kind < 0.6:
        return random.choice(edges.durations)
    longest = random.choices((90_000, 3_600_000, 40_000_000, 100_000_000), (45, 39, 15, 1))[0]
    return Decimal(random.randrange(1, longest)).scaleb(-3)


def _stamp(random: Random, instant: datetime | None) -> str:
    """A time as switches write it: mostly UTC with a Z, at times without or with an offset."""
    if instant is None:
        return ""
    text = instant.isoformat(timespec="milliseconds")
    kind = random.random()
    if kind < 0.1:
        zone = ZoneInfo(random.choice(("Europe/Paris", "America/New_York", "Asia/Kolkata")))
        local = instant.replace(tzinfo=UTC).astimezone(zone)
        return local.isoformat(timespec="milliseconds")
    return text if kind < 0.2 else text + "Z"


def _route(random: Random, edges: _Edges) -> tuple[str, str]:
    """Ingress and egress trunk."""
    kind = random.random()
    if kind < 0.12:
        return "did_in", "did_out"
    if kind < 0.17:
        return "did_in", random.choice(edges.egress)
    ingress = random.choice(edges.ingress)
    egress = random.choice(edges.egress)
    if kind < 0.21:
        ingress = random.choice(("nobody", ""))
    elif kind < 0.24:
        egress = "nobody"
    elif kind < 0.3:
        egress = ""
    return ingress, egress


def _numbers(random: Random, edges: _Edges) -> Row:
    at_home = edges.numbering
    calling = _number(random, edges.callers if edges.callers and random.random() < 0.8 else edges.prefixes, at_home)
    return {
        "calling_number": "" if random.random() < 0.05 else calling,
        "called_number": _number(random, edges.prefixes, at_home),
        "routing_number": _number(random, edges.prefixes, at_home) if random.random() < 0.3 else "",
    }


def _number(random: Random, prefixes: Sequence[str], at_home: Numbering) -> str:
    """A number as dialled: below, at or beside a prefix, decorated, or not a number at all."""
    kind = random.random()
    if kind < 0.04:
        return random.choice(
            # The fourth has 16 digits; the last are digits, but not those of a telephone.
            ("anonymous", "+44 20 EXT 7", "+", "1234567890123456", "00", "٤٤٢٠٧٩٤٦")
        )
    prefix = random.choice(prefixes)
    if kind < 0.12:
        number = prefix or "5"
    elif kind < 0.18:
        number = prefix[: random.randrange(1, len(prefix))] if len(prefix) > 1 else "9"
    else:
        length = random.choice((1, 4, 6, 8, 15)) if kind < 0.3 else random.randrange(4, 9)
        tail = "".join(random.choice("0123456789") for _ in range(length))
        number = (prefix + tail)[:15]
    return _decorated(random, number, at_home)


def _decorated(random: Random, number: str, at_home: Numbering) -> str:
    kind = random.random()
    if at_home.country_code and number.startswith(at_home.country_code) and kind < 0.8:
        # as it is dialled within the country: with its prefix, without, with another, or with a digit too many
        rest = number.removeprefix(at_home.country_code)
        return random.choice((at_home.national_prefix, at_home.national_prefix, "", "0", "(0) ")) + rest
    if kind < 0.3:
        return f"+{number}"
    if kind < 0.4:
        return random.choice(("00", "+00", "011", "0 11 ")) + number
    if kind < 0.5:
        return f"+{number[:2]} ({number[2:5]}) {number[5:7]}-{number[7:9]}.{number[9:]}"
    return number


def _carrier(random: Random, edges: _Edges) -> Row:
    """What the carrier says it charged: often nothing, at times in a currency of its own."""
    row = {"pdd_ms": str(random.randrange(4000))}
    if random.random() < 0.8:
        row["carrier_amount"] = _decimal(random, "0.9", random.choice((2, 6, 8)))
    if random.random() < 0.95:
        row["carrier_currency"] = random.choice((*edges.given, *edges.given, _currency(random)))
    if random.random() < 0.3:
        row["carrier_billed_s"] = str(random.randrange(0, 240))
    return row
