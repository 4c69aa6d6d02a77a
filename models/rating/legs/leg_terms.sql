-- What each side of an attempt is rated by: the matched calls with the terms of their rate (or, where
-- the table needs none, of their rate table) and what stands in the way of rating it (`problem`).

select
    c.*,
    {% for side in ['sell', 'buy'] %}
        {% set t, r, c_side = 't_' ~ side, 'r_' ~ side, 'c.' ~ side %}
        {{ t }}.kind as {{ side }}_kind,
        {{ t }}.currency as {{ side }}_currency,
        {{ t }}.seconds_rounding as {{ side }}_seconds_rounding,
        {{ t }}.increment_from as {{ side }}_increment_from,
        {{ t }}.amount_decimals as {{ side }}_amount_decimals,
        {{ t }}.amount_rounding as {{ side }}_amount_rounding,
        {{ t }}.grace_ms as {{ side }}_grace_ms,
        {{ t }}.free_ms as {{ side }}_free_ms,
        {{ t }}.attempt_u as {{ side }}_attempt_u,
        {{ t }}.min_u as {{ side }}_min_u,
        {{ t }}.max_u as {{ side }}_max_u,
        {{ r }}.prefix as {{ side }}_prefix,
        {{ r }}.destination as {{ side }}_destination,
        {{ r }}.rate_per_minute as {{ side }}_rate_per_minute,
        coalesce({{ r }}.rate_u, 0) as {{ side }}_rate_u,
        {{ r }}.initial_rate_u as {{ side }}_initial_rate_u,
        coalesce({{ r }}.initial_charge_u, 0) as {{ side }}_initial_charge_u,
        coalesce({{ r }}.increment_charge_u, 0) as {{ side }}_increment_charge_u,
        {{ r }}.initial_ms as {{ side }}_initial_ms,
        {{ r }}.increment_ms as {{ side }}_increment_ms,
        {{ r }}.connect_u as {{ side }}_connect_u,
        coalesce({{ r }}.markup_u, {{ t }}.markup_u) as {{ side }}_markup_u,
        coalesce({{ r }}.blocked, false) as {{ side }}_blocked,
        case
            when {{ c_side }}_account_id is null then 'no_account'
            when {{ t }}.table_no is null then 'no_rate_table'
            when {{ c_side }}_digits is null then 'bad_number'
            when {{ t }}.kind in ('per_minute', 'block') and {{ r }}.rate_no is null then 'no_rate'
            when {{ r }}.blocked and not case {{ t }}.kind
                when 'per_minute' then coalesce({{ r }}.rate_u, {{ r }}.initial_rate_u) is not null
                when 'block' then coalesce({{ r }}.initial_charge_u, {{ r }}.increment_charge_u) is not null
                when 'given' then coalesce(c.carrier_amount is not null and c.carrier_currency = {{ t }}.currency, false)
                else false
            end then 'blocked'
            when
                {{ t }}.kind = 'given'
                and (c.carrier_amount is null or c.carrier_currency is distinct from {{ t }}.currency)
                then 'no_cost'
        end as {{ side }}_problem,
    {% endfor %}
from {{ ref('matched_calls') }} as c
{% for side in ['sell', 'buy'] %}
    left join {{ ref('rate_table_terms') }} as t_{{ side }}
        on c.{{ side }}_table_no = t_{{ side }}.table_no
    left join {{ ref('rate_terms') }} as r_{{ side }}
        on c.{{ side }}_rate_no = r_{{ side }}.rate_no
{% endfor %}
