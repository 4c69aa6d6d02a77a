-- marked_up_calls, with the seconds taken off that duration profiles cover: what is left is charged, rounded and
-- bounded again. A leg that is wholly covered costs nothing.

with covered as (
    select source, call_id, attempt, day, sum(covered_ms)::BIGINT as covered_ms
    from {{ ref('duration_covered') }}
    where day in (select day from {{ ref('stg_build_days') }})
    group by source, call_id, attempt, day
),

exact as (
    select
        c.*,
        coalesce(d.covered_ms, 0) as sell_covered_ms,
        -- consumption profiles are for what is sold
        0::BIGINT as buy_covered_ms,
        c.sell_charge_offset + 2 * case
            when d.covered_ms >= c.sell_billed_ms then 0
            when c.sell_parts is not null then {{ exact_charge_of_parts('c.sell', 'd.covered_ms') }}
            else {{ exact_charge_after('c.sell', 'd.covered_ms') }}
        end as sell_exact,
    from {{ ref('marked_up_calls') }} as c
    left join covered as d
        on c.call_id = d.call_id and c.attempt = d.attempt and c.source = d.source and c.day = d.day
),

rounded as (
    select
        * exclude (sell_exact),
        {{ divide_rounded('sell_exact', 'sell_charge_divisor', 'sell_is_half_even') }}
        * sell_amount_unit as sell_uncovered_u,
    from exact
)

select
    * exclude (sell_charged_u, sell_rounded_u, sell_uncovered_u),
    -- before the bounds, for explanations
    case
        when sell_covered_ms = 0 then sell_rounded_u
        when sell_covered_ms >= sell_billed_ms then 0
        else sell_uncovered_u
    end as sell_rounded_u,
    case
        when sell_covered_ms = 0 then sell_charged_u
        when sell_covered_ms >= sell_billed_ms then 0
        else {{ bound_charge('sell_uncovered_u', 'sell_min_u', 'sell_max_u') }}
    end as sell_charged_u,
from rounded
