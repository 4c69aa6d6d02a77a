-- The band of each rate table that has a timetable, for every UTC minute of the days being built; of tables that
-- cut calls at band edges also after them, as long as calls go on, and also where there is no band.
-- Timetables change on whole minutes of local time, and zones are whole minutes from UTC: within
-- a minute the band does not change, also on the nights when the clock does.

with tables as (
    select timetable_id, timezone, bool_or(splits) as splits
    from {{ ref('rate_table_terms') }}
    where timetable_id is not null
    group by timetable_id, timezone
),

minutes as (
    select distinct
        t.timetable_id,
        t.timezone,
        m.minute,
        timezone(t.timezone, timezone('UTC', m.minute)) as local,
    from {{ ref('billing_reach') }} as d
    cross join tables as t
    cross join unnest(range(
        d.day::TIMESTAMP, case when t.splits then d.until else d.day + interval 1 day end, interval 1 minute
    )) as m (minute)
),

-- a row whose end is not after its start goes on past midnight and belongs to the day it began on
held as (
    select
        m.timetable_id,
        m.timezone,
        m.minute,
        r.band,
        r.priority,
    from minutes as m
    inner join {{ ref('stg_timetables') }} as r
        on
            m.timetable_id = r.timetable_id
            and case
                when r.ends_at > r.starts_at
                    then
                        list_contains(r.weekdays, isodow(m.local))
                        and m.local::TIME >= r.starts_at
                        and m.local::TIME < r.ends_at
                when m.local::TIME >= r.starts_at
                    then list_contains(r.weekdays, isodow(m.local))
                else
                    m.local::TIME < r.ends_at
                    and list_contains(r.weekdays, isodow(m.local - interval 1 day))
            end
),

scheduled as (
    select timetable_id, timezone, minute, min_by(band, priority) as band
    from held
    group by timetable_id, timezone, minute
)

select
    t.table_no,
    m.minute,
    coalesce(h.band, s.band, '') as band,
from minutes as m
inner join {{ ref('rate_table_terms') }} as t
    on m.timetable_id = t.timetable_id and m.timezone = t.timezone
left join {{ ref('stg_holidays') }} as h
    on m.timetable_id = h.timetable_id and m.local::DATE = h.date
left join scheduled as s
    on
        m.timetable_id = s.timetable_id
        and m.timezone = s.timezone
        and m.minute = s.minute
where coalesce(h.band, s.band) is not null or t.splits
