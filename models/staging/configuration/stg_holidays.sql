select
    timetable_id,
    date,
    band,
from {{ source('config', 'holidays') }}
