{#- Last day (DATE) of the billing period that begins on `start`: a month, half of one, or a week. -#}
{% macro period_end(start, cycle) -%}
    (case {{ cycle }}
        when 'weekly' then {{ start }} + 6
        when 'semimonthly'
            then case when day({{ start }}) = 1 then {{ start }} + 14 else last_day({{ start }}) end
        else last_day({{ start }})
    end)::DATE
{%- endmacro %}


{#-
  The instant (TIMESTAMP, UTC) at which a day begins in a time zone. Where clocks go back over midnight (Havana, the
  Azores) the day has two, and DuckDB takes the second: it begins at the first, an hour before.
-#}
{% macro day_begins(day, timezone) -%}
    {%- set midnight = "timezone('UTC', timezone(" ~ timezone ~ ", (" ~ day ~ ")::TIMESTAMP))" -%}
    ({{ midnight }} - case
        when timezone({{ timezone }}, timezone('UTC', {{ midnight }} - interval 1 hour))::DATE = {{ day }}
            then interval 1 hour
        else interval 0 hour
    end)
{%- endmacro %}
