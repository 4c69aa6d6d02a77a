-- Rejected rows that were waived: each by itself, for its day, or with all that is left of its file.

select r.day, r.kind, r.source, r.file_id, r.line, r.reason
from {{ ref('stg_rejected_rows') }} as r
semi join {{ ref('stg_waivers') }} as w
    on
        r.day = w.day and w.what = 'row' and w.in_force and r.file_id || ':' || r.line = w.key
        and {{ waived_of('w', 'r') }}

union

select r.day, r.kind, r.source, r.file_id, r.line, r.reason
from {{ ref('stg_rejected_rows') }} as r
semi join {{ ref('stg_waivers') }} as w
    on r.file_id = w.key and w.what = 'file' and w.in_force and {{ waived_of('w', 'r') }}
