-- What lowers what a customer has to pay: its payments, refunds (below 0) and write-offs, one row each, and its
-- credit notes, by their total. A payment that has landed counts, whether or not it is posted yet; one that was
-- withdrawn was posted twice, and is none.

with payments as (
    select account_id, day, kind, reference, amount, currency
    from {{ ref('ledger_entries') }}
    where {{ is_payment('kind') }}

    union all by name

    select account_id, day, kind, reference, amount, currency
    from {{ ref('payments_due') }}

    union all by name

    select account_id, issued_on as day, 'credit_note' as kind, invoice_number as reference, -total as amount, currency
    from {{ ref('invoices') }}
    where status = 'issued' and total < 0
)

select
    p.account_id,
    p.day,
    p.kind,
    p.reference,
    sum(p.amount)::DECIMAL(20, 8) as amount,
    p.currency,
from payments as p
anti join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id and a.kind = 'carrier'
group by p.account_id, p.day, p.kind, p.reference, p.currency
having sum(p.amount) <> 0
