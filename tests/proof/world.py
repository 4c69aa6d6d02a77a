"""A made-up company and what happens to it, step by step: the same for the same seed on any machine.

`steps(Size)` gives the steps in order, each with the instant it happens at. Nothing here knows what a step comes to.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KWD")
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "America/Los_Angeles")
CYCLES = ("weekly", "semimonthly", "monthly")
TAXES = ("", "19", "7.25", "20", "8.875", "0")
SWITCHES = ("sw1", "sw2")
TOPUPS = "topups"

# worth in dollars, roughly: only to make prices and payments of a sensible size
WORTH = {"USD": "1", "EUR": "1.08", "GBP": "1.27", "JPY": "0.0067", "KWD": "3.25"}
NUMBERS = ("447700", "4420", "4917", "4930", "1212", "1310", "3361", "3314", "8190")

CDR = (
    "call_id", "attempt", "started_at", "answered_at", "ended_at", "duration_s", "calling_number", "called_number",
    "ingress_trunk", "egress_trunk", "carrier_amount", "carrier_currency", "carrier_billed_s",
)  # fmt: skip
USAGE = ("usage_id", "occurred_at", "account_id", "service", "quantity")
PAYMENT = ("payment_id", "paid_at", "account_id", "amount", "currency", "method", "entered_by")

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

Row = dict[str, str]


@dataclass(frozen=True)
class Size:
    """How much happens. `closes` are the UTC days on which days are closed (at 00:05), `runs` those of invoice runs."""

    seed: int
    accounts: int
    first: date
    days: int
    closes: Sequence[date]
    runs: Sequence[date]
    slots: Sequence[time]
    calls_a_day: float
    longest_delay: int


@dataclass(frozen=True)
class File:
    """A file that is sent: `text` is its whole content."""

    kind: str
    source: str
    name: str
    text: str

    @property
    def file_id(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Step:
    """One thing that happens at `at` (UTC).

    `configure`: `seeds` are written. `land`: `files` lie in the inbox. `supersede`: the one file replaces rows.
    `build`, `topup`, `close`, `invoice`, `credit_note`, `waive`: with `arguments`.
    """

    at: datetime
    action: str
    files: Sequence[File] = ()
    seeds: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        what = " ".join([*(f.name for f in self.files), *self.seeds, *self.arguments.values()])
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {what}".rstrip()


def full(seed: int = 1, accounts: int = 50) -> Size:
    """March 2026 and a week of April, closed day by day."""
    first = date(2026, 2, 28)
    days = [first + n * DAY for n in range(46)]
    return Size(
        seed, accounts, first, 39, days[2:],
        [d for d in days if d.weekday() == 2 or (d.month, d.day) in {(3, 2), (3, 3), (3, 18), (4, 3), (4, 4)}],
        (time(2, 5), time(14, 5)), 1.5, 14,
    )  # fmt: skip


def tiny(seed: int = 1, accounts: int = 6) -> Size:
    """Three days that close a week: what a test can afford to play twice."""
    march = [date(2026, 3, n) for n in range(1, 32)]
    return Size(seed, accounts, march[5], 3, [march[8], march[10]], [march[10]], (time(20, 0),), 2.5, 1)


def small(seed: int = 6, accounts: int = 9) -> Size:
    """Nine days around the night on which clocks change in New York, closed one by one or two at a time."""
    march = [date(2026, 3, n) for n in range(1, 32)]
    return Size(
        seed, accounts, march[6], 9, [march[n - 1] for n in (9, 11, 13, 18, 19)],
        [march[10], march[18]], (time(20, 0),), 3, 6,
    )  # fmt: skip


def steps(size: Size) -> list[Step]:
    """Everything that happens, in order."""
    return _World(size).steps()


class _World:
    def __init__(self, size: Size) -> None:
        self.size = size
        self.random = Random(f"proof {size.seed}")
        self.happening: list[tuple[datetime, int, Step]] = []
        self.sent: list[tuple[datetime, File]] = []
        self.seeds: dict[str, list[Row]] = {}
        self.changes: list[tuple[datetime, dict[str, list[Row]]]] = []
        self._company()

    # -- the company -----------------------------------------------------------------------------

    def _company(self) -> None:
        n, seeds = self.size.accounts, self.seeds
        self.carriers = [f"carrier{i}" for i in range(1, 3 if n < 20 else 5)]
        self.partners = ["partner1"]
        customers = n - len(self.carriers) - len(self.partners)
        self.customers = [f"c{i:02}" for i in range(1, customers + 1)]
        seeds["company"] = [{"name": "Proof & Sons", "reporting_currency": "USD"}]
        seeds["accounts"] = [self._account(i, name) for i, name in enumerate([*self.customers, *self.partners])]
        seeds["accounts"] += [
            {"account_id": name, "name": name.title(), "kind": "carrier", "currency": CURRENCIES[i % 3]}
            for i, name in enumerate(self.carriers)
        ]
        self.accounts = {row["account_id"]: row for row in seeds["accounts"]}
        self._trunks()
        self._tables()
        self._rates()
        self._services()
        seeds["fx_rates"] = [
            self._fx(a, b, day)
            for a in CURRENCIES
            for b in CURRENCIES
            if a != b
            for day in (date(2026, 1, 1), self.size.first + 3 * DAY, self.size.first + 12 * DAY)
        ]
        seeds["sources"] = [
            {"source": switch, "kind": "cdrs", "format": "canonical", "international_prefixes": "00"}
            for switch in SWITCHES
        ]

    def _account(self, i: int, name: str) -> Row:
        partner = name in self.partners
        prepaid = i % 3 == 0 and not partner
        return {
            "account_id": name,
            "name": f"Account, {name}",
            "kind": "both" if partner else "customer",
            "currency": CURRENCIES[(i * 3 + i // 5) % 5],
            "timezone": ZONES[i % len(ZONES)],
            "payment_model": "prepaid" if prepaid else "postpaid",
            "credit_limit": "25" if i % 4 == 1 else "",
            "buffer": "1.5" if prepaid else "",
            "low_balance_threshold": "10" if prepaid else "",
            "billing_cycle": CYCLES[(i + i // 6) % 3],
            "payment_terms_days": ("", "14", "30")[i % 3],
            "tax_pct": TAXES[i % len(TAXES)],
        }

    def _trunks(self) -> None:
        def trunk(name: str, direction: str, account: str) -> Row:
            return {"trunk_id": name, "direction": direction, "account_id": account, "valid_from": "2026-01-01"}

        self.seeds["trunks"] = [
            *(trunk(f"in-{a}", "ingress", a) for a in (*self.customers, *self.partners)),
            *(trunk(f"out-{a}", "egress", a) for a in (*self.carriers, *self.partners)),
            *(trunk(f"did-{a}", "ingress", a) for a in self.carriers),
            *(trunk(f"to-{a}", "egress", a) for a in self.customers[:3]),
        ]

    def _tables(self) -> None:
        common = {"amount_decimals": "4"}
        self.seeds["rate_tables"] = [
            common | {"rate_table_id": "retail_usd", "kind": "per_minute", "currency": "USD"},
            {"rate_table_id": "retail_eur", "kind": "per_minute", "currency": "EUR", "initial_s": "30",
             "increment_s": "6", "connect_charge": "0.011", "amount_decimals": "5", "amount_rounding": "up"},
            {"rate_table_id": "whole_gbp", "kind": "per_minute", "currency": "GBP", "initial_s": "1",
             "increment_s": "1", "amount_decimals": "6", "amount_rounding": "half_even", "timetable_id": "office",
             "timezone": "Europe/London", "band_policy": "split", "seconds_rounding": "up"},
            {"rate_table_id": "block_usd", "kind": "block", "currency": "USD", "initial_s": "60", "increment_s": "6",
             "amount_decimals": "5", "grace_s": "3", "min_charge": "0.001"},
            {"rate_table_id": "plus_eur", "kind": "markup", "currency": "EUR", "markup_pct": "33.3",
             "amount_decimals": "6", "amount_rounding": "half_down"},
            {"rate_table_id": "cost_usd", "kind": "per_minute", "currency": "USD", "initial_s": "1",
             "increment_s": "1", "amount_decimals": "6", "attempt_charge": "0.0003"},
            {"rate_table_id": "cost_eur", "kind": "per_minute", "currency": "EUR", "initial_s": "6",
             "increment_s": "6", "amount_decimals": "5"},
            {"rate_table_id": "cost_given", "kind": "given", "currency": "GBP", "amount_decimals": "6"},
        ]  # fmt: skip
        self.seeds["timetables"] = [
            {"timetable_id": "office", "priority": "1", "band": "day", "days": "mon-fri", "starts_at": "08:00",
             "ends_at": "18:00"},
            {"timetable_id": "office", "priority": "2", "band": "night", "days": "all", "starts_at": "00:00",
             "ends_at": "00:00"},
        ]  # fmt: skip
        self.seeds["holidays"] = [
            {"timetable_id": "office", "date": str(self.size.first + 4 * DAY), "band": "night"},
        ]
        sold = ("retail_usd", "retail_eur", "whole_gbp", "block_usd", "plus_eur")
        self.sold_by = {a: sold[i % 5] for i, a in enumerate([*self.customers, *self.partners])}
        bought = ("cost_usd", "cost_given", "cost_eur")
        self.bought_by = {a: bought[i % 3] for i, a in enumerate(self.carriers)} | {"partner1": "cost_eur"}
        self.seeds["rate_assignments"] = [
            {"account_id": a, "side": side, "rate_table_id": table, "valid_from": "2026-01-01"}
            for side, tables in (("sell", self.sold_by), ("buy", self.bought_by))
            for a, table in tables.items()
        ]
        # one customer moves to another table in the middle, at its own midnight
        moved = self.seeds["rate_assignments"][1]
        moved["valid_to"] = f"{self.size.first + 5 * DAY}T05:00:00Z"
        self.seeds["rate_assignments"].append(moved | {"valid_from": moved["valid_to"], "valid_to": "",
                                                       "rate_table_id": "whole_gbp"})  # fmt: skip

    def _rates(self) -> None:
        self.seeds["rates"] = []
        for table, bands in (("retail_usd", [""]), ("retail_eur", [""]), ("whole_gbp", ["day", "night"]),
                             ("block_usd", [""]), ("cost_usd", [""]), ("cost_eur", [""])):  # fmt: skip
            for prefix in ("44", "447", "49", "4917", "1", "33", "81"):
                for band in bands:
                    self.seeds["rates"].append(self._rate(table, prefix, band, "2026-01-01"))
            if table in ("cost_usd", "cost_eur", "block_usd"):  # a default route
                self.seeds["rates"].append(self._rate(table, "", "", "2026-01-01"))

    def _rate(self, table: str, prefix: str, band: str, valid_from: str) -> Row:
        row = {
            "rate_table_id": table,
            "prefix": prefix,
            "destination": f"Country {prefix[:2]}{' mobile' if len(prefix) > 2 else ''}" if prefix else "",
            "band": band,
            "valid_from": valid_from,
        }
        price = f"{Decimal(self.random.randint(10, 90)).scaleb(-3):f}"
        cheap = f"{Decimal(self.random.randint(1000, 9000)).scaleb(-6):f}"
        if table == "block_usd":
            return row | {"initial_charge": price, "increment_charge": cheap}
        return row | {"rate_per_minute": price if table.startswith(("retail", "whole")) else cheap}

    def _services(self) -> None:
        def price(service: str, account: str, unit: str, currency: str, decimals: str, since: str) -> Row:
            return {"service": service, "account_id": account, "unit_price": unit, "currency": currency,
                    "amount_decimals": decimals, "valid_from": since}  # fmt: skip

        first, own = self.size.first, self.customers[2]
        self.seeds["service_rates"] = [
            price("message", "", "0.0075", "USD", "4", "2026-01-01"),
            price("message", own, "0.0061", "EUR", "3", "2026-01-01"),
            price("message", own, "0.0055", "EUR", "8", f"{first + 4 * DAY}T12:00:00Z"),
            price("lookup", "", "0.00123456", "GBP", "8", "2026-01-01"),
            price("number", "", "1.99", "EUR", "2", "2026-01-01"),
            price("setup", "", "12.345", "USD", "3", "2026-01-01"),
        ]
        rows = self.seeds["subscriptions"] = []
        for i, account in enumerate([*self.customers, *self.partners]):
            begins = first + (i % 9 - 1) * DAY
            rows.append(
                {"subscription_id": f"numbers-{account}", "account_id": account, "service": "number",
                 "quantity": str(1 + i % 4), "charge": "monthly", "prorate": "true" if i % 2 else "",
                 "valid_from": ("2026-02-10", str(begins), str(begins))[i % 3],
                 "valid_to": str(begins + 20 * DAY) if i % 5 == 3 else ""},
            )  # fmt: skip
            if i % 3 == 1:
                rows.append({"subscription_id": f"setup-{account}", "account_id": account, "service": "setup",
                             "quantity": "0.5" if i % 2 else "", "charge": "once", "prorate": "",
                             "valid_from": str(first + (2 + i % 6) * DAY)})  # fmt: skip
        # two minutes of some calls a day are free for one customer, 30 yen a week for another
        self.seeds["consumption_profiles"] = [
            {"profile_id": "minutes", "account_id": self.customers[0], "rule": "duration", "allowance": "120",
             "period": "day", "prefixes": "447 4917 1"},
            {"profile_id": "money", "account_id": self.customers[1], "rule": "cost", "allowance": "30",
             "period": "week"},
        ]  # fmt: skip

    def _fx(self, a: str, b: str, day: date) -> Row:
        worth = Decimal(WORTH[a]) / Decimal(WORTH[b]) * Decimal(self.random.randint(950, 1050)) / 1000
        return {"from_currency": a, "to_currency": b, "valid_from": str(day), "rate": f"{round(worth, 8):f}"}

    # -- what happens ----------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        size, first = self.size, datetime.combine(self.size.first, time())
        self._at(first, "configure", seeds={name: _text(rows) for name, rows in self.seeds.items()})
        self._at(first, "build")
        regular = self._traffic()
        self._corrections(regular)
        self._usage()
        self._payments()
        self._unrated()
        self._price_changes()
        for day in size.closes:
            self._at(datetime.combine(day, time(0, 5)), "close")
        for day in size.runs:
            self._at(datetime.combine(day, time(6)), "invoice")
        self._credit()
        self._landings()
        self._configured()
        last = datetime.combine(size.closes[-1], time(23))
        return [step for at, _, step in sorted(self.happening, key=lambda found: found[:2]) if at <= last]

    def _at(self, at: datetime, action: str, files: Sequence[File] = (), seeds: Mapping[str, str] | None = None,
            **arguments: str) -> None:  # fmt: skip
        self.happening.append((at, len(self.happening), Step(at, action, files, seeds or {}, arguments)))

    def _send(self, at: datetime, kind: str, source: str, name: str, rows: Sequence[Row]) -> File:
        columns = {"cdrs": CDR, "usage": USAGE, "payments": PAYMENT}[kind]
        file = File(kind, source, name, csv_text(columns, rows))
        self.sent.append((at, file))
        return file

    def _landings(self) -> None:
        """Files land at the next slot after they were sent, all that wait in one go."""
        by_slot: dict[datetime, list[File]] = {}
        for at, file in self.sent:
            days = (at.date() + n * DAY for n in range(2))
            slot = min(s for d in days for t in self.size.slots if (s := datetime.combine(d, t)) >= at)
            by_slot.setdefault(slot, []).append(file)
        for slot, files in by_slot.items():
            self._at(slot, "land", sorted(files, key=lambda f: (f.kind, f.source, f.name)))

    def _traffic(self) -> list[tuple[datetime, str, Row]]:
        """Regular files of every day and switch, and late ones; the rows of the regular ones with when they land."""
        regular = []
        late: dict[tuple[date, str], list[Row]] = {}
        for n in range(self.size.days):
            day = self.size.first + n * DAY
            halves: dict[tuple[str, int], list[Row]] = {(s, h): [] for s in SWITCHES for h in (0, 1)}
            for started, switch, rows in self._calls(day):
                delayed = self.random.random() < 0.07
                behind = self.random.randint(1, self.size.longest_delay)
                # now and then only the second attempt of a call is late
                part = rows[1:] if delayed and len(rows) > 1 and self.random.random() < 0.5 else rows
                if delayed:
                    late.setdefault((day + behind * DAY, switch), []).extend(part)
                    rows = [row for row in rows if row not in part]
                halves[switch, started.hour // 12].extend(rows)
                regular += [(datetime.combine(day + DAY, time(20, 30)), switch, row) for row in rows if len(rows) == 1]
            for (switch, half), rows in halves.items():
                at = datetime.combine(day, time(13)) + half * 12 * HOUR
                if rows:
                    self._send(at, "cdrs", switch, f"{switch}-{day}-{half}.csv", rows)
        for (day, switch), rows in late.items():
            self._send(datetime.combine(day, time(9)), "cdrs", switch, f"{switch}-late-{day}.csv", rows)
        return regular

    def _calls(self, day: date) -> Iterator[tuple[datetime, str, list[Row]]]:
        random, n = self.random, 0
        for account in (*self.customers, *self.partners):
            for _ in range(int(self.size.calls_a_day * 2 * random.random() + 0.5)):
                n += 1
                started = datetime.combine(day, time()) + timedelta(milliseconds=random.randrange(86_400_000))
                if random.random() < 0.15:  # about the account's own midnight
                    started = self._about_midnight(account, day)
                yield started, SWITCHES[n % 2], self._call(f"{day:%m%d}-{n}", started, account)

    def _about_midnight(self, account: str, day: date) -> datetime:
        zone = ZoneInfo(self.accounts[account].get("timezone") or "UTC")
        midnight = datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
        moved = midnight + timedelta(milliseconds=self.random.randrange(-90_000, 90_000))
        begin = datetime.combine(day, time())
        return moved + DAY if moved < begin else moved

    def _call(self, call_id: str, started: datetime, account: str) -> list[Row]:
        random = self.random
        number = random.choice(NUMBERS) + f"{random.randrange(10**6):06}"
        row = {"call_id": call_id, "attempt": "1", "calling_number": f"+1212555{random.randrange(10**4):04}",
               "called_number": random.choice(("", "", "+", "00")) + number, "ingress_trunk": f"in-{account}",
               "egress_trunk": "out-" + random.choice((*self.carriers, *self.partners))}  # fmt: skip
        if account in self.customers[:3] and random.random() < 0.2:  # a call to the customer's own number
            row |= {"ingress_trunk": "did-" + random.choice(self.carriers), "egress_trunk": f"to-{account}"}
            row["called_number"] = "81" + number[2:]
        elif random.random() < 0.05 and self.sold_by[account] != "plus_eur":
            row["egress_trunk"] = ""  # on-net; a markup needs something to mark up
        rows = [row]
        if row["egress_trunk"].startswith("out-") and random.random() < 0.12:
            rows = [row | self._ended(started, Decimal(0), row), row | {"attempt": "2"}]
            started += timedelta(seconds=4)
        rows[-1] |= self._ended(started, self._seconds(), rows[-1])
        return rows

    def _seconds(self) -> Decimal:
        kind = self.random.random()
        if kind < 0.25:
            return Decimal(0)
        if kind < 0.5:
            return Decimal(self.random.choice(("2.5", "3", "6", "29.999", "30", "59.999", "60", "60.001", "61", "66")))
        return Decimal(self.random.randrange(1, 900_000)).scaleb(-3)

    def _ended(self, started: datetime, seconds: Decimal, row: Row) -> Row:
        """The cells that say how the attempt went; now and then the time of answer has to be worked out."""
        random = self.random
        ringing = timedelta(milliseconds=random.randrange(500, 4000))
        ended = started + ringing + timedelta(milliseconds=int(seconds * 1000))
        answered = started + ringing if seconds and random.random() < 0.9 else None
        cells = {"started_at": _z(started), "answered_at": _z(answered) if answered else "", "ended_at": _z(ended),
                 "duration_s": f"{seconds:f}"}  # fmt: skip
        given = self.bought_by.get(row["egress_trunk"].removeprefix("out-")) == "cost_given" or self.bought_by.get(
            row["ingress_trunk"].removeprefix("did-")
        ) == "cost_given"  # fmt: skip
        if given:
            amount = Decimal(random.randrange(100, 90_000) if seconds else 0).scaleb(-6)
            cells |= {"carrier_amount": f"{amount:f}", "carrier_currency": "GBP", "carrier_billed_s": f"{seconds:f}"}
        return cells

    def _corrections(self, regular: Sequence[tuple[datetime, str, Row]]) -> None:
        """Files sent twice, files that overlap, rows that were wrong, rejected or contradicted, and what follows."""
        random, days = self.random, self.size.days
        # early enough for all that follows to happen before the end
        settled = datetime.combine(max(self.size.runs[-1] - 8 * DAY, self.size.first + 3 * DAY), time())
        early = [found for found in regular if found[0] < settled]
        chosen = random.sample(early, min(len(early), 4 * days))
        files = [(at, f) for at, f in self.sent if "late" not in f.name]
        for n, (at, file) in enumerate(random.sample(files, days // 3 + 1)):
            self.sent.append((at + (1 + n % 4) * DAY, File(file.kind, file.source, f"again-{file.name}", file.text)))
        for n in range(days // 3 + 1):  # three rows that have landed, and one that is new
            known = [chosen.pop() for _ in range(3)]
            switch = known[0][1]
            at = max(k[0] for k in known if k[1] == switch) + (1 + n % 3) * DAY
            new = self._new(known[0][2], f"n{n}-")
            rows = [k[2] for k in known if k[1] == switch]
            self._send(at, "cdrs", switch, f"overlap-{n}.csv", [*rows, new, new])
        for n in range(days // 4 + 1):  # a switch that found out better: superseded days later
            at, switch, row = chosen.pop()
            at += (1 + n * 3 % (self.size.longest_delay + 1)) * DAY + 3 * HOUR
            longer = row | {"duration_s": f"{Decimal(row['duration_s']) + Decimal('12.125'):f}"}
            text = csv_text(CDR, [longer])
            self._at(
                at, "supersede", [File("cdrs", switch, f"better-{n}.csv", text)], reason="the switch counted again"
            )
        for n in range(days // 5 + 1):  # a row that cannot be read; corrected in time, or not
            at, switch, row = chosen.pop()
            bad = self._new(row, f"bad{n}-")
            at -= 20 * HOUR
            self._send(at, "cdrs", switch, f"bad-{n}.csv", [bad | {"duration_s": "-5"}, self._new(row, f"good{n}-")])
            self._send(at + (4 * DAY if n % 2 else 2 * HOUR), "cdrs", switch, f"mended-{n}.csv", [bad])
        for n in range((days + 7) // 8 if days > 3 else 0):  # contradicted: taken later, or waived
            at, switch, row = chosen.pop()
            other = row | {"called_number": "49301234567"}
            file = self._send(at + 2 * DAY, "cdrs", switch, f"other-{n}.csv", [other])
            if n % 2:
                self._at(at + 4 * DAY, "waive", day=str(_day(row)), row=f"{file.file_id}:2", reason="a test call")
            else:
                self._at(at + 4 * DAY, "supersede", [file], reason="the other one is right")

    def _new(self, row: Row, prefix: str) -> Row:
        return row | {"call_id": prefix + row["call_id"]}

    def _usage(self) -> None:
        random = self.random
        for n in range(self.size.days):
            day = self.size.first + n * DAY
            rows: dict[int, list[Row]] = {}
            for i, account in enumerate([*self.customers, *self.partners]):
                if random.random() < 0.4:
                    at = datetime.combine(day, time()) + timedelta(seconds=random.randrange(86_400))
                    behind = random.choice((1, 1, 1, 1, 1, 1, 1, 3, 6))
                    service = random.choice(("message", "message", "lookup"))
                    quantity = random.choice(("1", "3", "12", "2.5", "160"))
                    row = dict(zip(USAGE, (f"u{day:%m%d}-{i}", _z(at), account, service, quantity), strict=True))
                    rows.setdefault(behind, []).append(row)
            for behind, found in rows.items():
                self._send(datetime.combine(day + behind * DAY, time(1)), "usage", "smsc",
                           f"messages-{day}-{behind}.csv", found)  # fmt: skip

    def _payments(self) -> None:
        random = self.random
        paying = [*self.customers, *self.partners]
        for n in range(self.size.days + 3):
            day = self.size.first + n * DAY
            rows = []
            for account in random.sample(paying, max(1, len(paying) // 8)):
                rows.append(self._payment(f"p{n}-{account}", day - random.choice((0, 0, 1, 5)) * DAY, account))
            if n % 4 == 1:
                carrier = random.choice(self.carriers)
                paid = self._payment(f"paid{n}", day, carrier)
                rows.append(paid | {"amount": "-" + paid["amount"]})
            if n % 5 == 2:
                rows.append(self._payment(f"back{n}", day, random.choice(paying)) | {"amount": "-1.11",
                                                                                     "method": "refund"})  # fmt: skip
            if n % 7 == 3:
                rows.append(self._payment(f"off{n}", day, random.choice(paying)) | {"amount": "0.42",
                                                                                   "method": "write_off"})  # fmt: skip
            self._send(datetime.combine(day, time(18)), "payments", "bank", f"bank-{day}.csv", rows)
            if n % 6 == 4:  # the bank sends a payment again, in another file
                self._send(datetime.combine(day, time(18)) + DAY, "payments", "bank", f"bank-{day}-more.csv",
                           [rows[0], self._payment(f"more{n}", day, random.choice(paying))])  # fmt: skip
            if n % 3 == 1:
                at = datetime.combine(day, time(11)) + timedelta(seconds=random.randrange(3000))
                account = random.choice(self.customers)
                self._at(at, "topup", account=account, amount=self._amount(account), reference=f"TOP-{n}")
        # a payment in another currency is rejected, and holds its day until it is waived
        day = self.size.first + 2 * DAY
        wrong = self._payment("wrong", day, self.customers[0])
        wrong["currency"] = "EUR" if wrong["currency"] != "EUR" else "USD"
        file = self._send(datetime.combine(day, time(17)), "payments", "bank", "bank-wrong.csv", [wrong])
        self._at(datetime.combine(day, time(16)) + 2 * DAY, "waive", day=str(day), row=f"{file.file_id}:2",
                 reason="sent back to the bank")  # fmt: skip

    def _payment(self, payment_id: str, day: date, account: str) -> Row:
        at = datetime.combine(day, time()) + timedelta(seconds=self.random.randrange(17 * 3600))
        cells = (payment_id, _z(at), account, self._amount(account), self.accounts[account]["currency"],
                 self.random.choice(("card", "wire", "")), "bot")  # fmt: skip
        return dict(zip(PAYMENT, cells, strict=True))

    def _amount(self, account: str) -> str:
        currency = self.accounts[account]["currency"]
        decimals = {"JPY": 0, "KWD": 3}.get(currency, 2)
        worth = Decimal(self.random.randrange(100, 3000)) / 100 / Decimal(WORTH[currency])
        return f"{round(worth, decimals):f}" if decimals else str(int(worth))

    def _unrated(self) -> None:
        """Two calls to numbers without a price: one gets its price the next day, the other is waived."""
        account = next(a for a, table in self.sold_by.items() if table == "retail_usd")
        for n, number in enumerate(("99912345", "88812345")):
            day = self.size.first + (2 + 2 * n) * DAY
            closed = next((d for d in self.size.closes if d >= day + 2 * DAY), None)
            if closed is None:
                continue
            started = datetime.combine(day, time(12, 30))
            row = {"call_id": f"odd-{n}", "attempt": "1", "called_number": number, "ingress_trunk": f"in-{account}",
                   "egress_trunk": f"out-{self.carriers[0]}"}  # fmt: skip
            row |= self._ended(started, Decimal("61"), row)
            self._send(datetime.combine(day, time(17)), "cdrs", "sw1", f"odd-{n}.csv", [row])
            if n == 0:
                self._change(
                    datetime.combine(day + DAY, time(8)), rates=[self._rate("retail_usd", "999", "", str(day))]
                )
            else:
                # it can be waived once the day was built
                self._at(datetime.combine(closed, time(7)), "waive", day=str(day), call="odd-1", reason="a test number")

    def _price_changes(self) -> None:
        """Prices and rates of exchange that change on a day to come."""
        first, random = self.size.first, self.random
        for n in range(1, self.size.days, 6):
            at = datetime.combine(first + n * DAY, time(10))
            valid = first + (n + 2) * DAY
            self._change(
                at,
                rates=[
                    self._rate("retail_usd", "44", "", f"{valid}T15:30:00Z"),
                    self._rate("whole_gbp", "1", "day", f"{valid}"),
                    self._rate("cost_usd", "4917", "", f"{valid}T00:00:00+02:00"),
                ],
                fx_rates=[self._fx(a, b, valid) for a, b in (random.sample(CURRENCIES, 2) for _ in range(3))],
                service_rates=[
                    {"service": "message", "account_id": "", "unit_price": f"0.00{random.randrange(40, 99)}",
                     "currency": "USD", "amount_decimals": "4", "valid_from": str(valid)},
                    {"service": "number", "account_id": "", "unit_price": f"{random.randrange(1, 4)}.49",
                     "currency": "EUR", "amount_decimals": "2", "valid_from": str(valid)},
                ],
                subscriptions=[
                    {"subscription_id": f"more-{n}", "account_id": random.choice(self.customers), "service": "number",
                     "charge": "monthly", "prorate": "true", "valid_from": str(valid)},
                ],
            )  # fmt: skip

    def _change(self, at: datetime, **more: list[Row]) -> None:
        """Rows that are added to the configuration at some time."""
        self.changes.append((at, more))

    def _configured(self) -> None:
        """The files that change, as they are from then on."""
        for at, more in sorted(self.changes, key=lambda change: change[0]):
            for name, rows in more.items():
                known = {_key(name, row) for row in self.seeds[name]}
                fresh = {_key(name, row): row for row in rows}
                self.seeds[name] += [row for key, row in fresh.items() if key not in known]
            self._at(at, "configure", seeds={name: _text(self.seeds[name]) for name in more})

    def _credit(self) -> None:
        """The first weekly customer in UTC or west of it gets something back for a week that was invoiced."""
        account = next(a for a in self.customers if self.accounts[a]["billing_cycle"] == "weekly")
        monday = self.size.first - timedelta(days=self.size.first.weekday())
        if self.size.days > 15:
            monday += 7 * DAY
        issued = next(day for day in self.size.runs if day >= monday + 9 * DAY)
        self._at(datetime.combine(issued, time(9, 30)), "credit_note", account=account, period=str(monday),
                 amount="0.85", reason="a line was down")  # fmt: skip


def _key(name: str, row: Row) -> tuple[str, ...]:
    columns = {
        "fx_rates": ("from_currency", "to_currency", "valid_from"),
        "rates": ("rate_table_id", "prefix", "band", "valid_from"),
        "service_rates": ("service", "account_id", "valid_from"),
        "subscriptions": ("subscription_id",),
    }[name]
    return tuple(row.get(column, "") for column in columns)


def _day(row: Row) -> date:
    """The UTC day of a CDR's row."""
    seconds = Decimal(row["duration_s"])
    if not seconds:
        return datetime.fromisoformat(row["started_at"]).date()
    if row["answered_at"]:
        return datetime.fromisoformat(row["answered_at"]).date()
    ended = datetime.fromisoformat(row["ended_at"])
    return (ended - timedelta(milliseconds=int(seconds * 1000))).date()


def _z(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds") + "Z"


def csv_text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Rows as the text of a CSV file."""
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, restval="", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _text(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return csv_text(columns, rows)
