-- Older prices that the reviewed deck ends, each with when: the one in force then, and a later one that never comes.

with shortened as (
    select
        *,
        valid_from >= valid_to as never_came,
    from {{ ref('deck_prices') }}
    where valid_to < valid_to_before
)

select
    s.price_no,
    s.rate_table_id,
    s.prefix,
    s.band,
    s.calling_prefix,
    s.jurisdiction,
    s.destination,
    case when s.never_came then s.valid_from else s.valid_to end as changes_at,
    s.never_came,
    s.terms as old,
    s.price as old_price,
    s.minute_u as old_minute_u,
from shortened as s
anti join {{ ref('deck_prices') }} as n
    on
        n.is_new
        and {{ is_same_price('s', 'n') }}
        and greatest(s.valid_to, s.valid_from) >= n.valid_from
        and s.valid_to < n.valid_to
qualify
    row_number() over (
        partition by s.rate_table_id, s.prefix, s.band, s.calling_prefix, s.jurisdiction, s.never_came
        order by s.valid_from desc, s.deck desc, s.line desc
    ) = 1
