select
    entry_id,
    invoice_number,
from {{ source('ops', 'invoice_entries') }}
