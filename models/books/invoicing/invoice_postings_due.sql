-- What issuing an invoice or a credit note posts, as far as the ledger lacks it: its tax, what rounding to the minor
-- unit made of the exact sum, and what was credited. On the day of issue, in the account's favour like every posting.

with issued as (
    select
        document_id,
        invoice_number,
        account_id,
        period_start,
        issued_on,
        exact,
        net,
        tax,
        currency,
        reason,
    from {{ ref('stg_invoices') }}
    where status = 'issued'
),

credited as (
    select document_id, sum(amount) as amount
    from {{ ref('stg_invoice_lines') }}
    where kind = 'credit'
    group by document_id
),

postings as (
    select *, 'tax' as posted, -tax as amount from issued

    union all by name

    select *, 'rounding' as posted, exact - net as amount from issued

    union all by name

    select i.*, 'credit_note' as posted, -c.amount as amount
    from issued as i
    inner join credited as c on i.document_id = c.document_id
)

select
    p.account_id,
    p.issued_on as day,
    p.period_start as period,
    p.posted as kind,
    null::VARCHAR as fact,
    null::VARCHAR as service,
    p.amount::DECIMAL(20, 8) as amount,
    p.currency,
    p.invoice_number as reference,
    case p.posted
        when 'tax' then 'tax'
        when 'rounding' then 'rounded to the minor unit'
        else p.reason
    end as reason,
from postings as p
anti join {{ ref('ledger_entries') }} as l
    on p.account_id = l.account_id and p.posted = l.kind and p.invoice_number = l.reference
where p.amount <> 0
