-- Everything that a service is charged for: usage as it landed, and what subscriptions charge. A closed day takes no
-- subscription that was entered later: recalculating it does. `priced_at`: whose price counts.

select
    'usage' as kind,
    source,
    usage_id,
    day,
    occurred_at,
    occurred_at as priced_at,
    account_id,
    service,
    quantity,
    1 as days,
    1 as of_days,
    file_sequence,
from {{ ref('stg_usage') }}

union all by name

select
    'subscription' as kind,
    'subscriptions' as source,
    c.charge_id as usage_id,
    c.day,
    c.charged_at as occurred_at,
    -- by the calendar of the account, as prices change there with the month
    c.first_day::TIMESTAMP as priced_at,
    c.account_id,
    c.service,
    c.quantity,
    c.days,
    c.of_days,
    0 as file_sequence,
from {{ ref('subscription_charges') }} as c
anti join {{ ref('stg_closings') }} as k on c.day = k.day
