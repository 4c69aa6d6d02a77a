-- The rate tables of decks as they are once the reviewed one is accepted: it is settled in a table when the last of its
-- prefixes there begins.

with begins as (
    select
        rate_table_id,
        prefix,
        min(valid_from) as first_from,
    from {{ ref('stg_reviewed_rates') }}
    group by rate_table_id, prefix
)

select
    deck,
    rate_table_id,
    replaces_all,
    effective_at,
    settled_at,
from {{ ref('stg_deck_tables') }}

union all

select
    d.number as deck,
    b.rate_table_id,
    d.replaces_all,
    d.effective_at,
    greatest(d.effective_at, max(b.first_from)) as settled_at,
from begins as b
cross join {{ ref('stg_reviewed_deck') }} as d
group by d.number, b.rate_table_id, d.replaces_all, d.effective_at
