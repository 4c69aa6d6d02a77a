-- The numbers in the names of expected sources' files: the last run of digits that is no date or time. Names that
-- are alike but for number, dates and times are one series. Only files of the month before and after the days being
-- checked: no series rests longer.

with names as (
    select kind, source, name, file_id, landed_at::DATE as landed_on
    from {{ ref('stg_files') }}
    where withdrawn_at is null
    union
    select n.kind, n.source, n.name, n.file_id, n.seen_at::DATE as landed_on
    from {{ ref('stg_file_names') }} as n
    anti join {{ ref('stg_files') }} as f
        on n.file_id = f.file_id and n.kind = f.kind and n.source = f.source and f.withdrawn_at is not null
),

touched as (
    select kind, source, file_id, max(day) as last_day
    from {{ ref('stg_file_days') }}
    group by kind, source, file_id
),

near as (
    select n.*, coalesce(t.last_day, n.landed_on) as day
    from names as n
    semi join {{ ref('stg_sources') }} as s
        on n.kind = s.kind and n.source = s.source and s.expected_every_minutes is not null
    left join touched as t on n.kind = t.kind and n.source = t.source and n.file_id = t.file_id
    where
        coalesce(t.last_day, n.landed_on) >= (select min(day) - 31 from {{ ref('stg_check_days') }})
        and coalesce(t.last_day, n.landed_on) <= (select max(day) + 31 from {{ ref('stg_check_days') }})
),

-- dates and times that are written in parts become one run of digits: 2026-03-01T10:15:00 is 20260301101500
plain as (
    select
        *,
        regexp_replace(
            regexp_replace(
                regexp_replace(name, '(20[0-9]{2})[-_.](0[1-9]|1[0-2])[-_.]([0-2][0-9]|3[01])', '\1\2\3', 'g'),
                '(20[0-9]{6})[T_-]?([0-2][0-9])[-_.:]([0-5][0-9])[-_.:]([0-5][0-9])', '\1\2\3\4', 'g'
            ),
            '(20[0-9]{6})T([0-9]{4}|[0-9]{6})([^0-9]|$)', '\1\2\3', 'g'
        ) as text,
    from near
),

split as (
    select
        *,
        regexp_extract_all(text, '[0-9]+') as runs,
        regexp_split_to_array(text, '[0-9]+') as between_runs,
        list_transform(regexp_extract_all(text, '[0-9]+'), lambda r: {{ stamped_day('r') }}) as stamps,
    from plain
),

placed as (
    select
        *,
        list_max(
            list_transform(
                range(1, len(runs) + 1), lambda i: case when stamps[i] is null and length(runs[i]) < 18 then i end
            )
        ) as place,
    from split
)

select
    kind,
    source,
    name,
    file_id,
    array_to_string(
        list_transform(
            range(1, len(between_runs) + 1),
            lambda i: between_runs[i] || case
                when i > len(runs) then ''
                when i = place then '#'
                when stamps[i] is not null then '@'
                else runs[i]
            end
        ), ''
    ) as series,
    runs[place]::BIGINT as number,
    -- the day that the name says, else the last that the file has rows of
    coalesce(list_max(stamps), day) as series_day,
    landed_on,
    -- 1015 and 101500 right after a date may be times
    coalesce(
        place > 1
        and stamps[place - 1] is not null
        and length(between_runs[place]) < 2
        and regexp_full_match(runs[place], '([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?'),
        false
    ) as may_be_time,
    runs[place]::BIGINT >= case length(runs[place]) when 4 then 100 else 10000 end as past_first_hour,
from placed
where place is not null
