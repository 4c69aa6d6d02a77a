-- For each day being built an instant by which every call that is cut at band edges has been billed: calls go on
-- after their day, and what is billed can be longer than the call.
{{ config(materialized='view') }}

with longest as (
    select coalesce(max(r.initial_ms), 0) + coalesce(max(r.increment_ms), 0) + 1000 as ms
    from {{ ref('rate_terms') }} as r
    inner join {{ ref('rate_table_terms') }} as t on r.table_no = t.table_no
    where t.splits
),

ended as (
    select day, max(charged_at + to_microseconds({{ to_ms('duration_s') }} * 1000)) as at
    from {{ ref('stg_cdrs') }}
    where
        day in (select day from {{ ref('stg_build_days') }})
        and (select bool_or(splits) from {{ ref('rate_table_terms') }})
    group by day
)

select
    d.day,
    greatest(d.day + interval 1 day, e.at + to_microseconds(l.ms * 1000)) as until,
from {{ ref('stg_build_days') }} as d
cross join longest as l
left join ended as e on d.day = e.day
