-- What customers have used and no invoice says yet, as it stood at the end of every UTC day: earned to date less
-- invoiced to date, both without tax. An account that is customer and carrier in one counts here, netted, as its
-- invoices do: what we owe it for calls lowers what it earns us.

with positions as (
    select
        account_id,
        as_of,
        invoiced,
        currency,
        reporting_rate,
        reporting_currency,
        -charged as earned,
        -charged - invoiced as unbilled,
    from {{ ref('account_positions_daily') }}
    where account_kind is distinct from 'carrier'
)

select
    account_id,
    as_of,
    earned::DECIMAL(20, 8) as earned,
    invoiced,
    unbilled::DECIMAL(20, 8) as unbilled,
    currency,
    {{ convert_amount('unbilled', 'reporting_rate') }} as reporting_amount,
    reporting_currency,
from positions
