{#-
  The duration that counts, in ms: whole seconds by the table's seconds_rounding, less its free
  seconds (docs/rating.md, billed seconds, steps 3 and 4). Never below 0.
-#}
{% macro chargeable_ms(duration_ms, seconds_rounding, free_ms) -%}
    greatest(
        0,
        case
            when {{ seconds_rounding }} = 'none' then {{ duration_ms }}
            else 1000 * {{ divide_rounded(duration_ms, '1000', seconds_rounding) }}
        end - {{ free_ms }}
    )
{%- endmacro %}


{#-
  Billed ms of a chargeable duration `d` (ms, above 0): the initial period, then whole increments (step 5).
  `increment_from` zero counts the increments from the start of the call, not from the end of the
  initial period; an increment of 0 means there is no pulse.
-#}
{% macro billed_ms(d, initial_ms, increment_ms, increment_from) -%}
    (case
        when {{ increment_ms }} = 0 then greatest({{ d }}, {{ initial_ms }})
        when {{ d }} <= {{ initial_ms }} then {{ initial_ms }}
        when {{ increment_from }} = 'zero'
            then ({{ d }} + {{ increment_ms }} - 1) // {{ increment_ms }} * {{ increment_ms }}
        else {{ initial_ms }}
            + ({{ d }} - {{ initial_ms }} + {{ increment_ms }} - 1) // {{ increment_ms }} * {{ increment_ms }}
    end)
{%- endmacro %}


{#-
  What a per_minute or block leg costs, exactly, in 1/60000 units of 1e-8 (unit rates are per
  60000 ms), before rounding. All arguments are integers; a null initial rate means there is none.
-#}
{% macro charge_per_minute(billed_ms, initial_ms, rate_u, initial_rate_u, connect_u) -%}
    ({{ connect_u }} * 60000 + case
        when {{ initial_rate_u }} is null then {{ rate_u }} * {{ billed_ms }}
        else {{ initial_rate_u }} * least({{ billed_ms }}, {{ initial_ms }})
            + {{ rate_u }} * ({{ billed_ms }} - least({{ billed_ms }}, {{ initial_ms }}))
    end)
{%- endmacro %}

{% macro charge_block(billed_ms, initial_ms, increment_ms, initial_charge_u, increment_charge_u, connect_u) -%}
    (60000 * (
        {{ connect_u }} + {{ initial_charge_u }}
        + {{ increment_charge_u }} * (({{ billed_ms }} - {{ initial_ms }}) // {{ increment_ms }})
    ))
{%- endmacro %}


{#- An exact charge (units of 1e-8 times `scale`) rounded once, to the table's decimals: units of 1e-8. -#}
{% macro round_charge(charge, scale, decimals, mode) -%}
    ({{ divide_rounded(charge, scale ~ ' * ' ~ decimal_unit(decimals), mode) }} * {{ decimal_unit(decimals) }})
{%- endmacro %}

{#- Units of 1e-8 in one unit of the last decimal: 8 decimals 1, 4 decimals 10000. -#}
{% macro decimal_unit(decimals) -%}
    (case {{ decimals }}
        {%- for n in range(9) %} when {{ n }} then {{ 10 ** (8 - n) }}{% endfor %}
    end)::HUGEINT
{%- endmacro %}


{#-
  A charge held between the table's min_charge and max_charge. A null bound is no bound (`least` and
  `greatest` pass over nulls), a null charge stays null.
-#}
{% macro bound_charge(charge, min_u, max_u) -%}
    (case when {{ charge }} is not null then least(greatest({{ charge }}, {{ min_u }}), {{ max_u }}) end)
{%- endmacro %}
