select
    timetable_id,
    priority,
    band,
    weekdays,
    starts_at,
    ends_at,
from {{ source('config', 'timetables') }}
