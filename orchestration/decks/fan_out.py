"""The rows that lines of a deck give, as SQL: what is blocked or ended, from when each holds."""

from __future__ import annotations

from orchestration.decks import values
from orchestration.decks.columns import PRICES, SECONDS
from orchestration.decks.mapping import DeckMapping, Fan
from orchestration.decks.parsers import MAIN_PRICES
from orchestration.store.sql import literal, quoted


def fanned_out(lines: str, fan: Fan, mapping: DeckMapping, effective: str) -> str:
    """The rows that the lines give by one fan."""
    mapped = [name for name in MAIN_PRICES if name in mapping.columns or name in fan.columns]
    blocked = " or ".join(
        ["blocked = 'true'", "action = 'block'", *(f"{name} = '{values.BLOCKED}'" for name in mapped)]
    )
    blank = " and ".join(f"{name} = '{values.NOT_OFFERED}'" for name in mapped) or "false"
    ended = f"(ended = 'true' or action = 'end' or (not ({blocked}) and {blank}))"
    own = "nullif(valid_from, '')::TIMESTAMP"
    deck = f"timestamp {literal(effective)}" if effective else "null::TIMESTAMP"
    begins = f"coalesce({own}, {deck})"
    if effective and mapping.earlier_dates == "effective":
        begins = f"greatest({begins}, {deck})"

    def number(name: str, sql_type: str) -> str:
        word = f"{name} in ('', '{values.BLOCKED}', '{values.NOT_OFFERED}')"
        return f"case when is_ended or {word} then null else {name}::{sql_type} end as {name}"

    return f"""
        select
            line::INTEGER as line,
            rate_table_id,
            unnest(prefix) as prefix,
            nullif(destination, '') as destination,
            band,
            {begins} as valid_from,
            case when not is_ended then nullif(valid_to, '')::TIMESTAMP end as valid_to,
            {", ".join(number(name, "DECIMAL(20, 8)") for name in PRICES)},
            {", ".join(number(name, "DECIMAL(12, 3)") for name in SECONDS)},
            is_blocked and not is_ended as blocked,
            calling_prefix,
            jurisdiction,
            is_ended as ended,
            currency,
            said,
        from (
            select
                * replace (unnest(calling_prefix) as calling_prefix),
                ({blocked}) as is_blocked,
                {ended} as is_ended,
            from {quoted(lines)}
        )
    """
