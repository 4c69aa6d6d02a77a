-- What each call consumed of which consumption profile. Like rated_calls: open days are made anew, and what calls of a
-- closed day consumed stays.
{{ config(materialized='daily_files', sealed_at_close=true, tags=['daily']) }}

select
    source,
    call_id,
    attempt,
    day,
    charged_at,
    account_id,
    profile_id,
    'duration' as rule,
    period,
    {{ from_ms('covered_ms') }} as covered_s,
    {{ from_units('0') }} as covered_amount,
    file_sequence,
from {{ ref('duration_covered') }}
where day in (select day from {{ source('ops', 'build_days') }})

union all by name

select
    source,
    call_id,
    attempt,
    day,
    charged_at,
    account_id,
    profile_id,
    'cost' as rule,
    period,
    {{ from_ms('0') }} as covered_s,
    {{ from_units('covered_u') }} as covered_amount,
    file_sequence,
from {{ ref('cost_covered') }}
where day in (select day from {{ source('ops', 'build_days') }})
