-- How many CDRs each source counted itself, sent, landed and had rated, by UTC day.

with switches as (
    select source
    from {{ ref('stg_sources') }}
    where kind = 'cdrs'
    union
    select source
    from {{ ref('stg_files') }}
    where kind = 'cdrs'
),

counted as (
    select
        r.day,
        coalesce(s.source, r.source) as source,
        max_by(r.count, (r.observed_at, r.file_sequence)) as cdrs,
    from {{ ref('stg_resources') }} as r
    left join switches as s on r.account_id = s.source
    where r.resource = 'cdrs'
    group by all
),

landed as (
    select day, source, sum(rows) as cdrs
    from (
        select day, source, rows
        from {{ ref('stg_file_days') }}
        where kind = 'cdrs'
        union all
        select day, source, -1 as rows
        from {{ ref('stg_superseded_cdrs') }}
    )
    group by day, source
),

-- a row that was sent again and rejected again is one
left_out as (
    select
        r.day,
        r.source,
        coalesce(r.row_id || ':' || r.attempt, r.file_id || ':' || r.line) as row_key,
        bool_or(w.line is not null) as waived,
    from {{ ref('stg_rejected_rows') }} as r
    anti join {{ ref('corrected_rows') }} as c
        on r.file_id = c.file_id and r.line = c.line and r.source = coalesce(c.source, r.source)
    anti join {{ ref('stg_corrections') }} as k
        on r.file_id = k.file_id and r.kind = k.kind and r.source = k.source and r.line = k.line
    left join {{ ref('waived_rows') }} as w
        on r.file_id = w.file_id and r.kind = w.kind and r.source = w.source and r.line = w.line
    where r.kind = 'cdrs'
    group by all
),

rejected as (
    select
        day,
        source,
        count(*) filter (where not waived) as rejected,
        count(*) filter (where waived) as waived,
    from left_out
    group by day, source
),

built as (
    select day, source, sum(attempts) as attempts, sum(unrated) as unrated
    from {{ ref('sales_daily') }}
    where kind = 'calls'
    group by day, source
),

keys as (
    select day, source from counted
    union
    select day, source from landed
    union
    select day, source from rejected
)

select
    k.day,
    k.source,
    c.cdrs::BIGINT as switch_cdrs,
    (coalesce(l.cdrs, 0) + coalesce(r.rejected, 0) + coalesce(r.waived, 0))::BIGINT as seen_cdrs,
    coalesce(r.rejected, 0)::BIGINT as rejected_cdrs,
    coalesce(r.waived, 0)::BIGINT as waived_cdrs,
    coalesce(l.cdrs, 0)::BIGINT as landed_cdrs,
    coalesce(b.unrated, 0)::BIGINT as unrated_cdrs,
    coalesce(b.attempts - b.unrated, 0)::BIGINT as rated_cdrs,
from keys as k
left join counted as c on k.day = c.day and k.source = c.source
left join landed as l on k.day = l.day and k.source = l.source
left join rejected as r on k.day = r.day and k.source = r.source
left join built as b on k.day = b.day and k.source = b.source
