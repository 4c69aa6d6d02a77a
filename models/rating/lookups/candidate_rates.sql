-- For each rate table and known prefix the rates that may apply to a number with that longest known prefix, within the
-- days being built: its own and those of shorter prefixes, down to the highest that always applies.

with days as (
    select
        min(day)::TIMESTAMP as first_instant,
        max(day) + interval 1 day as last_instant,
    from {{ ref('stg_build_days') }}
),

candidates as (
    select
        r.table_no,
        c.prefix_no,
        r.rate_no,
        r.band,
        greatest(r.valid_from, d.first_instant) as valid_from,
        least(r.valid_to, d.last_instant) as valid_to,
        r.calling_prefix <> '' or r.jurisdiction <> '' as by_caller,
        r.band = ''
        and r.calling_prefix = ''
        and r.jurisdiction = ''
        and r.valid_from <= d.first_instant
        and r.valid_to >= d.last_instant as always,
    from {{ ref('prefix_chains') }} as c
    inner join {{ ref('rate_terms') }} as r on c.beginning = r.prefix
    cross join days as d
),

-- nothing is looked at beyond the highest rate that always applies
floors as (
    select
        table_no,
        prefix_no,
        max(rate_no) as rate_no,
        max(rate_no) filter (where always) as floor_no,
    from candidates
    group by table_no, prefix_no
)

select
    c.table_no,
    c.prefix_no,
    c.rate_no,
    c.band,
    c.valid_from,
    c.valid_to,
    c.by_caller,
    coalesce(f.rate_no <> f.floor_no, true) as is_contested,
from candidates as c
inner join floors as f on c.table_no = f.table_no and c.prefix_no = f.prefix_no
where c.rate_no >= coalesce(f.floor_no, 0)
