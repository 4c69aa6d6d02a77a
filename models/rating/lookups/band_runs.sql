-- For each day being built and table that cuts calls at band edges: the stretches of one band, in order, from
-- the day's first instant until its last call has been billed.

with edges as (
    select
        b.table_no,
        b.minute,
        b.band,
        coalesce(
            lag(b.band) over by_table <> b.band or lag(b.minute) over by_table + interval 1 minute <> b.minute, true
        ) as begins,
    from {{ ref('band_minutes') }} as b
    inner join {{ ref('rate_table_terms') }} as t on b.table_no = t.table_no
    where t.splits
    window by_table as (partition by b.table_no order by b.minute)
),

numbered as (
    select *, count(*) filter (where begins) over (partition by table_no order by minute) as run_no
    from edges
),

runs as (
    select
        table_no,
        run_no,
        any_value(band) as band,
        min(minute) as starts,
        max(minute) + interval 1 minute as ends,
    from numbered
    group by table_no, run_no
)

select
    r.table_no,
    d.day,
    list(
        struct_pack(starts_us := epoch_us(r.starts), ends_us := epoch_us(r.ends), band := r.band)
        order by r.starts
    ) as runs,
from runs as r
inner join {{ ref('billing_reach') }} as d on r.ends > d.day and r.starts < d.until
group by r.table_no, d.day
