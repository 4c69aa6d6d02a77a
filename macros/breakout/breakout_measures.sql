{#-
  The measures of a breakout from its sums, as the contract orders them. Ratios and the average call
  duration are exact quotients rounded half up (6 and 3 decimals); null where there is nothing to
  divide by. Sums of nothing are 0, except naive_revenue, which is null where no rate is per minute.
-#}
{% macro breakout_measures() -%}
    f.calls::BIGINT as calls,
    f.attempts::BIGINT as attempts,
    f.connected::BIGINT as connected,
    {{ ratio('f.connected', 'f.calls') }} as asr,
    {{ ratio('f.connected', 'f.attempts') }} as carrier_asr,
    case when f.connected > 0 then {{ from_ms(
        divide_half_up(to_ms('f.sell_duration_s'), 'f.connected::BIGINT')
    ) }} end as acd_s,
    f.short_calls::BIGINT as short_calls,
    f.duration_s::DECIMAL(18, 3) as duration_s,
    coalesce(f.sell_duration_s, 0)::DECIMAL(18, 3) as sell_duration_s,
    coalesce(f.sell_billed_s, 0)::DECIMAL(18, 3) as sell_billed_s,
    coalesce(f.buy_billed_s, 0)::DECIMAL(18, 3) as buy_billed_s,
    coalesce(f.revenue, 0)::DECIMAL(20, 8) as revenue,
    coalesce(f.cost, 0)::DECIMAL(20, 8) as cost,
    coalesce(f.margin, 0)::DECIMAL(20, 8) as margin,
    f.naive_revenue::DECIMAL(20, 8) as naive_revenue,
    f.unrated::BIGINT as unrated
{%- endmacro %}


{#- part / whole, 0 to 1, as an exact quotient rounded half up to 6 decimals; null where whole is 0. -#}
{% macro ratio(part, whole) -%}
    case when {{ whole }} > 0 then (
        {{ divide_half_up('1000000 * ' ~ part ~ '::BIGINT', whole ~ '::BIGINT') }}
        * 0.000001::DECIMAL(6, 6)
    )::DECIMAL(9, 6) end
{%- endmacro %}
