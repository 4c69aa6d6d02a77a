-- Every prefix that some rate in force has, numbered.

select
    prefix,
    row_number() over (order by prefix)::INTEGER as prefix_no,
    length(prefix) as digits,
    {{ number_place('prefix') }} as starts,
    {{ prefix_end('prefix') }} as ends,
from (select distinct prefix from {{ ref('rate_terms') }})
