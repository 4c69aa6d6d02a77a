select
    number,
    effective_at,
    replaces_all,
    limit_rate,
    country_code,
    shown,
from {{ source('run', 'reviewed_deck') }}
