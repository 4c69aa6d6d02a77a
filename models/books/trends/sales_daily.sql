-- What a day's attempts, usage and subscriptions come to by source and customer account, what is sold alone: the first
-- money step of revenue_assurance_daily, and how many attempts each source has rated and unrated.
{{ config(materialized='daily', kept='rows') }}

with facts as (
    select
        day,
        source,
        sell_account_id as account_id,
        'calls' as kind,
        count(*) as attempts,
        count(*) filter (where sell_status = 'unrated' or buy_status = 'unrated') as unrated,
        sum(sell_account_amount) filter (where sell_status = 'rated') as amount,
    from {{ ref('rated_calls') }}
    where day in (select day from {{ ref('stg_build_days') }})
    group by all

    union all by name

    select
        day,
        source,
        account_id,
        kind,
        count(*) as attempts,
        count(*) filter (where status = 'unrated') as unrated,
        sum(account_amount) filter (where status = 'rated') as amount,
    from {{ ref('rated_usage') }}
    where day in (select day from {{ ref('stg_build_days') }})
    group by all
)

select
    f.day,
    f.source,
    f.account_id,
    f.kind,
    f.attempts::BIGINT as attempts,
    f.unrated::BIGINT as unrated,
    coalesce(f.amount, 0)::DECIMAL(20, 8) as amount,
    a.currency,
from facts as f
left join {{ ref('stg_accounts') }} as a on f.account_id = a.account_id
