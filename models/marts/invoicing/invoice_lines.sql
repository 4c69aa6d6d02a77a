-- The lines of invoices, credit notes and drafts. An amount above 0 is charged.

select
    i.invoice_number,
    l.document_id,
    i.account_id,
    i.period_start,
    l.line,
    l.kind,
    l.description,
    l.destination,
    l.service,
    l.day,
    l.for_period,
    l.rate_per_minute,
    l.quantity,
    l.unit_price,
    l.currency,
    l.calls,
    l.duration_s,
    l.billed_s,
    l.amount,
    l.covered_s,
    l.covered_amount,
    l.beyond_rate,
from {{ ref('stg_invoice_lines') }} as l
inner join {{ ref('stg_invoices') }} as i on l.document_id = i.document_id
