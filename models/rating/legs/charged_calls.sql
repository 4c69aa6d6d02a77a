-- What each side of an attempt is billed and costs, rounded once, in the rate table's currency: `_u` in units
-- of 1e-8, null where the side cannot be rated (`problem` says why). The steps are those of
-- docs/rating.md; a markup comes last, since it is a share of the finished buy amount.
{% set sides = ['sell', 'buy'] %}

with judged as (
    select
        *,
        {{ to_ms('duration_s') }} as duration_ms,
        {% for side in sides %}
            {% set given = 'carrier_amount is not null and carrier_currency is not distinct from '
                ~ side ~ '_currency' %}
            case
                when {{ side }}_account_id is null then 'no_account'
                when {{ side }}_table_no is null then 'no_rate_table'
                when {{ side }}_number_is_bad then 'bad_number'
                when {{ side }}_rate_no is null and not {{ side }}_is_given and not {{ side }}_is_markup then 'no_rate'
                when {{ side }}_blocked and not ({{ side }}_has_price or ({{ side }}_is_given and {{ given }}))
                    then 'blocked'
                when {{ side }}_is_given and not ({{ given }}) then 'no_cost'
            end as {{ side }}_problem,
        {% endfor %}
    from {{ ref('matched_calls') }}
),

timed as (
    select
        *,
        {% for side in sides %}
            answered and duration_ms > {{ side }}_grace_ms as {{ side }}_past_grace,
            {{ chargeable_ms('duration_ms', side ~ '_second_ms', side ~ '_second_offset_ms', side ~ '_free_ms') }}
                as {{ side }}_chargeable_ms,
        {% endfor %}
    from judged
),

billed as (
    select
        *,
        {% for side in sides %}
            case
                when {{ side }}_is_given then coalesce({{ to_ms('carrier_billed_s') }}, duration_ms)
                when not coalesce({{ side }}_past_grace, false) or {{ side }}_chargeable_ms = 0 then 0
                else {{ billed_ms(
                    side ~ '_chargeable_ms', side ~ '_initial_ms', side ~ '_increment_ms', side ~ '_pulse_from_ms'
                ) }}
            end as {{ side }}_billed_ms,
        {% endfor %}
    from timed
),

-- of tables that cut calls at band edges, where one rate does not do for all bands
cut as (
    select
        b.* exclude (sell_choices, buy_choices), -- noqa: RF02
        {% for side in sides %}
            case when r_{{ side }}.runs is not null then {{ cut_at_band_edges(
                'r_' ~ side ~ '.runs', 'epoch_us(b.charged_at)', 'b.' ~ side ~ '_billed_ms', 'b.' ~ side ~ '_choices'
            ) }} end as {{ side }}_parts,
        {% endfor %}
    from billed as b
    {% for side in sides %}
        left join {{ ref('band_runs') }} as r_{{ side }}
            on
                case when b.{{ side }}_splits and b.{{ side }}_choices is not null then b.{{ side }}_table_no end
                = r_{{ side }}.table_no
                and b.day = r_{{ side }}.day
    {% endfor %}
),

-- a band it touches may have no rate, or be blocked
parted as (
    select
        * replace (
            {% for side in sides %}
                case
                    when coalesce({{ side }}_problem, 'blocked') = 'blocked' and {{ side }}_parts is not null
                        then
                            case
                                when {{ any_part(side, 'rate_no is null') }} then 'no_rate'
                                when {{ any_part(side, 'charges = false') }} then 'blocked'
                                else {{ side }}_problem
                            end
                    else {{ side }}_problem
                end as {{ side }}_problem,
                case
                    when {{ side }}_parts is null then {{ side }}_blocked
                    else {{ side }}_blocked or {{ any_part(side, 'blocked') }}
                end as {{ side }}_blocked{{ ',' if not loop.last }}
            {% endfor %}
        ),
    from cut
),

-- the exact charge in 1/60000 units, doubled and with what rounding adds: see divide_rounded
exact as (
    select
        *,
        {% for side in sides %}
            {{ side }}_charge_offset + 2 * case
                when {{ side }}_problem is not null or {{ side }}_is_markup then null
                when {{ side }}_is_given then 60000 * {{ to_units('carrier_amount') }}
                when not answered then 60000 * {{ side }}_attempt_u -- noqa: RF03
                when not {{ side }}_past_grace then 0
                when {{ side }}_chargeable_ms = 0 then 60000::HUGEINT * {{ side }}_connect_u
                when {{ side }}_parts is not null then {{ exact_charge_of_parts(side, '0') }}
                else {{ exact_charge(side) }}
            end as {{ side }}_exact,
        {% endfor %}
    from parted
),

rounded as (
    select
        *,
        {% for side in sides %}
            {{ divide_rounded(side ~ '_exact', side ~ '_charge_divisor', side ~ '_is_half_even') }}
            * {{ side }}_amount_unit as {{ side }}_rounded_u,
        {% endfor %}
    from exact
),

bounded as (
    select
        * exclude (sell_exact, buy_exact),
        {% for side in sides %}
            case
                when {{ side }}_past_grace
                    then {{ bound_charge(side ~ '_rounded_u', side ~ '_min_u', side ~ '_max_u') }}
                else {{ side }}_rounded_u
            end as {{ side }}_charged_u,
        {% endfor %}
    from rounded
),

exchanged as (
    select
        b.*,
        {% for side in sides %}
            x_{{ side }}.account_rate_u as {{ side }}_account_rate_u,
            x_{{ side }}.reporting_rate_u as {{ side }}_reporting_rate_u,
        {% endfor %}
        m.rate_u as markup_rate_u,
    from bounded as b
    {% for side in sides %}
        left join {{ ref('leg_exchange') }} as x_{{ side }}
            on
                b.{{ side }}_table_no = x_{{ side }}.table_no
                and b.{{ side }}_account_currency = x_{{ side }}.account_currency
                and b.day = x_{{ side }}.day
    {% endfor %}
    left join {{ ref('fx_days') }} as m
        on
            case when b.sell_is_markup then b.buy_currency end = m.from_currency
            and b.sell_currency = m.to_currency
            and b.day = m.day
),

-- the buy amount (0 where a step failed) in the markup table's currency, times (100 + markup_pct) / 100, in 1e-18 units
marked_up as (
    select
        * replace (
            case
                when sell_problem is not null or not coalesce(sell_is_markup, false) then sell_problem
                when not has_buy_leg then 'no_cost'
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
