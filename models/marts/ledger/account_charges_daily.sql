-- What a day's rated calls, usage and subscriptions come to for each account and billing period, in the account's
-- currency and in its favour: what it pays for is negative, what it charges us positive. This is
-- what the ledger has to say of the day once it is closed.
{{ config(materialized='daily', kept='rows') }}

-- summed by the minute first: time zones are whole minutes, so a minute is in one period
with legs as (
    {% for side, sign in [('sell', '-'), ('buy', '')] %}
        select
            day,
            date_trunc('minute', charged_at) as minute,
            {{ side }}_account_id as account_id,
            count(*) as items,
            sum({{ sign }}{{ side }}_account_amount) as amount,
        from {{ ref('rated_calls') }}
        where
            day in (select day from {{ ref('stg_build_days') }})
            and {{ side }}_status = 'rated'
        group by all
        {{ 'union all by name' if not loop.last }}
    {% endfor %}
),

facts as (
    select day, minute, account_id, 'calls' as kind, null as service, items, amount
    from legs
    where account_id is not null

    union all by name

    select
        day,
        date_trunc('minute', occurred_at) as minute,
        account_id,
        kind,
        service,
        1 as items,
        -account_amount as amount,
    from {{ ref('rated_usage') }}
    where
        day in (select day from {{ ref('stg_build_days') }})
        and status = 'rated'
)

select
    f.account_id,
    f.day,
    {{ billing_period('f.minute', 'a.timezone', 'a.billing_cycle') }} as period,
    f.kind,
    f.service,
    sum(f.items)::BIGINT as items,
    sum(f.amount)::DECIMAL(20, 8) as amount,
    coalesce(sum(f.amount) filter (where f.amount < 0), 0)::DECIMAL(20, 8) as debits,
    any_value(a.currency) as currency,
from facts as f
inner join {{ ref('stg_accounts') }} as a on f.account_id = a.account_id
group by all
