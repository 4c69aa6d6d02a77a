"""Who takes how much of the allowances of consumption profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from orchestration.audit.profiles import DURATION, Profile
from orchestration.audit.records import Cdr, Cover

ZERO = Fraction(0)

Kept = Mapping[tuple[str, date], Fraction]
Listed = Mapping[tuple[str, str, int], Sequence[tuple[str, Fraction]]]


class Allowances:
    """What is used of each profile's allowance, by profile and period.

    Legs take in the order in which they ask. With `listed` covers a leg takes what is listed for
    it and nothing else, and what it cannot have taken is a problem.
    """

    def __init__(self, kept: Kept | None = None, listed: Listed | None = None) -> None:
        self._used: defaultdict[tuple[str, date], Fraction] = defaultdict(Fraction, kept or {})
        self._listed = listed

    def claim(self, cdr: Cdr, profiles: Sequence[tuple[Profile, date]] = ()) -> Claim:
        """What the sell leg of the attempt may take from; the profiles that apply, in order."""
        if self._listed is None:
            return Claim(self, profiles)
        listed = self._listed.get((cdr.source, cdr.call_id, cdr.attempt), ())
        return Claim(self, profiles, [(name, Fraction(quantity)) for name, quantity in listed])

    def left(self, profile: Profile, period: date) -> Fraction:
        """Seconds or amount; never less than 0, even if more was kept than there is now."""
        return max(ZERO, profile.allowance - self._used[profile.profile_id, period])

    def use(self, profile: Profile, period: date, quantity: Fraction) -> None:
        """Notes that the quantity (seconds or amount) is used."""
        self._used[profile.profile_id, period] += quantity


@dataclass
class Claim:
    """One sell leg at its profiles (with their periods); `listed` as in `Allowances`."""

    allowances: Allowances
    profiles: Sequence[tuple[Profile, date]]
    listed: Sequence[tuple[str, Fraction]] | None = None
    covers: list[Cover] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = {profile.profile_id for profile, _ in self.profiles}
        self.problems.extend(f"no profile {name} applies" for name, _ in self.listed or () if name not in known)

    def take(self, rule: str, wanted: Fraction) -> Fraction:
        """Takes up to the wanted seconds (duration) or amount (cost) from the profiles of the rule."""
        rest = wanted
        for profile, period, asked in self._asked(rule):
            left = self.allowances.left(profile, period)
            quantity = max(ZERO, min(rest, left)) if asked is None else asked
            if not 0 <= quantity <= min(rest, left):
                self.problems.append(
                    f"{quantity} of {profile.profile_id} is more than there is: {rest} to cover, {left} left"
                )
            elif quantity > 0:
                rest -= quantity
                self.allowances.use(profile, period, quantity)
                both = (quantity, ZERO) if rule == DURATION else (ZERO, quantity)
                self.covers.append(Cover(profile.profile_id, period, *both))
        return wanted - rest

    def _asked(self, rule: str) -> Iterator[tuple[Profile, date, Fraction | None]]:
        """The profiles of the rule to take from; None asks for as much as possible."""
        profiles = {profile.profile_id: (profile, period) for profile, period in self.profiles if profile.rule == rule}
        if self.listed is None:
            return ((*taken, None) for taken in profiles.values())
        return ((*profiles[name], quantity) for name, quantity in self.listed if name in profiles)

    @property
    def problem(self) -> str | None:
        """What is wrong with the listed covers, None if nothing is."""
        return "; ".join(self.problems) or None
