-- No answered call to a number that begins with 0, as no country code does, is priced by a default route: its source
-- writes numbers in a way that nobody has said. A warning: it is charged by that price, and the day closes so.
{{ config(severity='warn', meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Say in seeds/sources.csv how the source writes numbers (international_prefixes; country_code of national '
        ~ 'ones), and tollbook build. Where the default route is meant for such numbers there is nothing to do.',
}) }}

with odd as (
    {% for side in ['sell', 'buy'] %}
        select
            c.day,
            c.source,
            c.call_id,
            c.called_number,
            c.{{ side }}_rate_table_id as rate_table_id,
        from {{ ref('rated_calls') }} as c
        inner join {{ ref('rate_table_terms') }} as t on c.{{ side }}_rate_table_id = t.rate_table_id
        left join {{ ref('source_numbering') }} as n on c.source = n.source
        where
            c.day in {{ checked_days() }}
            and c.answered
            and c.{{ side }}_status = 'rated'
            and c.{{ side }}_prefix = ''
            and not coalesce(t.is_by_calling or t.is_by_routing, false)
            and starts_with({{ clean_number(
                'c.called_number', 'n.prefixes', 'n.first_digits', 'n.country_code', 'n.national_prefix'
            ) }}, '0')
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    day,
    source || ' ' || rate_table_id as key,
    count(*) || ' answered calls of ' || source || ' to numbers that begin with 0, such as '
    || min_by(called_number, call_id) || ' (' || min(call_id)
    || '), by the default route of ' || rate_table_id as detail,
from odd
group by day, source, rate_table_id
