"""Columns that several configuration files have, or that are written alike."""

from decimal import Decimal

from orchestration.configuration.column import Column, Type

_ZERO = Decimal(0)
_ROUNDINGS = ("up", "down", "half_up", "half_down", "half_even")


def text(name: str, *, required: bool = False, default: str = "") -> Column:
    return Column(name, Type.TEXT, required=required, default=default)


def key(name: str, type_: Type = Type.ID, refers: tuple[str, str] | None = None) -> Column:
    return Column(name, type_, key=True, required=True, refers=refers)


def refers(name: str, to: tuple[str, str], *, required: bool = False) -> Column:
    return Column(name, Type.ID, required=required, refers=to)


def name(called: str, *, key: bool = False, refers: tuple[str, str] | None = None) -> Column:
    """What others than the company name so: a switch its trunks, a gateway its services, the system its users."""
    return Column(called, Type.NAME, key=key, required=True, refers=refers)


def one_of(name: str, *values: str, required: bool = False, default: str = "") -> Column:
    return Column(name, Type.ENUM, required=required, values=values, default=default)


def key_one_of(name: str, *values: str) -> Column:
    return Column(name, Type.ENUM, key=True, required=True, values=values)


def currency(name: str = "currency", *, key: bool = False) -> Column:
    return Column(name, Type.CURRENCY, key=key, required=True)


def price(name: str, *, required: bool = False, default: str = "") -> Column:
    # nine digits before the point: rates stay within 64 bits in units of 1e-8
    return Column(name, Type.DECIMAL, required=required, minimum=_ZERO, maximum=Decimal(999_999_999), default=default)


def seconds(name: str, default: str = "") -> Column:
    return Column(name, Type.SECONDS, minimum=_ZERO, default=default)


def integer(name: str, low: int, high: int, *, key: bool = False, default: str = "") -> Column:
    return Column(
        name,
        Type.INTEGER,
        key=key,
        required=key,
        minimum=Decimal(low),
        maximum=Decimal(high),
        default=default,
    )


def valid_from(*, key: bool = True) -> Column:
    return Column("valid_from", Type.TIMESTAMP, key=key)


def timezone() -> Column:
    return Column("timezone", Type.ZONE, default="UTC")


def valid_to() -> Column:
    return Column("valid_to", Type.TIMESTAMP)


def prefix() -> Column:
    return Column("prefix", Type.PREFIX, key=True, blank=True)


def amount_rounding() -> tuple[Column, Column]:
    return (
        integer("amount_decimals", 0, 8, default="4"),
        one_of("amount_rounding", *_ROUNDINGS, default="half_up"),
    )


def markup_pct() -> Column:
    return Column("markup_pct", Type.DECIMAL, above=Decimal(-100))
