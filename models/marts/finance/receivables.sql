-- What each invoice still has to be paid, and since when: its total less what payments and credits have settled of it.

with overdue as (
    select
        s.invoice_number,
        s.kind,
        s.account_id,
        s.period_start,
        s.issued_on,
        s.due_on,
        s.currency,
        s.total,
        s.paid,
        s.total - s.paid as open,
        case when s.total > s.paid then greatest(clock.now::DATE - s.due_on, 0) else 0 end as days_overdue,
        clock.now::DATE as as_of,
    from {{ ref('settled_invoices') }} as s
    cross join {{ ref('stg_clock') }} as clock
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
    paid,
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
