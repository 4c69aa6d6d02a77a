-- Times without rows that are longer than a source's `expected_every_minutes`, on the days being checked: between the
-- last row before the day, its rows and its end. The first day of a source begins with its first row.
{%- set times = [
    ('cdrs', 'stg_cdrs', 'charged_at'),
    ('usage', 'stg_usage', 'occurred_at'),
    ('payments', 'stg_payments', 'paid_at'),
    ('resources', 'stg_resources', 'observed_at'),
] %}

with began as (
    select d.kind, d.source, min(d.day) as day
    from {{ ref('stg_file_days') }} as d
    anti join {{ ref('stg_files') }} as f
        on d.file_id = f.file_id and d.kind = f.kind and d.source = f.source and f.withdrawn_at is not null
    where d.rows > 0
    group by d.kind, d.source
),

expected as (
    select
        d.day,
        s.kind,
        s.source,
        s.expected_every_minutes as minutes,
        -- the days before it that a gap may begin on
        s.expected_every_minutes // 1440 + 1 as days_back,
        b.day < d.day as began_before,
    from {{ ref('stg_check_days') }} as d
    cross join {{ ref('stg_sources') }} as s
    inner join began as b on s.kind = b.kind and s.source = b.source and d.day >= b.day
    where s.expected_every_minutes is not null
),

days_read as (
    select distinct kind, source, day - unnest(range(days_back + 1))::INTEGER as day
    from expected
),

-- by the minute first: a day has millions of rows, and 1440 minutes
minutes as (
    {% for kind, model, at in times %}
        select
            '{{ kind }}' as kind,
            r.source,
            r.day,
            date_trunc('minute', r.{{ at }}) as minute,
            min(r.{{ at }}) as first_at,
            max(r.{{ at }}) as last_at,
        from {{ ref(model) }} as r
        semi join days_read as d on r.day = d.day and r.source = d.source and d.kind = '{{ kind }}'
        group by all
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

before as (
    select e.day, e.kind, e.source, max(m.last_at) as last_at
    from expected as e
    inner join minutes as m
        on e.kind = m.kind and e.source = m.source and e.day > m.day and e.day - e.days_back <= m.day
    group by e.day, e.kind, e.source
),

points as (
    -- a silence that began earlier fails the days it is in; what comes after it is counted from the day's own beginning
    select
        e.day,
        e.kind,
        e.source,
        e.minutes,
        coalesce(b.last_at, (e.day + 1 - e.days_back)::TIMESTAMP) as first_at,
        first_at as last_at,
    from expected as e
    left join before as b on e.day = b.day and e.kind = b.kind and e.source = b.source
    where e.began_before

    union all

    select e.day, e.kind, e.source, e.minutes, m.first_at, m.last_at
    from expected as e
    inner join minutes as m on e.day = m.day and e.kind = m.kind and e.source = m.source

    union all

    select day, kind, source, minutes, (day + 1)::TIMESTAMP as first_at, (day + 1)::TIMESTAMP as last_at
    from expected
),

gaps as (
    select
        *,
        lag(last_at) over (partition by day, kind, source order by first_at) as from_at,
    from points
)

select
    day,
    kind,
    source,
    from_at,
    first_at as to_at,
    minutes as expected_every_minutes,
from gaps
where first_at > from_at + to_minutes(minutes)
