-- What the day's legs that are not closed yet were rated from is still what the configuration says, and no rate deck
-- was accepted since.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Run tollbook build, then close again.',
}) }}

select
    b.day,
    b.config as key,
    'the day was rated with configuration ' || b.config[:12] || ', which is not the one in force'
        as detail,
from {{ ref('stg_builds') }} as b
left join {{ ref('stg_closings') }} as c on b.day = c.day and b.file_sequence <= c.file_sequence
where
    b.day in {{ checked_days() }}
    and c.day is null
    and b.config <> (select version from {{ ref('stg_configuration') }})

union all

select
    b.day,
    'deck ' || d.deck as key,
    'rate deck ' || d.deck || ' (' || d.name || ') was accepted since the day was rated' as detail,
from {{ ref('stg_builds') }} as b
inner join {{ ref('stg_decks') }} as d on b.deck < d.deck
left join {{ ref('stg_closings') }} as c on b.day = c.day and b.file_sequence <= c.file_sequence
where b.day in {{ checked_days() }} and c.day is null
