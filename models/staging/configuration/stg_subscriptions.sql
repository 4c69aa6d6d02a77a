select
    subscription_id,
    account_id,
    service,
    coalesce(quantity, 1) as quantity,
    charge,
    coalesce(prorate, false) as prorate,
    valid_from,
    valid_to,
    line,
from {{ source('config', 'subscriptions') }}
