-- What each side of an attempt is billed and costs, rounded once, in the rate table's currency: `_u` in units
-- of 1e-8, null where the side cannot be rated (`problem` says why). The steps are those of
-- docs/rating.md; a markup comes last, since it is a share of the finished buy amount.
{% set sides = ['sell', 'buy'] %}

with timed as (
    select
        *,
        {% for side in sides %}
            {{ chargeable_ms('duration_ms', side ~ '_seconds_rounding', side ~ '_free_ms') }}
                as {{ side }}_chargeable_ms,
        {% endfor %}
    from {{ ref('leg_terms') }}
),

billed as (
    select
        *,
        {% for side in sides %}
            case
                when not answered then 0
                when {{ side }}_kind = 'given'
                    then coalesce({{ to_ms('carrier_billed_s') }}, duration_ms)
                when duration_ms <= {{ side }}_grace_ms or {{ side }}_chargeable_ms = 0 then 0
                else {{ billed_ms(
                    side ~ '_chargeable_ms', side ~ '_initial_ms', side ~ '_increment_ms', side ~ '_increment_from'
                ) }}
            end as {{ side }}_billed_ms,
        {% endfor %}
    from timed
),

-- the exact charge in 1/60000 units
exact as (
    select
        *,
        {% for side in sides %}
            case
                when {{ side }}_problem is not null then null
                when {{ side }}_kind = 'given' then {{ to_units('carrier_amount') }} * 60000
                when {{ side }}_kind = 'markup' then null
                when not answered then {{ side }}_attempt_u * 60000
                when duration_ms <= {{ side }}_grace_ms then 0
                when {{ side }}_billed_ms = 0 and {{ side }}_chargeable_ms = 0 then {{ side }}_connect_u * 60000
                when {{ side }}_kind = 'block'
                    then {{ charge_block(
                        side ~ '_billed_ms', side ~ '_initial_ms', side ~ '_increment_ms',
                        side ~ '_initial_charge_u', side ~ '_increment_charge_u', side ~ '_connect_u'
                    ) }}
                else {{ charge_per_minute(
                    side ~ '_billed_ms', side ~ '_initial_ms', side ~ '_rate_u', side ~ '_initial_rate_u',
                    side ~ '_connect_u'
                ) }}
            end as {{ side }}_exact,
        {% endfor %}
    from billed
),

rounded as (
    select
        *,
        {% for side in sides %}
            {{ round_charge(
                side ~ '_exact', '60000::HUGEINT', side ~ '_amount_decimals', side ~ '_amount_rounding'
            ) }} as {{ side }}_rounded_u,
        {% endfor %}
    from exact
),

bounded as (
    select
        *,
        {% for side in sides %}
            case
                when answered and (duration_ms > {{ side }}_grace_ms)
                    then {{ bound_charge(side ~ '_rounded_u', side ~ '_min_u', side ~ '_max_u') }}
                else {{ side }}_rounded_u
            end as {{ side }}_charged_u,
        {% endfor %}
    from rounded
),

-- the buy amount in the markup table's currency, times (100 + markup_pct) / 100: in 1e-18 units
marked_up as (
    select
        b.*,
        case
            when b.sell_problem is not null then b.sell_problem
            when b.sell_kind <> 'markup' then null
            when not b.has_buy_leg then 'no_cost'
            when b.answered and (b.buy_charged_u is null or a.rate_u is null) then 'no_cost'
            when f.rate_u is null and b.buy_currency is not null then 'no_fx'
        end as sell_step_problem,
        case
            when b.sell_kind = 'markup' and sell_step_problem is null
                then coalesce(b.buy_charged_u, 0) * coalesce(f.rate_u, 0) * (10000000000 + b.sell_markup_u)
        end as sell_marked_up,
    from bounded as b
    left join {{ ref('fx_days') }} as f
        on
            b.sell_kind = 'markup'
            and b.day = f.day
            and b.buy_currency = f.from_currency
            and b.sell_currency = f.to_currency
    left join {{ ref('fx_days') }} as a
        on
            b.sell_kind = 'markup'
            and b.day = a.day
            and b.buy_currency = a.from_currency
            and b.buy_account_currency = a.to_currency
)

select
    * exclude (sell_charged_u, sell_problem, sell_step_problem),
    sell_step_problem as sell_problem,
    case
        when sell_kind <> 'markup' then sell_charged_u
        when sell_marked_up is null then null
        when answered and buy_charged_u <> 0
            then {{ bound_charge(
                round_charge(
                    'sell_marked_up', '1000000000000000000::HUGEINT', 'sell_amount_decimals', 'sell_amount_rounding'
                ), 'sell_min_u', 'sell_max_u'
            ) }}
        else {{ round_charge(
            'sell_marked_up', '1000000000000000000::HUGEINT', 'sell_amount_decimals', 'sell_amount_rounding'
        ) }}
    end as sell_charged_u,
from marked_up
