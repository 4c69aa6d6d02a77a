"""Write `seeds/rates.csv`: the made-up company's price lists over `breakouts.csv`.

    python -m demo.price_decks

The same prices come out every time. Costs follow the countries of `demo.plan`; carriers differ by
a few percent and by network, customers pay more for coarser lists.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from demo.plan import COUNTRIES, DIDS, Breakout, breakouts, by_country, roots

RATES = Path(__file__).resolve().parent.parent / "seeds" / "rates.csv"

OPENED = "2025-01-01"
CHANGED = "2026-03-28"
CHANGED_IN_BERLIN = "2026-03-28T00:00:00+01:00"
CHANGED_IN_DHAKA = "2026-03-27T18:00:00"

MOBILE_PREFIXES = 8  # of a country in a customer's list; more say nothing new
EUR, GBP = 0.86, 0.75  # of a dollar: good enough to set prices by


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of `rates.csv`; the columns it lacks are those the demo leaves empty."""

    rate_table_id: str
    prefix: str
    destination: str
    band: str = ""
    valid_from: str = OPENED
    valid_to: str = ""
    rate_per_minute: str = ""
    initial_rate_per_minute: str = ""
    initial_s: str = ""
    increment_s: str = ""
    initial_charge: str = ""
    increment_charge: str = ""
    connect_charge: str = ""
    markup_pct: str = ""
    blocked: str = ""


COLUMNS = tuple(Rate.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class World:
    """The breakouts, whole and by country."""

    rows: list[Breakout] = field(default_factory=breakouts)

    @property
    def countries(self) -> dict[str, list[Breakout]]:
        """The breakouts of each country with traffic."""
        return by_country(self.rows)


def main() -> None:
    """Write the file, table by table, each sorted by prefix."""
    world = World()
    decks = (
        *(retail_usd, wholesale_usd, retail_eur, retail_gbp, block_usd, dhaka_usd, pulse_eur),
        *(cost_plus, atlas_az, northlink_eu, pacifica_6x6, meridian_given, union_gbp),
    )
    with RATES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for deck in decks:
            rates = sorted(deck(world), key=lambda r: (r.prefix, r.valid_from, r.band))
            writer.writerows([getattr(rate, name) for name in COLUMNS] for rate in rates)


# What customers pay -----------------------------------------------------------------------------


def retail_usd(world: World) -> Iterator[Rate]:
    """Full minutes; thirty prices go up or down in the middle of the demo, the old ones stay."""
    table = "retail_usd"
    for row in _coarse(world):
        price = _cost(row, table, 0.1) * 2.2 + 0.004
        yield Rate(table, row.prefix, row.destination, rate_per_minute=_money(price, 4))
        if row.country in ("United Kingdom", "India", "Mexico", "Germany", "Nigeria", "Jamaica"):
            new = _money(price * (1.15 if row.kind == "mobile" else 0.92), 4)
            yield Rate(table, row.prefix, row.destination, valid_from=CHANGED, rate_per_minute=new)
    yield from _dids(table, ("lakeview", "wattle"), "0.0060")
    yield _blocked(table)


def wholesale_usd(world: World) -> Iterator[Rate]:
    """Every country of the world by the second, with six decimals."""
    table = "wholesale_usd"
    for row in [*_coarse(world), *_elsewhere(world)]:
        price = _money(_cost(row, table, 0.06) * 1.22, 6)
        yield Rate(table, row.prefix, row.destination, rate_per_minute=price)
    yield _blocked(table)


def retail_eur(world: World) -> Iterator[Rate]:
    """Mobiles by peak and off-peak; German ones change at midnight in Berlin."""
    table = "retail_eur"
    for row in _coarse(world):
        price = (_cost(row, table, 0.1) * 1.9 + 0.005) * EUR
        if row.kind == "fixed":
            yield Rate(table, row.prefix, row.destination, rate_per_minute=_money(price, 4))
            continue
        for band, factor in (("peak", 1.0), ("offpeak", 0.72)):
            now = _money(price * factor, 4)
            yield Rate(table, row.prefix, row.destination, band, rate_per_minute=now)
            if row.country == "Germany":
                then = _money(price * factor * 1.08, 4)
                yield Rate(
                    *(table, row.prefix, row.destination, band, CHANGED_IN_BERLIN),
                    rate_per_minute=then,
                )
    yield from _dids(table, ("brueckner",), "0.0045")
    yield _blocked(table)


def retail_gbp(world: World) -> Iterator[Rate]:
    """A connect charge on everything; the first minute to a mobile is dearer than the rest."""
    table = "retail_gbp"
    for row in _coarse(world):
        price = (_cost(row, table, 0.1) * 1.8 + 0.004) * GBP
        first = _money(price * 1.4, 4) if row.kind == "mobile" else ""
        yield Rate(
            *(table, row.prefix, row.destination),
            rate_per_minute=_money(price, 4),
            initial_rate_per_minute=first,
            initial_s="60" if first else "",
        )
    yield from _dids(table, ("thameside",), "0.0040", connect_charge="0")
    yield _blocked(table)


def block_usd(world: World) -> Iterator[Rate]:
    """Initial and incremental charges; at home by day, evening and night."""
    table = "block_usd"
    home = {"United States": "1", "Mexico": "52"}
    for row in _coarse(world):
        block = (_cost(row, table, 0.1) * 2.4 + 0.006) / 10  # six seconds of a minute
        bands = (("day", 1.0), ("evening", 0.8), ("night", 0.65))
        for band, factor in bands if home.get(row.country) == row.prefix else (("", 1.0),):
            yield Rate(
                *(table, row.prefix, row.destination, band),
                initial_charge=_money(block * factor * 5, 4),
                increment_charge=_money(block * factor, 5),
            )
    yield _blocked(table)


def dhaka_usd(world: World) -> Iterator[Rate]:
    """The neighbours by peak, off-peak and holiday, with a price for the hours without a band."""
    table = "dhaka_usd"
    near = {"Bangladesh", "India", "Pakistan"}
    for row in _coarse(world):
        price = _cost(row, table, 0.1) * 1.5 + 0.002
        bands = (("", 0.95), ("peak", 1.0), ("offpeak", 0.8), ("holiday", 0.6))
        for band, factor in bands if row.country in near else (("", 1.0),):
            now = _money(price * factor, 5)
            yield Rate(table, row.prefix, row.destination, band, rate_per_minute=now)
        if row.country == "Pakistan":
            yield Rate(
                *(table, row.prefix, row.destination, "", CHANGED_IN_DHAKA),
                rate_per_minute=_money(price * 0.9, 5),
            )
    yield _blocked(table)


def pulse_eur(world: World) -> Iterator[Rate]:
    """Billed to the millisecond; long satellite-like destinations have a connect charge."""
    table = "pulse_eur"
    for row in _coarse(world):
        price = _cost(row, table, 0.08) * 1.35 * EUR
        yield Rate(
            *(table, row.prefix, row.destination),
            rate_per_minute=_money(price, 5),
            connect_charge="0.02" if price > 0.15 else "",
        )
    yield _blocked(table)


def cost_plus(world: World) -> Iterator[Rate]:
    """A mark-up needs no prices: a row says where it differs."""
    table = "cost_plus"
    for row in world.countries["India"]:
        if row.destination == "India":
            yield Rate(table, row.prefix, row.destination, markup_pct="8")
    yield Rate(table, "44", "United Kingdom", markup_pct="9.5")
    yield _blocked(table)


# What carriers charge ---------------------------------------------------------------------------


def atlas_az(world: World) -> Iterator[Rate]:
    """Every country, and every network of those with traffic; Nigeria and India change price."""
    table = "atlas_az"
    detail = [r for rows in world.countries.values() for r in _short(rows, 14)]
    named = {row.prefix for row in detail}
    coarse = [r for r in [*_coarse(world), *_elsewhere(world)] if r.prefix not in named]
    for row in [*detail, *coarse]:
        price = _cost(row, table, 0.1)
        slow = row.country in ("Mexico", "Jamaica")
        changes = row.country in ("Nigeria", "India")
        yield Rate(
            *(table, row.prefix, row.destination),
            valid_to=CHANGED if changes else "",
            rate_per_minute=_money(price, 6),
            initial_s="60" if slow else "",
            increment_s="60" if slow else "",
        )
        if changes:
            new = _money(price * 1.07, 6)
            yield Rate(table, row.prefix, row.destination, valid_from=CHANGED, rate_per_minute=new)
    yield from _dids(table, tuple(DIDS), "0.000900")


def northlink_eu(world: World) -> Iterator[Rate]:
    """Europe by network; the mobiles of six countries by peak and off-peak."""
    table = "northlink_eu"
    busy = {"United Kingdom", "Germany", "France", "Spain", "Italy", "Netherlands"}
    for row in _region(world, ("europe",), 16):
        price = _cost(row, table, 0.12) * 0.97 * EUR
        split = row.country in busy and row.destination == f"{row.country} - Mobile"
        for band, factor in (("peak", 1.0), ("offpeak", 0.85)) if split else (("", 1.0),):
            now = _money(price * factor, 6)
            yield Rate(table, row.prefix, row.destination, band, rate_per_minute=now)
    yield from _dids(table, ("brueckner", "thameside"), "0.000700")


def pacifica_6x6(world: World) -> Iterator[Rate]:
    """The Americas by area code, and Asia."""
    table = "pacifica_6x6"
    rows = [*_region(world, ("asia",), 6), *_region(world, ("americas",), 12)]
    shown = {row.prefix for row in rows}
    areas = [r for r in world.countries["United States"] if r.prefix not in shown]
    for row in [*rows, *areas[::2]]:
        price = _money(_cost(row, table, 0.15) * 0.95, 5)
        yield Rate(table, row.prefix, row.destination, rate_per_minute=price)


def meridian_given(world: World) -> Iterator[Rate]:
    """Meridian says what a call cost; these rows only name where it went."""
    for country in world.countries:
        for row in _nameable(world, country):
            yield Rate("meridian_given", row.prefix, row.destination)


def union_gbp(world: World) -> Iterator[Rate]:
    """The British Isles."""
    table = "union_gbp"
    for country in ("United Kingdom", "Ireland"):
        for row in world.countries[country]:
            price = _money(_cost(row, table, 0.1) * 0.9 * GBP, 5)
            yield Rate(table, row.prefix, row.destination, rate_per_minute=price)


# Shared -----------------------------------------------------------------------------------------


def _coarse(world: World) -> list[Breakout]:
    """Country, and country - mobile, for every country with traffic."""
    rows: list[Breakout] = []
    for country, of_country in world.countries.items():
        mobile = [r for r in of_country if r.destination == f"{country} - Mobile"]
        rows += _nameable(world, country)
        rows += sorted(mobile, key=lambda r: (len(r.prefix), r.prefix))[:MOBILE_PREFIXES]
    return rows


def _nameable(world: World, country: str) -> list[Breakout]:
    """The roots under the country's name: Canada's area codes are all called Canada."""
    own_roots = roots(world.rows, country)
    return [Breakout(r.prefix, country, r.kind, country) for r in own_roots]


def _elsewhere(world: World) -> list[Breakout]:
    """Country, and country - mobile, for the rest of the world."""
    names = {r.country for r in world.rows} - set(COUNTRIES) - {"Satellite"}
    rest = [r for r in world.rows if r.country in names]
    root = [r for r in rest if r.destination == r.country]
    mobile = [r for r in rest if r.destination == f"{r.country} - Mobile"]
    return [*root, *[r for r in mobile if len(r.prefix) <= 4]]


def _region(world: World, regions: tuple[str, ...], most: int) -> list[Breakout]:
    """Roots and the widest breakouts of the countries of `regions`."""
    rows: dict[str, Breakout] = {}
    for country, of_country in world.countries.items():
        if COUNTRIES[country].region in regions:
            chosen = [*roots(world.rows, country), *_short(of_country, most)]
            rows.update({row.prefix: row for row in chosen})
    return list(rows.values())


def _short(rows: list[Breakout], most: int) -> list[Breakout]:
    """The `most` widest breakouts."""
    return sorted(rows, key=lambda r: (len(r.prefix), r.prefix))[:most]


def _cost(row: Breakout, table: str, spread: float) -> float:
    """USD a minute: the country's, within `spread` by network and table."""
    country = COUNTRIES.get(row.country)
    if country is None:
        base = 0.04 + 0.3 * _chance(row.country)
        base *= 1.25 if row.kind == "mobile" else 1.0
    else:
        base = country.mobile if row.kind == "mobile" else country.fixed
    return base * (1 - spread + 2 * spread * _chance(f"{table}/{row.destination}"))


def _chance(text: str) -> float:
    """A number in [0, 1) that depends on `text` alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def _money(amount: float, decimals: int) -> str:
    """Prices are made up, so a float may be rounded here; rating never sees one."""
    text = f"{amount:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _blocked(table: str) -> Rate:
    """Calls to Inmarsat are how fraud pays; nobody may make them."""
    return Rate(table, "870", "Satellite - Inmarsat", blocked="true")


def _dids(table: str, accounts: tuple[str, ...], price: str, connect_charge: str = "") -> Iterator[Rate]:
    """Calls that come in on customers' own numbers."""
    for account in accounts:
        prefix, destination, _ = DIDS[account]
        yield Rate(table, prefix, destination, rate_per_minute=price, connect_charge=connect_charge)


if __name__ == "__main__":
    main()
