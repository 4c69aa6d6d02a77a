select
    source,
    kind,
    international_prefixes,
from {{ source('config', 'sources') }}
