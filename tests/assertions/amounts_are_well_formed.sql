-- No amount has more decimals than its rate table allows, no charge is negative, and nobody is billed fewer
-- seconds than rounding, grace and free seconds leave of the call.
{{ config(meta={'dagster': {'ref': {'name': 'rated_calls'}}}) }}

with legs as (
    {% for side in ['sell', 'buy'] %}
        select
            r.day,
            r.source || ':' || r.call_id || ':' || r.attempt || ' {{ side }}' as key,
            r.{{ side }}_amount as amount,
            r.{{ side }}_billed_s as billed_s,
            t.kind,
            t.amount_decimals,
            {{ to_units('r.' ~ side ~ '_amount') }} % t.amount_unit <> 0 as too_fine,
            r.answered
            and t.kind in ('per_minute', 'block')
            and {{ to_ms('r.duration_s') }} > t.grace_ms
            and {{ to_ms('r.' ~ side ~ '_billed_s') }}
            < {{ chargeable_ms(to_ms('r.duration_s'), 't.second_ms', 't.second_offset_ms', 't.free_ms') }} as too_short,
        from {{ ref('rated_calls') }} as r
        inner join {{ ref('rate_table_terms') }} as t on r.{{ side }}_rate_table_id = t.rate_table_id
        where r.day in {{ checked_days() }} and r.{{ side }}_status = 'rated'
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    day,
    key,
    case
        when amount < 0 then 'charge ' || amount || ' is negative'
        when too_fine then 'charge ' || amount || ' has more than ' || amount_decimals || ' decimals'
        else 'only ' || billed_s || ' s are billed, fewer than the call leaves after rounding'
    end as detail,
from legs
where amount < 0 or too_fine or too_short
