-- The accounts that an increase of the reviewed deck gives less notice than agreed.

select distinct
    n.account_id,
    n.side,
    n.notice_days,
from {{ ref('deck_review') }} as r
inner join {{ ref('deck_notices') }} as n
    on
        r.rate_table_id = n.rate_table_id
        and r.changes_at >= n.valid_from
        and r.changes_at < n.valid_to
cross join {{ ref('stg_clock') }} as c
where list_contains(r.reasons, 'notice') and r.changes_at < c.now + to_days(n.notice_days)
