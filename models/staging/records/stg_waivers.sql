select
    waived_at,
    operator,
    day,
    what,
    key,
    kind,
    source,
    reason,
    amount,
    currency,
    confirmed_by,
    confirmed_at,
    ended_at,
    settled,
    -- above the company's limit a waiver settles nothing until a second operator has confirmed it, and nothing any
    -- more once the file that it was of was withdrawn
    ended_at is null and (not coalesce(awaits_second, false) or confirmed_at is not null) as in_force,
from {{ source('ops', 'waivers') }}
