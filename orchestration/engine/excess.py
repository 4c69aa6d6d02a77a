"""What a build failed of where something comes to more than an amount can be: in words, and which it was."""

from __future__ import annotations

import re
from contextlib import suppress

import duckdb

_MOST = "more than an amount can be, 12 digits before the point"
_REMEDY = "correct its price, its quantity or the rate of exchange"
# of an integer, of a sum, and of a product that no integer holds
_TOO_MUCH = re.compile(
    r"Could not cast value -?\d+ to DECIMAL|Casting value \S+ to type DECIMAL\S+ failed"
    r"|Overflow in \w+ of (INT128|DECIMAL)"
)
_FIRST = "select what, count(*) over () from rating.too_much order by day, what limit 1"
_DEAREST = """
select what || ', at ' || amount || ' ' || currency || ' by ' || priced_by
from (
    select day, 'call ' || call_id || ' of ' || source as what, unnest([
        {'amount': sell_amount, 'currency': sell_currency, 'priced_by': sell_rate_table_id},
        {'amount': buy_amount, 'currency': buy_currency, 'priced_by': buy_rate_table_id}
    ], recursive := true)
    from marts.rated_calls
    union all by name
    select day, kind || ' ' || usage_id || ' of ' || account_id as what, amount, currency, service as priced_by
    from marts.rated_usage
)
where day in (select day from run.build_days) and amount is not null
order by amount desc, what
limit 1
"""


def is_excess(failure: BaseException) -> bool:
    """Whether this says that a number is too large for its type."""
    return _TOO_MUCH.search(str(failure)) is not None


def in_words() -> str:
    """Where nobody knows which number it was."""
    return f"something comes to {_MOST}: {_REMEDY}"


def named(con: duckdb.DuckDBPyConnection) -> str:
    """Which leg or service of the days being built it is, the first of them; of a sum the dearest of them."""
    with suppress(duckdb.Error):  # so much that it cannot be reckoned here either
        for what, count in con.execute(_FIRST).fetchall():
            more = f" (and {count - 1:,} more)" if count > 1 else ""
            return f"{what}, comes to {_MOST}{more}: {_REMEDY}"
        for (what,) in con.execute(_DEAREST).fetchall():
            return f"a sum comes to {_MOST}; the dearest of these days is {what}: {_REMEDY}"
    return in_words()
