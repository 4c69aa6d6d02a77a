select
    day,
    source,
    usage_id,
    occurred_at,
    account_id,
    service,
    quantity,
    file_id,
    file_sequence,
from {{ source('landed', 'usage') }}
