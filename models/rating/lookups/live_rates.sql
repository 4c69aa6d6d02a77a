-- The rates of rates.csv and of accepted decks that are in force at some time of the days being built.
{{ config(materialized='view') }}

with days as (
    select
        min(day)::TIMESTAMP as first_instant,
        max(day) + interval 1 day as last_instant,
    from {{ ref('stg_build_days') }}
),

rates as (
    {{ rates_with_ends("(select min(day)::TIMESTAMP from " ~ ref('stg_build_days') ~ ")") | indent(4) }}
)

select r.*
from rates as r
cross join days as d
where r.valid_from < d.last_instant and r.valid_to > d.first_instant and r.valid_from < r.valid_to
