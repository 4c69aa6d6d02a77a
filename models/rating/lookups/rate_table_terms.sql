-- The rate tables (docs/rating.md) in exact integers: `_u` units of 1e-8, `_ms` milliseconds. What a table leaves out
-- becomes what changes nothing, so that rating needs no cases.

-- whether any rate asks who called
with callers as (
    select
        rate_table_id,
        bool_or(calling_prefix <> '') as by_calling_prefix,
        bool_or(jurisdiction <> '') as by_region,
    from {{ ref('live_rates') }}
    group by rate_table_id
),

asking as (
    select
        d.rate_table_id,
        d.kind,
        d.currency,
        d.timezone,
        d.timetable_id,
        d.band_policy,
        d.number_basis,
        d.initial_s,
        d.increment_s,
        d.increment_from,
        d.seconds_rounding,
        d.amount_decimals,
        d.amount_rounding,
        d.grace_s,
        d.free_s,
        d.connect_charge,
        d.attempt_charge,
        d.min_charge,
        coalesce(d.max_charge, {{ no_max_charge() }}) as max_charge,
        d.markup_pct,
        coalesce(c.by_calling_prefix, false) as by_calling_prefix,
        coalesce(c.by_region, false) as by_region,
    from {{ ref('stg_rate_tables') }} as d
    left join callers as c on d.rate_table_id = c.rate_table_id
)

select
    rate_table_id,
    row_number() over (order by rate_table_id)::INTEGER as table_no,
    kind,
    kind = 'given' as is_given,
    kind = 'markup' as is_markup,
    currency,
    timezone,
    timetable_id,
    band_policy,
    band_policy = 'split' as splits,
    number_basis,
    number_basis = 'calling' as is_by_calling,
    number_basis = 'routing' as is_by_routing,
    by_region as is_by_region,
    number_basis = 'calling' or by_calling_prefix or by_region as is_by_caller,
    {{ to_ms('initial_s') }} as initial_ms,
    greatest(1, {{ to_ms('increment_s') }}) as increment_ms,
    increment_from,
    seconds_rounding,
    case seconds_rounding when 'none' then 1 else 1000 end::BIGINT as second_ms,
    case seconds_rounding when 'up' then 999 when 'half_up' then 500 when 'half_down' then 499 else 0 end::BIGINT
        as second_offset_ms,
    amount_decimals,
    amount_rounding,
    amount_rounding = 'half_even' as is_half_even,
    {{ decimal_unit('amount_decimals') }} as amount_unit,
    -- charges are in 1/60000 units, markups in 1e-18 units: what each is divided by, and rounded with
    60000 * {{ decimal_unit('amount_decimals') }} as charge_divisor,
    {{ rounding_offset('amount_rounding', '(60000 * ' ~ decimal_unit('amount_decimals') ~ ')') }} as charge_offset,
    1000000000000000000::HUGEINT * {{ decimal_unit('amount_decimals') }} as markup_divisor,
    {{ rounding_offset(
        'amount_rounding', '(1000000000000000000::HUGEINT * ' ~ decimal_unit('amount_decimals') ~ ')'
    ) }} as markup_offset,
    {{ to_ms('grace_s') }} as grace_ms,
    {{ to_ms('free_s') }} as free_ms,
    {{ to_units('connect_charge') }} as connect_u,
    {{ to_units('attempt_charge') }} as attempt_u,
    {{ to_units('min_charge') }} as min_u,
    {{ to_units('max_charge') }} as max_u,
    {{ to_units('markup_pct') }} as table_markup_u,
from asking
