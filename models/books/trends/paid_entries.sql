-- What of the postings on issued invoices and credit notes is paid: an invoice pays its oldest charges first with what
-- is paid of it, and with what it gives back itself.

with invoiced as (
    select
        i.invoice_number,
        l.account_id,
        l.day,
        l.period,
        coalesce(l.fact, l.kind) as kind,
        l.service,
        -sum(l.amount) as amount,
    from {{ ref('ledger_entries') }} as l
    inner join {{ ref('invoice_entries') }} as i on l.entry_id = i.entry_id
    group by i.invoice_number, l.account_id, l.day, l.period, coalesce(l.fact, l.kind), l.service
),

credited as (
    select *, sum(greatest(-amount, 0)) over (partition by invoice_number) as credits
    from invoiced
)

select
    c.invoice_number,
    c.account_id,
    c.day,
    c.period,
    c.kind,
    c.service,
    c.amount::DECIMAL(20, 8) as amount,
    {{ oldest_first(
        'c.amount',
        's.paid_in_money + c.credits',
        'partition by c.invoice_number order by c.day, c.kind, c.period, c.service',
    ) }}::DECIMAL(20, 8) as paid,
from credited as c
inner join {{ ref('settled_invoices') }} as s on c.invoice_number = s.invoice_number
