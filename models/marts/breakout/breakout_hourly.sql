-- Calls, seconds and money by hour, customer, carrier, destination and band: sums of rounded legs.
-- Destination and band are the sell leg's, or the buy leg's where an attempt has no sell leg.
{{ config(materialized='daily', kept='files') }}

with legs as (
    select
        day,
        date_trunc('hour', charged_at) as hour,
        customer_id,
        carrier_id,
        case when sell_status <> 'none' then sell_destination else buy_destination end as destination,
        case when sell_status <> 'none' then sell_band else buy_band end as band,
        sell_status <> 'none' as has_sell_leg,
        answered,
        duration_s,
        sell_billed_s,
        buy_billed_s,
        sell_reporting_amount,
        buy_reporting_amount,
        margin,
        naive_revenue,
        sell_status = 'unrated' or buy_status = 'unrated' as unrated,
    from {{ ref('rated_calls') }}
    where day in (select day from {{ ref('stg_build_days') }})
),

final as (
    select
        day,
        hour,
        customer_id,
        carrier_id,
        destination,
        band,
        count(*) filter (where has_sell_leg) as calls,
        count(*) as attempts,
        count(*) filter (where answered and has_sell_leg) as connected,
        count(*) filter (where answered and has_sell_leg and duration_s <= 6) as short_calls,
        sum(duration_s) as duration_s,
        sum(duration_s) filter (where has_sell_leg) as sell_duration_s,
        sum(sell_billed_s) as sell_billed_s,
        sum(buy_billed_s) as buy_billed_s,
        sum(sell_reporting_amount) as revenue,
        sum(buy_reporting_amount) as cost,
        sum(margin) as margin,
        sum(naive_revenue) as naive_revenue,
        count(*) filter (where unrated) as unrated,
    from legs
    group by day, hour, customer_id, carrier_id, destination, band
)

select
    f.day,
    f.hour,
    f.customer_id,
    f.carrier_id,
    f.destination,
    f.band,
    {{ breakout_measures() }},
    c.reporting_currency as currency,
from final as f
cross join {{ ref('stg_company') }} as c
