-- Payments, refunds and write-offs in the ledger that no landed row stands behind; none, unless somebody put them in.

with posted as (
    select
        account_id,
        day,
        kind,
        reference,
        currency,
        sum(amount) as amount,
    from {{ ref('stg_ledger_entries') }}
    where {{ is_payment('kind') }}
    group by account_id, day, kind, reference, currency
),

landed as (
    select
        account_id,
        day,
        {{ payment_kind('method') }} as kind,
        source || ':' || payment_id as reference,
    from {{ ref('stg_payments') }}
)

select
    p.account_id,
    p.day,
    p.kind,
    p.reference,
    p.amount::DECIMAL(20, 8) as amount,
    p.currency,
from posted as p
anti join landed as l
    on p.account_id = l.account_id and p.day = l.day and p.kind = l.kind and p.reference = l.reference
where p.amount <> 0
