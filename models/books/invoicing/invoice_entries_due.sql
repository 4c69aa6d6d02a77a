-- The postings that belong on the documents being made and are on none yet: those of the period itself; adjustments
-- of periods that were invoiced before (of a credit note: of its period alone); the document's own tax, rounding and
-- credit.

with unbilled as (
    select
        e.entry_id,
        e.account_id,
        e.day,
        e.period,
        e.kind,
        e.fact,
        e.service,
        e.amount,
        e.reference,
    from {{ ref('ledger_entries') }} as e
    anti join {{ ref('stg_invoice_entries') }} as b on e.entry_id = b.entry_id
    where e.account_id in (select account_id from {{ ref('stg_invoicing') }})
),

invoiced as (
    select account_id, period_start, invoice_number
    from {{ ref('stg_invoices') }}
    where status = 'issued' and kind = 'invoice'
)

select
    w.document_id,
    w.invoice_number,
    e.entry_id,
    case
        when e.fact is null then 'own'
        when e.period = w.period_start and not w.is_credit_note then 'period'
        else 'adjustment'
    end as part,
    e.day,
    e.period,
    e.fact,
    e.service,
    e.amount,
from unbilled as e
inner join {{ ref('invoicing') }} as w on e.account_id = w.account_id
left join invoiced as i
    on e.account_id = i.account_id and e.period = i.period_start and i.invoice_number is distinct from w.invoice_number
where
    case
        when e.fact is null then e.kind in ('tax', 'rounding', 'credit_note') and e.reference = w.invoice_number
        when e.period = w.period_start then true
        else i.invoice_number is not null and not w.is_credit_note
    end
