-- Files of which more or fewer rows are here than landed, counting calls that were superseded since; none, unless rows
-- were put in or taken out. Those of files that were withdrawn are nowhere.
{% set rows_of = {'cdrs': 'stg_cdrs', 'usage': 'stg_usage', 'payments': 'stg_payments', 'resources': 'stg_resources'} %}

with kept as (
    {% for kind, relation in rows_of.items() %}
        select '{{ kind }}' as kind, file_id, source, count(*) as rows
        from {{ ref(relation) }}
        group by file_id, source
        union all
    {% endfor %}
    select 'cdrs' as kind, file_id, source, count(*) as rows
    from {{ ref('stg_superseded_cdrs') }}
    where withdrawal is null
    group by file_id, source
),

counted as (
    select kind, file_id, source, sum(rows) as rows
    from kept
    group by kind, file_id, source
),

files as (
    select kind, file_id, source, name, landed
    from {{ ref('stg_files') }}
    where kind not in ('rates', 'statements') and withdrawn_at is null
)

select
    coalesce(f.kind, c.kind) as kind,
    coalesce(f.source, c.source) as source,
    coalesce(f.file_id, c.file_id) as file_id,
    f.name,
    coalesce(f.landed, 0)::BIGINT as landed,
    coalesce(c.rows, 0)::BIGINT as kept,
from files as f
full outer join counted as c on f.kind = c.kind and f.file_id = c.file_id and f.source = c.source
where coalesce(f.landed, 0) <> coalesce(c.rows, 0)
