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
    -- entries of earlier releases do not say it
    coalesce(
        fact,
        case
            when kind in ('calls', 'usage') then kind
            when kind = 'adjustment' then case when service is null then 'calls' else 'usage' end
        end
    ) as fact,
    service,
    amount,
    currency,
    reference,
    reason,
from {{ ref('stg_ledger_entries') }}
