-- How booking days are chosen now: one row. A booking day D is over once D + grace_days has ended, and never changes
-- after that; raising booking_grace_days later opens none of those that were over until then again.

with configured as (
    select
        now,
        rules,
        coalesce((select booking_grace_days from {{ ref('stg_company') }}), 2) as grace_days,
        (select booked_until from {{ ref('stg_configuration') }}) as kept_until,
    from {{ ref('stg_clock') }}
)

select
    now,
    rules,
    grace_days,
    greatest(kept_until, now::DATE - grace_days - 1) as over_until,
from configured
