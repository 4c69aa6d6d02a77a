-- The first prices of each class of the review, as they are shown (price_in_words). In front are the suspicious ones,
-- then the greatest changes.

with placed as (
    select
        change_no,
        row_number() over (
            partition by class
            order by
                -len(reasons),
                -abs(change_pct) nulls last,
                changes_at,
                rate_table_id,
                prefix,
                band,
                jurisdiction,
                calling_prefix,
                line
        ) as place,
    from {{ ref('deck_review') }}
)

select
    r.class,
    p.place,
    r.rate_table_id,
    r.prefix,
    r.band,
    r.calling_prefix,
    r.jurisdiction,
    r.destination,
    r.changes_at,
    r.line,
    {{ price_in_words('r.old') }} as old,
    {{ price_in_words('r.new') }} as new,
    r.change_pct,
    r.other_prefix,
    r.other_rate,
    r.reasons,
from placed as p
inner join {{ ref('deck_review') }} as r on p.change_no = r.change_no
inner join {{ ref('stg_reviewed_deck') }} as d on p.place <= coalesce(d.shown, p.place)
