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


{#-
  Columns of what a rate (`r`, as landed) charges by, in exact integers, with what it inherits from its table (`t`, of
  rate_table_terms). What both leave out becomes what changes nothing.
-#}
{% macro rate_in_units(r, t) -%}
    {%- set per_minute = t ~ ".kind = 'per_minute'" -%}
    {%- set block = t ~ ".kind = 'block'" -%}
    {%- set connect_u = "coalesce(" ~ to_units(r ~ '.connect_charge') ~ ", " ~ t ~ ".connect_u)" -%}
    {%- set initial_ms = "coalesce(" ~ to_ms(r ~ '.initial_s') ~ ", " ~ t ~ ".initial_ms)" -%}
{{ to_units("case when " ~ per_minute ~ " then coalesce(" ~ r ~ ".rate_per_minute, 0) else 0 end") }}::BIGINT as rate_u,
{{ to_units(
    "case when " ~ per_minute ~ " then coalesce(" ~ r ~ ".initial_rate_per_minute - coalesce(" ~ r
    ~ ".rate_per_minute, 0), 0) else 0 end"
) }}::BIGINT as initial_extra_u,
{{ connect_u }}::BIGINT as connect_u,
(
    {{ connect_u }}
    + {{ to_units("case when " ~ block ~ " then coalesce(" ~ r ~ ".initial_charge, 0) else 0 end") }}
)::BIGINT as fixed_u,
{{ to_units("case when " ~ block ~ " then coalesce(" ~ r ~ ".increment_charge, 0) else 0 end") }}::BIGINT
    as increment_charge_u,
{{ initial_ms }} as initial_ms,
case when {{ r }}.increment_s is null then {{ t }}.increment_ms else greatest(1, {{ to_ms(r ~ '.increment_s') }}) end
    as increment_ms,
case {{ t }}.increment_from when 'zero' then 0 else {{ initial_ms }} end as pulse_from_ms,
coalesce({{ to_ms(r ~ '.grace_s') }}, {{ t }}.grace_ms) as grace_ms,
coalesce({{ to_ms(r ~ '.free_s') }}, {{ t }}.free_ms) as free_ms,
coalesce({{ to_units(r ~ '.min_charge') }}, {{ t }}.min_u) as min_u,
-- 0 is none, of a bound above, too
case
    when {{ r }}.max_charge is null then {{ t }}.max_u
    else {{ to_units("coalesce(nullif(" ~ r ~ ".max_charge, 0), " ~ no_max_charge() ~ ")") }}
end as max_u
{%- endmacro %}
