-- The rate that each call behind a document was charged by: of its table, prefix and band, in force at charged_at, with
-- the same rate per minute; the highest `rate_no` of them is the one. It is ambiguous where callers decide among rates
-- whose other terms differ.

with candidates as (
    select
        e.row_no,
        r.*,
        r.calling_prefix <> '' or r.jurisdiction <> '' as by_caller,
    from {{ ref('stg_evidence_rows') }} as e
    inner join {{ ref('rate_table_terms') }} as t on e.rate_table_id = t.rate_table_id
    inner join {{ ref('rate_terms') }} as r
        on
            t.table_no = r.table_no
            and e.prefix = r.prefix
            and r.band in ('', coalesce(e.band, ''))
            and e.charged_at >= r.valid_from
            and e.charged_at < r.valid_to
            and r.rate_per_minute is not distinct from e.rate_per_minute
    where e.kind in ('calls', 'termination')
)

select
    row_no,
    max(rate_no) as rate_no,
    bool_or(by_caller)
    and count(distinct row(
        initial_extra_u,
        connect_u,
        fixed_u,
        increment_charge_u,
        initial_ms,
        increment_ms,
        grace_ms,
        free_ms,
        min_u,
        max_u
    )) > 1
        as is_ambiguous,
from candidates
group by row_no
