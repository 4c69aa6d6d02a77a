-- What is not posted yet: for each account, day, period, kind and service what the rated facts say now less what the
-- ledger says of them. Of an open day this is accrued; closing the day posts it.

with targets as (
    select account_id, day, period, kind, service, amount, currency
    from {{ ref('account_charges_daily') }}
),

posted as (
    select
        account_id,
        day,
        period,
        fact as kind,
        service,
        currency,
        sum(amount) as amount,
    from {{ ref('ledger_entries') }}
    where fact is not null
    group by account_id, day, period, fact, service, currency
),

-- the files behind a difference: those that landed in the day, or were withdrawn, since it was closed last; not what
-- could not be read
late_files as (
    select
        d.day,
        d.kind,
        string_agg(distinct d.file_id, ' ' order by d.file_id) as file_ids,
        string_agg(distinct w.reason, '; ' order by w.reason) as withdrawn_because,
        bool_and(w.file_id is not null) as only_withdrawn,
    from {{ ref('stg_file_days') }} as d
    inner join {{ ref('stg_closings') }} as c on d.day = c.day
    left join {{ ref('stg_withdrawals') }} as w on d.file_id = w.file_id and d.file_sequence = w.file_sequence
    anti join {{ ref('stg_unreadable_files') }} as u
        on d.file_id = u.file_id and d.file_sequence = u.file_sequence
    where d.file_sequence > c.file_sequence
    group by d.day, d.kind
),

differences as (
    select
        coalesce(t.account_id, p.account_id) as account_id,
        coalesce(t.day, p.day) as day,
        coalesce(t.period, p.period) as period,
        coalesce(t.kind, p.kind) as fact,
        coalesce(t.service, p.service) as service,
        coalesce(t.currency, p.currency) as currency,
        (coalesce(t.amount, 0) - coalesce(p.amount, 0))::DECIMAL(20, 8) as amount,
    from targets as t
    full outer join posted as p
        on
            t.account_id = p.account_id
            and t.day = p.day
            and t.period = p.period
            and t.kind = p.kind
            and t.service is not distinct from p.service
            and t.currency = p.currency
    where coalesce(t.amount, 0) <> coalesce(p.amount, 0)
),

explained as (
    select
        d.account_id,
        d.day,
        d.period,
        case when c.day is not null then 'adjustment' else d.fact end as kind,
        d.fact,
        d.service,
        d.amount,
        d.currency,
        case when c.day is not null then f.file_ids end as reference,
        case
            when c.day is null then null
            when f.only_withdrawn then 'withdrawn after the day was closed: ' || f.withdrawn_because
            when f.withdrawn_because is not null
                then 'landed or withdrawn after the day was closed: ' || f.withdrawn_because
            else 'landed after the day was closed'
        end as reason,
    from differences as d
    left join {{ ref('stg_closings') }} as c on d.day = c.day
    left join late_files as f
        on d.day = f.day and f.kind = case d.fact when 'calls' then 'cdrs' else d.fact end
)

select
    account_id,
    day,
    period,
    kind,
    fact,
    service,
    amount,
    currency,
    reference,
    reason,
from explained
