-- What a day closes without when something of it is waived, in the reporting currency. An unrated leg: its other leg's
-- amount, or its seconds at what the day's billed seconds of its side come to on average, whichever is more. Unrated
-- usage: its quantity at the day's average for the service. A rejected CDR, and each that the switch counted more or
-- less: the day's average sell leg. Null where nobody can say (other rejected rows; a gap).

with averages as (
    select
        day,
        {{ to_units('sum(revenue)::DECIMAL(20, 8)') }} as sell_u,
        {{ to_units('sum(cost)::DECIMAL(20, 8)') }} as buy_u,
        nullif({{ to_ms('sum(sell_billed_s)') }}, 0) as sell_ms,
        nullif({{ to_ms('sum(buy_billed_s)') }}, 0) as buy_ms,
        nullif(sum(calls)::BIGINT, 0) as calls,
    from {{ ref('breakout_daily') }}
    group by day
),

services as (
    select
        day,
        service,
        {{ to_units('sum(reporting_amount)::DECIMAL(20, 8)') }} as amount_u,
        nullif({{ to_units('sum(quantity)::DECIMAL(20, 8)') }}, 0) as quantity_u,
    from {{ ref('rated_usage') }}
    where status = 'rated'
    group by day, service
),

worth as (
    {% for side, other in [('sell', 'buy'), ('buy', 'sell')] %}
        select
            r.day,
            'call' as what,
            r.source || ':' || r.call_id || ':' || r.attempt || ' {{ side }}' as item,
            r.call_id as key,
            'cdrs' as kind,
            r.source,
            r.{{ side }}_reason as reason,
            greatest(
                {{ to_units('r.' ~ other ~ '_reporting_amount') }},
                {{ divide_half_up(to_ms('r.duration_s') ~ ' * a.' ~ side ~ '_u', 'a.' ~ side ~ '_ms') }}
            ) as worth_u,
        from {{ ref('rated_calls') }} as r
        left join averages as a on r.day = a.day
        where r.{{ side }}_status = 'unrated'

        union all
    {% endfor %}

    select
        u.day,
        'call' as what,
        u.source || ':' || u.usage_id as item,
        u.usage_id as key,
        'usage' as kind,
        u.source,
        u.reason,
        {{ divide_half_up(to_units('u.quantity') ~ ' * s.amount_u', 's.quantity_u') }} as worth_u,
    from {{ ref('rated_usage') }} as u
    left join services as s on u.day = s.day and u.service = s.service
    where u.status = 'unrated'

    union all

    select
        r.day,
        'row' as what,
        r.kind || ' ' || r.source || ' ' || r.file_id || ':' || r.line as item,
        r.file_id || ':' || r.line as key,
        r.kind,
        r.source,
        null as reason,
        case when r.kind = 'cdrs' then {{ divide_half_up('a.sell_u', 'a.calls') }} end as worth_u,
    from {{ ref('stg_rejected_rows') }} as r
    left join averages as a on r.day = a.day

    union all

    select
        c.day,
        'count' as what,
        c.source as item,
        c.source as key,
        'cdrs' as kind,
        c.source,
        null as reason,
        {{ divide_half_up('abs(c.counted - c.landed - c.waived)::BIGINT * a.sell_u', 'a.calls') }} as worth_u,
    from {{ ref('switch_counts') }} as c
    left join averages as a on c.day = a.day
    where c.counted <> c.landed + c.waived
)

select
    w.day,
    w.what,
    w.item,
    w.key,
    w.kind,
    w.source,
    w.reason,
    {{ from_units('w.worth_u') }} as worth,
    company.reporting_currency as currency,
from worth as w
cross join {{ ref('stg_company') }} as company
