-- Numbered files that are missing between two that landed, on each of the days being checked that these two have rows
-- of. Where a number is lower than the one before it, numbering began anew: that is no hole.

with stepped as (
    select
        *,
        lag(number) over series_order as number_before,
        lag(name) over series_order as name_before,
        lag(file_id) over series_order as file_before,
        lag(landed_on) over series_order as landed_before,
    from {{ ref('numbered_files') }}
    window series_order as (partition by kind, source, series order by series_day, number, name)
),

series as (
    select
        kind,
        source,
        series,
        count(distinct struct_pack(n := number, d := series_day)) > count(distinct number) as restarts,
        -- 20260301-1015, 20260301-1030, ...: times of day, unless some follow each other by one
        bool_and(may_be_time) and bool_or(past_first_hour)
        and not coalesce(bool_or(number = number_before + 1), false) as are_times,
    from stepped
    group by kind, source, series
),

-- a file that was out of order may have the number, unless numbers come again
holes as (
    select
        s.kind,
        s.source,
        s.series,
        s.name_before,
        s.name,
        s.number - s.number_before - 1 - count(distinct f.number) as missing,
        unnest([
            struct_pack(file_id := any_value(s.file_before), landed_on := any_value(s.landed_before)),
            struct_pack(file_id := any_value(s.file_id), landed_on := any_value(s.landed_on))
        ]) as beside,
    from stepped as s
    inner join series as k
        on s.kind = k.kind and s.source = k.source and s.series = k.series and not k.are_times
    left join {{ ref('numbered_files') }} as f
        on
            s.kind = f.kind
            and s.source = f.source
            and s.series = f.series
            and s.number_before < f.number
            and s.number > f.number
            and not k.restarts
    where s.number > s.number_before + 1
    group by s.kind, s.source, s.series, s.name_before, s.name, s.number_before, s.number
)

select distinct
    coalesce(d.day, h.beside.landed_on) as day,
    h.kind,
    h.source,
    h.name_before,
    h.name as name_after,
    h.missing::BIGINT as missing,
from holes as h
left join {{ ref('stg_file_days') }} as d
    on h.kind = d.kind and h.source = d.source and h.beside.file_id = d.file_id
where
    h.missing > 0
    and coalesce(d.day, h.beside.landed_on) in {{ checked_days() }}
