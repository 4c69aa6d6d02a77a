-- An account's hour against the same hour of the same weekday in the weeks before: what it spent, how many of its
-- calls were answered (ASR) and how long they lasted (ACD). Only sums are compared, multiplied crosswise.

with weeks_before as (
    select
        d.day,
        d.day - 7 * w.n::INTEGER as day_before,
    from {{ ref('stg_build_days') }} as d
    cross join unnest(range(1, {{ threshold('weeks') }} + 1)) as w (n)
),

observed as (
    select
        day,
        hour,
        customer_id as account_id,
        sum(calls)::HUGEINT as calls,
        sum(connected)::HUGEINT as connected,
        {{ to_ms('sum(sell_duration_s)') }}::HUGEINT as talked_ms,
        {{ to_units('sum(revenue)') }} as spent_u,
    from {{ ref('breakout_hourly') }}
    where day in (select day from {{ ref('stg_build_days') }}) and customer_id is not null and calls > 0
    group by day, hour, customer_id
),

before as (
    select
        w.day,
        b.hour + to_days((w.day - w.day_before)::INTEGER) as hour,
        b.customer_id as account_id,
        sum(b.calls)::HUGEINT as calls,
        sum(b.connected)::HUGEINT as connected,
        {{ to_ms('sum(b.sell_duration_s)') }}::HUGEINT as talked_ms,
        {{ to_units('sum(b.revenue)') }} as spent_u,
    from {{ ref('breakout_hourly') }} as b
    inner join weeks_before as w on b.day = w.day_before
    where b.day in (select day_before from weeks_before) and b.calls > 0
    group by all
),

-- a week counts when the account called at all on that weekday: then an hour without calls is one with 0
weeks as (
    select
        w.day,
        b.customer_id as account_id,
        count(distinct b.day)::HUGEINT as weeks,
    from {{ ref('breakout_daily') }} as b
    inner join weeks_before as w on b.day = w.day_before
    where b.day in (select day_before from weeks_before) and b.calls > 0
    group by w.day, b.customer_id
),

compared as (
    select
        o.*,
        w.weeks,
        coalesce(b.calls, 0) as calls_before,
        coalesce(b.connected, 0) as connected_before,
        coalesce(b.talked_ms, 0) as talked_ms_before,
        coalesce(b.spent_u, 0) as spent_before_u,
    from observed as o
    inner join weeks as w on o.day = w.day and o.account_id = w.account_id
    left join before as b on o.hour = b.hour and o.account_id = b.account_id and o.day = b.day
    where w.weeks >= {{ threshold('weeks_needed') }}
),

-- each measure is a quotient: observed = part / whole, expected = part_before / whole_before
measures as (
    select
        'spend' as rule,
        *,
        spent_u as part,
        1::HUGEINT as whole,
        spent_before_u as part_before,
        weeks as whole_before,
        {{ threshold('spend_times') }} as times,
        {{ to_units(threshold('spend_more')) }} as more,
        true as has_volume,
    from compared

    union all by name

    {% for rule, part, unit, whole in [
        ('asr', 'connected', 100000000, 'calls'), ('acd', 'talked_ms', 100000, 'connected'),
    ] %}
        select
            '{{ rule }}' as rule,
            *,
            {{ part }} * {{ unit }} as part,
            {{ whole }} as whole,
            {{ part }}_before * {{ unit }} as part_before,
            {{ whole }}_before as whole_before,
            {{ threshold(rule ~ '_times') }} as times,
            {{ whole }} >= {{ threshold(rule ~ '_' ~ whole) }}
            and {{ whole }}_before >= {{ threshold(rule ~ '_' ~ whole ~ '_before') }} as has_volume,
        from compared
        {{ 'union all by name' if not loop.last }}
    {% endfor %}
),

-- so is the limit: above what is expected, or, of a ratio, below it
limited as (
    select
        *,
        greatest(times * part_before, part_before + coalesce(more, 0) * whole_before) as most_part,
        part * whole_before >= most_part * whole as high,
        case when high then most_part else part_before end as limit_part,
        case when high then whole_before else times * whole_before end as limit_whole,
    from measures
    where has_volume and (rule = 'spend' or part_before > 0)
)

select
    rule,
    account_id,
    day,
    hour,
    part,
    whole,
    part_before,
    whole_before,
    limit_part,
    limit_whole,
    high,
    calls,
    spent_u,
    weeks,
from limited
where high or (rule <> 'spend' and part * limit_whole <= limit_part * whole)
