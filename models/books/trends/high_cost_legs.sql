-- Sell legs that cost far more by the minute than is usual: than the account's own minute in the days before; where it
-- has too little history, than the median price of its rate table that day; where that has no prices by the minute,
-- than the company's minute in the days before. Less than a minute counts as one, so that a connect charge alone is no
-- high cost. Calls of the neighbouring days are given to the day being built where they may share a burst with its own.

with usual as (
    select
        day,
        account_id,
        {{ to_units('amount') }} as amount_u,
        {{ to_ms('billed_s') }}::HUGEINT as billed_ms,
        -- no leg below this can be one: what a minute at the limit costs, rounded down
        {{ from_units(divide(
            threshold('high_cost_times') ~ ' * 60000 * ' ~ to_units('amount'), to_ms('billed_s')
        )) }} as least_amount,
    from {{ ref('accounts_before') }}
    where connected >= {{ threshold('history_connected') }} and billed_s > 0 and amount > 0
),

company as (
    select
        day,
        sum({{ to_units('amount') }})::HUGEINT as amount_u,
        sum({{ to_ms('billed_s') }})::HUGEINT as billed_ms,
    from {{ ref('accounts_before') }}
    group by day
    having sum(billed_s) > 0 and sum(amount) > 0
),

days_around as (
    select
        day,
        (day + unnest([-1, 0, 1]))::DATE as day_around,
    from {{ ref('stg_build_days') }}
),

legs as (
    select
        d.day,
        c.charged_at,
        c.sell_account_id as account_id,
        c.sell_rate_table_id as rate_table_id,
        c.sell_destination as destination,
        {{ to_units('c.sell_amount') }} as amount_u,
        {{ to_units('c.sell_reporting_amount') }} as spent_u,
        greatest({{ to_ms('c.sell_billed_s') }}, 60000)::HUGEINT as billed_ms,
        u.amount_u as usual_u,
        u.billed_ms as usual_ms,
    from {{ ref('rated_calls') }} as c
    inner join days_around as d
        on
            c.day = d.day_around
            and c.charged_at >= d.day - to_minutes({{ threshold('burst_minutes') }})
            and c.charged_at <= d.day + interval 1 day + to_minutes({{ threshold('burst_minutes') }})
    left join usual as u on d.day = u.day and c.sell_account_id = u.account_id
    where
        c.day in (select day_around from days_around)
        and c.sell_status = 'rated'
        and c.sell_billed_s > 0
        and c.sell_reporting_amount > 0
        and c.sell_reporting_amount >= coalesce(u.least_amount, 0)
),

-- quantile_disc: a price that there is, never the mean of two
medians as (
    select
        d.day,
        r.rate_table_id,
        {{ to_units('quantile_disc(r.rate_per_minute, 0.5)') }} as rate_u,
    from {{ ref('stg_build_days') }} as d
    inner join {{ ref('live_rates') }} as r
        on d.day + interval 1 day > r.valid_from and d.day < r.valid_to
    where not r.blocked and r.rate_per_minute > 0
    group by d.day, r.rate_table_id
)

select
    l.day,
    l.charged_at,
    l.account_id,
    l.destination,
    l.spent_u,
from legs as l
left join medians as m on l.day = m.day and l.rate_table_id = m.rate_table_id
left join company as c on l.day = c.day
where
    case
        when l.usual_u is not null
            then l.spent_u * l.usual_ms >= {{ threshold('high_cost_times') }} * l.usual_u * l.billed_ms
        when m.rate_u is not null
            then l.amount_u * 60000 >= {{ threshold('high_cost_times') }} * m.rate_u * l.billed_ms
        else l.spent_u * c.billed_ms >= {{ threshold('high_cost_times') }} * c.amount_u * l.billed_ms
    end
