-- For each rate table and known prefix the rate that a number with that longest known prefix takes:
-- prefix, validity, band and precedence are settled here once, so that a call needs a single
-- lookup. A null band means any; [valid_from, valid_to) never overlap for one band.
-- Where more than the band decides (the caller, or several bands in one call) the row has `choices` instead of
-- a rate: all that may apply, the first that does is taken.

with contested as (
    select
        c.*,
        t.splits or bool_or(c.by_caller) over (partition by c.table_no, c.prefix_no) as has_choices,
    from {{ ref('candidate_rates') }} as c
    inner join {{ ref('rate_table_terms') }} as t on c.table_no = t.table_no
    where c.is_contested
),

edges as (
    select table_no, prefix_no, valid_from as edge from contested
    union
    select table_no, prefix_no, valid_to from contested
),

spans as (
    select
        table_no,
        prefix_no,
        edge as valid_from,
        lead(edge) over (partition by table_no, prefix_no order by edge) as valid_to,
    from edges
    qualify valid_to is not null
),

settled as (
    select
        s.table_no,
        s.prefix_no,
        b.band,
        s.valid_from,
        s.valid_to,
        max(c.rate_no) as rate_no,
        null::INTEGER as choices_no,
        null as choices,
    from spans as s
    inner join {{ ref('table_bands') }} as b on s.table_no = b.table_no
    inner join contested as c
        on
            s.table_no = c.table_no
            and s.prefix_no = c.prefix_no
            and s.valid_from >= c.valid_from
            and s.valid_from < c.valid_to
            and c.band in ('', b.band)
    where not c.has_choices
    group by s.table_no, s.prefix_no, b.band, s.valid_from, s.valid_to
),

chosen as (
    select
        s.table_no,
        s.prefix_no,
        null::VARCHAR as band,
        s.valid_from,
        s.valid_to,
        null::INTEGER as rate_no,
        row_number() over ()::INTEGER as choices_no,
        list(
            struct_pack(
                rate_no := r.rate_no,
                band := r.band,
                calling_starts := r.calling_starts,
                calling_ends := r.calling_ends,
                jurisdiction := r.jurisdiction,
                rate_u := r.rate_u,
                blocked := r.blocked,
                has_price := r.has_price
            )
            order by r.rate_no desc
        ) as choices,
    from spans as s
    inner join contested as c
        on
            s.table_no = c.table_no
            and s.prefix_no = c.prefix_no
            and s.valid_from >= c.valid_from
            and s.valid_from < c.valid_to
    inner join {{ ref('rate_terms') }} as r on c.rate_no = r.rate_no
    where c.has_choices
    group by s.table_no, s.prefix_no, s.valid_from, s.valid_to
)

select
    table_no,
    prefix_no,
    null::VARCHAR as band,
    valid_from,
    valid_to,
    rate_no,
    null::INTEGER as choices_no,
    null as choices,
from {{ ref('candidate_rates') }}
where not is_contested

union all by name

select * from settled

union all by name

select * from chosen
