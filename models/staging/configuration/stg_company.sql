select
    name,
    legal_name,
    address,
    tax_id,
    reporting_currency,
    booking_grace_days,
    waiver_limit,
from {{ source('config', 'company') }}
