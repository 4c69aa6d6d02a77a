"""Export `demo/breakouts.csv` from the `phonenumbers` package. Run once; the result is checked in.

It needs a Python environment with `phonenumbers` (9.x), which this project does not depend on: its
full import takes seconds and only a few thousand of its 300,000 prefixes are of use here.

    python -m demo.export_breakouts

Three kinds of prefixes come out of it: the numbering plan (country codes, area codes), its mobile
ranges, and the mobile carriers' own ranges.
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
AREAS_PER_COUNTRY = 9
CARRIER_RANGES_PER_COUNTRY = 16
SAMPLES = 12
MOBILE_SHARE = 0.15
FIXED_SHARE = 0.1

# Territories with numbers of their own that the package has no name for.
UNNAMED = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}

PROVINCES = {
    "Alberta",
    "British Columbia",
    "British Colombia",
    "Manitoba",
    "New Brunswick",
    "Newfoundland and Labrador",
    "Northwest Territories/Nunavut/Yukon",
    "Nova Scotia",
    "Nova Scotia/Prince Edward Island",
    "Ontario",
    "Quebec",
    "Saskatchewan",
}
PROVINCE_CODES = {"AB", "BC", "MB", "NB", "NL", "NS", "ON", "QC", "SK"}

Row = tuple[str, str, str, str]

# Satellite networks have country codes of their own and belong to no country.
SATELLITE: list[Row] = [
    ("870", "Satellite - Inmarsat", "satellite", "Satellite"),
    ("8816", "Satellite - Iridium", "satellite", "Satellite"),
    ("8817", "Satellite - Iridium", "satellite", "Satellite"),
    ("8818", "Satellite - Globalstar", "satellite", "Satellite"),
    ("8819", "Satellite - Globalstar", "satellite", "Satellite"),
]


def main() -> None:
    """Write `breakouts.csv` beside this file: `prefix,destination,kind,country`, sorted."""
    phonenumbers = import_module("phonenumbers")
    carrier_data = import_module("phonenumbers.carrierdata").CARRIER_DATA
    geocode_data = import_module("phonenumbers.geodata").GEOCODE_DATA
    locale_data = import_module("phonenumbers.geodata.locale").LOCALE_DATA
    rows: dict[str, Row] = {row[0]: row for row in SATELLITE}
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        if regions == ("001",):
            continue
        owners: dict[str, str] = {}
        for region in regions:
            country = _country(region, locale_data)
            metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
            for root in _roots(str(code), metadata, main=region == regions[0]):
                owners[root] = country
                rows.setdefault(root, (root, country, "fixed", country))
        for region in regions:
            country = _country(region, locale_data)
            metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
            for prefix in _mobile_prefixes(str(code), metadata):
                if _owner(prefix, owners) == country:
                    rows.setdefault(prefix, (prefix, f"{country} - Mobile", "mobile", country))
        for prefix, carrier in _carriers(str(code), carrier_data):
            country = _owner(prefix, owners)
            if country:
                name = f"{country} - Mobile - {_clean(carrier)}"
                rows[prefix] = (prefix, name, "mobile", country)
        for prefix, area in _areas(str(code), geocode_data):
            country = "Canada" if _in_canada(prefix, area) else _owner(prefix, owners)
            if country and prefix not in rows:
                rows[prefix] = (prefix, f"{country} - {_clean(area)}", "fixed", country)
    with (HERE / "breakouts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("prefix", "destination", "kind", "country"))
        writer.writerows(rows[prefix] for prefix in sorted(rows))


def _country(region: str, names: dict[str, dict[str, str]]) -> str:
    """The English name; `*xx` in the package's data stands for "as in language xx"."""
    translations = names.get(region, {})
    name = translations.get("en", "")
    name = translations.get(name[1:], "") if name.startswith("*") else name
    return _clean(name or UNNAMED[region])


def _owner(prefix: str, owners: dict[str, str]) -> str:
    """The country of the longest root that begins `prefix`; countries may share a code."""
    for length in range(len(prefix), 0, -1):
        if prefix[:length] in owners:
            return owners[prefix[:length]]
    return ""


def _roots(code: str, metadata: Any, *, main: bool) -> list[str]:
    """The main country of a code has the code itself, the others their leading digits."""
    if main:
        return [code]
    if not metadata.leading_digits:
        return []
    longest = 3 if code == "1" else 4  # North America: whole area codes
    digits = [str(n).zfill(k) for k in range(1, longest + 1) for n in range(10**k)]
    return [code + d for d in digits if re.fullmatch(metadata.leading_digits, d)]


def _mobile_prefixes(code: str, metadata: Any) -> list[str]:
    """The shortest prefixes under which there are mobile numbers and hardly a fixed one."""
    if code == "1":
        return []  # the North American plan does not tell mobile from fixed
    mobile, fixed = (
        re.compile(part.national_number_pattern) if part and part.national_number_pattern else None
        for part in (metadata.mobile, metadata.fixed_line)
    )
    if mobile is None:
        return []
    lengths = [n for n in metadata.mobile.possible_length if n > 0]
    randomness = random.Random(code)
    prefixes: list[str] = []

    def descend(prefix: str) -> None:
        numbers = [
            prefix + "".join(randomness.choices("0123456789", k=n - len(prefix)))
            for n in (lengths or list(metadata.general_desc.possible_length))
            if n > len(prefix)
            for _ in range(SAMPLES * (1 if prefix else 20))
        ]
        hits = sum(1 for n in numbers if mobile.fullmatch(n))
        others = sum(1 for n in numbers if fixed is not None and fixed.fullmatch(n))
        enough = hits > 0 and hits >= MOBILE_SHARE * len(numbers)
        if prefix and enough and others <= FIXED_SHARE * hits:
            prefixes.append(code + prefix)
        elif len(prefix) < 3:
            for digit in "0123456789":
                descend(prefix + digit)

    descend("")
    return prefixes


def _carriers(code: str, data: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """The carriers' ranges, neighbours of one carrier merged, the widest ones of a country."""
    names = {p: n["en"] for p, n in data.items() if p.startswith(code) and "en" in n}
    while True:
        merged = _merge_level(names, len(code))
        if merged == names:
            break
        names = merged
    ranked = sorted(names.items(), key=lambda item: (len(item[0]), item[0]))
    kept: list[tuple[str, str]] = []
    used: dict[str, int] = defaultdict(int)
    for prefix, name in ranked:
        if name and used[name] < CARRIER_RANGES_PER_COUNTRY // 2:
            used[name] += 1
            kept.append((prefix, name))
    return kept[:CARRIER_RANGES_PER_COUNTRY]


def _merge_level(names: dict[str, str], shortest: int) -> dict[str, str]:
    """Where at least five of ten siblings belong to one carrier and none to another: the parent."""
    children: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    for prefix, name in names.items():
        for length in range(shortest + 1, len(prefix)):
            children[prefix[:length]].add(name)
        count[prefix[:-1]] += 1
    merged = dict(names)
    for parent, values in children.items():
        if len(values) == 1 and count[parent] >= 5 and len(parent) > shortest:
            for prefix in [p for p in merged if p.startswith(parent)]:
                del merged[prefix]
            merged[parent] = next(iter(values))
    return merged


def _areas(code: str, data: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """The shortest geographic prefixes: area codes of North America, big cities elsewhere."""
    if code == "1":
        return [(p, n["en"]) for p, n in data.items() if p[0] == "1" and len(p) == 4 and "en" in n]
    named = [(p, n["en"]) for p, n in data.items() if p.startswith(code) and n.get("en")]
    return sorted(named, key=lambda item: (len(item[0]), item[0]))[:AREAS_PER_COUNTRY]


def _in_canada(prefix: str, area: str) -> bool:
    """Canada shares the code 1 and has no leading digits of its own in the package."""
    return prefix.startswith("1") and (area in PROVINCES or area[-2:] in PROVINCE_CODES)


def _clean(name: str) -> str:
    """One line, no commas or slashes' padding: names become CSV cells and labels of charts."""
    return re.sub(r"\s+", " ", name.replace(",", "").replace('"', "")).strip()[:32].strip()


if __name__ == "__main__":
    main()
