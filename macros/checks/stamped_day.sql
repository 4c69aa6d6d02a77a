{#-
  The day that a run of digits in a file's name stands for, null where it is no date or time: 20260301, 2026030110
  (or seconds since 1970), 202603011015 or 260301101500, 20260301101500.
-#}
{% macro stamped_day(run) -%}
    (case
        {%- for length, format in [(8, '%Y%m%d'), (10, '%Y%m%d%H'), (12, '%Y%m%d%H%M'), (14, '%Y%m%d%H%M%S')] %}
        when length({{ run }}) = {{ length }} and {{ run }}[1:2] = '20' then try_strptime({{ run }}, '{{ format }}')
        {%- endfor %}
        when length({{ run }}) = 12 then try_strptime({{ run }}, '%y%m%d%H%M%S')
        when length({{ run }}) = 10 and {{ run }}[1] = '1' then make_timestamp({{ run }}::BIGINT * 1000000)
    end)::DATE
{%- endmacro %}
