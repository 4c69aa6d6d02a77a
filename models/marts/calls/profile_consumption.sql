-- What each call consumed of which consumption profile. Like rated_calls: open days are made anew, and what calls of a
-- closed day consumed stays.
{{ config(materialized='daily', kept='files', sealed_at_close=true) }}

{% for rule, covered_ms, covered_u in [('duration', 'covered_ms', '0'), ('cost', '0', 'covered_u')] %}
    select
        source,
        call_id,
        attempt,
        day,
        charged_at,
        account_id,
        profile_id,
        '{{ rule }}' as rule,
        period,
        {{ from_ms(covered_ms) }} as covered_s,
        {{ from_units(covered_u) }} as covered_amount,
        file_sequence,
    from {{ ref(rule ~ '_covered') }}
    where day in (select day from {{ ref('stg_build_days') }})
    {{ 'union all by name' if not loop.last }}
{% endfor %}
