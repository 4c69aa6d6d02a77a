-- What became of a customer's charges of a day (calls, or a service): charged, posted, invoiced, paid, in its
-- currency, above 0 what it owes. Payments pay the oldest invoiced charges first, account by account.

with customers as (
    select account_id, currency
    from {{ ref('stg_accounts') }}
    where kind <> 'carrier'
),

charged as (
    select
        account_id,
        day,
        period,
        kind,
        service,
        sum(items) as items,
        -sum(amount) as amount,
    from {{ ref('account_charges_daily') }}
    group by account_id, day, period, kind, service
),

-- what is about no calls, usage or subscription (tax, rounding, credits) takes part in the order of payment alone
entries as (
    select
        l.account_id,
        l.day,
        l.period,
        l.service,
        coalesce(l.fact, l.kind) as kind,
        l.fact is not null as is_charge,
        -sum(l.amount) as posted,
        -coalesce(sum(l.amount) filter (where i.entry_id is not null), 0) as invoiced,
    from {{ ref('ledger_entries') }} as l
    left join {{ ref('invoice_entries') }} as i on l.entry_id = i.entry_id
    where l.kind not in ('payment', 'refund', 'write_off')
    group by all
),

payments as (
    select account_id, sum(amount) as amount
    from {{ ref('ledger_entries') }}
    where kind in ('payment', 'refund')
    group by account_id
),

-- an invoiced credit pays as a payment does, and is itself used up
queued as (
    select
        *,
        sum(greatest(invoiced, 0)) over (
            partition by account_id order by day, kind, period, service
            rows between unbounded preceding and current row
        ) as invoiced_until,
        sum(greatest(-invoiced, 0)) over (partition by account_id) as credits,
    from entries
),

settled as (
    select
        q.account_id,
        q.day,
        q.period,
        q.kind,
        q.service,
        q.posted,
        q.invoiced,
        case
            when q.invoiced <= 0 then q.invoiced
            else least(
                q.invoiced,
                greatest(0, coalesce(p.amount, 0) + q.credits - (q.invoiced_until - q.invoiced))
            )
        end as paid,
    from queued as q
    left join payments as p on q.account_id = p.account_id
    where q.is_charge
),

closed as (
    select distinct day
    from {{ source('ops', 'closings') }}
),

steps as (
    select
        coalesce(c.account_id, s.account_id) as account_id,
        coalesce(c.day, s.day) as day,
        coalesce(c.period, s.period) as period,
        coalesce(c.kind, s.kind) as kind,
        coalesce(c.service, s.service) as service,
        coalesce(c.items, 0) as items,
        coalesce(c.amount, 0) as charged,
        coalesce(s.posted, 0) as posted,
        coalesce(s.invoiced, 0) as invoiced,
        coalesce(s.paid, 0) as paid,
    from charged as c
    full outer join settled as s
        on
            c.account_id = s.account_id
            and c.day = s.day
            and c.period = s.period
            and c.kind = s.kind
            and c.service is not distinct from s.service
)

select
    s.account_id,
    s.day,
    s.period,
    s.kind,
    s.service,
    a.currency,
    s.items::BIGINT as charged_items,
    -- the calls and records of a charge count at a step once the whole charge has come so far
    case when s.charged = s.posted and k.day is not null then s.items else 0 end::BIGINT as posted_items,
    s.charged::DECIMAL(20, 8) as charged,
    s.posted::DECIMAL(20, 8) as posted,
    s.invoiced::DECIMAL(20, 8) as invoiced,
    s.paid::DECIMAL(20, 8) as paid,
    exists(
        select 1
        from {{ ref('invoices') }} as i
        where i.status = 'issued' and i.account_id = s.account_id and i.period_start = s.period
    ) as period_invoiced,
from steps as s
inner join customers as a on s.account_id = a.account_id
left join closed as k on s.day = k.day
