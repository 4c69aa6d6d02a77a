-- The billed milliseconds that duration profiles cover, of sell legs that can be charged.
-- One row for each leg and profile that covers some of it.

with recursive legs as (
    select
        source,
        call_id,
        attempt,
        day,
        charged_at,
        file_sequence,
        sell_account_id as account_id,
        sell_digits as digits,
        sell_billed_ms::HUGEINT as wanted,
        row_number() over (order by charged_at, source, call_id, attempt) as leg_no,
    from {{ ref('marked_up_calls') }}
    where
        sell_account_id in (
            select account_id
            from {{ ref('profile_terms') }}
            where rule = 'duration'
        )
        and answered
        and sell_past_grace
        and sell_kind in ('per_minute', 'block')
        and sell_problem is null
        and sell_account_rate_u is not null
        and sell_billed_ms > 0
),

{{ consumption('duration') }}

select
    l.source,
    l.call_id,
    l.attempt,
    l.day,
    l.charged_at,
    l.file_sequence,
    l.account_id,
    c.profile_id,
    c.period,
    c.covered::BIGINT as covered_ms,
from covering as c
inner join legs as l on c.leg_no = l.leg_no
where c.covered > 0
