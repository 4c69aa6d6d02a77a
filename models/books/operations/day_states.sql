-- Each day since the first traffic, and how far it is: open, ready, closed, failed, stale or outdated.

with landed as (
    select day, max(file_sequence) as file_sequence
    from {{ ref('stg_file_days') }}
    where kind in ('cdrs', 'usage')
    group by day
),

-- a check speaks of the day as it was built then
checks as (
    select
        c.day,
        list(c.check_name order by c.check_name) filter (where c.failing > 0 and not c.warns) as failed_checks,
        list(c.check_name order by c.check_name) filter (where c.failing > 0 and c.warns) as warnings,
        string_agg(
            c.check_name || ': ' || c.words || ' ' || c.failing
            || case c.failing when 1 then ' row breaks it. ' else ' rows break it. ' end || c.remedy,
            e'\n' order by c.warns, c.check_name
        ) filter (where c.failing > 0) as to_do,
    from (
        select day, check_name, failing, build_no, words, remedy, coalesce(severity = 'warn', false) as warns
        from {{ ref('stg_day_checks') }}
    ) as c
    left join {{ ref('stg_builds') }} as b on c.day = b.day
    where c.build_no = coalesce(b.build_no, 0)
    group by c.day
),

calendar as (
    select
        unnest(range(
            (select min(day) from landed)::TIMESTAMP,
            greatest((select max(day) from landed), max(now::DATE)) + interval 1 day,
            interval 1 day
        ))::DATE as day,
    from {{ ref('stg_clock') }}
),

described as (
    select
        d.day,
        clock.now,
        c.closed_at,
        k.day is not null as checked,
        k.failed_checks,
        k.warnings,
        k.to_do,
        c.day is not null as was_closed,
        coalesce(l.file_sequence > c.file_sequence, false) as has_late_rows,
        o.because as outdated_because,
    from calendar as d
    cross join {{ ref('stg_clock') }} as clock
    left join landed as l on d.day = l.day
    left join {{ ref('stg_closings') }} as c on d.day = c.day
    left join checks as k on d.day = k.day
    left join {{ ref('stg_outdated_days') }} as o on d.day = o.day
)

select
    day,
    case
        when was_closed and has_late_rows
            then case when len(failed_checks) > 0 then 'failed' else 'stale' end
        when was_closed then case when outdated_because is not null then 'outdated' else 'closed' end
        when len(failed_checks) > 0 then 'failed'
        when checked and now >= day + interval 1 day then 'ready'
        else 'open'
    end as status,
    closed_at,
    coalesce(array_to_string(failed_checks, ', '), '') as failed_checks,
    coalesce(array_to_string(warnings, ', '), '') as warnings,
    coalesce(to_do, '') as to_do,
    outdated_because,
from described
