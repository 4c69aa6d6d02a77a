-- What we owe each account now (negative: it owes us): all that was posted and all that accrued.
-- Derived every time; no running balance is stored.

with posted as (
    select
        account_id,
        sum(amount) as amount,
        min(posted_at) as tm_create,
        max(posted_at) as tm_update,
    from {{ ref('ledger_entries') }}
    group by account_id
),

due as (
    select account_id, sum(amount) as amount
    from (
        select account_id, amount from {{ ref('ledger_due') }}
        union all
        select account_id, amount from {{ ref('payments_due') }}
    )
    group by account_id
),

balances as (
    select
        a.account_id,
        a.kind,
        a.currency,
        a.payment_model,
        a.plan_tier,
        a.credit_limit,
        a.buffer,
        a.low_balance_threshold,
        coalesce(p.amount, 0) + coalesce(d.amount, 0) as balance,
        coalesce(d.amount, 0) as accrued_unposted,
        coalesce(p.amount, 0)
        + coalesce(d.amount, 0)
        + coalesce(a.credit_limit, 0)
        - coalesce(a.buffer, 0) as available,
        p.tm_create,
        p.tm_update,
    from {{ ref('stg_accounts') }} as a
    left join posted as p on a.account_id = p.account_id
    left join due as d on a.account_id = d.account_id
)

select
    b.account_id,
    b.balance::DECIMAL(20, 8) as balance,
    b.accrued_unposted::DECIMAL(20, 8) as accrued_unposted,
    b.available::DECIMAL(20, 8) as available,
    b.currency,
    b.plan_tier as plan_type,
    b.credit_limit,
    b.buffer,
    b.low_balance_threshold,
    case
        when b.kind = 'carrier' then 'ok'
        when b.payment_model = 'postpaid'
            then case when b.credit_limit is not null and b.available <= 0 then 'exhausted' else 'ok' end
        when b.available <= 0 then 'exhausted'
        when b.balance < b.low_balance_threshold then 'low'
        else 'ok'
    end as status,
    clock.now as as_of,
    b.tm_create,
    b.tm_update,
from balances as b
cross join {{ ref('stg_clock') }} as clock
