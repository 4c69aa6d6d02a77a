-- The rate tables with their defaults filled in (docs/rating.md), in exact integers:
-- `_u` units of 1e-8, `_ms` milliseconds.

select
    rate_table_id,
    row_number() over (order by rate_table_id)::INTEGER as table_no,
    kind,
    currency,
    coalesce(timezone, 'UTC') as timezone,
    timetable_id,
    coalesce(band_policy, 'start') as band_policy,
    coalesce(number_basis, 'called') as number_basis,
    {{ to_ms('coalesce(initial_s, 60)') }} as initial_ms,
    {{ to_ms('coalesce(increment_s, 60)') }} as increment_ms,
    coalesce(increment_from, 'initial') as increment_from,
    coalesce(seconds_rounding, 'none') as seconds_rounding,
    coalesce(amount_decimals, 4) as amount_decimals,
    coalesce(amount_rounding, 'half_up') as amount_rounding,
    {{ to_ms('coalesce(grace_s, 0)') }} as grace_ms,
    {{ to_ms('coalesce(free_s, 0)') }} as free_ms,
    {{ to_units('coalesce(connect_charge, 0)') }} as connect_u,
    {{ to_units('coalesce(attempt_charge, 0)') }} as attempt_u,
    {{ to_units('min_charge') }} as min_u,
    {{ to_units('max_charge') }} as max_u,
    {{ to_units('coalesce(markup_pct, 0)') }} as markup_u,
from {{ ref('stg_rate_tables') }}
