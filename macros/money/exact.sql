{#-
  Money is counted in integers, never in binary floating point:
  amounts and rates in units of 0.00000001 (`_u`), seconds in milliseconds (`_ms`).
-#}

{#- A DECIMAL amount, rate or percentage of up to 8 decimals as HUGEINT units of 1e-8. -#}
{% macro to_units(amount) -%}
    ({{ amount }} * 100000000)::HUGEINT
{%- endmacro %}


{#- HUGEINT units of 1e-8 as DECIMAL(20,8), the type of every public amount. -#}
{% macro from_units(units) -%}
    (({{ units }})::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)
{%- endmacro %}


{#- DECIMAL seconds of up to 3 decimals as BIGINT milliseconds, and back to DECIMAL(12,3). -#}
{% macro to_ms(seconds) -%}
    ({{ seconds }} * 1000)::BIGINT
{%- endmacro %}

{% macro from_ms(ms) -%}
    (({{ ms }})::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)
{%- endmacro %}


{#-
  The exact quotient of two integers, rounded to an integer by the mode that `mode` holds:
  up (away from zero), down (toward zero), half_up, half_down, half_even. `numerator` and
  `denominator` are integers, the numerator not negative, the denominator positive.
-#}
{% macro divide_rounded(numerator, denominator, mode) -%}
    (({{ numerator }}) // ({{ denominator }}) + case {{ mode }}
        when 'down' then 0
        when 'up' then (({{ numerator }}) % ({{ denominator }}) > 0)::INTEGER
        when 'half_up' then (2 * (({{ numerator }}) % ({{ denominator }})) >= ({{ denominator }}))::INTEGER
        when 'half_down' then (2 * (({{ numerator }}) % ({{ denominator }})) > ({{ denominator }}))::INTEGER
        when 'half_even' then (
            2 * (({{ numerator }}) % ({{ denominator }})) + (({{ numerator }}) // ({{ denominator }})) % 2
            > ({{ denominator }})
        )::INTEGER
    end)
{%- endmacro %}


{#-
  Units of one currency in another, at a rate in units of 1e-8, rounded half_even to 8 decimals.
  A null rate gives null.
-#}
{% macro convert_units(units, rate_u) -%}
    {{ divide_rounded(units ~ ' * ' ~ rate_u, '100000000::HUGEINT', "'half_even'") }}
{%- endmacro %}
