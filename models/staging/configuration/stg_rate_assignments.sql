select
    account_id,
    side,
    rate_table_id,
    valid_from,
    valid_to,
    notice_days,
    line,
from {{ source('config', 'rate_assignments') }}
