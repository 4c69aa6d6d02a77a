-- The rates of exchange of each day being built, in units of 1e-8: from a rate table's currency to an
-- account's, to the company's reporting currency and to the other tables' (a markup converts its
-- buy amount). Same currency: exactly one. No row: no rate.

with currencies as (
    select currency from {{ ref('stg_rate_tables') }}
    union
    select currency from {{ ref('stg_accounts') }}
    union
    select currency from {{ ref('stg_service_rates') }}
    union
    select reporting_currency from {{ ref('stg_company') }}
)

select
    d.day,
    f.from_currency,
    f.to_currency,
    {{ to_units('max_by(f.rate, f.valid_from)') }} as rate_u,
from {{ ref('stg_build_days') }} as d
inner join {{ ref('stg_fx_rates') }} as f on d.day >= f.valid_from
where f.from_currency <> f.to_currency
group by d.day, f.from_currency, f.to_currency

union all by name

select
    d.day,
    c.currency as from_currency,
    c.currency as to_currency,
    100000000::HUGEINT as rate_u,
from {{ ref('stg_build_days') }} as d
cross join currencies as c
