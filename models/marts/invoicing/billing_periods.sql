-- The billing periods of customers in which there is something to charge, and what each waits for until it can be
-- invoiced: 24 hours since its end, and every UTC day that it touches closed.

with invoiced as (
    select account_id, period_start, invoice_number
    from {{ ref('stg_invoices') }}
    where status = 'issued' and kind = 'invoice'
),

-- what has changed of an invoiced period is charged, or given back, with the one in which it was booked
adjusted as (
    select
        e.account_id,
        {{ billing_period('e.booked_on::TIMESTAMP', "'UTC'", 'a.billing_cycle') }} as period_start,
    from {{ ref('ledger_entries') }} as e
    inner join invoiced as i on e.account_id = i.account_id and e.period = i.period_start
    inner join {{ ref('stg_accounts') }} as a on e.account_id = a.account_id
    anti join {{ ref('stg_invoice_entries') }} as b on e.entry_id = b.entry_id
    where e.fact is not null
),

periods as (
    select account_id, period as period_start from {{ ref('account_charges_daily') }}

    union

    select account_id, period as period_start
    from {{ ref('ledger_entries') }}
    where fact is not null

    union

    select account_id, period_start from adjusted

    union

    select account_id, period_start from {{ ref('stg_invoicing') }}
),

touching as (
    {{ billing_periods_of('periods') | indent(4) }}
),

-- days before the first traffic have no row, and count as closed
missing as (
    select
        t.account_id,
        t.period_start,
        string_agg(d.day || ' (' || d.status || ')', ', ' order by d.day) as days,
        bool_and(d.status = 'outdated') as is_only_outdated,
    from touching as t
    inner join {{ ref('day_states') }} as d on d.day between t.first_day and t.last_day
    where d.status <> 'closed'
    group by t.account_id, t.period_start
)

select
    t.account_id,
    t.period_start,
    t.period_end,
    t.timezone,
    t.currency,
    t.starts_at,
    t.ends_at,
    t.first_day,
    t.last_day,
    t.ends_at + interval 1 day as issuable_at,
    m.days as missing_days,
    coalesce(m.is_only_outdated, false) as is_only_outdated,
    i.invoice_number,
    case
        when i.invoice_number is not null then 'invoiced'
        when clock.now < t.ends_at then 'open'
        when m.days is not null or clock.now < t.ends_at + interval 1 day then 'waiting'
        else 'ready'
    end as status,
from touching as t
cross join {{ ref('stg_clock') }} as clock
left join missing as m on t.account_id = m.account_id and t.period_start = m.period_start
left join invoiced as i on t.account_id = i.account_id and t.period_start = i.period_start
