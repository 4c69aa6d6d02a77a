-- Older prices that the reviewed deck ends, each with when: the one in force then, and a later one that never comes. No
-- end is where the deck's own price takes over from the one in force, or is there when the later one was to begin: from
-- the same instant, or the same.

with shortened as (
    select
        *,
        valid_from >= valid_to as never_came,
    from {{ ref('deck_prices') }}
    where valid_to < valid_to_before and valid_from < valid_to_before
    qualify
        row_number() over (
            partition by rate_table_id, prefix, band, calling_prefix, jurisdiction, valid_from
            order by deck desc, line desc
        ) = 1
),

-- the deck's own price at the instant from which a later one was to be in force
instead as (
    select
        s.price_no,
        max(n.valid_from) as begins,
        max_by(n.terms, (n.valid_from, n.line)) as terms,
    from shortened as s
    inner join {{ ref('deck_prices') }} as n
        on n.is_new and {{ is_same_price('s', 'n') }} and s.valid_from >= n.valid_from and s.valid_from < n.valid_to
    where s.never_came
    group by s.price_no
),

deck as (
    select distinct
        rate_table_id,
        prefix,
    from {{ ref('deck_prices') }}
    where is_new
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
    d.prefix is not null as is_in_deck,
    s.terms as old,
    s.price as old_price,
    s.minute_u as old_minute_u,
from shortened as s
anti join {{ ref('deck_prices') }} as n
    on
        not s.never_came
        and n.is_new
        and {{ is_same_price('s', 'n') }}
        and s.valid_to >= n.valid_from
        and s.valid_to < n.valid_to
left join instead as i on s.price_no = i.price_no
left join deck as d on s.rate_table_id = d.rate_table_id and s.prefix = d.prefix
where i.price_no is null or (i.begins < s.valid_from and i.terms is distinct from s.terms)
qualify
    row_number() over (
        partition by s.rate_table_id, s.prefix, s.band, s.calling_prefix, s.jurisdiction, s.never_came
        order by s.valid_from desc, s.deck desc, s.line desc
    ) = 1
