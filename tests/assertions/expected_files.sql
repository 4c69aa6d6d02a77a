-- No source is silent for longer than its expected_every_minutes, and none of its numbered files is missing, unless
-- that was waived.
{{ config(meta={
    'dagster': {'ref': {'name': 'expected_gaps'}},
    'remedy': 'Land what is missing: the day then closes by itself. What will never come: tollbook waive --day DAY '
        ~ '--gap SOURCE --reason TEXT. A wrong expectation: expected_every_minutes in seeds/sources.csv.',
}) }}

with missing as (
    select
        day,
        kind,
        source,
        kind || ' ' || source || ' ' || strftime(from_at, '%Y-%m-%d %H:%M:%S') as key,
        kind || ' of ' || source || ': nothing from ' || strftime(from_at, '%Y-%m-%d %H:%M:%S') || ' to '
        || strftime(to_at, '%Y-%m-%d %H:%M:%S') || ' UTC, longer than the ' || expected_every_minutes
        || ' minutes expected' as detail,
    from {{ ref('expected_gaps') }}

    union all

    select
        day,
        kind,
        source,
        kind || ' ' || source || ' ' || name_before as key,
        kind || ' of ' || source || ': ' || missing || case when missing = 1 then ' file is' else ' files are' end
        || ' missing between ' || name_before || ' and ' || name_after as detail,
    from {{ ref('file_holes') }}
)

select
    m.day,
    m.key,
    m.detail,
from missing as m
anti join {{ ref('stg_waivers') }} as w
    on m.day = w.day and w.what = 'gap' and m.source = w.key and w.in_force and {{ waived_of('w', 'm') }}
