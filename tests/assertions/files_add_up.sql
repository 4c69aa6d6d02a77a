-- For every file with rows of the day: rows = landed + duplicates + rejected.
{{ config(meta={'dagster': {'ref': {'name': 'rated_calls'}}}) }}

select
    d.day,
    f.file_id as key,
    f.name || ' has ' || f.rows || ' rows, but ' || f.landed || ' landed + ' || f.duplicates || ' duplicates + '
    || f.rejected || ' rejected' as detail,
from {{ ref('stg_files') }} as f
inner join {{ ref('stg_file_days') }} as d
    on f.file_id = d.file_id and f.kind = d.kind and f.source = d.source
where
    d.day in {{ checked_days() }}
    and f.rows <> f.landed + f.duplicates + f.rejected
