-- What each account's calls came to in the days before the days being built: the usual that today is held against.

with days as (
    select
        day,
        day - {{ threshold('days_before') }} as first_day,
    from {{ ref('stg_build_days') }}
),

called as (
    select
        day,
        customer_id as account_id,
        sum(connected) as connected,
        sum(revenue) as amount,
        sum(sell_billed_s) as billed_s,
    from {{ ref('breakout_daily') }}
    where
        day >= (select min(first_day) from days)
        and day < (select max(day) from days)
        and calls > 0
    group by day, customer_id
),

weekly as (
    select
        c.account_id,
        c.connected,
        c.amount,
        c.billed_s,
        d.day,
        (d.day - c.day - 1) // 7 as week,
    from called as c
    inner join days as d on c.day >= d.first_day and c.day < d.day
)

select
    c.day,
    c.account_id,
    sum(c.connected)::BIGINT as connected,
    sum(c.amount)::DECIMAL(20, 8) as amount,
    sum(c.billed_s)::DECIMAL(18, 3) as billed_s,
    count(*)::BIGINT as days_called,
    count(distinct c.week)::BIGINT as weeks,
from weekly as c
where c.account_id is not null
group by c.day, c.account_id
