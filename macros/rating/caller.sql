{#-
  What is known (`digits`, `prefix_no`, `region`) of the number that a side's rate table looks at: the called one, the
  routing number where the table wants it and the call has one, or the calling one.
-#}
{% macro of_the_number(side, what) -%}
    (case
        when {{ side }}_is_by_calling then calling_{{ what }}
        when {{ side }}_is_by_routing and routing_number is not null then routing_{{ what }}
        else called_{{ what }}
    end)
{%- endmacro %}


{#-
  Whether a call stays in a region: intrastate, interstate, or indeterminate where the caller or the called number
  has none (unknown, foreign, malformed). Null for tables that do not ask.
-#}
{% macro jurisdiction(side) -%}
    {%- set called -%}
        case when {{ side }}_is_by_routing and routing_number is not null then routing_region else called_region end
    {%- endset -%}
    (case
        when not coalesce({{ side }}_is_by_region, false) then null
        when calling_region is null or {{ called }} is null then 'indeterminate'
        when calling_region = {{ called }} then 'intrastate'
        else 'interstate'
    end)
{%- endmacro %}


{#-
  Of a list of choices (see resolved_rates) those that a caller leaves: `place` is the caller's number on the line of
  numbers, null where it is none.
-#}
{% macro choices_of_caller(choices, place, jurisdiction) -%}
    list_filter(
        {{ choices }},
        lambda o: (o.calling_starts = 0 or ({{ place }} >= o.calling_starts and {{ place }} < o.calling_ends))
        and (o.jurisdiction = '' or o.jurisdiction = {{ jurisdiction }})
    )
{%- endmacro %}


{#- Of a list of choices (see resolved_rates) those that hold in a band: the first is the one that is taken. -#}
{% macro choices_of_band(choices, band) -%}
    list_filter({{ choices }}, lambda o: o.band = '' or o.band = {{ band }})
{%- endmacro %}
