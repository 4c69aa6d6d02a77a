-- No rejected row of the day is left open: each was superseded, landed corrected from a later file, or waived.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Land a corrected file, or let the row pass: tollbook waive --day DAY --row FILE_ID:LINE --reason TEXT. Of a '
        ~ 'conflict the right version may replace the other: tollbook land --supersede FILE --reason TEXT.',
}) }}

with rejected as (
    select *
    from {{ source('ops', 'rejected_rows') }}
    where day in {{ checked_days() }}
),

-- a row whose own day cannot be read counts by the day it landed, a day or two after its own
days_around as (
    select distinct (day + n::INTEGER)::DATE as day
    from {{ source('ops', 'check_days') }}
    cross join unnest(range(-2, 3)) as around (n)
),

landed_later as (
    select 'cdrs' as kind, source, call_id as row_id, attempt, file_sequence
    from {{ source('landed', 'cdrs') }}
    where
        day in (select day from days_around)
        and call_id in (select row_id from rejected)

    union all

    select 'usage' as kind, source, usage_id as row_id, null as attempt, file_sequence
    from {{ source('landed', 'usage') }}
    where day in (select day from days_around)

    union all

    select 'payments' as kind, source, payment_id as row_id, null as attempt, file_sequence
    from {{ source('landed', 'payments') }}
    where day in (select day from days_around)
)

select
    r.day,
    r.file_id || ':' || r.line as key,
    'line ' || r.line || ' of a ' || r.kind || ' file from ' || r.source || ' was rejected (' || r.reason || ': '
    || r.detail || '); --row ' || r.file_id[:12] || ':' || r.line as detail,
from rejected as r
anti join landed_later as l
    on
        r.kind = l.kind
        and r.source = l.source
        and r.row_id = l.row_id
        and r.attempt is not distinct from l.attempt
        and r.file_sequence < l.file_sequence
anti join {{ ref('stg_waivers') }} as w
    on r.day = w.day and w.what = 'row' and w.in_force and r.file_id || ':' || r.line = w.key
