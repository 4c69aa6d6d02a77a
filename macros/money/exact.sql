{#-
  Money is counted in integers, never in binary floating point:
  amounts and rates in units of 0.00000001 (`_u`), seconds in milliseconds (`_ms`).
-#}

{#- A DECIMAL amount, rate or percentage of up to 8 decimals as HUGEINT units of 1e-8. -#}
{% macro to_units(amount) -%}
    ({{ amount }} * 100000000)::HUGEINT
{%- endmacro %}


{#- Integer units of 1e-8 as DECIMAL(20,8), the type of every public amount. -#}
{% macro from_units(units) -%}
    (({{ units }})::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)
{%- endmacro %}


{#- DECIMAL seconds of up to 3 decimals as BIGINT milliseconds. -#}
{% macro to_ms(seconds) -%}
    ({{ seconds }} * 1000)::BIGINT
{%- endmacro %}


{#- BIGINT milliseconds as DECIMAL(12,3) seconds. -#}
{% macro from_ms(ms) -%}
    (({{ ms }})::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)
{%- endmacro %}


{#-
  The whole part of numerator / denominator (integers, not negative). 128-bit division is ten times slower
  than 64-bit, so what fits into 64 bits is divided there: the same answer either way.
-#}
{% macro divide(numerator, denominator) -%}
    (case
        when {{ numerator }} <= 9000000000000000000
            then (({{ numerator }})::BIGINT // {{ denominator }})::HUGEINT
        else ({{ numerator }})::HUGEINT // {{ denominator }}
    end)
{%- endmacro %}


{#-
  Rounding as a floor: numerator / divisor rounded by a mode is the whole part of
  (2 * numerator + rounding_offset) / (2 * divisor). half_even is half_up, but a tie that
  came out odd goes back by one (divide_rounded does that).
-#}
{% macro rounding_offset(mode, divisor) -%}
    (case {{ mode }}
        when 'down' then 0
        when 'half_down' then {{ divisor }} - 1
        when 'up' then 2 * {{ divisor }} - 2
        else {{ divisor }}
    end)
{%- endmacro %}


{#-
  `doubled` / (2 * divisor), where `doubled` is 2 * numerator + rounding_offset: the rounded quotient, HUGEINT.
  `is_half_even` says whether ties go to the even neighbour. Divided in 64 bits where it fits (see divide).
-#}
{% macro divide_rounded(doubled, divisor, is_half_even) -%}
    (case
        when {{ doubled }} <= 9000000000000000000
            then {{ _divide_rounded_as('BIGINT', doubled, divisor, is_half_even) }}::HUGEINT
        else {{ _divide_rounded_as('HUGEINT', doubled, divisor, is_half_even) }}
    end)
{%- endmacro %}

{% macro _divide_rounded_as(type, doubled, divisor, is_half_even) -%}
    {%- set n, d = '(' ~ doubled ~ ')::' ~ type, '(2 * ' ~ divisor ~ ')' -%}
    ({{ n }} // {{ d }} - case
        when {{ is_half_even }} then ({{ n }} % {{ d }} = 0 and {{ n }} // {{ d }} % 2 = 1)::INTEGER
        else 0
    end)
{%- endmacro %}


{#- The exact quotient of two integers rounded half up. -#}
{% macro divide_half_up(numerator, denominator) -%}
    {{ divide('(2 * (' ~ numerator ~ ') + ' ~ denominator ~ ')', '(2 * ' ~ denominator ~ ')') }}
{%- endmacro %}


{#-
  Units of one currency in another, at a rate in units of 1e-8, rounded half_even to 8 decimals.
  A null rate gives null; a rate of one changes nothing.
-#}
{% macro convert_units(units, rate_u) -%}
    (case
        when {{ rate_u }} = 100000000 then {{ units }}
        else {{ divide_rounded(
            '(2::HUGEINT * ' ~ units ~ ' * ' ~ rate_u ~ ' + 100000000)', '100000000', 'true'
        ) }}
    end)
{%- endmacro %}


{#-
  A DECIMAL(20,8) amount of any sign in another currency, at a DECIMAL rate, rounded half_even to 8 decimals.
  A null rate gives null.
-#}
{% macro convert_amount(amount, rate) -%}
    (case
        when {{ amount }} < 0
            then -{{ from_units(convert_units(to_units('-(' ~ amount ~ ')'), to_units(rate))) }}
        else {{ from_units(convert_units(to_units(amount), to_units(rate))) }}
    end)::DECIMAL(20, 8)
{%- endmacro %}


{#- Units of 1e-8 in one unit of the last decimal: 8 decimals 1, 4 decimals 10000. -#}
{% macro decimal_unit(decimals) -%}
    (case {{ decimals }}
        {%- for n in range(9) %} when {{ n }} then {{ 10 ** (8 - n) }}{% endfor %}
    end)::BIGINT
{%- endmacro %}


{#- What DECIMAL seconds come to at a rate a minute, both not below 0: DECIMAL(20,8), rounded half_even. -#}
{% macro by_the_minute(seconds, rate) -%}
    {{ from_units(divide_rounded(
        '(2::HUGEINT * ' ~ to_ms(seconds) ~ ' * ' ~ to_units(rate) ~ ' + 60000)', '60000', 'true'
    )) }}
{%- endmacro %}
