-- Rejected rows that nothing has settled: not waived, and not landed corrected. A day closes only with all of its
-- rows settled, so of closed days there are none, unless something landed there since; a rejected payment or count
-- opens no day.

with closed_days as (
    select f.day
    from {{ ref('stg_file_days') }} as f
    inner join {{ ref('stg_closings') }} as c on f.day = c.day
    where f.kind in ('cdrs', 'usage')
    group by f.day
    having max(f.file_sequence) <= any_value(c.file_sequence)
),

rejected as (
    select
        r.day,
        r.kind,
        r.source,
        r.file_id,
        r.line,
        r.reason,
        r.detail,
        r.raw,
        r.row_id,
        r.attempt,
        r.file_sequence,
        f.name,
        f.landed_at::DATE as landed_on,
    from {{ ref('stg_rejected_rows') }} as r
    inner join {{ ref('stg_files') }} as f
        on r.file_id = f.file_id and r.kind = f.kind and r.source = f.source
    anti join {{ ref('waived_rows') }} as w
        on r.file_id = w.file_id and r.kind = w.kind and r.source = w.source and r.line = w.line
    anti join {{ ref('stg_corrections') }} as k
        on r.file_id = k.file_id and r.kind = k.kind and r.source = k.source and r.line = k.line
    anti join closed_days as c on r.day = c.day and r.kind in ('cdrs', 'usage')
),

landed_later as (
    {% for kind, row_id, attempt in [
        ('cdrs', 'call_id', 'attempt'), ('usage', 'usage_id', 'null'), ('payments', 'payment_id', 'null')
    ] %}
        select
            '{{ kind }}' as kind,
            source,
            {{ row_id }} as row_id,
            {{ attempt }} as attempt,
            day,
            file_sequence,
        from {{ ref('stg_' ~ kind) }}
        where
            file_sequence > (
                select min(r.file_sequence)
                from rejected as r
                where r.kind = '{{ kind }}'
            )
            and {{ row_id }} in (
                select r.row_id
                from rejected as r
                where r.kind = '{{ kind }}'
            )
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    r.day,
    r.kind,
    r.source,
    r.name,
    r.file_id,
    r.line,
    r.reason,
    r.detail,
    r.raw,
    r.row_id is not null and (r.kind <> 'cdrs' or r.attempt is not null) as identified,
from rejected as r
anti join landed_later as l on r.kind = l.kind and {{ corrects('l', 'r') }}
