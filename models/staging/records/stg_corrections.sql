select
    file_id,
    kind,
    source,
    line,
    corrected_by,
    corrected_at,
from {{ source('ops', 'corrections') }}
