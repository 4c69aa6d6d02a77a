-- Each price of the reviewed deck beside the one in force when it begins, or until it begins: a line before in the same
-- deck counts more than what was there. `class` says what becomes of the price.

with found as (
    select
        n.price_no,
        max_by(
            struct_pack(terms := o.terms, price := o.price, minute_u := o.minute_u),
            (o.is_new, coalesce(o.valid_to_before, o.valid_to) > n.valid_from, o.valid_from, o.deck, o.line)
        ) as old,
    from {{ ref('deck_prices') }} as n
    inner join {{ ref('deck_prices') }} as o
        on
            {{ is_same_price('n', 'o') }}
            and n.valid_from >= o.valid_from
            and case
                when o.is_new then n.valid_from > o.valid_from and n.valid_from <= o.valid_to
                else n.valid_from <= o.valid_to_before
            end
    where n.is_new
    group by n.price_no
),

beside as (
    select
        n.price_no,
        n.rate_table_id,
        n.prefix,
        n.band,
        n.calling_prefix,
        n.jurisdiction,
        n.destination,
        n.valid_from as changes_at,
        n.line,
        f.old.terms as old,
        f.old.price as old_price,
        f.old.minute_u as old_minute_u,
        n.terms as new,
        n.price as new_price,
        n.minute_u as new_minute_u,
    from {{ ref('deck_prices') }} as n
    left join found as f on n.price_no = f.price_no
    where n.is_new
)

select
    *,
    case
        when old is null then 'new'
        when new = old then 'unchanged'
        when new['blocked'] and not old['blocked'] then 'blocked'
        when old['blocked'] or new['kind'] <> old['kind'] then 'changed'
        -- longer blocks for the same charge are cheaper: which way it goes hangs on the call
        when
            new['kind'] = 'block'
            and (new['initial_ms'] <> old['initial_ms'] or new['increment_ms'] <> old['increment_ms'])
            then 'changed'
        when {{ charges_no_less('new', 'old') }} then 'increased'
        when {{ charges_no_less('old', 'new') }} then 'decreased'
        else 'changed'
    end as class,
from beside
