select
    service,
    account_id,
    unit_price,
    currency,
    coalesce(amount_decimals, 4) as amount_decimals,
    coalesce(amount_rounding, 'half_up') as amount_rounding,
    valid_from,
    valid_to,
    line,
from {{ source('config', 'service_rates') }}
