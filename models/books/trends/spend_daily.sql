-- What each account spends by the UTC day and category, posted or accrued, before tax: above 0 what a customer owes us,
-- or a carrier charges us. Late differences and corrections count for the day that they are about.

with entries as (
    select account_id, day, kind, amount, currency
    from {{ ref('ledger_entries') }}

    union all

    select account_id, day, kind, amount, currency
    from {{ ref('ledger_due') }}
),

named as (
    select
        e.account_id,
        e.day,
        case
            when e.kind in ('calls', 'usage') then e.kind
            when e.kind in ('subscription', 'channel_fee', 'minimum_charge') then 'subscription'
            when e.kind in ('adjustment', 'credit_note') then 'adjustment'
        end as category,
        case when a.kind = 'carrier' then e.amount else -e.amount end as amount,
        e.currency,
        a.department,
    from entries as e
    inner join {{ ref('stg_accounts') }} as a on e.account_id = a.account_id
)

select
    account_id,
    day,
    category,
    sum(amount)::DECIMAL(20, 8) as amount,
    currency,
    department,
from named
where category is not null
group by account_id, day, category, currency, department
