{#-
  First day of the billing period that an instant (TIMESTAMP, UTC) falls in, in an account's time
  zone: the month's first, the 1st or 16th (semimonthly), or the Monday (weekly).
-#}
{% macro billing_period(instant, timezone, cycle) -%}
    {%- set local = "timezone(" ~ timezone ~ ", timezone('UTC', " ~ instant ~ "))::DATE" -%}
    (case {{ cycle }}
        when 'weekly' then date_trunc('week', {{ local }})
        when 'semimonthly'
            then date_trunc('month', {{ local }})::DATE + case when day({{ local }}) > 15 then 15 else 0 end
        else date_trunc('month', {{ local }})
    end)::DATE
{%- endmacro %}
