-- What a switch itself counted of a day (the last `cdrs` of that UTC day in `resources`) beside what landed of it, on
-- the days being checked. Rejected rows that were waived are calls as well; conflicts are not, their call has landed.

with known as (
    select source
    from {{ ref('stg_sources') }}
    where kind = 'cdrs'
    union
    select source
    from {{ ref('stg_file_days') }}
    where kind = 'cdrs' and rows > 0
),

counted as (
    select
        r.day,
        coalesce(k.source, r.source) as source,
        max(r.observed_at) as observed_at,
        max_by(r.count, (r.observed_at, r.file_sequence, r.count)) as counted,
    from {{ ref('stg_resources') }} as r
    left join known as k on r.account_id = k.source
    where r.resource = 'cdrs' and r.day in {{ checked_days() }}
    group by all
),

landed as (
    select day, source, count(*) as cdrs
    from {{ ref('stg_cdrs') }}
    where day in (select day from counted)
    group by day, source
),

waived as (
    select day, source, count(*) as cdrs
    from {{ ref('waived_rows') }}
    where kind = 'cdrs' and reason <> 'conflict'
    group by day, source
)

select
    c.day,
    c.source,
    c.observed_at,
    c.counted,
    coalesce(l.cdrs, 0) as landed,
    coalesce(w.cdrs, 0) as waived,
from counted as c
left join landed as l on c.day = l.day and c.source = l.source
left join waived as w on c.day = w.day and c.source = w.source
