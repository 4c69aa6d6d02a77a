select
    profile_id,
    account_id,
    rule,
    allowance,
    period,
    prefixes,
    coalesce(priority, 0) as priority,
    coalesce(valid_from, timestamp '0001-01-01') as valid_from,
    coalesce(valid_to, timestamp '9999-12-31') as valid_to,
    line,
from {{ source('config', 'consumption_profiles') }}
