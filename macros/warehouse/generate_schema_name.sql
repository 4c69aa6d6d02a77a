{#- Schemas are public names (marts, staging, rating): used as they are written. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
