select
    now,
    rules,
from {{ source('run', 'clock') }}
