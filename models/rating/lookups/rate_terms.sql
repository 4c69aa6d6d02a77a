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
    {{ to_units("case when t.kind = 'per_minute' then coalesce(r.rate_per_minute, 0) else 0 end") }}::BIGINT as rate_u,
    {{ to_units(
        "case when t.kind = 'per_minute'
            then coalesce(r.initial_rate_per_minute - coalesce(r.rate_per_minute, 0), 0) else 0 end"
    ) }}::BIGINT as initial_extra_u,
    coalesce({{ to_units('r.connect_charge') }}, t.connect_u)::BIGINT as connect_u,
    (
        coalesce({{ to_units('r.connect_charge') }}, t.connect_u)
        + {{ to_units("case when t.kind = 'block' then coalesce(r.initial_charge, 0) else 0 end") }}
    )::BIGINT as fixed_u,
    {{ to_units("case when t.kind = 'block' then coalesce(r.increment_charge, 0) else 0 end") }}::BIGINT
        as increment_charge_u,
    coalesce({{ to_ms('r.initial_s') }}, t.initial_ms) as initial_ms,
    case when r.increment_s is null then t.increment_ms else greatest(1, {{ to_ms('r.increment_s') }}) end
        as increment_ms,
    case t.increment_from when 'zero' then 0 else coalesce({{ to_ms('r.initial_s') }}, t.initial_ms) end
        as pulse_from_ms,
    coalesce({{ to_units('r.markup_pct') }}, t.table_markup_u) as markup_u,
    coalesce({{ to_ms('r.grace_s') }}, t.grace_ms) as grace_ms,
    coalesce({{ to_ms('r.free_s') }}, t.free_ms) as free_ms,
    coalesce({{ to_units('r.min_charge') }}, t.min_u) as min_u,
    -- 0 is none, of a bound above, too
    case
        when r.max_charge is null then t.max_u
        else {{ to_units("coalesce(nullif(r.max_charge, 0), " ~ no_max_charge() ~ ")") }}
    end as max_u,
from {{ ref('live_rates') }} as r
inner join {{ ref('rate_table_terms') }} as t on r.rate_table_id = t.rate_table_id
