select
    day,
    examined_for,
    because,
from {{ source('ops', 'outdated_days') }}
