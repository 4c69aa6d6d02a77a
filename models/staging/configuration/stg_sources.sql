select
    source,
    kind,
    country_code,
    national_prefix,
    international_prefixes,
    expected_every_minutes,
from {{ source('config', 'sources') }}
