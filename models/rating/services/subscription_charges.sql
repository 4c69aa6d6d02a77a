-- What subscriptions charge, and when: `once` on the first day, `monthly` on the first day that it is held in each
-- month, in advance. Its dates are days of the account's time zone. Prorated, a month is charged by the days that it
-- is held of those it has; else in full. Nothing is held by an account that has ended. Only what is due by now.

with accounts as (
    select account_id, timezone, timezone(timezone, timezone('UTC', valid_to)) as ends_at
    from {{ ref('stg_accounts') }}
),

held as (
    select
        s.subscription_id,
        s.account_id,
        s.service,
        s.quantity,
        s.charge,
        s.prorate,
        a.timezone,
        s.valid_from::DATE as begins_on,
        -- an account that ends within a day still has that day
        least(s.valid_to::DATE, (a.ends_at + interval 1 day - interval 1 microsecond)::DATE) as ends_on,
    from {{ ref('stg_subscriptions') }} as s
    inner join accounts as a on s.account_id = a.account_id
),

months as (
    select
        h.*,
        unnest(range(
            date_trunc('month', h.begins_on)::TIMESTAMP,
            least(coalesce(h.ends_on, date '9999-01-01'), clock.now::DATE + 2)::TIMESTAMP,
            interval 1 month
        ))::DATE as month,
    from held as h
    cross join {{ ref('stg_clock') }} as clock
    where h.charge = 'monthly'
),

charges as (
    select
        subscription_id || ' ' || strftime(month, '%Y-%m') as charge_id,
        subscription_id,
        account_id,
        timezone,
        service,
        quantity,
        greatest(month, begins_on) as first_day,
        case
            when prorate then least((month + interval 1 month)::DATE, ends_on) - greatest(month, begins_on)
            else (month + interval 1 month)::DATE - month
        end as days,
        (month + interval 1 month)::DATE - month as of_days,
    from months
    where ends_on is null or ends_on > greatest(month, begins_on)

    union all by name

    select
        subscription_id as charge_id,
        subscription_id,
        account_id,
        timezone,
        service,
        quantity,
        begins_on as first_day,
        1 as days,
        1 as of_days,
    from held
    where charge = 'once' and (ends_on is null or ends_on > begins_on)
),

-- the day's first instant there
timed as (
    select
        *,
        {{ day_begins('first_day', 'timezone') }} as charged_at,
    from charges
)

select
    t.charge_id,
    t.subscription_id,
    t.account_id,
    t.service,
    t.quantity,
    t.first_day,
    t.days,
    t.of_days,
    t.charged_at,
    t.charged_at::DATE as day,
from timed as t
inner join {{ ref('stg_clock') }} as clock on t.charged_at <= clock.now
