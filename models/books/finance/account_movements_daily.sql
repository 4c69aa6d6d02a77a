-- What happened on each account by day, posted or not yet: charges by the day that they are about, payments by the day
-- they were paid on, invoices by the day of issue. Tax is no revenue: it is in none of the three.

with entries as (
    select account_id, day, kind, amount, currency
    from {{ ref('ledger_entries') }}

    union all by name

    select account_id, day, kind, amount, currency
    from {{ ref('ledger_due') }}

    union all by name

    select account_id, day, kind, amount, currency
    from {{ ref('payments_due') }}
),

movements as (
    select
        account_id,
        day,
        currency,
        case when not {{ is_payment('kind') }} then amount end as charged,
        case when {{ is_payment('kind') }} then amount end as paid,
        null::DECIMAL(20, 8) as invoiced,
    from entries
    where kind <> 'tax'

    union all by name

    select
        account_id,
        issued_on as day,
        currency,
        null::DECIMAL(20, 8) as charged,
        null::DECIMAL(20, 8) as paid,
        net as invoiced,
    from {{ ref('invoices') }}
    where status = 'issued'
)

select
    account_id,
    day,
    currency,
    coalesce(sum(charged), 0)::DECIMAL(20, 8) as charged,
    coalesce(sum(paid), 0)::DECIMAL(20, 8) as paid,
    coalesce(sum(invoiced), 0)::DECIMAL(20, 8) as invoiced,
from movements
group by account_id, day, currency
