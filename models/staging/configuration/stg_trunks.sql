select
    trunk_id,
    direction,
    account_id,
    valid_from,
    valid_to,
    line,
from {{ source('config', 'trunks') }}
