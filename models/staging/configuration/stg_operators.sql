select
    operator,
    role,
    accounts,
    line,
from {{ source('config', 'operators') }}
