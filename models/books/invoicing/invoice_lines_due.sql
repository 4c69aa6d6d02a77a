-- The lines of the documents being made: calls by destination and rate, services by price, what later changes made of
-- periods invoiced before, and credits. An amount above 0 is charged; each is a sum of rounded amounts.

with charged as (
    select
        document_id,
        kind,
        description,
        destination,
        service,
        rate_per_minute,
        unit_price,
        currency,
        count(*) filter (where attempt is not null) as calls,
        sum(duration_s) as duration_s,
        sum(billed_s) as billed_s,
        sum(quantity) as quantity,
        sum(covered_s) as covered_s,
        sum(covered_amount) as covered_amount,
        sum(amount)::DECIMAL(20, 8) as cost,
        sum(account_amount) as amount,
    from {{ ref('invoice_items_due') }}
    group by all
),

adjusted as (
    select
        document_id,
        'adjustment' as kind,
        day,
        period as for_period,
        fact,
        service,
        -sum(amount) as amount,
    from {{ ref('invoice_entries_due') }}
    where part = 'adjustment'
    group by all
    having sum(amount) <> 0
),

lines as (
    select
        document_id,
        kind,
        description,
        destination,
        service,
        null::DATE as day,
        null::DATE as for_period,
        rate_per_minute,
        quantity,
        unit_price,
        currency,
        case when kind in ('calls', 'termination') then calls end as calls,
        duration_s,
        billed_s,
        covered_s,
        covered_amount,
        -- null without a rate a minute; what we owe for calls is below 0, and so is what of it is beyond the rate
        (cost - {{ by_the_minute('(billed_s - coalesce(covered_s, 0))', 'rate_per_minute') }})
        * case kind when 'termination' then -1 else 1 end as beyond_rate,
        amount,
    from charged

    union all by name

    select
        document_id,
        kind,
        case when fact = 'calls' then 'Calls' else service end || ' of ' || day || ', changed since it was invoiced'
            as description,
        service,
        day,
        for_period,
        amount,
    from adjusted

    union all by name

    select
        document_id,
        'credit' as kind,
        'Credit' as description,
        -credit as amount,
    from {{ ref('invoicing') }}
    where credit is not null
)

select
    l.document_id,
    (row_number() over (
        partition by l.document_id
        order by
            list_position(['calls', 'termination', 'usage', 'subscription', 'adjustment', 'credit'], l.kind),
            l.for_period,
            l.day,
            l.description,
            l.rate_per_minute,
            l.unit_price,
            l.currency
    ))::INTEGER as line,
    l.kind,
    l.description,
    l.destination,
    l.service,
    l.day,
    l.for_period,
    l.rate_per_minute,
    l.quantity::DECIMAL(20, 8) as quantity,
    l.unit_price,
    coalesce(l.currency, w.currency) as currency,
    l.calls,
    l.duration_s::DECIMAL(18, 3) as duration_s,
    l.billed_s::DECIMAL(18, 3) as billed_s,
    l.amount::DECIMAL(20, 8) as amount,
    -- documents of before did not say these, and are made again as they were
    case when c.rules > 1 then l.covered_s::DECIMAL(18, 3) end as covered_s,
    case when c.rules > 1 then l.covered_amount::DECIMAL(20, 8) end as covered_amount,
    case when c.rules > 1 then l.beyond_rate::DECIMAL(20, 8) end as beyond_rate,
from lines as l
inner join {{ ref('invoicing') }} as w on l.document_id = w.document_id
cross join {{ ref('stg_clock') }} as c
