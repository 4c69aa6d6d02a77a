-- What payments, refunds, write-offs and credit notes of an account settle of its invoices, the oldest first: by day of
-- issue, then number. `paid_in_money` is the same without write-offs: what was forgiven is settled and not paid.

with documents as (
    select
        i.invoice_number,
        i.kind,
        i.account_id,
        i.period_start,
        i.issued_on,
        coalesce(i.due_on, i.issued_on) as due_on,
        i.currency,
        i.total,
    from {{ ref('invoices') }} as i
    anti join {{ ref('stg_accounts') }} as a on i.account_id = a.account_id and a.kind = 'carrier'
    where i.status = 'issued'
),

credits as (
    select
        account_id,
        currency,
        sum(amount) as amount,
        coalesce(sum(amount) filter (where kind <> 'write_off'), 0) as in_money,
    from {{ ref('account_credits') }}
    group by account_id, currency
)

select
    d.invoice_number,
    d.kind,
    d.account_id,
    d.period_start,
    d.issued_on,
    d.due_on,
    d.currency,
    d.total,
    {% set among = 'partition by d.account_id, d.currency order by d.issued_on, d.invoice_number' -%}
    {{ oldest_first('d.total', 'coalesce(c.amount, 0)', among) }}::DECIMAL(20, 8) as paid,
    {{ oldest_first('d.total', 'coalesce(c.in_money, 0)', among) }}::DECIMAL(20, 8) as paid_in_money,
from documents as d
left join credits as c on d.account_id = c.account_id and d.currency = c.currency
