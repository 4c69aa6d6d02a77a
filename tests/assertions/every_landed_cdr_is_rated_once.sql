-- Every CDR that landed for the day is in rated_calls exactly once, and nothing else is, be it a version of it that
-- was superseded.
-- Counted first, by a hash of the identities in 1024 buckets; only buckets that differ are looked into.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Run tollbook build, then close again.',
}) }}

with
{% for name, relation in [('landed', ref('stg_cdrs')), ('rated', ref('rated_calls'))] %}
    {{ name }} as (
        select
            day,
            hash(source, call_id, attempt, file_sequence) as identity,
            source,
            call_id,
            attempt,
            file_sequence,
        from {{ relation }}
        where day in {{ checked_days() }}
    ),

    {{ name }}_buckets as (
        select day, identity % 1024 as bucket, count(*) as rows, sum(identity) as identities
        from {{ name }}
        group by day, bucket
    ),
{% endfor %}
differing as (
    select coalesce(l.day, r.day) as day, coalesce(l.bucket, r.bucket) as bucket
    from landed_buckets as l
    full outer join rated_buckets as r on l.day = r.day and l.bucket = r.bucket
    where l.rows is distinct from r.rows or l.identities is distinct from r.identities
),

counted as (
    select
        c.day,
        c.source,
        c.call_id,
        c.attempt,
        c.file_sequence,
        sum(c.landed) as landed,
        sum(c.rated) as rated,
    from (
        select *, 1 as landed, 0 as rated from landed
        union all
        select *, 0 as landed, 1 as rated from rated
    ) as c
    semi join differing as d on c.day = d.day and c.identity % 1024 = d.bucket
    group by c.day, c.source, c.call_id, c.attempt, c.file_sequence
)

select
    day,
    source || ':' || call_id || ':' || attempt as key,
    'of landing ' || file_sequence || ': landed ' || landed || ' times, rated ' || rated || ' times' as detail,
from counted
where landed <> rated
