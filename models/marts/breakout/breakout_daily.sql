-- breakout_hourly by day.
{{ config(materialized='daily', kept='files') }}

with final as (
    select
        day,
        customer_id,
        carrier_id,
        destination,
        band,
        currency,
        sum(calls) as calls,
        sum(attempts) as attempts,
        sum(connected) as connected,
        sum(short_calls) as short_calls,
        sum(duration_s) as duration_s,
        sum(sell_duration_s) as sell_duration_s,
        sum(sell_billed_s) as sell_billed_s,
        sum(buy_billed_s) as buy_billed_s,
        sum(revenue) as revenue,
        sum(cost) as cost,
        sum(margin) as margin,
        sum(naive_revenue) as naive_revenue,
        sum(unrated) as unrated,
    from {{ ref('breakout_hourly') }}
    where day in (select day from {{ ref('stg_build_days') }})
    group by day, customer_id, carrier_id, destination, band, currency
)

select
    f.day,
    f.customer_id,
    f.carrier_id,
    f.destination,
    f.band,
    {{ breakout_measures() }},
    f.currency,
from final as f
