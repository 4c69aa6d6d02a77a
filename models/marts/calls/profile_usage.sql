-- How much of each consumption profile is used and left, by period: every period with calls that used it, and the one
-- that now falls in. Seconds for duration profiles, the account's currency for cost profiles.

with used as (
    select
        profile_id,
        period,
        count(*) as calls,
        sum(case rule when 'duration' then covered_s else covered_amount end) as used,
    from {{ ref('profile_consumption') }}
    group by profile_id, period
),

periods as (
    select profile_id, period from used

    union

    select p.profile_id, {{ profile_period('c.now', 'a.timezone', 'p.period') }} as period
    from {{ ref('stg_consumption_profiles') }} as p
    inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
    cross join {{ ref('stg_clock') }} as c
    where c.now >= p.valid_from and c.now < p.valid_to
)

select
    p.account_id,
    p.profile_id,
    p.rule,
    d.period,
    (case p.period
        when 'day' then d.period + interval 1 day
        when 'week' then d.period + interval 7 day
        else d.period + interval 1 month
    end)::DATE as period_end,
    p.allowance::DECIMAL(20, 8) as allowance,
    coalesce(u.used, 0)::DECIMAL(20, 8) as used,
    greatest(0, p.allowance - coalesce(u.used, 0))::DECIMAL(20, 8) as "left",
    case p.rule when 'duration' then 's' else a.currency end as unit,
    coalesce(u.calls, 0)::BIGINT as calls,
from periods as d
inner join {{ ref('stg_consumption_profiles') }} as p on d.profile_id = p.profile_id
inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
left join used as u on d.profile_id = u.profile_id and d.period = u.period
