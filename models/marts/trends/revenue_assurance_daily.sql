-- Where CDRs and money get lost on the way, by UTC day: a row for each source counts its CDRs from the switch to their
-- price, a row for each currency its money from the price to the payment. Each step and what is missing after it are
-- the step before, exactly.

with items as (
    select
        *,
        case when period_invoiced and invoiced = posted then posted_items else 0 end as invoiced_items,
        case when period_invoiced and invoiced = posted and paid = invoiced then posted_items else 0 end as paid_items,
    from {{ ref('charge_steps') }}
),

charges as (
    select
        day,
        currency,
        sum(charged_items) as charged_items,
        sum(posted_items) as posted_items,
        sum(invoiced_items) as invoiced_items,
        sum(paid_items) as paid_items,
        sum(charged) as charged,
        sum(posted) as posted,
        sum(invoiced) as invoiced,
        sum(paid) as paid,
    from items
    group by day, currency
),

sales as (
    select day, currency, sum(amount) as rated
    from {{ ref('sales_daily') }}
    where currency is not null
    group by day, currency
),

money as (
    select
        coalesce(s.day, c.day) as day,
        coalesce(s.currency, c.currency) as currency,
        coalesce(s.rated, 0) as rated,
        {% for step in ['charged', 'posted', 'invoiced', 'paid'] %}
            coalesce(c.{{ step }}_items, 0)::BIGINT as {{ step }}_items,
            coalesce(c.{{ step }}, 0) as {{ step }},
        {% endfor %}
    from sales as s
    full outer join charges as c on s.day = c.day and s.currency = c.currency
),

final as (
    select
        day,
        source,
        switch_cdrs,
        switch_cdrs - seen_cdrs as not_seen_cdrs,
        seen_cdrs,
        seen_cdrs - landed_cdrs as not_landed_cdrs,
        rejected_cdrs,
        waived_cdrs,
        landed_cdrs,
        landed_cdrs - rated_cdrs as not_rated_cdrs,
        unrated_cdrs,
        rated_cdrs,
    from {{ ref('cdr_steps_daily') }}

    union all by name

    select
        day,
        currency,
        rated::DECIMAL(20, 8) as rated,
        (rated - charged)::DECIMAL(20, 8) as netted,
        charged::DECIMAL(20, 8) as charged,
        (charged - posted)::DECIMAL(20, 8) as not_posted,
        posted::DECIMAL(20, 8) as posted,
        (posted - invoiced)::DECIMAL(20, 8) as not_invoiced,
        invoiced::DECIMAL(20, 8) as invoiced,
        (invoiced - paid)::DECIMAL(20, 8) as not_paid,
        paid::DECIMAL(20, 8) as paid,
        charged_items,
        charged_items - posted_items as not_posted_items,
        posted_items,
        posted_items - invoiced_items as not_invoiced_items,
        invoiced_items,
        invoiced_items - paid_items as not_paid_items,
        paid_items,
    from money
)

select
    day,
    source,
    currency,
    switch_cdrs,
    not_seen_cdrs,
    seen_cdrs,
    not_landed_cdrs,
    rejected_cdrs,
    waived_cdrs,
    landed_cdrs,
    not_rated_cdrs,
    unrated_cdrs,
    rated_cdrs,
    rated,
    netted,
    charged,
    not_posted,
    posted,
    not_invoiced,
    invoiced,
    not_paid,
    paid,
    charged_items,
    not_posted_items,
    posted_items,
    not_invoiced_items,
    invoiced_items,
    not_paid_items,
    paid_items,
from final
