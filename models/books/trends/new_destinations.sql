-- Destinations that an account with a history calls for the first time in the days looked back on.

with called as (
    select
        day,
        customer_id as account_id,
        destination,
        sum(calls) as calls,
        sum(connected) as connected,
        sum(revenue) as amount,
    from {{ ref('breakout_daily') }}
    where
        day in (select day from {{ ref('stg_build_days') }})
        and calls > 0
        and destination is not null
    group by day, customer_id, destination
    having
        sum(connected) >= {{ threshold('destination_connected') }}
        and sum(revenue) >= {{ threshold('destination_amount') }}
),

new as (
    select
        c.*,
        a.weeks,
    from called as c
    inner join {{ ref('accounts_before') }} as a on c.day = a.day and c.account_id = a.account_id
    anti join {{ ref('breakout_daily') }} as b
        on
            c.account_id = b.customer_id
            and c.destination = b.destination
            and c.day - {{ threshold('days_before') }} <= b.day
            and c.day > b.day
            and b.calls > 0
            -- these days alone are read
            and b.day >= (select min(day) - {{ threshold('days_before') }} from {{ ref('stg_build_days') }})
    where a.weeks >= {{ threshold('weeks_needed') }}
)

select
    n.day,
    min(h.hour) as hour,
    n.account_id,
    n.destination,
    any_value(n.calls)::BIGINT as calls,
    any_value(n.connected)::BIGINT as connected,
    any_value(n.amount)::DECIMAL(20, 8) as amount,
    any_value(n.weeks) as weeks,
from new as n
inner join {{ ref('breakout_hourly') }} as h
    on n.day = h.day and n.account_id = h.customer_id and n.destination = h.destination and h.calls > 0
where h.day in (select day from {{ ref('stg_build_days') }})
group by n.day, n.account_id, n.destination
