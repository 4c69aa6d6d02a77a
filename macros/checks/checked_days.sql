{#- The days that the running check is about, as a subquery: every assertion reads these days and no others. -#}
{% macro checked_days() -%}
    (select day from {{ ref('stg_check_days') }})
{%- endmacro %}


{#- What a failing row is worth saying of money: two amounts that should be equal, in words. -#}
{% macro differs(what, one, one_says, other, other_says) -%}
    '{{ what }}: {{ one }} say ' || coalesce({{ one_says }}, 0)::VARCHAR
    || ', {{ other }} say ' || coalesce({{ other_says }}, 0)::VARCHAR
{%- endmacro %}
