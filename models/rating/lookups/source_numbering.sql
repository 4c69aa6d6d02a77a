-- How each source of CDRs writes numbers: its international prefixes, longest first.

select
    s.source,
    list(p.prefix order by length(p.prefix) desc, p.prefix desc) as prefixes,
    string_agg(p.prefix[1], '') as first_digits,
from {{ ref('stg_sources') }} as s
cross join unnest(s.international_prefixes) as p (prefix)
where s.kind = 'cdrs'
group by s.source
