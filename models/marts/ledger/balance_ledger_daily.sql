-- Each account's balance by booking day: opening + debits + credits = closing = the next opening.

with booked as (
    select
        account_id,
        booked_on,
        currency,
        sum(amount) filter (where amount < 0) as debits,
        sum(amount) filter (where amount > 0) as credits,
        sum(amount) as change,
    from {{ ref('ledger_entries') }}
    group by account_id, booked_on, currency
),

running as (
    select
        *,
        sum(change) over (partition by account_id order by booked_on) as closing,
    from booked
)

select
    account_id,
    booked_on,
    (closing - change)::DECIMAL(20, 8) as opening,
    coalesce(debits, 0)::DECIMAL(20, 8) as debits,
    coalesce(credits, 0)::DECIMAL(20, 8) as credits,
    closing::DECIMAL(20, 8) as closing,
    currency,
from running
