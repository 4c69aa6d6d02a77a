-- Each known prefix with each known prefix that begins it (itself included), shorter or equal.

select
    k.prefix_no,
    a.prefix_no as beginning_no,
    a.prefix as beginning,
    a.digits,
    k.ends as prefix_ends,
    a.ends as beginning_ends,
from {{ ref('known_prefixes') }} as k
cross join unnest(range(0, k.digits + 1)) as lengths (n)
inner join {{ ref('known_prefixes') }} as a on left(k.prefix, lengths.n) = a.prefix
