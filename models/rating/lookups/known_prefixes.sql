-- Every prefix that some rate in force has, for the called or the calling number, or that has a region; numbered.

with prefixes as (
    select prefix from {{ ref('rate_terms') }}
    union
    select calling_prefix
    from {{ ref('rate_terms') }}
    where calling_prefix <> ''
    union
    -- where a number is only matters to prices by jurisdiction
    select prefix
    from {{ ref('stg_prefix_regions') }}
    where (select bool_or(is_by_region) from {{ ref('rate_table_terms') }})
)

select
    prefix,
    row_number() over (order by prefix)::INTEGER as prefix_no,
    length(prefix) as digits,
    {{ number_place('prefix') }} as starts,
    {{ prefix_end('prefix') }} as ends,
from prefixes
