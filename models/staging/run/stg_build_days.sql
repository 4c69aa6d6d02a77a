select
    day,
from {{ source('run', 'build_days') }}
