"""Cells to typed values, and what is wrong with those that are none, as SQL.

DuckDB's casts are too kind for money: '1e3', '1_000' and ' 7' pass and further decimals are
rounded in silence. So a cell must look right before it is cast.
"""

from dataclasses import dataclass

from orchestration.landing.rows import times
from orchestration.landing.rows.canonical import CanonicalColumn, CanonicalType
from orchestration.store.sql import literal, quoted

_SECONDS = "[0-9]{1,9}([.][0-9]{1,3})?"
# SQL: what no name begins or ends with, the space and the control characters before it.
_BLANKS = " || ".join(f"chr({code})" for code in range(33))
_AMOUNT = "[0-9]{1,12}([.][0-9]{1,8})?"


@dataclass(frozen=True)
class Rule:
    """How a cell must look (a RE2 pattern), its SQL type, the reason if it does not, advice.

    `most`: digits before the point, where the advice does not say it; a number that has more is too large.
    """

    sql: str
    pattern: str
    reason: str
    advice: str
    most: int = 0


_AMOUNT_ADVICE = "write a plain decimal number of at most 12 digits and 8 decimals"

RULES = {
    CanonicalType.SECONDS: Rule(
        "DECIMAL(12, 3)",
        _SECONDS,
        "bad_duration",
        "write seconds in plain digits with at most 3 decimals, not negative: 63 or 63.25",
        9,
    ),
    CanonicalType.AMOUNT: Rule("DECIMAL(20, 8)", _AMOUNT, "bad_amount", f"{_AMOUNT_ADVICE}, not negative: 0.0125"),
    CanonicalType.SIGNED_AMOUNT: Rule(
        "DECIMAL(20, 8)", f"-?{_AMOUNT}", "bad_amount", f"{_AMOUNT_ADVICE}: 100 or -12.50"
    ),
    CanonicalType.ATTEMPT: Rule(
        "INTEGER",
        "0{0,9}[1-9][0-9]{0,8}",
        "bad_integer",
        "write 1 for the first attempt, 2 for the next",
        9,
    ),
    CanonicalType.INTEGER: Rule("BIGINT", "[0-9]{1,15}", "bad_integer", "write a whole number, not negative: 1850", 15),
    CanonicalType.CURRENCY: Rule("VARCHAR", "[A-Z]{3}", "bad_currency", "write three capital letters: USD"),
}
TIME_REASON = "bad_time"
TIME_ADVICE = (
    "write ISO 8601 with date and time of day, at most 6 decimals, between 1990 and 2100: 2026-03-31T23:59:59.250Z"
)


def trimmed(column: CanonicalColumn, cell: str) -> str:
    """SQL: an id without the blanks around it; nearly all have none. Of blanks alone nothing is left."""
    bare = f"trim({cell}, {_BLANKS})"
    if not column.required:
        bare = f"nullif({bare}, '')"
    return f"case when {cell} < '!' or right({cell}, 1) <= ' ' then {bare} else {cell} end"


def typed(column: CanonicalColumn, zone: str, any_offset: bool) -> str:
    """SQL: the value of `column`, NULL when the cell is empty or wrong. `any_offset`: as of `times.instant`."""
    cell = quoted(column.name)
    if column.type is CanonicalType.TEXT:
        return cell
    if column.type is CanonicalType.TIME:
        return times.instant(cell, zone, any_offset)
    rule = RULES[column.type]
    value = f"when regexp_full_match({cell}, '{rule.pattern}') then cast({cell} as {rule.sql})"
    default = f"when {cell} is null or {cell} = '1' then 1" if column.type is CanonicalType.ATTEMPT else ""
    return f"case {default} {value} end"


def value(column: CanonicalColumn) -> str:
    """The name that checked.py gives the typed value; the cell keeps the column's own."""
    return quoted(f"t_{column.name}")


def fits(column: CanonicalColumn) -> str:
    """SQL: true when the row need not be rejected for this column."""
    if column.required or column.type is CanonicalType.ATTEMPT:
        return f"{value(column)} is not null"
    if column.type is CanonicalType.TEXT:
        return "true"
    return f"({quoted(column.name)} is null or {value(column)} is not null)"


def problems(column: CanonicalColumn) -> list[tuple[str, str, str]]:
    """SQL: condition, reason and detail of all that can be wrong with this column's cell."""
    cell = quoted(column.name)
    tests = []
    if column.required:
        detail = literal(f"{column.name} is empty; every row needs it")
        tests.append((f"{cell} is null", literal("missing_value"), detail))
    if column.type is not CanonicalType.TEXT:
        reason, advice = _wrong(column.type)
        wrong = f"{cell} is not null and {value(column)} is null"
        beginning = f"{literal(column.name + ' is ' + chr(34))} || left({cell}, 100) || "
        if most := 0 if column.type is CanonicalType.TIME else RULES[column.type].most:
            large = f"{wrong} and regexp_full_match({cell}, '0*[1-9][0-9]{{{most},}}([.][0-9]+)?')"
            too_large = literal(f'"; it is too large: write at most {most} digits before the point')
            tests.append((large, literal(reason), beginning + too_large))
        tests.append((wrong, literal(reason), beginning + literal(f'"; {advice}')))
    return tests


def _wrong(kind: CanonicalType) -> tuple[str, str]:
    if kind is CanonicalType.TIME:
        return TIME_REASON, TIME_ADVICE
    return RULES[kind].reason, RULES[kind].advice
