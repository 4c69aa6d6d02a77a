select
    name,
    legal_name,
    address,
    tax_id,
    reporting_currency,
    waiver_limit,
from {{ source('config', 'company') }}
