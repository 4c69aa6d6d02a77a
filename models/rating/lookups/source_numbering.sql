-- How each source of CDRs writes numbers: its international prefixes, longest first, and of which country its national
-- numbers are. Where it does not say what is dialled before those, that is the country's own. And whether calls to what
-- is no number have no legs.

with dialled as (
    select
        s.source,
        list(p.prefix order by length(p.prefix) desc, p.prefix desc) as prefixes,
        string_agg(p.prefix[1], '') as first_digits,
    from {{ ref('stg_sources') }} as s
    cross join unnest(s.international_prefixes) as p (prefix)
    where s.kind = 'cdrs'
    group by s.source
)

select
    s.source,
    coalesce(d.prefixes, []) as prefixes,
    coalesce(d.first_digits, '') as first_digits,
    s.country_code,
    nullif(coalesce(s.national_prefix, n.national_prefix), 'none') as national_prefix,
    s.not_numbers = 'ignore' as ignores_not_numbers,
from {{ ref('stg_sources') }} as s
left join dialled as d on s.source = d.source
left join {{ ref('national_prefixes') }} as n on s.country_code = n.country_code
where s.kind = 'cdrs' and (d.source is not null or s.country_code is not null or s.not_numbers = 'ignore')
