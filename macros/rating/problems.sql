{#- The first step of a side's rating that fails (docs/rating.md, reasons); null where it can be charged. -#}
{% macro leg_problem(side) -%}
    {%- set in_its_currency = 'carrier_currency is not distinct from ' ~ side ~ '_currency' -%}
    {%- set has_amount = 'carrier_amount is not null and ' ~ in_its_currency -%}
    case
        when {{ side }}_account_id is null then 'no_account'
        when {{ side }}_table_no is null then 'no_rate_table'
        when {{ side }}_number_is_bad then 'bad_number'
        when {{ side }}_rate_no is null and not {{ side }}_is_given and not {{ side }}_is_markup then 'no_rate'
        when {{ side }}_blocked and not ({{ side }}_has_price or ({{ side }}_is_given and {{ has_amount }}))
            then 'blocked'
        when {{ side }}_is_given and not ({{ has_amount }}) then 'no_cost'
    end
{%- endmacro %}


{#- The same of a call that is cut at band edges: a band that it touches may have no rate, or be blocked. -#}
{% macro problem_of_parts(side) -%}
    case
        when {{ side }}_parts is null or {{ side }}_problem <> 'blocked' then {{ side }}_problem
        when {{ any_part(side, 'rate_no is null') }} then 'no_rate'
        when {{ any_part(side, 'charges = false') }} then 'blocked'
        else {{ side }}_problem
    end
{%- endmacro %}
