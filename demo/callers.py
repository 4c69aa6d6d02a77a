"""Who calls through the made-up company, where to, and over whose trunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NORTH_AMERICA = ("United States", "Canada", "Mexico")
LATIN_AMERICA = (
    *("Mexico", "Brazil", "Colombia", "Argentina", "Chile", "Peru"),
    *("Dominican Republic", "Jamaica"),
)
NEAR_EUROPE = ("Germany", "Austria", "Switzerland", "France", "Italy", "Netherlands", "Poland")
SOUTH_EUROPE = ("Spain", "Portugal", "Italy", "France", "Greece", "Morocco")
SOUTH_ASIA = ("Bangladesh", "India", "Pakistan")
FAR_EAST = (
    *("China", "Hong Kong", "Japan", "South Korea", "Singapore", "Malaysia", "Philippines"),
    *("Thailand", "Vietnam", "Indonesia", "Australia", "New Zealand"),
)
AFRICA = ("Nigeria", "Kenya", "Ghana", "South Africa", "Egypt", "Morocco")
GULF = ("United Arab Emirates", "Saudi Arabia")


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that sends us calls.

    `share` of all calls, `trunks` it sends them on, `switch` that writes their CDRs, hours its
    local time is ahead of UTC, home country, chance that a call is answered, mean talk time in
    seconds, share of answered calls that are hung up at once; the carrier that would be itself.
    """

    share: float
    trunks: tuple[str, ...]
    switch: str
    hours_ahead: int
    home: str
    abroad: tuple[str, ...]
    home_share: float = 0.5
    answered: float = 0.58
    talk_s: float = 170.0
    short: float = 0.05
    weekend: float = 0.5
    on_net: float = 0.02
    not_via: str = ""


CALLERS: Mapping[str, Caller] = {
    "lakeview": Caller(
        *(0.13, ("in-101", "in-102"), "sw2", -4, "United States"),
        (*NORTH_AMERICA, *LATIN_AMERICA, "United Kingdom", "Germany", "India", "Philippines"),
        weekend=0.8,
    ),
    "harborline": Caller(
        *(0.20, ("in-103", "in-104", "in-105"), "sw2", 0, "United Kingdom"),
        (*NORTH_AMERICA, *SOUTH_ASIA, *FAR_EAST, *AFRICA, *GULF, "Turkey", "Israel", "Brazil"),
        home_share=0.1,
        answered=0.5,
        weekend=0.9,
        on_net=0.0,
    ),
    "brueckner": Caller(
        *(0.12, ("in-106", "in-107"), "sw1", 1, "Germany"),
        (*NEAR_EUROPE, "United Kingdom", "Turkey", "United States", "Czech Republic", "Hungary"),
        home_share=0.65,
        weekend=0.3,
    ),
    "callcentro": Caller(
        *(0.10, ("in-108",), "sw1", 1, "Spain"),
        (*SOUTH_EUROPE, *LATIN_AMERICA, "Romania"),
        *(0.7, 0.42, 75.0, 0.22, 0.2),
    ),
    "thameside": Caller(
        *(0.10, ("in-109", "in-110"), "sw1", 0, "United Kingdom"),
        ("Ireland", "France", "Spain", "India", "Pakistan", "Australia", "Nigeria", "Sweden"),
        home_share=0.7,
        weekend=0.4,
    ),
    "padma": Caller(
        *(0.06, ("in-111",), "sw2", 6, "Bangladesh"),
        (*SOUTH_ASIA, *GULF, "United Kingdom", "Malaysia", "Singapore", "Italy"),
        home_share=0.4,
        weekend=0.9,
    ),
    "prairie": Caller(
        *(0.05, ("in-112",), "sw2", -5, "United States"),
        (*NORTH_AMERICA, "United Kingdom", "Norway"),
        home_share=0.85,
        weekend=0.15,
    ),
    "quorum": Caller(
        *(0.08, ("in-113", "in-114"), "sw2", -7, "United States"),
        ("United States", "Canada", "India"),
        *(0.85, 0.33, 40.0, 0.3, 0.4),
        on_net=0.0,  # a mark-up on a call that cost nothing has nothing to go by
    ),
    "lumiere": Caller(
        *(0.06, ("in-115",), "sw1", 1, "France"),
        (*SOUTH_EUROPE, "Belgium", "Switzerland", "Denmark", "Finland", "Israel", "South Africa"),
    ),
    "sandpiper": Caller(
        *(0.02, ("in-116", "in-119"), "sw1", 0, "United Kingdom"),
        (*SOUTH_EUROPE, *FAR_EAST, "Jamaica", "Kenya"),
        home_share=0.3,
    ),
    "wattle": Caller(
        *(0.02, ("in-117",), "sw2", 11, "Australia"),
        (*FAR_EAST, "United Kingdom", "United States"),
        home_share=0.7,
    ),
    "union": Caller(
        *(0.03, ("in-118",), "sw1", 0, "Ireland"),
        (*NEAR_EUROPE, "Sweden", "Norway", "Denmark", "United States"),
        home_share=0.2,
        on_net=0.0,
        not_via="union",
    ),
}


@dataclass(frozen=True, slots=True)
class Inbound:
    """Calls that a carrier brings to customers' own numbers: (owner of the number, trunk)."""

    share: float
    trunk: str
    switch: str
    hours_ahead: int
    to: tuple[tuple[str, str], ...]
    from_: tuple[str, ...]


INBOUND: tuple[Inbound, ...] = (
    Inbound(
        *(0.015, "in-201", "sw2", -4, (("lakeview", "out-403"), ("wattle", "out-404"))),
        ("United States", "Canada", "Australia"),
    ),
    Inbound(
        *(0.015, "in-202", "sw1", 1, (("brueckner", "out-401"), ("thameside", "out-402"))),
        ("Germany", "United Kingdom", "France", "Austria"),
    ),
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Where we send calls: trunks, and the regions or countries it takes (none = all)."""

    trunks: tuple[str, ...]
    weight: float
    regions: frozenset[str] = field(default_factory=frozenset)
    countries: frozenset[str] = field(default_factory=frozenset)
    tells_price: bool = False

    def takes(self, country: str, region: str) -> bool:
        """Whether a call to `country` may go this way."""
        if not self.regions and not self.countries:
            return True
        return region in self.regions or country in self.countries


CARRIERS: Mapping[str, Carrier] = {
    "atlas": Carrier(("out-301", "out-302"), 3.0),
    "northlink": Carrier(("out-303", "out-304"), 6.0, frozenset({"europe"})),
    "pacifica": Carrier(("out-305", "out-306"), 4.0, frozenset({"americas", "asia"})),
    "meridian": Carrier(("out-307",), 1.2, tells_price=True),
    "union": Carrier(("out-308",), 3.0, countries=frozenset({"United Kingdom", "Ireland"})),
}
