select
    day,
    source,
    payment_id,
    paid_at,
    account_id,
    amount,
    currency,
    method,
    entered_by,
    file_id,
    file_sequence,
from {{ source('landed', 'payments') }}
