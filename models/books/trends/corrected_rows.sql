-- Rejected CDR rows that landed corrected, by the day of the corrected row: they are not missing any more.
{{ config(materialized='daily', kept='rows') }}

with calls as (
    select day, source, call_id as row_id, attempt, file_sequence
    from {{ ref('stg_cdrs') }}
    where day in (select day from {{ ref('stg_build_days') }})
),

rejected as (
    select
        r.file_id,
        r.line,
        r.source,
        r.day,
        r.row_id,
        r.attempt,
        r.file_sequence,
        f.landed_at::DATE as landed_on,
    from {{ ref('stg_rejected_rows') }} as r
    inner join {{ ref('stg_files') }} as f on r.file_id = f.file_id and r.kind = f.kind and r.source = f.source
    where r.kind = 'cdrs'
)

select distinct
    c.day,
    r.file_id,
    r.line,
    r.source,
from rejected as r
inner join calls as c on {{ corrects('c', 'r') }}
