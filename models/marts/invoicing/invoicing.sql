-- The documents that the running command makes, with their periods. A period that was invoiced before can only be
-- credited: what it says now beyond what was invoiced.

select
    w.document_id,
    w.invoice_number,
    w.credit,
    p.account_id,
    p.period_start,
    p.period_end,
    p.timezone,
    p.currency,
    p.starts_at,
    p.ends_at,
    p.first_day,
    p.last_day,
    coalesce(p.invoice_number <> coalesce(w.invoice_number, ''), false) as is_credit_note,
from {{ source('ops', 'invoicing') }} as w
inner join {{ ref('billing_periods') }} as p on w.account_id = p.account_id and w.period_start = p.period_start
