-- What each account spends in a UTC month, by category: sums of days, each converted at its own day's rate.

with converted as (
    select
        s.account_id,
        date_trunc('month', s.day)::DATE as month,
        s.department,
        s.category,
        s.amount,
        s.currency,
        c.reporting_currency,
        {{ convert_amount('s.amount', 'case when s.currency = c.reporting_currency then 1 else f.rate end') }}
            as reporting_amount,
    from {{ ref('spend_daily') }} as s
    cross join {{ ref('stg_company') }} as c
    asof left join {{ ref('stg_fx_rates') }} as f
        on
            s.currency = f.from_currency
            and c.reporting_currency = f.to_currency
            and s.day >= f.valid_from
)

select
    month,
    account_id,
    department,
    {% for category in ['calls', 'usage', 'subscription', 'adjustment'] %}
        coalesce(sum(amount) filter (where category = '{{ category }}'), 0)::DECIMAL(20, 8) as {{ category }},
    {% endfor %}
    sum(amount)::DECIMAL(20, 8) as total,
    currency,
    -- one day without a rate leaves the month without a sum
    case when count(reporting_amount) = count(*) then sum(reporting_amount) end::DECIMAL(20, 8) as reporting_amount,
    reporting_currency,
from converted
group by month, account_id, department, currency, reporting_currency
