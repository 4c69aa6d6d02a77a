{#- Whether a row of service_rates is in force for a use: of its service, its account's or everyone's. -#}
{% macro service_rate_applies(rate, use, at) -%}
    {{ use }}.service = {{ rate }}.service
    and ({{ rate }}.account_id is null or {{ use }}.account_id = {{ rate }}.account_id)
    and ({{ rate }}.valid_from is null or {{ use }}.{{ at }} >= {{ rate }}.valid_from)
    and ({{ rate }}.valid_to is null or {{ use }}.{{ at }} < {{ rate }}.valid_to)
{%- endmacro %}


{#- The greatest of the rows in force counts: the account's own before everyone's, the latest, the later line. -#}
{% macro service_rate_precedence(rate) -%}
    ({{ rate }}.account_id is not null, coalesce({{ rate }}.valid_from, timestamp '0001-01-01'), {{ rate }}.line)
{%- endmacro %}
