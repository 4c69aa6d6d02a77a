{#-
  First local day of the period (`day`, `week` from Monday, `month`) of a consumption profile that an instant
  (TIMESTAMP, UTC) falls in, in the account's time zone.
-#}
{% macro profile_period(instant, timezone, kind) -%}
    {%- set local = "timezone(" ~ timezone ~ ", timezone('UTC', " ~ instant ~ "))::DATE" -%}
    (case {{ kind }}
        when 'day' then {{ local }}
        when 'week' then date_trunc('week', {{ local }})
        else date_trunc('month', {{ local }})
    end)::DATE
{%- endmacro %}
