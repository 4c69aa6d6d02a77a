-- Both legs of each attempt as they are stored and posted: rated_legs, with what cost profiles take off the sell leg's
-- account amount. The reporting amount is then converted from what is left.

with covered as (
    select source, call_id, attempt, day, sum(covered_u)::HUGEINT as covered_u
    from {{ ref('cost_covered') }}
    where day in (select day from {{ ref('stg_build_days') }})
    group by source, call_id, attempt, day
),

exchanged as (
    select
        r.*,
        coalesce(c.covered_u, 0) as sell_covered_u,
        0::HUGEINT as buy_covered_u,
        f.rate_u as account_reporting_rate_u,
    from {{ ref('rated_legs') }} as r
    cross join {{ ref('stg_company') }} as company
    left join covered as c
        on r.call_id = c.call_id and r.attempt = c.attempt and r.source = c.source and r.day = c.day
    left join {{ ref('fx_days') }} as f
        on
            case when c.covered_u > 0 then r.sell_account_currency end = f.from_currency
            and company.reporting_currency = f.to_currency
            and r.day = f.day
)

select
    * replace (
        sell_account_u - sell_covered_u as sell_account_u,
        case
            when sell_covered_u > 0
                then {{ convert_units('(sell_account_u - sell_covered_u)', 'account_reporting_rate_u') }}
            else sell_reporting_u
        end as sell_reporting_u
    ),
from exchanged
