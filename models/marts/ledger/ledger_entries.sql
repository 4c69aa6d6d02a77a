-- The ledger, as it was posted: rows are added and never changed. They are kept in ops.ledger_entries,
-- out of reach of a rebuild of the models.

select
    entry_id,
    account_id,
    day,
    period,
    booked_on,
    posted_at,
    kind,
    fact,
    service,
    amount,
    currency,
    reference,
    reason,
from {{ source('ops', 'ledger_entries') }}
