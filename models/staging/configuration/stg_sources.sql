select
    source,
    kind,
    country_code,
    national_prefix,
    international_prefixes,
    expected_every_minutes,
    coalesce(not_numbers, 'unrated') as not_numbers,
from {{ source('config', 'sources') }}
