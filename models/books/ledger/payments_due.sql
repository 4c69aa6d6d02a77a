-- What the ledger has yet to say of payments, by difference: landed ones that it does not have, and those that it has
-- of a file that was withdrawn, with the other sign. A payment counts by the day it was paid on; its amount is in the
-- account's favour (what we pay a carrier is negative). The method says refund or write_off.

with posted as (
    select
        account_id,
        day,
        kind,
        reference,
        currency,
        sum(amount) as amount,
        any_value(period) as period,
    from {{ ref('ledger_entries') }}
    where {{ is_payment('kind') }}
    group by account_id, day, kind, reference, currency
),

landed as (
    select
        p.account_id,
        p.day,
        {{ payment_kind('p.method') }} as kind,
        p.source || ':' || p.payment_id as reference,
        p.amount,
        p.currency,
        p.paid_at,
        p.method,
    from {{ ref('stg_payments') }} as p
),

withdrawn as (
    select
        p.account_id,
        p.day,
        {{ payment_kind('p.method') }} as kind,
        p.source || ':' || p.payment_id as reference,
        max_by(w.reason, w.withdrawal) as because,
    from {{ ref('stg_withdrawn_payments') }} as p
    inner join {{ ref('stg_withdrawals') }} as w on p.withdrawal = w.withdrawal
    group by all
)

select
    p.account_id,
    p.day,
    {{ billing_period('p.paid_at', 'a.timezone', 'a.billing_cycle') }} as period,
    p.kind,
    null::VARCHAR as fact,
    null::VARCHAR as service,
    (p.amount - coalesce(l.amount, 0))::DECIMAL(20, 8) as amount,
    p.currency,
    p.reference,
    p.method as reason,
from landed as p
inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
cross join {{ ref('stg_clock') }} as c
left join posted as l
    on p.account_id = l.account_id and p.day = l.day and p.kind = l.kind and p.reference = l.reference
-- by rules 1 a payment of 0 could land, and was posted
where p.amount <> coalesce(l.amount, 0) or (c.rules = 1 and l.reference is null)

union all

select
    l.account_id,
    l.day,
    l.period,
    l.kind,
    null::VARCHAR as fact,
    null::VARCHAR as service,
    (-l.amount)::DECIMAL(20, 8) as amount,
    l.currency,
    l.reference,
    'withdrawn: ' || w.because as reason,
from posted as l
inner join withdrawn as w
    on l.account_id = w.account_id and l.day = w.day and l.kind = w.kind and l.reference = w.reference
anti join landed as p
    on l.account_id = p.account_id and l.day = p.day and l.kind = p.kind and l.reference = p.reference
where l.amount <> 0
