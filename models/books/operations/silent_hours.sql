-- Hours of the days being checked in which a source of CDRs sent nothing, though it had 10 attempts or more in
-- that hour on each of the last 7 same weekdays.

with compared as (
    select d.day, d.day - 7 * weeks.n::INTEGER as day_before
    from {{ ref('stg_check_days') }} as d
    cross join unnest(range(1, 8)) as weeks (n)
),

days_read as (
    select day from {{ ref('stg_check_days') }}
    union
    select day_before as day from compared
),

hours as (
    select day, source, hour(charged_at) as hour, count(*) as attempts
    from {{ ref('stg_cdrs') }}
    where day in (select day from days_read)
    group by all
),

busy as (
    select c.day, h.source, h.hour, min(h.attempts) as attempts_before
    from compared as c
    inner join hours as h on c.day_before = h.day
    where h.attempts >= 10
    group by c.day, h.source, h.hour
    having count(*) = 7
)

select
    b.day,
    b.source,
    b.day + to_hours(b.hour) as hour,
    b.attempts_before,
from busy as b
anti join hours as h on b.day = h.day and b.source = h.source and b.hour = h.hour
