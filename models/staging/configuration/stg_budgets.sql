select
    department,
    month,
    amount,
    currency,
from {{ source('config', 'budgets') }}
