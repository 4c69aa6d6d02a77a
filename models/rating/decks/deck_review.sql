-- What the reviewed deck would change, price by price, with what is suspicious about it.

with conflicts as (
    select
        rate_table_id,
        prefix,
        band,
        calling_prefix,
        jurisdiction,
        valid_from,
    from {{ ref('stg_reviewed_rates') }}
    where not copies
    group by all
    having count(*) > 1
),

noticed as (
    select
        r.rate_table_id,
        r.changes_at,
        max(n.notice_days) as notice_days,
    from (select distinct rate_table_id, changes_at from {{ ref('deck_changes') }}) as r
    inner join {{ ref('deck_notices') }} as n
        on r.rate_table_id = n.rate_table_id and r.changes_at >= n.valid_from and r.changes_at < n.valid_to
    group by r.rate_table_id, r.changes_at
)

select
    row_number() over () as change_no,
    r.*,
    {{ change_pct('r.old_price', 'r.new_price') }} as change_pct,
    list_filter(
        [
            case
                when
                    coalesce(r.new_price, case when r.class = 'ended' then r.other_rate end) > 10 * r.old_price
                    or r.new_minute_u > 10 * r.old_minute_u
                    then 'ten_times'
            end,
            case
                when
                    10 * coalesce(r.new_price, case when r.class = 'ended' then r.other_rate end) < r.old_price
                    or 10 * r.new_minute_u < r.old_minute_u
                    then 'tenth'
            end,
            case when r.new_price > d.limit_rate then 'over_limit' end,
            case when r.class not in ('unchanged', 'not_offered') and r.changes_at < c.now then 'past' end,
            case
                when
                    r.class not in ('unchanged', 'not_offered', 'cancelled')
                    and r.changes_at > c.now + interval 18 month
                    then 'far_away'
            end,
            case
                when
                    (r.class = 'increased' or r.class in ('new', 'changed') and r.new_price > r.old_price)
                    and r.changes_at < c.now + to_days(n.notice_days)
                    then 'notice'
            end,
            case when x.prefix is not null then 'conflict' end,
            case when r.class = 'cancelled' and r.is_in_deck then 'cancels' end,
            -- area codes of North America begin with 2 to 9; numbers that short begin so in other countries
            case
                when
                    r.class = 'new'
                    and regexp_matches(r.prefix, '^1[01]')
                    and (d.country_code = '1' or length(r.prefix) >= 7)
                    then 'no_number'
            end,
        ],
        lambda reason: reason is not null -- noqa: RF02
    ) as reasons,
from {{ ref('deck_changes') }} as r
cross join {{ ref('stg_reviewed_deck') }} as d
cross join {{ ref('stg_clock') }} as c
left join noticed as n on r.rate_table_id = n.rate_table_id and r.changes_at = n.changes_at
left join conflicts as x
    on r.line is not null and {{ is_same_price('r', 'x') }} and r.changes_at = x.valid_from
