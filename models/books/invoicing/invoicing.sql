-- The documents that the running command makes, with their periods. A period that was invoiced before can only be
-- credited: what it says now beyond what was invoiced.

with periods as (
    {{ billing_periods_of(ref('stg_invoicing')) | indent(4) }}
),

invoiced as (
    select account_id, period_start, invoice_number
    from {{ ref('stg_invoices') }}
    where status = 'issued' and kind = 'invoice'
)

select
    p.document_id,
    p.invoice_number,
    p.credit,
    p.account_id,
    p.period_start,
    p.period_end,
    p.timezone,
    p.currency,
    p.starts_at,
    p.ends_at,
    p.first_day,
    p.last_day,
    coalesce(i.invoice_number <> coalesce(p.invoice_number, ''), false) as is_credit_note,
from periods as p
left join invoiced as i on p.account_id = i.account_id and p.period_start = i.period_start
