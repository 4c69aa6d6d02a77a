{#- The columns of rate_table_terms and rate_terms that both sides of a call carry, each with the side before it. -#}
{% macro rate_table_columns() -%}
    {{ return([
        'table_no', 'kind', 'is_given', 'is_markup', 'currency', 'timetable_id', 'splits', 'is_by_calling',
        'is_by_routing', 'is_by_caller', 'is_by_region', 'second_ms', 'second_offset_ms', 'is_half_even',
        'amount_unit', 'charge_divisor', 'charge_offset', 'markup_divisor', 'markup_offset', 'grace_ms', 'free_ms',
        'attempt_u', 'min_u', 'max_u', 'table_markup_u',
    ]) }}
{%- endmacro %}

{% macro rate_columns() -%}
    {{ return([
        'rate_no', 'prefix', 'destination', 'blocked', 'has_price', 'rate_per_minute', 'rate_u', 'initial_extra_u',
        'connect_u', 'fixed_u', 'increment_charge_u', 'initial_ms', 'increment_ms', 'pulse_from_ms',
    ]) }}
{%- endmacro %}

{#- What both a rate table and a rate may say: a leg goes by the rate's, where it has a rate. -#}
{% macro overridden_columns() -%}
    {{ return(['grace_ms', 'free_ms', 'min_u', 'max_u']) }}
{%- endmacro %}

{#- The highest charge where there is no max_charge: more than any leg comes to. -#}
{% macro no_max_charge() -%}
    999999999999
{%- endmacro %}
