"""What each configuration CSV holds, declared once: the check, the loader and the docs follow it.

A file is a tuple of columns in the order of the documentation. The order in a user's file is
free; a column that is neither a key part nor required may be left out, which means empty cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Type(Enum):
    """How a cell is written, and (the value) the DuckDB type it is loaded as."""

    ID = ("id", "VARCHAR")
    TEXT = ("text", "VARCHAR")
    ENUM = ("enum", "VARCHAR")
    ZONE = ("IANA time zone", "VARCHAR")
    CURRENCY = ("currency", "VARCHAR")
    PREFIX = ("prefix", "VARCHAR")
    DIGITS = ("digits", "VARCHAR")
    DIALLED = ("dialled digits", "VARCHAR")
    DAYS = ("weekdays", "VARCHAR")
    MONTH = ("month", "VARCHAR")
    PATTERN = ("regular expression", "VARCHAR")
    TIMESTAMP = ("timestamp", "TIMESTAMP")
    DATE = ("date", "DATE")
    TIME = ("time of day", "TIME")
    INTEGER = ("integer", "INTEGER")
    DECIMAL = ("decimal", "DECIMAL(20,8)")
    SECONDS = ("seconds", "DECIMAL(12,3)")
    BOOLEAN = ("boolean", "BOOLEAN")
    LIST = ("list", "VARCHAR[]")

    @property
    def label(self) -> str:
        """The type's name for people."""
        return self.value[0]

    @property
    def sql(self) -> str:
        """The DuckDB type of the loaded column."""
        return self.value[1]

    @property
    def scale(self) -> int:
        """Decimals a cell may carry (8 for money, rates and percent, 3 for seconds, else 0)."""
        return {Type.DECIMAL: 8, Type.SECONDS: 3}.get(self, 0)

    @property
    def whole_digits(self) -> int:
        """Digits that fit before the decimal point of a number."""
        return {Type.DECIMAL: 12, Type.SECONDS: 9}.get(self, 0)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a configuration file.

    `default` is what an empty cell means, as text ("" = nothing). Bounds are inclusive except
    `above`. `refers` is the `(file, column)` whose values a non-empty cell (each item of a list)
    must be one of. `blank` columns load an empty cell as '' where others load NULL. `ends_day`
    lets a time of day be 24:00. `item` is the pattern every item of a list must match.
    """

    name: str
    type: Type
    key: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above: Decimal | None = None
    refers: tuple[str, str] | None = None
    default: str = ""
    blank: bool = False
    ends_day: bool = False
    item: str = ""

    @property
    def must_be_present(self) -> bool:
        """Whether the file's header has to name the column."""
        return self.key or self.required


@dataclass(frozen=True, slots=True)
class File:
    """One configuration file: `name` without `.csv`, and its columns in order.

    `unique` says that no two rows may have the same key. It is off where another rule decides:
    overlaps of validity (trunks, rate_assignments), or the later line winning (rates).
    """

    name: str
    columns: tuple[Column, ...]
    unique: bool = True

    @property
    def csv(self) -> str:
        """The file's name in the configuration directory."""
        return f"{self.name}.csv"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def keys(self) -> tuple[Column, ...]:
        """The columns that identify a row."""
        return tuple(column for column in self.columns if column.key)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.csv} has no column {name}")


_ZERO = Decimal(0)
_ACCOUNT = ("accounts", "account_id")
_TABLE = ("rate_tables", "rate_table_id")
_TIMETABLE = ("timetables", "timetable_id")
_ROUNDINGS = ("up", "down", "half_up", "half_down", "half_even")
JURISDICTIONS = ("interstate", "intrastate", "indeterminate")
_SECONDS_ROUNDINGS = ("none", "up", "down", "half_up", "half_down")


def _text(name: str, *, required: bool = False, default: str = "") -> Column:
    return Column(name, Type.TEXT, required=required, default=default)


def _key(name: str, type_: Type = Type.ID, refers: tuple[str, str] | None = None) -> Column:
    return Column(name, type_, key=True, required=True, refers=refers)


def _refers(name: str, to: tuple[str, str], *, required: bool = False) -> Column:
    return Column(name, Type.ID, required=required, refers=to)


def _one_of(name: str, *values: str, required: bool = False, default: str = "") -> Column:
    return Column(name, Type.ENUM, required=required, values=values, default=default)


def _key_one_of(name: str, *values: str) -> Column:
    return Column(name, Type.ENUM, key=True, required=True, values=values)


def _currency(name: str = "currency", *, key: bool = False) -> Column:
    return Column(name, Type.CURRENCY, key=key, required=True)


def _price(name: str, *, required: bool = False, default: str = "") -> Column:
    # nine digits before the point: rates stay within 64 bits in units of 1e-8
    return Column(name, Type.DECIMAL, required=required, minimum=_ZERO, maximum=Decimal(999_999_999), default=default)


def _seconds(name: str, default: str = "") -> Column:
    return Column(name, Type.SECONDS, minimum=_ZERO, default=default)


def _integer(name: str, low: int, high: int, *, key: bool = False, default: str = "") -> Column:
    return Column(
        name,
        Type.INTEGER,
        key=key,
        required=key,
        minimum=Decimal(low),
        maximum=Decimal(high),
        default=default,
    )


def _since(*, key: bool = True) -> Column:
    return Column("valid_from", Type.TIMESTAMP, key=key)


def _zone() -> Column:
    return Column("timezone", Type.ZONE, default="UTC")


def _until() -> Column:
    return Column("valid_to", Type.TIMESTAMP)


def _prefix() -> Column:
    return Column("prefix", Type.PREFIX, key=True, blank=True)


def _rounding() -> tuple[Column, Column]:
    return (
        _integer("amount_decimals", 0, 8, default="4"),
        _one_of("amount_rounding", *_ROUNDINGS, default="half_up"),
    )


def _markup() -> Column:
    return Column("markup_pct", Type.DECIMAL, above=Decimal(-100))


_MAX_INTEGER = 2**31 - 1

COMPANY = File(
    "company",
    (
        _text("name", required=True),
        _text("legal_name"),
        _text("address"),
        _text("tax_id"),
        _currency("reporting_currency"),
        _integer("booking_grace_days", 0, 366, default="2"),
        _price("waiver_limit"),
    ),
    unique=False,
)

ACCOUNTS = File(
    "accounts",
    (
        _key("account_id"),
        _text("name", required=True),
        _one_of("kind", "customer", "carrier", "both", required=True),
        _currency(),
        _zone(),
        _one_of("billing_model", "per_minute", "per_channel", default="per_minute"),
        _one_of("payment_model", "prepaid", "postpaid", default="postpaid"),
        _text("plan_tier", default="free"),
        _price("credit_limit"),
        _price("buffer", default="0"),
        Column("low_balance_threshold", Type.DECIMAL),
        _one_of("billing_cycle", "monthly", "semimonthly", "weekly", default="monthly"),
        _integer("payment_terms_days", 0, 3650),
        Column("tax_pct", Type.DECIMAL, minimum=_ZERO, maximum=Decimal(100), default="0"),
        _text("department"),
        _text("legal_name"),
        _text("address"),
        _text("tax_id"),
        _text("customer_id"),
        _until(),
    ),
)

TRUNKS = File(
    "trunks",
    (
        _key("trunk_id"),
        _key_one_of("direction", "ingress", "egress"),
        _refers("account_id", _ACCOUNT, required=True),
        _since(),
        _until(),
    ),
    unique=False,
)

RATE_TABLES = File(
    "rate_tables",
    (
        _key("rate_table_id"),
        _text("name"),
        _one_of("kind", "per_minute", "block", "given", "markup", required=True),
        _currency(),
        _zone(),
        _refers("timetable_id", _TIMETABLE),
        _one_of("band_policy", "start", "split", default="start"),
        _one_of("number_basis", "called", "routing", "calling", default="called"),
        _seconds("initial_s", "60"),
        _seconds("increment_s", "60"),
        _one_of("increment_from", "initial", "zero", default="initial"),
        _one_of("seconds_rounding", *_SECONDS_ROUNDINGS, default="none"),
        *_rounding(),
        _seconds("grace_s", "0"),
        _seconds("free_s", "0"),
        _price("connect_charge", default="0"),
        _price("attempt_charge", default="0"),
        _price("min_charge"),
        _price("max_charge"),
        _markup(),
    ),
)

RATES = File(
    "rates",
    (
        _key("rate_table_id", refers=_TABLE),
        _prefix(),
        _text("destination"),
        Column("band", Type.ID, key=True, blank=True),
        _since(),
        _until(),
        _price("rate_per_minute"),
        _price("initial_rate_per_minute"),
        _seconds("initial_s"),
        _seconds("increment_s"),
        _price("initial_charge"),
        _price("increment_charge"),
        _price("connect_charge"),
        _markup(),
        Column("blocked", Type.BOOLEAN, default="false"),
        Column("calling_prefix", Type.PREFIX, blank=True),
        Column("jurisdiction", Type.ENUM, values=JURISDICTIONS, blank=True),
        _price("min_charge"),
        _price("max_charge"),
        _seconds("grace_s"),
        _seconds("free_s"),
    ),
    unique=False,
)

RATE_ASSIGNMENTS = File(
    "rate_assignments",
    (
        _key("account_id", refers=_ACCOUNT),
        _key_one_of("side", "sell", "buy"),
        _refers("rate_table_id", _TABLE, required=True),
        _since(),
        _until(),
        _integer("notice_days", 0, 3650),
    ),
    unique=False,
)

PREFIX_REGIONS = File("prefix_regions", (_prefix(), _text("region", required=True)))

TIMETABLES = File(
    "timetables",
    (
        _key("timetable_id"),
        _integer("priority", 0, _MAX_INTEGER, key=True),
        Column("band", Type.ID, required=True),
        Column("days", Type.DAYS, required=True),
        Column("starts_at", Type.TIME, required=True),
        Column("ends_at", Type.TIME, required=True, ends_day=True),
    ),
)

HOLIDAYS = File(
    "holidays",
    (
        _key("timetable_id", refers=_TIMETABLE),
        _key("date", Type.DATE),
        Column("band", Type.ID, required=True),
    ),
)

CONSUMPTION_PROFILES = File(
    "consumption_profiles",
    (
        _key("profile_id"),
        _refers("account_id", _ACCOUNT, required=True),
        _one_of("rule", "duration", "cost", required=True),
        _price("allowance", required=True),
        _one_of("period", "day", "week", "month", required=True),
        Column("prefixes", Type.LIST, item=r"[0-9]{1,15}"),
        _integer("priority", 0, _MAX_INTEGER, default="0"),
        _since(key=False),
        _until(),
    ),
)

SERVICE_RATES = File(
    "service_rates",
    (
        _key("service"),
        Column("account_id", Type.ID, key=True, refers=_ACCOUNT),
        _price("unit_price", required=True),
        _currency(),
        *_rounding(),
        _since(),
        _until(),
    ),
)

SUBSCRIPTIONS = File(
    "subscriptions",
    (
        _key("subscription_id"),
        _refers("account_id", _ACCOUNT, required=True),
        _refers("service", ("service_rates", "service"), required=True),
        _price("quantity", default="1"),
        _one_of("charge", "once", "monthly", required=True),
        Column("prorate", Type.BOOLEAN, default="false"),
        # days of the account's time zone: no instant can say them
        Column("valid_from", Type.DATE, required=True),
        Column("valid_to", Type.DATE),
    ),
)

PLAN_TIERS = File(
    "plan_tiers",
    (_key("plan_tier"), _key("resource"), _integer("limit", 0, _MAX_INTEGER)),
)

BUDGETS = File(
    "budgets",
    (
        _key("department"),
        _key("month", Type.MONTH),
        _price("amount", required=True),
        _currency(),
    ),
)

FX_RATES = File(
    "fx_rates",
    (
        _currency("from_currency", key=True),
        _currency("to_currency", key=True),
        _key("valid_from", Type.DATE),
        Column("rate", Type.DECIMAL, required=True, above=_ZERO),
    ),
)

SOURCE_KINDS = ("cdrs", "usage", "payments", "rates", "statements", "resources")

SOURCES = File(
    "sources",
    (
        _key("source"),
        _key_one_of("kind", *SOURCE_KINDS),
        Column("format", Type.ID, default="canonical"),
        _zone(),
        Column("country_code", Type.DIGITS),
        Column("national_prefix", Type.DIALLED),
        Column("international_prefixes", Type.LIST, item=r"\+|[0-9]{1,15}"),
        _integer("expected_every_minutes", 1, _MAX_INTEGER),
        Column("trunk_pattern", Type.PATTERN),
        _integer("max_age_days", 1, 40_000, default="400"),
        _integer("max_duration_s", 1, 999_999_999, default="172800"),
    ),
)

OPERATORS = File(
    "operators",
    (
        _key("operator"),
        _one_of("role", "viewer", "rater", "finance", "admin", required=True),
        Column("accounts", Type.LIST, refers=_ACCOUNT),
    ),
)

_ALL = (
    COMPANY,
    ACCOUNTS,
    TRUNKS,
    RATE_TABLES,
    RATES,
    RATE_ASSIGNMENTS,
    PREFIX_REGIONS,
    TIMETABLES,
    HOLIDAYS,
    CONSUMPTION_PROFILES,
    SERVICE_RATES,
    SUBSCRIPTIONS,
    PLAN_TIERS,
    BUDGETS,
    FX_RATES,
    SOURCES,
    OPERATORS,
)

FILES: Mapping[str, File] = {file.name: file for file in _ALL}
"""Every configuration file by name, in the order problems are reported and tables are loaded."""

LATER_FILES = ("channel_plans", "channel_tiers", "servers")
"""Files that may lie in the directory with a header, and whose rows nothing reads yet."""
