select
    file_id,
    kind,
    source,
    day,
    rows,
    file_sequence,
from {{ source('ops', 'file_days') }}
