select
    day,
from {{ source('run', 'check_days') }}
