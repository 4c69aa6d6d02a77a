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


{#-
  A query of the billing periods that begin on `period_start` of customers `account_id`, from a relation with these
  columns: their bounds as days of the account's time zone, as instants, and as the UTC days that they touch.
-#}
{% macro billing_periods_of(relation) -%}
    select
        *,
        starts_at::DATE as first_day,
        (ends_at - interval 1 microsecond)::DATE as last_day,
    from (
        select
            *,
            {{ day_begins('period_start', 'timezone') }} as starts_at,
            {{ day_begins('period_end + 1', 'timezone') }} as ends_at,
        from (
            select
                p.*,
                {{ period_end('p.period_start', 'a.billing_cycle') }} as period_end,
                a.timezone,
                a.currency,
            from {{ relation }} as p
            inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
            where a.kind in ('customer', 'both')
        )
    )
{%- endmacro %}
