-- The movements added up: what was charged, paid and invoiced to date at the end of every UTC day, from the account's
-- first to today, and the rate of exchange of that day to the reporting currency.

-- worked out once: planning all that it reads takes longer than running it
with movements as materialized (
    select account_id, day, currency, charged, paid, invoiced
    from {{ ref('account_movements_daily') }}
),

lives as (
    select
        m.account_id,
        m.currency,
        min(m.day) as first_day,
        -- what is dated later than today is not lost: the last day always has all of it
        greatest(max(m.day), any_value(clock.now)::DATE) as last_day,
    from movements as m
    cross join {{ ref('stg_clock') }} as clock
    group by m.account_id, m.currency
),

calendar as (
    select
        account_id,
        currency,
        unnest(range(first_day::TIMESTAMP, last_day::TIMESTAMP + interval 1 day, interval 1 day))::DATE as as_of,
    from lives
),

running as (
    select
        c.account_id,
        c.as_of,
        c.currency,
        sum(coalesce(m.charged, 0)) over to_date as charged,
        sum(coalesce(m.paid, 0)) over to_date as paid,
        sum(coalesce(m.invoiced, 0)) over to_date as invoiced,
    from calendar as c
    left join movements as m
        on c.account_id = m.account_id and c.currency = m.currency and c.as_of = m.day
    window to_date as (partition by c.account_id, c.currency order by c.as_of)
),

-- each rate of exchange holds until the next one of its pair
exchange as (
    select
        f.from_currency as currency,
        f.rate,
        f.valid_from,
        lead(f.valid_from) over (partition by f.from_currency order by f.valid_from) as valid_to,
    from {{ ref('stg_fx_rates') }} as f
    inner join {{ ref('stg_company') }} as company on f.to_currency = company.reporting_currency
)

select
    r.account_id,
    a.kind as account_kind,
    r.as_of,
    r.charged::DECIMAL(20, 8) as charged,
    r.paid::DECIMAL(20, 8) as paid,
    r.invoiced::DECIMAL(20, 8) as invoiced,
    r.currency,
    case when r.currency = company.reporting_currency then 1 else x.rate end::DECIMAL(20, 8) as reporting_rate,
    company.reporting_currency,
from running as r
cross join {{ ref('stg_company') }} as company
left join {{ ref('stg_accounts') }} as a on r.account_id = a.account_id
left join exchange as x
    on
        r.currency = x.currency
        and r.as_of >= x.valid_from
        and (x.valid_to is null or r.as_of < x.valid_to)
