-- Each day since the first traffic, how far it is, and what is known of its rows.

with landed as (
    select day, sum(rows) as cdrs
    from {{ ref('stg_file_days') }}
    where kind = 'cdrs'
    group by day
),

superseded as (
    select day, count(*) as cdrs
    from {{ ref('stg_superseded_cdrs') }}
    group by day
),

rejected as (
    select day, count(*) as rows
    from {{ ref('stg_rejected_rows') }}
    group by day
),

unreadable as (
    select day, count(*) as files
    from {{ ref('unsettled_files') }}
    group by day
),

rated as (
    select day, sum(attempts) as attempts, sum(unrated) as unrated
    from {{ ref('breakout_daily') }}
    group by day
)

select
    d.day,
    d.status,
    (coalesce(l.cdrs, 0) - coalesce(s.cdrs, 0))::BIGINT as cdrs,
    (coalesce(r.attempts, 0) - coalesce(r.unrated, 0))::BIGINT as rated,
    coalesce(r.unrated, 0)::BIGINT as unrated,
    coalesce(x.rows, 0)::BIGINT as rejected,
    coalesce(u.files, 0)::BIGINT as unreadable,
    d.closed_at,
    d.failed_checks,
    d.warnings,
    d.to_do,
    d.outdated_because,
from {{ ref('day_states') }} as d
left join landed as l on d.day = l.day
left join superseded as s on d.day = s.day
left join rejected as x on d.day = x.day
left join unreadable as u on d.day = u.day
left join rated as r on d.day = r.day
