select
    day,
    build_no,
    built_at,
    config,
    project,
    file_sequence,
    deck,
from {{ source('ops', 'builds') }}
