{#-
  Whether a waiver is of what a row is of: of its kind and source, or of all. Earlier releases' waivers are of all.
#}
{% macro waived_of(waiver, row) -%}
    coalesce({{ waiver }}.kind, {{ row }}.kind) = {{ row }}.kind
    and coalesce({{ waiver }}.source, {{ row }}.source) = {{ row }}.source
{%- endmacro %}
