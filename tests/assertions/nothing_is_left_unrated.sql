-- No answered leg and no usage of the day is without a price, unless it was waived.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Add what is missing to seeds/ (a trunk, a rate), or let it pass: tollbook waive --day DAY --call ID --reason TEXT '
        ~ '(--reason-code REASON for all of a kind).',
}) }}

with unrated as (
    {% for side in ['sell', 'buy'] %}
        select
            day,
            source || ':' || call_id || ':' || attempt as key,
            call_id,
            {{ side }}_reason as reason,
            '{{ side }} leg of call ' || call_id || ' (' || coalesce({{ side }}_account_id, 'unknown account')
            || ', to ' || called_number || ', ' || duration_s || ' s) has no price: ' || {{ side }}_reason as words,
        from {{ ref('rated_calls') }}
        where day in {{ checked_days() }} and {{ side }}_status = 'unrated'

        union all
    {% endfor %}
    select
        day,
        source || ':' || usage_id as key,
        usage_id as call_id,
        reason,
        service || ' ' || usage_id || ' of ' || account_id || ' has no price: ' || reason as words,
    from {{ ref('rated_usage') }}
    where day in {{ checked_days() }} and status = 'unrated'
)

select
    u.day,
    u.key,
    u.words as detail,
from unrated as u
anti join {{ ref('stg_waivers') }} as w
    on
        u.day = w.day
        and w.in_force
        and (
            (w.what = 'call' and u.call_id = w.key)
            or (w.what = 'reason' and u.reason = w.key)
        )
