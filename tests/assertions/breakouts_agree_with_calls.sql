-- rated_calls, breakout_hourly and breakout_daily have the same calls, seconds and amounts for each hour or day.
{{ config(meta={'dagster': {'ref': {'name': 'breakout_daily'}}}) }}

with rated as (
    select
        day,
        date_trunc('hour', charged_at) as hour,
        count(*) filter (where sell_status <> 'none') as calls,
        count(*) as attempts,
        sum(duration_s) as duration_s,
        coalesce(sum(sell_billed_s), 0) as sell_billed_s,
        coalesce(sum(buy_billed_s), 0) as buy_billed_s,
        coalesce(sum(sell_reporting_amount), 0) as revenue,
        coalesce(sum(buy_reporting_amount), 0) as cost,
        coalesce(sum(margin), 0) as margin,
        coalesce(sum(naive_revenue), 0) as naive_revenue,
        count(*) filter (where sell_status = 'unrated' or buy_status = 'unrated') as unrated,
    from {{ ref('rated_calls') }}
    where day in {{ checked_days() }}
    group by day, hour
),
{% set measures = [
    'calls', 'attempts', 'duration_s', 'sell_billed_s', 'buy_billed_s', 'revenue', 'cost', 'margin',
    'naive_revenue', 'unrated',
] %}

hourly as (
    select
        day,
        hour,
        {% for m in measures %}
            coalesce(sum({{ m }}), 0) as {{ m }},
        {% endfor %}
    from {{ ref('breakout_hourly') }}
    where day in {{ checked_days() }}
    group by day, hour
),

rated_days as (
    select
        day,
        {% for m in measures %}
            sum({{ m }}) as {{ m }},
        {% endfor %}
    from rated
    group by day
),

daily as (
    select
        day,
        {% for m in measures %}
            coalesce(sum({{ m }}), 0) as {{ m }},
        {% endfor %}
    from {{ ref('breakout_daily') }}
    where day in {{ checked_days() }}
    group by day
)
{% for one, other, key in [('rated', 'hourly', 'hour'), ('rated_days', 'daily', 'day')] %}
    {% for m in measures %}

        select
            coalesce(a.day, b.day) as day,
            coalesce(a.{{ key }}, b.{{ key }})::VARCHAR as key,
            {{ differs(m, 'the calls', 'a.' ~ m, 'the breakouts', 'b.' ~ m) }} as detail,
        from {{ one }} as a
        full outer join {{ other }} as b on a.day = b.day and a.{{ key }} = b.{{ key }}
        where a.{{ m }} is distinct from b.{{ m }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
{% endfor %}
