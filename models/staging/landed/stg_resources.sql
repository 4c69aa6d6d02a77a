select
    day,
    source,
    observed_at,
    account_id,
    resource,
    count,
    file_id,
    file_sequence,
from {{ source('landed', 'resources') }}
