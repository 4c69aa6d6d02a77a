select
    from_currency,
    to_currency,
    valid_from,
    rate,
from {{ source('config', 'fx_rates') }}
