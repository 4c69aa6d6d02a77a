-- What receivables, unbilled revenue and carrier accruals say is the balance, to the last digit: for every customer
-- open + unbilled - unallocated = -balance, for every carrier accrued = balance; and what is unbilled posting by
-- posting is what was earned less what was invoiced.
{{ config(meta={'dagster': {'ref': {'name': 'receivables_aging'}}}) }}

with balances as (
    select b.account_id, b.balance, a.kind
    from {{ ref('account_balances') }} as b
    inner join {{ ref('stg_accounts') }} as a on b.account_id = a.account_id
),

unbilled as (
    select account_id, max_by(unbilled, as_of) as amount
    from {{ ref('unbilled_revenue') }}
    group by account_id
),

accrued as (
    select account_id, max_by(accrued, as_of) as amount
    from {{ ref('carrier_accruals') }}
    group by account_id
),

-- each view once
joined as materialized (
    select
        b.account_id,
        b.kind,
        b.balance,
        r.net,
        r.unbilled,
        u.amount as earned_less_invoiced,
        c.amount as accrued,
    from balances as b
    left join {{ ref('receivables_aging') }} as r on b.account_id = r.account_id
    left join unbilled as u on b.account_id = u.account_id
    left join accrued as c on b.account_id = c.account_id
),

compared as (
    select
        account_id,
        'what the account owes' as what,
        'receivables' as one,
        net as one_says,
        'balances' as other,
        -balance as other_says,
    from joined
    where kind <> 'carrier'

    union all

    select
        account_id,
        'unbilled' as what,
        'postings on no invoice' as one,
        unbilled as one_says,
        'earned less invoiced' as other,
        earned_less_invoiced as other_says,
    from joined
    where kind <> 'carrier'

    union all

    select
        account_id,
        'what we owe the carrier' as what,
        'accruals' as one,
        accrued as one_says,
        'balances' as other,
        balance as other_says,
    from joined
    where kind = 'carrier'
)

select
    null::DATE as day,
    account_id || ' ' || what as key,
    'account ' || account_id || ', ' || what || ': ' || one || ' say ' || coalesce(one_says, 0)::VARCHAR
    || ', ' || other || ' say ' || coalesce(other_says, 0)::VARCHAR as detail,
from compared
where coalesce(one_says, 0) <> coalesce(other_says, 0)
