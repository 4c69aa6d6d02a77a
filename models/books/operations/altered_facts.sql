-- Sources whose calls or usage of a closed day are not rated as they landed: somebody, or something, has altered one of
-- the two. Compared by the sum of a hash of each row.
{% set calls = "source, call_id, attempt, file_sequence, charged_at, started_at, answered_at, duration_s,
    calling_number, called_number, routing_number, ingress_trunk, egress_trunk, disposition, hangup_cause, carrier_amount,
    carrier_currency, carrier_billed_s" %}
{% set usage = "source, usage_id, file_sequence, occurred_at, account_id, service, quantity" %}

with closed as (
    select day
    from {{ ref('day_states') }}
    where status in ('closed', 'outdated')
),

landed as (
    select 'cdrs' as kind, day, source, count(*) as rows, sum(hash({{ calls }})) as contents
    from {{ ref('stg_cdrs') }}
    where day in (select day from closed)
    group by day, source
    union all
    select 'usage' as kind, day, source, count(*) as rows, sum(hash({{ usage }})) as contents
    from {{ ref('stg_usage') }}
    where day in (select day from closed)
    group by day, source
),

rated as (
    select 'cdrs' as kind, day, source, count(*) as rows, sum(hash({{ calls }})) as contents
    from {{ ref('rated_calls') }}
    where day in (select day from closed)
    group by day, source
    union all
    select 'usage' as kind, day, source, count(*) as rows, sum(hash({{ usage }})) as contents
    from {{ ref('rated_usage') }}
    where day in (select day from closed) and kind = 'usage'
    group by day, source
)

select
    coalesce(l.day, r.day) as day,
    coalesce(l.kind, r.kind) as kind,
    coalesce(l.source, r.source) as source,
    coalesce(l.rows, 0)::BIGINT as landed,
    coalesce(r.rows, 0)::BIGINT as rated,
from landed as l
full outer join rated as r on l.day = r.day and l.kind = r.kind and l.source = r.source
where l.rows is distinct from r.rows or l.contents is distinct from r.contents
