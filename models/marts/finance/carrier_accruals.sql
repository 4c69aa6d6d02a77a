-- What we owe each carrier as it stood at the end of every UTC day: charged to date by what our own calls were rated
-- at, less what was paid. Accounts of kind both are not here: see unbilled_revenue.

with positions as (
    select
        account_id,
        as_of,
        charged,
        currency,
        reporting_rate,
        reporting_currency,
        -paid as paid_to_it,
        charged + paid as accrued,
    from {{ ref('account_positions_daily') }}
    where account_kind = 'carrier'
)

select
    account_id,
    as_of,
    charged,
    paid_to_it::DECIMAL(20, 8) as paid,
    accrued::DECIMAL(20, 8) as accrued,
    currency,
    {{ convert_amount('accrued', 'reporting_rate') }} as reporting_amount,
    reporting_currency,
from positions
