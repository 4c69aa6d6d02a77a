-- Each department's month against its budget, day by day until today (UTC), in the budget's currency: spent, left, and
-- where the month would end if the rest of it were as its days so far.

with budgets as (
    select
        department,
        (month || '-01')::DATE as month,
        amount,
        currency,
    from {{ ref('stg_budgets') }}
),

calendar as (
    select
        b.*,
        unnest(range(
            b.month::TIMESTAMP,
            least(last_day(b.month), clock.now::DATE) + interval 1 day,
            interval 1 day
        ))::DATE as day,
    from budgets as b
    cross join {{ ref('stg_clock') }} as clock
),

converted as (
    select
        b.department,
        b.month,
        s.day,
        {{ convert_amount('s.amount', 'case when s.currency = b.currency then 1 else f.rate end') }} as amount,
        case when s.currency <> b.currency and f.rate is null then s.currency end as no_rate_from,
    from {{ ref('spend_daily') }} as s
    inner join budgets as b on s.department = b.department and date_trunc('month', s.day)::DATE = b.month
    asof left join {{ ref('stg_fx_rates') }} as f
        on s.currency = f.from_currency and b.currency = f.to_currency and s.day >= f.valid_from
),

spent as (
    select
        department,
        month,
        day,
        sum(amount) as amount,
        min(no_rate_from) as no_rate_from,
    from converted
    group by department, month, day
),

running as (
    select
        c.department,
        c.month,
        c.day,
        c.amount as budget,
        c.currency,
        case when s.no_rate_from is null then coalesce(s.amount, 0) end as spent,
        sum(coalesce(s.amount, 0)) over so_far as spent_so_far,
        min('no rate of exchange from ' || s.no_rate_from || ' to ' || c.currency || ' on ' || c.day) over so_far
            as reason,
    from calendar as c
    left join spent as s on c.department = s.department and c.month = s.month and c.day = s.day
    window so_far as (partition by c.department, c.month order by c.day)
),

forecasted as (
    select
        *,
        case when reason is null then spent_so_far end as cumulative,
        -- a straight line: spent so far / days so far * days of the month
        case when reason is null then sign({{ to_units('spent_so_far') }})::INTEGER * {{ from_units(divide_half_up(
            to_units('abs(spent_so_far)') ~ " * day(last_day(month))", 'day(day)'
        )) }} end as forecast,
    from running
)

select
    department,
    month,
    day,
    spent::DECIMAL(20, 8) as spent,
    cumulative::DECIMAL(20, 8) as cumulative,
    budget::DECIMAL(20, 8) as budget,
    (budget - cumulative)::DECIMAL(20, 8) as remaining,
    forecast::DECIMAL(20, 8) as forecast,
    currency,
    case
        when reason is not null then 'unknown'
        when cumulative > budget then 'over'
        when forecast > budget then 'forecast_over'
        else 'within'
    end as status,
    reason,
from forecasted
