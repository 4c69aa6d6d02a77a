select
    file_id,
    kind,
    source,
    name,
    seen_at,
    days,
    problem,
    file_sequence,
from {{ source('ops', 'unreadable_files') }}
