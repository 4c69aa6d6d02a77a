-- By which other prices the numbers of a new price were charged until now, and those of an ended one are from then on
-- (`is_after`): one for all of them (`is_for_all`), and those for some, of one band, origin or jurisdiction.

with wanted as (
    select
        price_no,
        rate_table_id,
        prefix,
        band,
        calling_prefix,
        jurisdiction,
        changes_at,
        false as is_after,
    from {{ ref('deck_compared') }}
    where class = 'new'

    union all

    select
        price_no,
        rate_table_id,
        prefix,
        band,
        calling_prefix,
        jurisdiction,
        changes_at,
        true as is_after,
    from {{ ref('deck_ended') }}
    where not never_came
),

found as (
    select
        w.price_no,
        w.is_after,
        p.prefix,
        p.band,
        p.calling_prefix,
        p.jurisdiction,
        p.valid_from,
        p.deck,
        p.line,
        p.terms['blocked'] as is_blocked,
        p.price,
        p.minute_u,
        p.band in ('', w.band)
        and p.jurisdiction in ('', w.jurisdiction)
        and starts_with(w.calling_prefix, p.calling_prefix) as is_for_all,
    from wanted as w
    cross join unnest(range(0, length(w.prefix) + 1)) as lengths (n)
    inner join {{ ref('deck_prices') }} as p
        on
            w.rate_table_id = p.rate_table_id
            and left(w.prefix, lengths.n) = p.prefix
            and (p.band in ('', w.band) or w.band = '')
            and (p.jurisdiction in ('', w.jurisdiction) or w.jurisdiction = '')
            and (
                starts_with(w.calling_prefix, p.calling_prefix) or starts_with(p.calling_prefix, w.calling_prefix)
            )
            and w.changes_at >= p.valid_from
            and case when w.is_after then w.changes_at < p.valid_to else w.changes_at <= p.valid_to_before end
)

-- the last one in force for each band, origin and jurisdiction; of those for all numbers the first that rating takes
select *
from found
qualify
    row_number() over (
        partition by
            price_no,
            is_after,
            is_for_all,
            case when not is_for_all then row(band, calling_prefix, jurisdiction) end
        order by
            length(prefix) desc,
            length(calling_prefix) desc,
            jurisdiction desc,
            band desc,
            valid_from desc,
            deck desc,
            line desc
    ) = 1
