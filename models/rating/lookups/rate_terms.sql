-- The rates in force at some time of the days being built, with what they inherit from their table.
-- `rate_no` is their precedence: of two rows that apply to a call the one with the higher number
-- is used (longest prefix, longest calling prefix, with a jurisdiction before without, with a band before without,
-- latest valid_from, later deck, later line).

select
    row_number() over (
        order by
            length(r.prefix), length(r.calling_prefix), r.jurisdiction <> '', r.band <> '', r.valid_from, r.deck, r.line
    )::INTEGER as rate_no,
    t.table_no,
    r.prefix,
    r.band,
    r.calling_prefix,
    {{ number_place('r.calling_prefix') }} as calling_starts,
    {{ prefix_end('r.calling_prefix') }} as calling_ends,
    r.jurisdiction,
    r.valid_from,
    r.valid_to,
    r.deck,
    r.line,
    r.destination,
    r.blocked,
    case when t.kind = 'per_minute' then r.rate_per_minute end as rate_per_minute,
    case t.kind
        when 'per_minute' then coalesce(r.rate_per_minute, r.initial_rate_per_minute) is not null
        when 'block' then coalesce(r.initial_charge, r.increment_charge) is not null
        else false
    end as has_price,
    coalesce({{ to_units('r.markup_pct') }}, t.table_markup_u) as markup_u,
    {{ rate_in_units('r', 't') | indent(4) }},
from {{ ref('live_rates') }} as r
inner join {{ ref('rate_table_terms') }} as t on r.rate_table_id = t.rate_table_id
