select
    file_id,
    kind,
    source,
    line,
    day,
    reason,
    detail,
    raw,
    row_id,
    attempt,
    file_sequence,
from {{ source('ops', 'rejected_rows') }}
