-- What each invoice still has to be paid: payments, refunds, write-offs and credit notes of an account, added up, go to
-- its oldest invoices first. An invoice has what is left of that sum after the ones before it, up to its total.

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
        sum(greatest(i.total, 0)) over (
            partition by i.account_id, i.currency
            order by i.issued_on, i.invoice_number
        ) - greatest(i.total, 0) as charged_before,
    from {{ ref('invoices') }} as i
    anti join {{ ref('stg_accounts') }} as a on i.account_id = a.account_id and a.kind = 'carrier'
    where i.status = 'issued'
),

credits as (
    select account_id, currency, sum(amount) as amount
    from {{ ref('account_credits') }}
    group by account_id, currency
),

paid as (
    select
        d.*,
        -- below 0 it is a credit itself, and settled: what it gives is among the credits
        case
            when d.total <= 0 then d.total
            else least(d.total, greatest(coalesce(c.amount, 0) - d.charged_before, 0))
        end as paid,
    from documents as d
    left join credits as c on d.account_id = c.account_id and d.currency = c.currency
),

overdue as (
    select
        p.*,
        p.total - p.paid as open,
        case when p.total > p.paid then greatest(clock.now::DATE - p.due_on, 0) else 0 end as days_overdue,
        clock.now::DATE as as_of,
    from paid as p
    cross join {{ source('ops', 'clock') }} as clock
)

select
    invoice_number,
    kind,
    account_id,
    period_start,
    issued_on,
    due_on,
    currency,
    total,
    paid::DECIMAL(20, 8) as paid,
    open::DECIMAL(20, 8) as open,
    days_overdue::INTEGER as days_overdue,
    case
        when open = 0 then 'settled'
        when days_overdue = 0 then 'current'
        when days_overdue <= 30 then '1-30'
        when days_overdue <= 60 then '31-60'
        when days_overdue <= 90 then '61-90'
        else 'over_90'
    end as bucket,
    as_of,
from overdue
