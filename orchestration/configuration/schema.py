"""What each configuration CSV holds, declared once: the check, the loader and the docs follow it.

A file is a tuple of columns in the order of the documentation. The order in a user's file is
free; a column that is neither a key part nor required may be left out, which means empty cells.
"""

from collections.abc import Mapping
from decimal import Decimal

from orchestration.configuration.column import Column, File, Type
from orchestration.configuration.common_columns import (
    amount_rounding,
    currency,
    integer,
    key,
    key_one_of,
    markup_pct,
    name,
    one_of,
    prefix,
    price,
    refers,
    seconds,
    text,
    timezone,
    valid_from,
    valid_to,
)

CANONICAL = "canonical"
"""The format of a source that names none."""
_ACCOUNT = ("accounts", "account_id")
_TABLE = ("rate_tables", "rate_table_id")
_TIMETABLE = ("timetables", "timetable_id")
JURISDICTIONS = ("interstate", "intrastate", "indeterminate")
_SECONDS_ROUNDINGS = ("none", "up", "down", "half_up", "half_down")
_MAX_INTEGER = 2**31 - 1
PREFIX_ITEM = r"[0-9]{1,15}"
"""A prefix in a list of them."""

COMPANY = File(
    "company",
    (
        text("name", required=True),
        text("legal_name"),
        text("address"),
        text("tax_id"),
        currency("reporting_currency"),
        integer("booking_grace_days", 0, 366, default="2"),
        price("waiver_limit"),
        price("refund_limit"),
        Column("trust_operator_variable", Type.BOOLEAN, default="false"),
    ),
    unique=False,
)

ACCOUNTS = File(
    "accounts",
    (
        key("account_id"),
        text("name", required=True),
        one_of("kind", "customer", "carrier", "both", required=True),
        currency(),
        timezone(),
        one_of("billing_model", "per_minute", "per_channel", default="per_minute"),
        one_of("payment_model", "prepaid", "postpaid", default="postpaid"),
        text("plan_tier", default="free"),
        price("credit_limit"),
        price("buffer", default="0"),
        Column("low_balance_threshold", Type.DECIMAL),
        one_of("billing_cycle", "monthly", "semimonthly", "weekly", default="monthly"),
        integer("payment_terms_days", 0, 3650),
        Column("tax_pct", Type.DECIMAL, minimum=Decimal(0), maximum=Decimal(100), default="0"),
        text("department"),
        text("legal_name"),
        text("address"),
        text("tax_id"),
        text("customer_id"),
        valid_to(),
    ),
)

TRUNKS = File(
    "trunks",
    (
        name("trunk_id", key=True),
        key_one_of("direction", "ingress", "egress"),
        refers("account_id", _ACCOUNT, required=True),
        valid_from(),
        valid_to(),
    ),
    unique=False,
)

RATE_TABLES = File(
    "rate_tables",
    (
        key("rate_table_id"),
        text("name"),
        one_of("kind", "per_minute", "block", "given", "markup", required=True),
        currency(),
        timezone(),
        refers("timetable_id", _TIMETABLE),
        one_of("band_policy", "start", "split", default="start"),
        one_of("number_basis", "called", "routing", "calling", default="called"),
        seconds("initial_s", "60"),
        seconds("increment_s", "60"),
        one_of("increment_from", "initial", "zero", default="initial"),
        one_of("seconds_rounding", *_SECONDS_ROUNDINGS, default="none"),
        *amount_rounding(),
        seconds("grace_s", "0"),
        seconds("free_s", "0"),
        price("connect_charge", default="0"),
        price("attempt_charge", default="0"),
        price("min_charge"),
        price("max_charge"),
        markup_pct(),
    ),
)

RATES = File(
    "rates",
    (
        key("rate_table_id", refers=_TABLE),
        prefix(),
        text("destination"),
        Column("band", Type.NAME, key=True, blank=True),
        valid_from(),
        valid_to(),
        price("rate_per_minute"),
        price("initial_rate_per_minute"),
        seconds("initial_s"),
        seconds("increment_s"),
        price("initial_charge"),
        price("increment_charge"),
        price("connect_charge"),
        markup_pct(),
        Column("blocked", Type.BOOLEAN, default="false"),
        Column("calling_prefix", Type.PREFIX, blank=True),
        Column("jurisdiction", Type.ENUM, values=JURISDICTIONS, blank=True),
        price("min_charge"),
        price("max_charge"),
        seconds("grace_s"),
        seconds("free_s"),
    ),
    unique=False,
)

RATE_ASSIGNMENTS = File(
    "rate_assignments",
    (
        key("account_id", refers=_ACCOUNT),
        key_one_of("side", "sell", "buy"),
        refers("rate_table_id", _TABLE, required=True),
        valid_from(),
        valid_to(),
        integer("notice_days", 0, 3650),
    ),
    unique=False,
)

PREFIX_REGIONS = File("prefix_regions", (prefix(), text("region", required=True)))

TIMETABLES = File(
    "timetables",
    (
        key("timetable_id"),
        integer("priority", 0, _MAX_INTEGER, key=True),
        name("band"),
        Column("days", Type.DAYS, required=True),
        Column("starts_at", Type.TIME, required=True),
        Column("ends_at", Type.TIME, required=True, ends_day=True),
    ),
)

HOLIDAYS = File(
    "holidays",
    (
        key("timetable_id", refers=_TIMETABLE),
        key("date", Type.DATE),
        name("band"),
    ),
)

CONSUMPTION_PROFILES = File(
    "consumption_profiles",
    (
        key("profile_id"),
        refers("account_id", _ACCOUNT, required=True),
        one_of("rule", "duration", "cost", required=True),
        price("allowance", required=True),
        one_of("period", "day", "week", "month", required=True),
        Column("prefixes", Type.LIST, item=PREFIX_ITEM),
        integer("priority", 0, _MAX_INTEGER, default="0"),
        valid_from(key=False),
        valid_to(),
    ),
)

SERVICE_RATES = File(
    "service_rates",
    (
        name("service", key=True),
        Column("account_id", Type.ID, key=True, refers=_ACCOUNT),
        price("unit_price", required=True),
        currency(),
        *amount_rounding(),
        valid_from(),
        valid_to(),
    ),
)

SUBSCRIPTIONS = File(
    "subscriptions",
    (
        key("subscription_id"),
        refers("account_id", _ACCOUNT, required=True),
        name("service", refers=("service_rates", "service")),
        price("quantity", default="1"),
        one_of("charge", "once", "monthly", required=True),
        Column("prorate", Type.BOOLEAN, default="false"),
        # days of the account's time zone: no instant can say them
        Column("valid_from", Type.DATE, required=True),
        Column("valid_to", Type.DATE),
    ),
)

PLAN_TIERS = File(
    "plan_tiers",
    (name("plan_tier", key=True), name("resource", key=True), integer("limit", 0, _MAX_INTEGER)),
)

BUDGETS = File(
    "budgets",
    (
        name("department", key=True),
        key("month", Type.MONTH),
        price("amount", required=True),
        currency(),
    ),
)

FX_RATES = File(
    "fx_rates",
    (
        currency("from_currency", key=True),
        currency("to_currency", key=True),
        key("valid_from", Type.DATE),
        Column("rate", Type.DECIMAL, required=True, above=Decimal(0)),
    ),
)

SOURCE_KINDS = ("cdrs", "usage", "payments", "rates", "statements", "resources")

SOURCES = File(
    "sources",
    (
        key("source", Type.SOURCE),
        key_one_of("kind", *SOURCE_KINDS),
        Column("format", Type.NAME, default=CANONICAL),
        timezone(),
        Column("country_code", Type.DIGITS),
        Column("national_prefix", Type.DIALLED),
        Column("international_prefixes", Type.LIST, item=r"\+|[0-9]{1,15}"),
        integer("expected_every_minutes", 1, _MAX_INTEGER),
        Column("trunk_pattern", Type.PATTERN),
        Column("encoding", Type.ENCODING, default="utf-8"),
        integer("max_age_days", 1, 40_000, default="400"),
        integer("max_duration_s", 1, 999_999_999, default="172800"),
        one_of("not_numbers", "unrated", "reject", "ignore", default="unrated"),
        refers("operator", ("operators", "operator")),
    ),
)

OPERATORS = File(
    "operators",
    (
        name("operator", key=True),
        one_of("role", "viewer", "rater", "finance", "admin", required=True),
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
