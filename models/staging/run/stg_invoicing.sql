select
    document_id,
    invoice_number,
    account_id,
    period_start,
    credit,
from {{ source('run', 'invoicing') }}
