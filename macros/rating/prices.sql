{#- Whether two rows price the same numbers of a rate table: the same prefix, band, origin and jurisdiction. -#}
{% macro is_same_price(a, b) -%}
    {%- for column in ['rate_table_id', 'prefix', 'band', 'calling_prefix', 'jurisdiction'] -%}
        {{ a }}.{{ column }} = {{ b }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#-
  Whether one price (`terms` of deck_prices) charges no call less than another of its kind: it is lower by nothing that
  it charges by.
-#}
{% macro charges_no_less(a, b) -%}
    (
        {% for column in ['rate', 'first_rate', 'initial_charge', 'increment_charge'] -%}
            coalesce({{ a }}['{{ column }}'], 0) >= coalesce({{ b }}['{{ column }}'], 0) and
        {% endfor -%}
        {% for column in ['initial_ms', 'increment_ms', 'connect_u', 'min_u', 'max_u'] -%}
            {{ a }}['{{ column }}'] >= {{ b }}['{{ column }}'] and
        {% endfor -%}
        {#- seconds that cost nothing -#}
        {{ a }}['grace_ms'] <= {{ b }}['grace_ms'] and {{ a }}['free_ms'] <= {{ b }}['free_ms']
    )
{%- endmacro %}
