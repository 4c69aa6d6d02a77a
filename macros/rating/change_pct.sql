{#-
  By how many percent a price (DECIMAL, up to 8 decimals) is above an older one, DECIMAL(20,2), half of a hundredth
  rounded away from zero; null where either is null or the older one is 0.
-#}
{% macro change_pct(old, new) -%}
    case when {{ old }} > 0 and {{ new }} is not null then (
        case when {{ new }} < {{ old }} then -1 else 1 end
        * {{ divide_half_up(
            '10000 * ' ~ to_units('abs(' ~ new ~ ' - ' ~ old ~ ')'), to_units(old)
        ) }}::DECIMAL(30, 0)
        * 0.01
    )::DECIMAL(20, 2) end
{%- endmacro %}
