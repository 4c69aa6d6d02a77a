{#-
  Generic test of a model's grain: no two rows share these columns. A model with a `day` is looked at on
  the days being checked (run.check_days), so that a check of one day reads that day alone.
-#}
{% test one_row_for_each(model, columns) %}
    {%- set by_day = 'day' in columns or 'hour' in columns -%}
    select
        {{ 'day' if by_day else "null::DATE as day" }},
        concat_ws(' ', {{ columns | join(', ') }}) as key,
        count(*) || ' rows for one ' || '{{ columns | join(", ") }}' as detail,
    from {{ model }}
    {% if by_day -%}
        where day in {{ checked_days() }}
    {% endif -%}
    group by {{ (['day'] if by_day else []) | join(', ') }}{{ ', ' if by_day }}{{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
