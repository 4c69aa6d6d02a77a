-- The amounts that cost profiles take off sell legs, in units of 1e-8 of the account's currency.
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
        sell_account_u::HUGEINT as wanted,
        row_number() over (order by charged_at, source, call_id, attempt) as leg_no,
    from {{ ref('rated_legs') }}
    where
        sell_account_id in (
            select account_id
            from {{ ref('profile_terms') }}
            where rule = 'cost'
        )
        and answered
        and (sell_past_grace or sell_is_markup)
        and sell_status = 'rated'
        and sell_account_u > 0
),

{{ consumption('cost') }}

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
    c.covered as covered_u,
from covering as c
inner join legs as l on c.leg_no = l.leg_no
where c.covered > 0
