-- The notice of an increase that was agreed with each account, by the time in which the rate table is the account's.

select
    rate_table_id,
    account_id,
    side,
    notice_days,
    coalesce(valid_from, timestamp '0001-01-01') as valid_from,
    coalesce(valid_to, timestamp '9999-12-31') as valid_to,
from {{ ref('stg_rate_assignments') }}
where notice_days is not null
