-- The days on which a charge may have found too little, for accounts that have a limit: what the account had when the
-- day began, where it and the credit are less than all that the day takes of it. Made of the books alone, so that
-- denied_services looks into the calls of these days and of no others.

with accounts as (
    select
        account_id,
        currency,
        coalesce(credit_limit, 0) as credit_limit,
        coalesce(buffer, 0) as buffer,
    from {{ ref('stg_accounts') }}
    where kind <> 'carrier' and (payment_model = 'prepaid' or credit_limit is not null)
),

changes as (
    select
        account_id,
        day,
        amount,
        coalesce(debits, amount) as charges,
        0 as refunds,
        null as payment,
    from {{ ref('account_charges_daily') }}

    union all by name

    select
        account_id,
        day,
        amount,
        least(amount, 0) as refunds,
        concat_ws(' ', paid_at, source, payment_id, amount) as payment,
    from {{ ref('stg_payments') }}

    union all by name

    -- tax, rounding and credit notes have no instant: they count from the end of their booking day
    select account_id, booked_on as day, amount
    from {{ ref('ledger_entries') }}
    where fact is null and not {{ is_payment('kind') }}
),

days as (
    select
        account_id,
        day,
        sum(amount) as amount,
        coalesce(sum(charges), 0) as charges,
        coalesce(sum(refunds), 0) as refunds,
        string_agg(payment, ',' order by payment) as payments,
    from changes
    group by account_id, day
),

running as (
    select
        d.*,
        a.currency,
        a.credit_limit,
        a.buffer,
        sum(d.amount) over (partition by d.account_id order by d.day) - d.amount as opening,
    from days as d
    inner join accounts as a on d.account_id = a.account_id
)

select
    account_id,
    day,
    opening::DECIMAL(20, 8) as opening,
    credit_limit::DECIMAL(20, 8) as credit_limit,
    buffer::DECIMAL(20, 8) as buffer,
    currency,
    md5(concat_ws('|', account_id, opening, credit_limit, buffer, payments)) as version,
from running
where charges < 0 and opening + credit_limit + charges + refunds < 0
