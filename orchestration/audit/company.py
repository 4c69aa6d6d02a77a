"""A company's configuration, read from its CSV files without any of the project's SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.audit.files import ConfigurationError, Record, read_csv
from orchestration.audit.money import ROUNDINGS, SECONDS_ROUNDINGS
from orchestration.audit.number import MAX_DIGITS, Numbering, prefixes_of
from orchestration.audit.profiles import Profile, load_profiles
from orchestration.audit.rates import INDETERMINATE, INTERSTATE, INTRASTATE, AcceptedDeck, Lookup, RateRow, load_rates
from orchestration.audit.times import in_force, parse_date, parse_instant
from orchestration.audit.timetable import Timetable, Window, parse_days, parse_time

UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Account:
    """Who pays or is paid; `kind` is customer, carrier or both. Its periods begin in its time zone.

    From `valid_to` on it has no calls.
    """

    account_id: str
    kind: str
    currency: str
    timezone: ZoneInfo
    valid_to: datetime | None = None


@dataclass(frozen=True)
class Holding:
    """`value` (an account, a rate table) is in force in half-open `[valid_from, valid_to)`."""

    value: str
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class RateTable:
    """The terms of a rate table, defaults filled in. Seconds, amounts and percent are exact."""

    rate_table_id: str
    kind: str
    currency: str
    timezone: ZoneInfo
    timetable_id: str | None
    band_policy: str
    number_basis: str
    initial_s: Fraction
    increment_s: Fraction
    increment_from: str
    seconds_rounding: str
    amount_decimals: int
    amount_rounding: str
    grace_s: Fraction
    free_s: Fraction
    connect_charge: Fraction
    attempt_charge: Fraction
    min_charge: Fraction | None
    max_charge: Fraction | None
    markup_pct: Fraction


@dataclass(frozen=True)
class Company:
    """Everything a call is rated with, and the lookups in it."""

    name: str
    reporting_currency: str
    accounts: Mapping[str, Account]
    trunks: Mapping[tuple[str, str], Sequence[Holding]]
    assignments: Mapping[tuple[str, str], Sequence[Holding]]
    tables: Mapping[str, RateTable]
    rates: Mapping[str, Mapping[str, Sequence[RateRow]]]
    timetables: Mapping[str, Timetable]
    fx: Mapping[tuple[str, str], Mapping[date, Fraction]]
    profiles: Mapping[str, Sequence[Profile]]
    regions: Mapping[str, str]
    numbering: Mapping[str, Numbering]
    ignoring: frozenset[str]

    @classmethod
    def load(
        cls,
        directory: Path,
        numbers: Collection[str] | None = None,
        decks: Sequence[Path | AcceptedDeck] = (),
    ) -> Company:
        """Read a directory of configuration files.

        `numbers` (raw or cleaned) limits the rates that are kept to those whose prefix begins
        one of them. `decks` are accepted rate decks in order of acceptance; a path alone is one
        that replaces nothing in full. Optional files and columns may be missing; company.csv may
        not. Raises `ConfigurationError`.
        """
        numbering = load_numbering(directory)
        wanted = None if numbers is None else prefixes_of(numbers, numbering.values())
        rows = list(read_csv(directory / "company.csv"))
        if not rows:
            raise ConfigurationError(f"{directory / 'company.csv'}: no company")
        return cls(
            name=rows[0].text("name"),
            reporting_currency=rows[0].required("reporting_currency"),
            accounts=_load_accounts(directory),
            trunks=_load_holdings(directory / "trunks.csv", ("direction", "trunk_id"), "account_id"),
            assignments=_load_holdings(directory / "rate_assignments.csv", ("account_id", "side"), "rate_table_id"),
            tables=_load_tables(directory),
            rates=load_rates(directory / "rates.csv", decks, wanted),
            timetables=_load_timetables(directory),
            fx=_load_fx(directory),
            profiles=load_profiles(directory / "consumption_profiles.csv"),
            regions={row.text("prefix"): row.required("region") for row in read_csv(directory / "prefix_regions.csv")},
            numbering=numbering,
            ignoring=_load_ignoring(directory),
        )

    def account_of_trunk(self, direction: str, trunk_id: str | None, t: datetime) -> Account | None:
        """The account that owns the trunk (`direction`: ingress, egress) at `t`; one that has ended owns none."""
        owner = self.accounts.get(_held(self.trunks.get((direction, trunk_id or ""), ()), t) or "")
        return owner if owner and in_force(None, owner.valid_to, t) else None

    def table_of_account(self, account_id: str, side: str, t: datetime) -> RateTable | None:
        """The rate table of the account on the side (sell, buy) at `t`."""
        assigned = _held(self.assignments.get((account_id, side), ()), t)
        return None if assigned is None else self.tables.get(assigned)

    def band_at(self, table: RateTable, t: datetime) -> str | None:
        """The band of the table's timetable at `t`, None for no band."""
        timetable = self.timetables.get(table.timetable_id or "")
        return None if timetable is None else timetable.band_at(t, table.timezone)

    def region_of(self, number: str | None) -> str | None:
        """Where a cleaned number lies: the region of the longest prefix; None if unknown or no number."""
        if number is None:
            return None
        prefixes = (number[:length] for length in range(len(number), -1, -1))
        return next((self.regions[prefix] for prefix in prefixes if prefix in self.regions), None)

    def jurisdiction(self, caller: str | None, called: str | None) -> str:
        """What the call is between two cleaned numbers, None for a bad or missing one."""
        regions = self.region_of(caller), self.region_of(called)
        if None in regions:
            return INDETERMINATE
        return INTRASTATE if regions[0] == regions[1] else INTERSTATE

    def find_rate(self, table: RateTable, lookup: Lookup, band: str | None) -> RateRow | None:
        """The rate of a call: of the longest prefix that has a row which applies, the best."""
        rates = self.rates.get(table.rate_table_id, {})
        for length in range(min(len(lookup.number), MAX_DIGITS), -1, -1):
            candidates = [row for row in rates.get(lookup.number[:length], ()) if row.applies(lookup, band)]
            if candidates:
                return max(candidates, key=RateRow.rank)
        return None

    def fx_rate(self, from_currency: str, to_currency: str, on: date) -> Fraction | None:
        """What one unit is worth on the UTC date; 1 for the same currency, None if unknown."""
        if from_currency == to_currency:
            return Fraction(1)
        rates = self.fx.get((from_currency, to_currency), {})
        known = [valid_from for valid_from in rates if valid_from <= on]
        return rates[max(known)] if known else None


def _held(holdings: Sequence[Holding], t: datetime) -> str | None:
    """The value in force at `t`."""
    return next((h.value for h in holdings if in_force(h.valid_from, h.valid_to, t)), None)


def load_numbering(directory: Path) -> dict[str, Numbering]:
    """How each source of calls writes numbers, as sources.csv says; others write them in full."""
    return {
        row.required("source"): Numbering.of_country(
            row.text("country_code"), row.text("national_prefix"), tuple(row.text("international_prefixes").split())
        )
        for row in read_csv(directory / "sources.csv")
        if row.required("kind") == "cdrs"
    }


def _load_ignoring(directory: Path) -> frozenset[str]:
    """The sources whose calls to what is no number have no legs."""
    return frozenset(
        row.required("source")
        for row in read_csv(directory / "sources.csv")
        if row.required("kind") == "cdrs" and row.choice("not_numbers", ("unrated", "reject", "ignore")) == "ignore"
    )


def _load_accounts(directory: Path) -> dict[str, Account]:
    return {
        row.required("account_id"): Account(
            row.required("account_id"),
            row.required("kind"),
            row.required("currency"),
            row.parsed("timezone", ZoneInfo) or UTC,
            row.parsed("valid_to", parse_instant),
        )
        for row in read_csv(directory / "accounts.csv")
    }


def _load_holdings(path: Path, key: tuple[str, str], value: str) -> dict[tuple[str, str], list[Holding]]:
    holdings: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    for row in read_csv(path):
        holdings[row.required(key[0]), row.required(key[1])].append(
            Holding(
                row.required(value),
                row.parsed("valid_from", parse_instant),
                row.parsed("valid_to", parse_instant),
            )
        )
    return dict(holdings)


def _load_tables(directory: Path) -> dict[str, RateTable]:
    tables = (_rate_table(row) for row in read_csv(directory / "rate_tables.csv"))
    return {table.rate_table_id: table for table in tables}


def _rate_table(row: Record) -> RateTable:
    sixty = Fraction(60)
    decimals = row.parsed("amount_decimals", int)
    return RateTable(
        rate_table_id=row.required("rate_table_id"),
        kind=row.choice("kind", ("per_minute", "block", "given", "markup")),
        currency=row.required("currency"),
        timezone=row.parsed("timezone", ZoneInfo) or UTC,
        timetable_id=row.optional("timetable_id"),
        band_policy=row.choice("band_policy", ("start", "split")),
        number_basis=row.choice("number_basis", ("called", "routing", "calling")),
        initial_s=row.exact("initial_s", sixty),
        increment_s=row.exact("increment_s", sixty),
        increment_from=row.choice("increment_from", ("initial", "zero")),
        seconds_rounding=row.choice("seconds_rounding", SECONDS_ROUNDINGS),
        amount_decimals=4 if decimals is None else decimals,
        amount_rounding=row.choice("amount_rounding", ("half_up", *ROUNDINGS)),
        grace_s=row.exact("grace_s"),
        free_s=row.exact("free_s"),
        connect_charge=row.exact("connect_charge"),
        attempt_charge=row.exact("attempt_charge"),
        min_charge=row.parsed("min_charge", Fraction),
        max_charge=row.parsed("max_charge", Fraction),
        markup_pct=row.exact("markup_pct"),
    )


def _load_timetables(directory: Path) -> dict[str, Timetable]:
    windows: dict[str, list[Window]] = defaultdict(list)
    for row in read_csv(directory / "timetables.csv"):
        windows[row.required("timetable_id")].append(_window(row))
    holidays: dict[str, dict[date, str]] = defaultdict(dict)
    for row in read_csv(directory / "holidays.csv"):
        on = row.parsed("date", parse_date) or date.min
        holidays[row.required("timetable_id")][on] = row.required("band")
    return {
        name: Timetable(
            # A stable sort: of equal priorities the earlier line is looked at first.
            sorted(windows.get(name, ()), key=lambda window: window.priority),
            holidays.get(name, {}),
        )
        for name in {*windows, *holidays}
    }


def _window(row: Record) -> Window:
    return Window(
        priority=row.parsed("priority", int) or 0,
        band=row.required("band"),
        weekdays=row.parsed("days", parse_days) or frozenset(range(7)),
        starts_at=row.parsed("starts_at", parse_time) or 0,
        ends_at=row.parsed("ends_at", parse_time) or 0,
    )


def _load_fx(directory: Path) -> dict[tuple[str, str], dict[date, Fraction]]:
    fx: dict[tuple[str, str], dict[date, Fraction]] = defaultdict(dict)
    for row in read_csv(directory / "fx_rates.csv"):
        pair = row.required("from_currency"), row.required("to_currency")
        valid_from = row.parsed("valid_from", parse_date) or date.min
        fx[pair][valid_from] = row.exact("rate")
    return dict(fx)


__all__ = [
    "AcceptedDeck",
    "Account",
    "Company",
    "ConfigurationError",
    "Holding",
    "Lookup",
    "Profile",
    "RateRow",
    "RateTable",
]
