-- Where a switch sends its own count of the day (cdrs in resources), as many CDRs have landed, unless that was waived.
-- Rejected rows that were waived count as landed.
{{ config(meta={
    'dagster': {'ref': {'name': 'switch_counts'}},
    'remedy': 'Land what is missing, or a later count. Where neither comes: tollbook waive --day DAY --count SOURCE '
        ~ '--reason TEXT.',
}) }}

select
    c.day,
    c.source as key,
    c.source || ' counted ' || rtrim(rtrim(c.counted::VARCHAR, '0'), '.') || ' CDRs (at '
    || strftime(c.observed_at, '%Y-%m-%d %H:%M:%S') || ' UTC); '
    || c.landed || ' landed and ' || c.waived || ' rejected ones were waived' as detail,
from {{ ref('switch_counts') }} as c
anti join {{ ref('stg_waivers') }} as w
    on c.day = w.day and w.what = 'count' and c.source = w.key and w.in_force
where c.counted <> c.landed + c.waived
