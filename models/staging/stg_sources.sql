select
    source,
    kind,
    international_prefixes,
    expected_every_minutes,
from {{ source('config', 'sources') }}
