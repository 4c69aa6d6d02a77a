-- The line of numbers cut wherever a known prefix begins or ends: in each range [starts, ends) one
-- known prefix is the longest, for every number in it. Repeated for each bucket a range touches.

with cuts as (
    select starts as place, prefix_no
    from {{ ref('known_prefixes') }}

    union all

    -- where a prefix ends, the longest of those around it that goes on is the longest again
    select
        c.prefix_ends as place,
        max_by(c.beginning_no, c.digits) filter (where c.beginning_ends > c.prefix_ends) as prefix_no,
    from {{ ref('prefix_chains') }} as c
    group by c.prefix_ends
),

places as (
    select place, any_value(prefix_no) as prefix_no
    from cuts
    group by place
),

ranges as (
    select
        place as starts,
        lead(place, 1, 16000000000000000) over (order by place) as ends,
        prefix_no,
    from places
    qualify prefix_no is not null
)

select
    b.bucket::INTEGER as bucket,
    r.starts,
    r.ends,
    r.prefix_no,
from ranges as r
cross join unnest(
    range({{ number_bucket('r.starts') }}, {{ number_bucket('r.ends - 1') }} + 1)
) as b (bucket)
