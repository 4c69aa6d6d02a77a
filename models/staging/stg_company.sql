select
    name,
    legal_name,
    address,
    tax_id,
    reporting_currency,
from {{ source('config', 'company') }}
