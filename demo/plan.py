"""The made-up world both the demo's price lists and its traffic are drawn from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

BREAKOUTS = Path(__file__).resolve().parent / "breakouts.csv"


@dataclass(frozen=True, slots=True)
class Breakout:
    """One row of `breakouts.csv`: what a prefix is called, `fixed`, `mobile` or `satellite`."""

    prefix: str
    destination: str
    kind: str
    country: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country with traffic: costs in USD a minute, the length of its numbers with the code."""

    region: str
    fixed: float
    mobile: float
    digits: int


COUNTRIES: dict[str, Country] = {
    "United States": Country("americas", 0.0042, 0.0042, 11),
    "Canada": Country("americas", 0.0048, 0.0048, 11),
    "Mexico": Country("americas", 0.0065, 0.0065, 12),
    "Brazil": Country("americas", 0.0080, 0.0190, 13),
    "Colombia": Country("americas", 0.0110, 0.0150, 12),
    "Argentina": Country("americas", 0.0090, 0.0610, 12),
    "Chile": Country("americas", 0.0120, 0.0120, 11),
    "Peru": Country("americas", 0.0070, 0.0140, 11),
    "Dominican Republic": Country("americas", 0.0390, 0.0390, 11),
    "Jamaica": Country("americas", 0.0720, 0.0720, 11),
    "United Kingdom": Country("europe", 0.0051, 0.0160, 12),
    "Ireland": Country("europe", 0.0072, 0.0210, 12),
    "Germany": Country("europe", 0.0063, 0.0175, 13),
    "France": Country("europe", 0.0058, 0.0150, 11),
    "Spain": Country("europe", 0.0049, 0.0125, 11),
    "Italy": Country("europe", 0.0061, 0.0185, 12),
    "Netherlands": Country("europe", 0.0068, 0.0190, 11),
    "Belgium": Country("europe", 0.0095, 0.0260, 11),
    "Switzerland": Country("europe", 0.0140, 0.0430, 11),
    "Austria": Country("europe", 0.0088, 0.0230, 13),
    "Portugal": Country("europe", 0.0054, 0.0160, 12),
    "Poland": Country("europe", 0.0075, 0.0165, 11),
    "Sweden": Country("europe", 0.0050, 0.0140, 11),
    "Norway": Country("europe", 0.0069, 0.0195, 10),
    "Denmark": Country("europe", 0.0062, 0.0170, 10),
    "Finland": Country("europe", 0.0240, 0.0310, 12),
    "Czech Republic": Country("europe", 0.0093, 0.0220, 12),
    "Greece": Country("europe", 0.0070, 0.0180, 12),
    "Romania": Country("europe", 0.0056, 0.0150, 11),
    "Hungary": Country("europe", 0.0083, 0.0200, 11),
    "Turkey": Country("europe", 0.0310, 0.1480, 12),
    "India": Country("asia", 0.0098, 0.0102, 12),
    "Pakistan": Country("asia", 0.0340, 0.0370, 12),
    "Bangladesh": Country("asia", 0.0155, 0.0160, 13),
    "China": Country("asia", 0.0090, 0.0092, 13),
    "Hong Kong": Country("asia", 0.0105, 0.0130, 11),
    "Japan": Country("asia", 0.0180, 0.0620, 12),
    "South Korea": Country("asia", 0.0085, 0.0140, 12),
    "Singapore": Country("asia", 0.0067, 0.0071, 10),
    "Malaysia": Country("asia", 0.0081, 0.0210, 11),
    "Philippines": Country("asia", 0.0720, 0.1050, 12),
    "Thailand": Country("asia", 0.0130, 0.0150, 11),
    "Vietnam": Country("asia", 0.0410, 0.0440, 11),
    "Indonesia": Country("asia", 0.0230, 0.0370, 12),
    "Australia": Country("asia", 0.0089, 0.0240, 11),
    "New Zealand": Country("asia", 0.0110, 0.0370, 11),
    "United Arab Emirates": Country("other", 0.1420, 0.1510, 12),
    "Saudi Arabia": Country("other", 0.0760, 0.1090, 12),
    "Israel": Country("other", 0.0079, 0.0210, 12),
    "Egypt": Country("other", 0.0640, 0.0790, 12),
    "Morocco": Country("other", 0.1350, 0.2900, 12),
    "Nigeria": Country("other", 0.0480, 0.0590, 13),
    "Kenya": Country("other", 0.0990, 0.1180, 12),
    "Ghana": Country("other", 0.1730, 0.1840, 12),
    "South Africa": Country("other", 0.0470, 0.0690, 11),
}

# Numbers that belong to customers: calls to them come in, or stay on the net. The ranges are
# those that regulators set aside for fiction, where there is one.
DIDS: dict[str, tuple[str, str, int]] = {
    "brueckner": ("493023125", "DID - Germany - Berlin", 12),
    "thameside": ("442079460", "DID - United Kingdom - London", 12),
    "lakeview": ("121255501", "DID - United States - New York", 11),
    "wattle": ("61255501", "DID - Australia - Sydney", 11),
}


def breakouts() -> list[Breakout]:
    """All rows of `breakouts.csv`, in its order."""
    with BREAKOUTS.open(encoding="utf-8", newline="") as file:
        return [Breakout(**row) for row in csv.DictReader(file)]


def by_country(rows: list[Breakout]) -> dict[str, list[Breakout]]:
    """The rows of the countries that have traffic."""
    countries: dict[str, list[Breakout]] = {country: [] for country in COUNTRIES}
    for row in rows:
        if row.country in countries:
            countries[row.country].append(row)
    return countries


def roots(rows: list[Breakout], country: str) -> list[Breakout]:
    """The prefixes that begin every number of a country of `rows`."""
    if country == "Canada":  # shares the code 1: its area codes are its roots
        return [row for row in rows if row.country == country]
    return [row for row in rows if row.country == country and row.destination == country]
