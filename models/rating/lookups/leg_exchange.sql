-- For each day being built, rate table and currency an account may have: the rates of exchange, in units of
-- 1e-8, that turn the table's amounts into the account's and the reporting currency. Null: none.

with currencies as (
    select distinct currency as account_currency
    from {{ ref('stg_accounts') }}
)

select
    d.day,
    t.table_no,
    c.account_currency,
    a.rate_u as account_rate_u,
    r.rate_u as reporting_rate_u,
from {{ ref('stg_build_days') }} as d
cross join {{ ref('rate_table_terms') }} as t
cross join currencies as c
cross join {{ ref('stg_company') }} as company
left join {{ ref('fx_days') }} as a
    on d.day = a.day and t.currency = a.from_currency and c.account_currency = a.to_currency
left join {{ ref('fx_days') }} as r
    on d.day = r.day and t.currency = r.from_currency and company.reporting_currency = r.to_currency
