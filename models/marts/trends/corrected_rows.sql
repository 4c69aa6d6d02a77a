-- Rejected CDR rows that landed corrected, by the day of the corrected row: they are not missing any more.
{{ config(materialized='daily', tags=['daily']) }}

select distinct
    c.day,
    r.file_id,
    r.line,
from {{ source('ops', 'rejected_rows') }} as r
inner join {{ ref('stg_cdrs') }} as c
    on
        r.source = c.source
        and r.row_id = c.call_id
        and r.attempt = c.attempt
        and r.file_sequence < c.file_sequence
        and r.day between c.day - 2 and c.day + 2
where
    r.kind = 'cdrs'
    and c.day in (select day from {{ source('ops', 'build_days') }})
