select
    plan_tier,
    resource,
    "limit",
    line,
from {{ source('config', 'plan_tiers') }}
