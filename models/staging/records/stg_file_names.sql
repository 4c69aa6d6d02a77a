select
    file_id,
    kind,
    source,
    name,
    seen_at,
from {{ source('ops', 'file_names') }}
