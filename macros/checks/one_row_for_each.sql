{#-
  Generic test of a model's grain: no two rows share these columns. A model with rows of a `day`, or of an `hour` of one,
  is looked at on the days being checked (run.check_days), so that a check of one day reads that day alone.
-#}
{% test one_row_for_each(model, columns) %}
    {#- while dbt parses there is no graph, but what is read has to be said then -#}
    {%- set checked = checked_days() -%}
    {%- set has_day = execute and 'day' in graph.nodes['model.' ~ project_name ~ '.' ~ model.identifier].columns -%}
    {%- set by_day = 'day' in columns or ('hour' in columns and has_day) -%}
    select
        {{ 'day' if by_day else "null::DATE as day" }},
        concat_ws(' ', {{ columns | join(', ') }}) as key,
        count(*) || ' rows for one ' || '{{ columns | join(", ") }}' as detail,
    from {{ model }}
    {% if by_day -%}
        where day in {{ checked }}
    {% endif -%}
    group by {{ (['day'] if by_day else []) | join(', ') }}{{ ', ' if by_day }}{{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
