-- The ledger as its account's owner reads it: every entry in words, in order, with the balance after it.

with worded as (
    select
        entry_id,
        account_id,
        booked_on,
        posted_at,
        day,
        kind,
        service,
        case
            -- the counter-posting of a payment whose file was withdrawn
            when {{ is_payment('kind') }} and starts_with(reason, 'withdrawn: ')
                then 'Taken back: ' || replace(kind, '_', '-') || ' ' || reference || ', ' || reason
        end as taken_back,
        case kind
            when 'calls' then 'Calls of ' || day
            when 'usage' then 'Usage of ' || day || coalesce(': ' || service, '')
            when 'subscription' then 'Subscription' || coalesce(' ' || service, '') || ', ' || day
            when 'channel_fee' then 'Channels, period from ' || period
            when 'minimum_charge' then 'Minimum charge, period from ' || period
            when 'payment'
                then if(amount < 0, 'Payment made', 'Payment received') || coalesce(' by ' || reason, '')
            when 'refund' then 'Refund'
            when 'write_off' then 'Written off'
            when 'adjustment'
                then concat('Correction of ', coalesce(service, fact, 'charges'), ' of ', day, ': ' || reason)
            when 'tax' then 'Tax' || coalesce(' on ' || reference, '')
            when 'rounding' then 'Rounding' || coalesce(' of ' || reference, '')
            when 'credit_note' then 'Credit' || coalesce(' ' || reference, '') || coalesce(': ' || reason, '')
            else kind || ' of ' || day
        end as text,
        reference,
        amount,
        currency,
    from {{ ref('ledger_entries') }}
)

select
    entry_id,
    account_id,
    booked_on,
    row_number() over in_order as position,
    day,
    kind,
    service,
    coalesce(taken_back, text) as text,
    reference,
    amount,
    (sum(amount) over in_order)::DECIMAL(20, 8) as balance,
    currency,
from worded
window
    in_order as (
        partition by account_id
        order by booked_on, posted_at, day, kind, service, entry_id
        rows between unbounded preceding and current row
    )
