-- Landed payments that the ledger does not have yet. A payment counts by the day it was paid on; its amount is
-- in the account's favour (what we pay a carrier is negative). The method says refund or write_off.

select
    p.account_id,
    p.day,
    {{ billing_period('p.paid_at', 'a.timezone', 'a.billing_cycle') }} as period,
    {{ payment_kind('p.method') }} as kind,
    null::VARCHAR as fact,
    null::VARCHAR as service,
    p.amount,
    p.currency,
    p.source || ':' || p.payment_id as reference,
    p.method as reason,
from {{ ref('stg_payments') }} as p
inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
anti join {{ ref('ledger_entries') }} as l
    on
        p.account_id = l.account_id
        and p.day = l.day
        and {{ payment_kind('p.method') }} = l.kind
        and p.source || ':' || p.payment_id = l.reference
