"""Simulated calls: when, from whom, to where, over which carrier, and how they ended."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate

from demo.callers import CALLERS, CARRIERS, INBOUND, Caller, Inbound
from demo.cdr import DAY_MS, Cdr
from demo.plan import COUNTRIES, DIDS, breakouts, by_country, roots

HOUR_MS = 3_600_000
LAST_START_MS = 300_000  # before the end: an answer must not fall on a day without traffic
NUMBERS_PER_COUNTRY = 300
MOBILE_SHARE = 0.45
FAILOVER = 0.07
ROUTED = 0.06  # of calls carry the number of the network that a ported number moved to

OFFICE_DAY = (
    *(0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 0.8, 2.0, 4.5, 6.5, 7.2, 7.0),
    *(5.6, 6.0, 7.0, 6.8, 6.2, 5.2, 4.0, 3.2, 2.4, 1.6, 0.9, 0.4),
)

UNANSWERED = (
    (("NO ANSWER", "19"), 40),
    (("BUSY", "17"), 20),
    (("CANCELLED", "16"), 17),
    (("FAILED", "1"), 8),
    (("FAILED", "34"), 8),
    (("FAILED", "127"), 4),
    (("CONGESTION", "42"), 3),
)
OUTCOMES = [outcome for outcome, _ in UNANSWERED]
OUTCOME_WEIGHTS = list(accumulate(weight for _, weight in UNANSWERED))
ROUTE_FAILURES = (("FAILED", "34"), ("FAILED", "38"), ("FAILED", "41"), ("CONGESTION", "42"))


class Simulation:
    """Draws calls; everything comes out of one seeded generator, in one order."""

    def __init__(self, first_day: date, days: int, seed: int) -> None:
        self.first_day = first_day
        self.days = days
        self.random = random.Random(seed)
        self.numbers = self._numbers()
        self._sequence = 0

    def calls(self, count: int) -> list[Cdr]:
        """About `count` calls, all attempts, in the order they began."""
        rows: list[Cdr] = []
        outbound = sum(caller.share for caller in CALLERS.values())
        total = outbound + sum(line.share for line in INBOUND)
        for caller in CALLERS.values():
            for start in self._starts(round(count * caller.share / total), caller):
                rows += self._outbound(caller, start)
        for line in INBOUND:
            for start in self._starts(round(count * line.share / total), line):
                rows.append(self._inbound(line, start))
        rows.sort(key=lambda row: (row.started_ms, row.call_id, row.attempt))
        return rows

    def _numbers(self) -> dict[str, list[str]]:
        """Numbers people call, by country: some many times over, as in life."""
        pools: dict[str, list[str]] = {}
        rows = breakouts()
        for country, of_country in by_country(rows).items():
            digits = COUNTRIES[country].digits
            mobile = [r.prefix for r in of_country if r.kind == "mobile"]
            fixed = [r.prefix for r in of_country if r.kind == "fixed" and r not in roots(rows, country)]
            fixed = fixed or [r.prefix for r in roots(rows, country)]
            pools[country] = [
                self._complete(self.random.choice(self._either(mobile, fixed)), digits)
                for _ in range(NUMBERS_PER_COUNTRY)
            ]
        return pools

    def _either(self, mobile: list[str], fixed: list[str]) -> list[str]:
        return mobile if mobile and self.random.random() < MOBILE_SHARE else fixed

    def _complete(self, prefix: str, digits: int) -> str:
        missing = max(digits - len(prefix), 2)
        return prefix + f"{self.random.randrange(10**missing):0{missing}d}"

    def _starts(self, count: int, caller: Caller | Inbound) -> list[int]:
        """Moments of `count` calls: by local hour, fewer at the weekend."""
        weekend = caller.weekend if isinstance(caller, Caller) else 0.4
        weights = []
        for hour in range(24 * self.days):
            local = hour + caller.hours_ahead
            day = self.first_day + timedelta(days=local // 24)
            weights.append(OFFICE_DAY[local % 24] * (weekend if day.weekday() > 4 else 1.0))
        hours = self.random.choices(range(len(weights)), weights, k=count)
        last = self.days * DAY_MS - LAST_START_MS
        return [min(hour * HOUR_MS + self.random.randrange(HOUR_MS), last) for hour in hours]

    def _outbound(self, caller: Caller, start: int) -> Iterator[Cdr]:
        """A customer's call: on the net, or over a carrier and if need be over the next one."""
        draw = self.random.random
        if draw() < caller.on_net:
            yield self._on_net(caller, start)
            return
        at_home = draw() < caller.home_share
        country = caller.home if at_home else self.random.choice(caller.abroad)
        number = self._number(country)
        row = self._blank(caller.switch, start, self.random.choice(caller.trunks))
        row.called_number = self._styled(number, caller.switch)
        row.calling_number = self._caller_id(caller)
        if draw() < ROUTED:
            row.routing_number = self._number(country)
        routes = self._routes(country, caller.not_via)
        for carrier in routes[:-1]:
            if draw() >= FAILOVER:
                break
            failed = self._copy(row)
            self._send(failed, carrier)
            self._refuse(failed)
            yield failed
            routes = routes[1:]
            row.attempt += 1
            row.started_ms = failed.ended_ms or row.started_ms
        self._send(row, routes[0])
        self._end(row, caller)
        self._price(row, routes[0], country, number)
        yield row

    def _on_net(self, caller: Caller, start: int) -> Cdr:
        """One customer calls another: no carrier, so no egress trunk."""
        row = self._blank(caller.switch, start, self.random.choice(caller.trunks))
        row.called_number = self._styled(self._did(self.random.choice(list(DIDS))), caller.switch)
        row.calling_number = self._caller_id(caller)
        self._end(row, caller)
        return row

    def _inbound(self, line: Inbound, start: int) -> Cdr:
        """A call from the world to a customer's number."""
        owner, trunk = self.random.choice(line.to)
        row = self._blank(line.switch, start, line.trunk)
        row.egress_trunk = trunk
        row.called_number = self._styled(self._did(owner), line.switch)
        row.calling_number = "+" + self._number(self.random.choice(line.from_))
        self._end(row, CALLERS[owner])
        return row

    def _blank(self, switch: str, start: int, trunk: str) -> Cdr:
        self._sequence += 1
        call_id = (
            f"{self.random.getrandbits(64):016x}"
            if switch == "sw1"
            else f"{self.random.getrandbits(24):06x}-{self._sequence:07d}"
        )
        return Cdr(switch, call_id, 1, start, None, None, "", "", "", trunk, "", "", "", 0, 0)

    def _copy(self, row: Cdr) -> Cdr:
        return Cdr(*(getattr(row, name) for name in Cdr.__slots__))

    def _number(self, country: str) -> str:
        """The lower half of a pool is called three times as often as the upper."""
        pool = self.numbers[country]
        half = len(pool) // 2
        return pool[self.random.randrange(half if self.random.random() < 0.5 else len(pool))]

    def _did(self, owner: str) -> str:
        prefix, _, digits = DIDS[owner]
        return self._complete(prefix, digits)

    def _caller_id(self, caller: Caller) -> str:
        return "" if self.random.random() < 0.01 else "+" + self._number(caller.home)

    def _styled(self, number: str, switch: str) -> str:
        """The number as some equipment sends it: E.164, with an international prefix, bare."""
        way = self.random.random()
        if way < 0.5:
            return "+" + number
        if way < 0.72:
            return ("00" if switch == "sw1" or way < 0.54 else "011") + number
        if way < 0.96:
            return number
        if number.startswith("1"):
            return f"+1 ({number[1:4]}) {number[4:7]}-{number[7:]}"
        return f"+{number[:2]} {number[2:5]} {number[5:8]}-{number[8:]}"

    def _routes(self, country: str, not_via: str) -> list[str]:
        """Up to three carriers for a country, the first by weight, none twice."""
        region = COUNTRIES[country].region
        open_ = {n: c.weight for n, c in CARRIERS.items() if c.takes(country, region)}
        open_.pop(not_via, None)
        chosen: list[str] = []
        while open_ and len(chosen) < 3:
            name = self.random.choices(list(open_), list(open_.values()))[0]
            chosen.append(name)
            del open_[name]
        return chosen

    def _send(self, row: Cdr, carrier: str) -> None:
        row.egress_trunk = self.random.choice(CARRIERS[carrier].trunks)

    def _refuse(self, row: Cdr) -> None:
        """The carrier cannot take the call and says so quickly."""
        row.disposition, row.hangup_cause = self.random.choice(ROUTE_FAILURES)
        row.pdd_ms = self.random.randrange(200, 2500)
        row.ended_ms = row.started_ms + row.pdd_ms

    def _end(self, row: Cdr, caller: Caller) -> None:
        """Ring, and talk or not."""
        row.pdd_ms = self.random.randrange(400, 5000)
        ring = self.random.randrange(1500, 28_000)
        rung = row.started_ms + row.pdd_ms + ring
        if self.random.random() >= caller.answered:
            outcome = self.random.choices(OUTCOMES, cum_weights=OUTCOME_WEIGHTS)[0]
            row.disposition, row.hangup_cause = outcome
            row.ended_ms = rung
            return
        short = self.random.random() < caller.short
        mean = 3.0 if short else caller.talk_s
        row.duration_ms = 1 + int(self.random.expovariate(1 / mean) * 1000)
        row.disposition, row.hangup_cause = "ANSWERED", "16"
        row.answered_ms = rung
        row.ended_ms = rung + row.duration_ms
        self._forget(row)

    def _forget(self, row: Cdr) -> None:
        """Some CDRs lack the time of answer, a few that of the end, too."""
        way = self.random.random()
        if way < 0.01:
            row.answered_ms = None
        if way < 0.003:
            row.ended_ms = None

    def _price(self, row: Cdr, carrier: str, country: str, number: str) -> None:
        """What a carrier that tells its prices says the call cost: whole seconds, micro-pounds."""
        if not CARRIERS[carrier].tells_price or not row.duration_ms:
            return
        place = COUNTRIES[country]
        # Any rule does, as long as one number always costs the same.
        micros = round(750_000 * (place.mobile if int(number[-1]) < 5 else place.fixed))
        billed = -(-row.duration_ms // 1000)
        amount = -(-micros * billed // 60)
        row.carrier_billed_s = str(billed)
        row.carrier_amount = f"{amount // 1_000_000}.{amount % 1_000_000:06d}"
        row.carrier_currency = "GBP"


def first_on(rows: Sequence[Cdr], source: str, day: int) -> list[Cdr]:
    """Calls of one attempt that `source` wrote and that belong to day number `day`."""
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.call_id] = seen.get(row.call_id, 0) + 1
    return [row for row in rows if row.source == source and row.charged_ms // DAY_MS == day and seen[row.call_id] == 1]
