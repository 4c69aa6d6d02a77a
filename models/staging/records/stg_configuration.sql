select
    version,
    loaded_at,
    shape,
    booked_until,
from {{ source('ops', 'configuration') }}
