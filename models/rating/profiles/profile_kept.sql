-- What of each profile and period is consumed by calls that are not rated now: those of closed days, and of
-- earlier open days. Seconds are in ms, amounts in units of 1e-8.
{{ config(materialized='view') }}

select
    p.profile_id,
    p.period,
    sum(
        case p.rule when 'duration' then {{ to_ms('p.covered_s') }} else {{ to_units('p.covered_amount') }} end
    )::HUGEINT as consumed,
from {{ source('stored', 'profile_consumption') }} as p
left join {{ ref('stg_closings') }} as k on p.day = k.day
anti join {{ ref('stg_superseded_cdrs') }} as s
    on
        p.call_id = s.call_id
        and p.attempt = s.attempt
        and p.source = s.source
        and p.file_sequence = s.file_sequence
where
    -- a period has 31 days at most, and its days are not those of UTC
    p.day >= (select min(day) - 33 from {{ ref('stg_build_days') }})
    and (p.day not in (select day from {{ ref('stg_build_days') }}) or p.file_sequence <= k.file_sequence)
group by p.profile_id, p.period
