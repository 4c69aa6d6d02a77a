-- The rates of the reviewed deck's tables, its own among them, each with the end that it has when the deck is accepted
-- (`valid_to`) and the one that it had (`valid_to_before`: null where there was no such price). What a full deck had
-- replaced before anything of this one begins is left out.

{% set from_instant -%}
    (
        select least(d.effective_at, (select min(valid_from) from {{ ref('stg_reviewed_rates') }})) - interval 1 second
        from {{ ref('stg_reviewed_deck') }} as d
    )
{%- endset %}

with rates_after as (
    select
        deck,
        line,
        rate_table_id,
        prefix,
        destination,
        band,
        valid_from,
        valid_to,
        rate_per_minute,
        initial_rate_per_minute,
        initial_s,
        increment_s,
        initial_charge,
        increment_charge,
        connect_charge,
        markup_pct,
        min_charge,
        max_charge,
        grace_s,
        free_s,
        blocked,
        calling_prefix,
        jurisdiction,
        ended,
    from {{ ref('stg_deck_rates') }}

    union all

    select
        d.number as deck,
        r.line,
        r.rate_table_id,
        r.prefix,
        r.destination,
        r.band,
        r.valid_from,
        r.valid_to,
        r.rate_per_minute,
        r.initial_rate_per_minute,
        r.initial_s,
        r.increment_s,
        r.initial_charge,
        r.increment_charge,
        r.connect_charge,
        r.markup_pct,
        r.min_charge,
        r.max_charge,
        r.grace_s,
        r.free_s,
        r.blocked,
        r.calling_prefix,
        r.jurisdiction,
        r.ended,
    from {{ ref('stg_reviewed_rates') }} as r
    cross join {{ ref('stg_reviewed_deck') }} as d
    where not r.copies
),

before as (
    {{ rates_with_ends(from_instant) | indent(4) }}
),

after as (
    {{ rates_with_ends(from_instant, 'rates_after', ref('deck_tables_after')) | indent(4) }}
)

select
    a.*,
    b.valid_to as valid_to_before,
from after as a
left join before as b
    on
        {{ is_same_price('a', 'b') }}
        and a.deck = b.deck
        and a.line = b.line
        and a.valid_from = b.valid_from
        and b.valid_from <= b.valid_to
