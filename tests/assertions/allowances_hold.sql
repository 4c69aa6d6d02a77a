-- What calls took from consumption profiles is what rated_calls says they were let off, and in no period more than
-- the profile allows (beyond what closed calls keep of an allowance that was larger once).
{{ config(meta={'dagster': {'ref': {'name': 'profile_consumption'}}}) }}

with covered as (
    select
        day,
        source,
        call_id,
        attempt,
        sum(covered_s) as covered_s,
        sum(covered_amount) as covered_amount,
    from {{ ref('profile_consumption') }}
    where day in {{ checked_days() }}
    group by day, source, call_id, attempt
),

let_off as (
    select day, source, call_id, attempt, sell_covered_s, sell_covered_amount
    from {{ ref('rated_calls') }}
    where day in {{ checked_days() }} and (sell_covered_s > 0 or sell_covered_amount > 0)
),

periods as (
    select
        p.profile_id,
        p.period,
        max(p.day) filter (where p.day in {{ checked_days() }}) as day,
        sum(p.covered_s + p.covered_amount) as used,
        coalesce(sum(p.covered_s + p.covered_amount) filter (where p.file_sequence <= k.file_sequence), 0) as kept,
    from {{ ref('profile_consumption') }} as p
    left join {{ ref('stg_closings') }} as k on p.day = k.day
    where p.day >= (select min(day) - 33 from {{ ref('stg_check_days') }})
    group by p.profile_id, p.period
)

select
    coalesce(c.day, l.day) as day,
    coalesce(c.source || ':' || c.call_id || ':' || c.attempt, l.source || ':' || l.call_id || ':' || l.attempt) as key,
    {{ differs('seconds let off', 'profile_consumption', 'c.covered_s', 'rated_calls', 'l.sell_covered_s') }}
    || '; '
    || {{ differs('amount', 'profile_consumption', 'c.covered_amount', 'rated_calls', 'l.sell_covered_amount') }}
        as detail,
from covered as c
full outer join let_off as l
    on c.day = l.day and c.source = l.source and c.call_id = l.call_id and c.attempt = l.attempt
where
    c.covered_s is distinct from l.sell_covered_s
    or c.covered_amount is distinct from l.sell_covered_amount

union all

select
    u.day,
    u.profile_id || ' ' || u.period as key,
    'calls of the period from ' || u.period || ' took ' || u.used || ' of ' || p.allowance as detail,
from periods as u
inner join {{ ref('stg_consumption_profiles') }} as p on u.profile_id = p.profile_id
where u.day is not null and u.used > greatest(p.allowance, u.kept)
