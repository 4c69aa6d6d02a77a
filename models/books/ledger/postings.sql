-- Ledger entries ready to be written: what is due, with its id and booking day. The id is a hash of the
-- facts alone (never of a clock), so the same facts give the same ids on any machine.

with due as (
    select *, true as accrued
    from {{ ref('ledger_due') }}

    union all by name

    select *, false as accrued
    from {{ ref('payments_due') }}

    union all by name

    select *, false as accrued
    from {{ ref('invoice_postings_due') }}
),

-- how many equal entries there already are: tells a second equal adjustment from the first
numbered as (
    select
        d.*,
        (
            select count(*)
            from {{ ref('ledger_entries') }} as l
            where
                l.account_id = d.account_id
                and l.day = d.day
                and l.period = d.period
                and l.kind = d.kind
                and l.service is not distinct from d.service
                and l.amount = d.amount
                and l.currency = d.currency
                and l.reference is not distinct from d.reference
        ) + row_number() over (
            partition by d.account_id, d.day, d.period, d.kind, d.service, d.amount, d.currency, d.reference
            order by d.fact
        ) - 1 as ordinal,
        b.now as posted_at,
        b.rules,
        b.over_until,
    from due as d
    cross join {{ ref('booking') }} as b
)

select
    {{ entry_id('ordinal') }} as entry_id,
    account_id,
    day,
    period,
    -- on the day itself until that is over, then on the day of posting; by rules 1 payments were always on their own
    case
        when rules = 1 and not accrued then day
        when day > over_until then day
        else posted_at::DATE
    end as booked_on,
    posted_at,
    kind,
    fact,
    service,
    amount,
    currency,
    reference,
    reason,
    accrued,
from numbered
