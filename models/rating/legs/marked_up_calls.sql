-- The charges with the sell side's markup, where its table charges one: a share of the finished buy amount, converted
-- and not rounded, rounded once. With the rates of exchange of both sides.
{% set sides = ['sell', 'buy'] %}

with exchanged as (
    select
        c.*,
        {% for side in sides %}
            x_{{ side }}.account_rate_u as {{ side }}_account_rate_u,
            x_{{ side }}.reporting_rate_u as {{ side }}_reporting_rate_u,
        {% endfor %}
        m.rate_u as markup_rate_u,
    from {{ ref('charged_calls') }} as c
    {% for side in sides %}
        left join {{ ref('leg_exchange') }} as x_{{ side }}
            on
                c.{{ side }}_table_no = x_{{ side }}.table_no
                and c.{{ side }}_account_currency = x_{{ side }}.account_currency
                and c.day = x_{{ side }}.day
    {% endfor %}
    left join {{ ref('fx_days') }} as m
        on
            case when c.sell_is_markup then c.buy_currency end = m.from_currency
            and c.sell_currency = m.to_currency
            and c.day = m.day
),

-- the buy amount (0 where a step failed) in the markup table's currency, times (100 + markup_pct) / 100, in 1e-18 units
marked_up as (
    select
        * replace (
            case
                when sell_problem is not null or not coalesce(sell_is_markup, false) then sell_problem
                when not has_buy_leg or buy_is_ignored then 'no_cost'
                when answered and (buy_charged_u is null or buy_account_rate_u is null) then 'no_cost'
                when markup_rate_u is null and buy_currency is not null then 'no_fx'
            end as sell_problem
        ),
        case
            when sell_is_markup
                then
                    sell_markup_offset
                    + 2::HUGEINT
                    * case when buy_account_rate_u is null then 0 else coalesce(buy_charged_u, 0) end
                    * coalesce(markup_rate_u, 0)
                    * (10000000000 + sell_markup_u)
        end as sell_marked_up,
    from exchanged
),

priced as (
    select
        *,
        case
            when sell_is_markup and sell_problem is null
                then
                    {{ divide_rounded('sell_marked_up', 'sell_markup_divisor', 'sell_is_half_even') }}
                    * sell_amount_unit
        end as sell_markup_charge_u,
    from marked_up
)

select
    * replace (
        case
            when not coalesce(sell_is_markup, false) then sell_charged_u
            when answered and buy_charged_u <> 0
                then {{ bound_charge('sell_markup_charge_u', 'sell_min_u', 'sell_max_u') }}
            else sell_markup_charge_u
        end as sell_charged_u
    ),
from priced
