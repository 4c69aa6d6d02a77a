-- The rate tables of which the reviewed deck ends more than half of the prices in force.

with ended as (
    select
        rate_table_id,
        count(*) as prices,
        min(changes_at) as changes_at,
    from {{ ref('deck_ended') }}
    where not never_came
    group by rate_table_id
),

counted as (
    select
        e.rate_table_id,
        e.prices,
        count(*) as prices_before,
    from ended as e
    inner join {{ ref('deck_prices') }} as b
        on e.rate_table_id = b.rate_table_id and e.changes_at > b.valid_from and e.changes_at <= b.valid_to_before
    group by e.rate_table_id, e.prices
)

select
    c.rate_table_id,
    c.prices,
    c.prices_before,
    u.rate_table_id is not null as is_unrelated,
from counted as c
left join {{ ref('deck_unrelated') }} as u on c.rate_table_id = u.rate_table_id
where 2 * c.prices > c.prices_before and c.prices_before > 1
