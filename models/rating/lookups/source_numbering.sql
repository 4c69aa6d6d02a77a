-- How each source of CDRs writes numbers: its international prefixes, longest first.

select
    source,
    list_transform(
        list_reverse_sort(
            list_transform(international_prefixes, lambda p: {'digits': length(p), 'prefix': p})
        ),
        lambda s: s.prefix
    ) as prefixes,
    array_to_string(list_transform(international_prefixes, lambda p: p[1]), '') as first_digits,
from {{ ref('stg_sources') }}
where kind = 'cdrs' and len(international_prefixes) > 0
