-- What the numbers of a new price cost until now, and those of an ended one from then on (`is_after`): by the longest
-- prefix with a price for all of them, or by those of at least its length for some. Of several the one that the change
-- is greatest from: the lowest before, the highest after; of equal ones the longest prefix.

with asked as (
    select
        *,
        struct_pack(prefix := prefix, price := price) as priced,
    from {{ ref('deck_neighbours') }}
    -- a longer prefix for all of them goes before a shorter one for some
    qualify
        is_for_all
        or coalesce(
            length(prefix) >= max(length(prefix)) filter (is_for_all) over (partition by price_no, is_after), true
        )
)

select
    price_no,
    is_after,
    case
        when is_after then arg_max(priced, (price, length(prefix))) filter (not is_blocked and price is not null)
        else arg_min(priced, (price, -length(prefix))) filter (not is_blocked and price is not null)
    end as other,
    case when is_after then max(minute_u) else min(minute_u) end as minute_u,
from asked
group by price_no, is_after
