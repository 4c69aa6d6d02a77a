-- What each rate of deck_rate_ends charges by. `terms` is all of it, with what the rate inherits, and what prices are
-- compared by; `price` is the rate per minute, a block's further charge, or a markup. `minute_u` is what an answered
-- minute costs by the steps of rating, exactly, in 1/60000 units of 1e-8; of a markup, whose minute is the carrier's,
-- the least amount.

with inherited as (
    select
        r.*,
        t.kind,
        coalesce(r.markup_pct, {{ from_units('t.table_markup_u') }}) as inherited_markup_pct,
        {{ rate_in_units('r', 't') | indent(8) }},
    from {{ ref('deck_rate_ends') }} as r
    inner join {{ ref('rate_table_terms') }} as t on r.rate_table_id = t.rate_table_id
),

termed as (
    select
        *,
        struct_pack(
            kind := kind,
            rate := case kind when 'per_minute' then rate_per_minute when 'markup' then inherited_markup_pct end,
            first_rate := case when kind = 'per_minute' then coalesce(initial_rate_per_minute, rate_per_minute) end,
            initial_charge := case when kind = 'block' then coalesce(initial_charge, 0) end,
            increment_charge := case when kind = 'block' then coalesce(increment_charge, 0) end,
            initial_ms := initial_ms,
            increment_ms := increment_ms,
            connect_u := connect_u,
            min_u := min_u,
            max_u := max_u,
            grace_ms := grace_ms,
            free_ms := free_ms,
            blocked := blocked
        ) as terms,
        -- a minute, for the steps of rating
        {{ chargeable_ms('60000', '1', '0', 'free_ms') }} as chargeable_ms,
        rate_u as minute_rate_u,
        initial_extra_u as minute_initial_extra_u,
        fixed_u as minute_fixed_u,
        increment_charge_u as minute_increment_charge_u,
        initial_ms as minute_initial_ms,
        increment_ms as minute_increment_ms,
    from inherited
),

billed as (
    select
        *,
        {{ billed_ms('chargeable_ms', 'initial_ms', 'increment_ms', 'pulse_from_ms') }} as minute_billed_ms,
    from termed
)

select
    row_number() over () as price_no,
    rate_table_id,
    prefix,
    band,
    calling_prefix,
    jurisdiction,
    destination,
    valid_from,
    valid_to,
    valid_to_before,
    deck,
    line,
    deck = (select number from {{ ref('stg_reviewed_deck') }}) as is_new,
    terms,
    coalesce(terms['rate'], terms['increment_charge']) as price,
    case
        when blocked then null
        when kind not in ('per_minute', 'block') then nullif(60000::HUGEINT * min_u, 0)
        when grace_ms >= 60000 then 0::HUGEINT
        else {{ bound_charge(
            'case when chargeable_ms = 0 then 60000::HUGEINT * connect_u else ' ~ exact_charge('minute') ~ ' end',
            '60000::HUGEINT * min_u',
            '60000::HUGEINT * max_u'
        ) }}
    end as minute_u,
from billed
