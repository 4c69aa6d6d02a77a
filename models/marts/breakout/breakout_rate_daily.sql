-- What each rate was used for: billed next to raw seconds, per side, account, rate table and prefix.
{{ config(materialized='daily', kept='files') }}

{% for side in ['sell', 'buy'] %}
    select
        day,
        '{{ side }}' as side,
        {{ side }}_account_id as account_id,
        {{ side }}_rate_table_id as rate_table_id,
        {{ side }}_prefix as prefix,
        {{ side }}_rate_per_minute as rate_per_minute,
        count(*) as calls,
        sum(duration_s)::DECIMAL(18, 3) as duration_s,
        coalesce(sum({{ side }}_billed_s), 0)::DECIMAL(18, 3) as billed_s,
        coalesce(sum({{ side }}_amount), 0)::DECIMAL(20, 8) as amount,
        {{ side }}_currency as currency,
    from {{ ref('rated_calls') }}
    where
        day in (select day from {{ ref('stg_build_days') }})
        and {{ side }}_status <> 'none'
    group by all
    {{ 'union all by name' if not loop.last }}
{% endfor %}
