-- Services beside calls (usage and subscriptions) of the days being built, priced by service_rates: the account's own
-- row before everyone's, then the latest valid_from in force; an account that has ended has none.

with usage as (
    select *
    from {{ ref('service_events') }}
    where day in (select day from {{ ref('stg_build_days') }})
),

priced as (
    select
        u.source,
        u.usage_id,
        max_by(
            struct_pack(
                unit_price := r.unit_price,
                currency := r.currency,
                decimals := r.amount_decimals,
                rounding := r.amount_rounding
            ),
            {{ service_rate_precedence('r') }}
        ) as price,
    from usage as u
    inner join {{ ref('stg_service_rates') }} as r
        on
            {{ service_rate_applies('r', 'u', 'priced_at') }}
    group by u.source, u.usage_id
),

-- quantity and price have 8 decimals each: their product is in units of 1e-16; a part of a month is a fraction of it
charged as (
    select
        u.*,
        p.price.unit_price,
        p.price.currency,
        a.currency as account_currency,
        {{ to_units('u.quantity') }} * {{ to_units('p.price.unit_price') }} * u.days as exact,
        {{ decimal_unit('p.price.decimals') }} as amount_unit,
        100000000::HUGEINT * {{ decimal_unit('p.price.decimals') }} * u.of_days as divisor,
        p.price.rounding,
    from usage as u
    left join priced as p on u.source = p.source and u.usage_id = p.usage_id
    left join {{ ref('stg_accounts') }} as a
        on u.account_id = a.account_id and (a.valid_to is null or u.occurred_at < a.valid_to)
),

rounded as (
    select
        *,
        amount_unit * {{ divide_rounded(
            '(2 * exact + ' ~ rounding_offset('rounding', 'divisor') ~ ')', 'divisor', "rounding = 'half_even'"
        ) }} as amount_u,
    from charged
),

converted as (
    select
        c.*,
        f.rate_u as account_rate_u,
        r.rate_u as reporting_rate_u,
        case
            when c.account_currency is null then 'no_account'
            when c.amount_u is null then 'no_rate'
            when f.rate_u is null then 'no_fx'
        end as reason,
    from rounded as c
    cross join {{ ref('stg_company') }} as company
    left join {{ ref('fx_days') }} as f
        on c.day = f.day and c.currency = f.from_currency and c.account_currency = f.to_currency
    left join {{ ref('fx_days') }} as r
        on c.day = r.day and c.currency = r.from_currency and company.reporting_currency = r.to_currency
)

select
    kind,
    source,
    usage_id,
    day,
    occurred_at,
    account_id,
    service,
    quantity,
    days,
    of_days,
    unit_price,
    case when reason is null then {{ from_units('amount_u') }} end as amount,
    currency,
    case when reason is null then {{ from_units(convert_units('amount_u', 'account_rate_u')) }} end as account_amount,
    account_currency,
    case when reason is null then {{ from_units(convert_units('amount_u', 'reporting_rate_u')) }} end
        as reporting_amount,
    case when reason is null then 'rated' else 'unrated' end as status,
    reason,
    file_sequence,
from converted
