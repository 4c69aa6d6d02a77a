-- No amount has more decimals than its rate table allows, no charge is negative, and nobody is billed fewer
-- seconds than rounding, grace and free seconds leave of the call. What a day was closed with, by the terms of then, is
-- only looked at for what is negative.
{{ config(meta={'dagster': {'ref': {'name': 'rated_calls'}}}) }}

with rates as (
    select rate_table_id, prefix, grace_s, free_s from {{ ref('stg_rates') }}
    union all
    select rate_table_id, prefix, grace_s, free_s from {{ ref('stg_deck_rates') }}
),

-- of prefixes whose rates say it for themselves: what one of them may leave out at most
own as (
    select
        r.rate_table_id,
        r.prefix,
        max(coalesce({{ to_ms('r.grace_s') }}, t.grace_ms)) as grace_ms,
        max(coalesce({{ to_ms('r.free_s') }}, t.free_ms)) as free_ms,
    from rates as r
    inner join {{ ref('rate_table_terms') }} as t on r.rate_table_id = t.rate_table_id
    group by r.rate_table_id, r.prefix
    having count(r.grace_s) > 0 or count(r.free_s) > 0
),

legs as (
    {% for side in ['sell', 'buy'] %}
        select
            r.day,
            r.source || ':' || r.call_id || ':' || r.attempt || ' {{ side }}' as key,
            r.{{ side }}_amount as amount,
            r.{{ side }}_billed_s as billed_s,
            t.kind,
            t.amount_decimals,
            coalesce(r.file_sequence > k.file_sequence, true) as is_open,
            {{ to_units('r.' ~ side ~ '_amount') }} % t.amount_unit <> 0 as too_fine,
            r.answered
            and t.kind in ('per_minute', 'block')
            and {{ to_ms('r.duration_s') }} > coalesce(o.grace_ms, t.grace_ms)
            and {{ to_ms('r.' ~ side ~ '_billed_s') }} < {{ chargeable_ms(
                to_ms('r.duration_s'), 't.second_ms', 't.second_offset_ms', 'coalesce(o.free_ms, t.free_ms)'
            ) }} as too_short,
        from {{ ref('rated_calls') }} as r
        inner join {{ ref('rate_table_terms') }} as t on r.{{ side }}_rate_table_id = t.rate_table_id
        left join own as o on r.{{ side }}_rate_table_id = o.rate_table_id and r.{{ side }}_prefix = o.prefix
        left join {{ ref('stg_closings') }} as k on r.day = k.day
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
where amount < 0 or (is_open and (too_fine or too_short))
