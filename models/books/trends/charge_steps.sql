-- What became of a customer's charges of a day (calls, or a service): charged, posted, invoiced, paid, in its
-- currency, above 0 what it owes.

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

posted as (
    select
        account_id,
        day,
        period,
        fact as kind,
        service,
        -sum(amount) as amount,
    from {{ ref('ledger_entries') }}
    where fact is not null
    group by account_id, day, period, fact, service
),

invoiced as (
    select
        account_id,
        day,
        period,
        kind,
        service,
        sum(amount) as amount,
        sum(paid) as paid,
    from {{ ref('paid_entries') }}
    group by account_id, day, period, kind, service
),

settled as (
    select
        p.account_id,
        p.day,
        p.period,
        p.kind,
        p.service,
        p.amount as posted,
        coalesce(i.amount, 0) as invoiced,
        coalesce(i.paid, 0) as paid,
    from posted as p
    left join invoiced as i
        on
            p.account_id = i.account_id
            and p.day = i.day
            and p.period = i.period
            and p.kind = i.kind
            and p.service is not distinct from i.service
),

closed as (
    select day
    from {{ ref('stg_closings') }}
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
