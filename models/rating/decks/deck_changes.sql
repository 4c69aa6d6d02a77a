-- One row for each price that is in the reviewed deck or that it ends, with its class, what it was and will be, and
-- beside a new or an ended one what else prices its numbers.

select
    c.class,
    c.rate_table_id,
    c.prefix,
    c.band,
    c.calling_prefix,
    c.jurisdiction,
    c.destination,
    c.changes_at,
    c.line,
    c.old,
    c.new,
    f.other.prefix as other_prefix,
    f.other.price as other_rate,
    coalesce(c.old_price, f.other.price) as old_price,
    c.new_price,
    case when c.old is null then f.minute_u else c.old_minute_u end as old_minute_u,
    c.new_minute_u,
from {{ ref('deck_compared') }} as c
left join {{ ref('deck_fallback') }} as f
    on not f.is_after and c.price_no = f.price_no

union all by name

select
    case when e.never_came then 'cancelled' else 'ended' end as class,
    e.rate_table_id,
    e.prefix,
    e.band,
    e.calling_prefix,
    e.jurisdiction,
    e.destination,
    e.changes_at,
    e.old,
    f.other.prefix as other_prefix,
    f.other.price as other_rate,
    e.old_price,
    e.old_minute_u,
    f.minute_u as new_minute_u,
    e.is_in_deck,
from {{ ref('deck_ended') }} as e
left join {{ ref('deck_fallback') }} as f
    on f.is_after and e.price_no = f.price_no

union all by name

-- what the deck says is not offered, and was not
select
    'not_offered' as class,
    r.rate_table_id,
    r.prefix,
    r.band,
    r.calling_prefix,
    r.jurisdiction,
    r.destination,
    r.valid_from as changes_at,
    r.line,
from {{ ref('stg_reviewed_rates') }} as r
anti join {{ ref('deck_ended') }} as e on r.rate_table_id = e.rate_table_id and r.prefix = e.prefix
where r.ended and not r.copies
