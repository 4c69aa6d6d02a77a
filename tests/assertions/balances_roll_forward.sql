-- For every account and booking day opening + debits + credits = closing, closing is the next opening, and the
-- closing is the sum of all entries booked until then. A break anywhere fails the days being checked.
{{ config(meta={'dagster': {'ref': {'name': 'balance_ledger_daily'}}}) }}

with chained as (
    select
        *,
        lag(closing, 1, 0) over (partition by account_id order by booked_on) as closing_before,
    from {{ ref('balance_ledger_daily') }}
),

summed as (
    select
        e.account_id,
        d.booked_on,
        sum(e.amount) as amount,
    from (select distinct account_id, booked_on from {{ ref('stg_ledger_entries') }}) as d
    inner join {{ ref('stg_ledger_entries') }} as e
        on d.account_id = e.account_id and d.booked_on >= e.booked_on
    group by e.account_id, d.booked_on
),

broken as (
    select
        coalesce(c.account_id, s.account_id) as account_id,
        coalesce(c.booked_on, s.booked_on) as booked_on,
        case
            when c.opening + c.debits + c.credits <> c.closing
                then
                    'opening ' || c.opening || ' + debits ' || c.debits || ' + credits ' || c.credits
                    || ' is not closing ' || c.closing
            when c.opening <> c.closing_before
                then 'opening ' || c.opening || ' is not the closing before it, ' || c.closing_before
            else {{ differs('closing', 'the balances', 'c.closing', 'all entries', 's.amount') }}
        end as words,
    from chained as c
    full outer join summed as s on c.account_id = s.account_id and c.booked_on = s.booked_on
    where
        c.opening + c.debits + c.credits is distinct from c.closing
        or c.opening <> c.closing_before
        or c.closing is distinct from s.amount
)

select
    d.day,
    b.account_id || ' ' || b.booked_on as key,
    'account ' || b.account_id || ' on ' || b.booked_on || ': ' || b.words as detail,
from broken as b
cross join {{ ref('stg_check_days') }} as d
