-- What the day's legs that are not closed yet were rated from is still what the configuration says.
{{ config(meta={'dagster': {'ref': {'name': 'rated_calls'}}}) }}

with closings as (
    select day, max(file_sequence) as file_sequence
    from {{ source('ops', 'closings') }}
    group by day
)

select
    r.day,
    r.config_version as key,
    count(*) || ' calls were rated with configuration ' || r.config_version[:12]
    || ', which has changed since; run: tollbook build' as detail,
from {{ ref('rated_calls') }} as r
left join closings as c on r.day = c.day
where
    r.day in {{ checked_days() }}
    and r.file_sequence > coalesce(c.file_sequence, -1)
    and r.config_version <> (select version from {{ source('ops', 'configuration') }})
group by r.day, r.config_version
